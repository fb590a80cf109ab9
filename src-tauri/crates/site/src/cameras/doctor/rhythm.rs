//! What the pictures of a watched stream say together: groups, rates, gaps. Pure.

use watchwall_media::ingest::SeenPicture;

/// Pictures from one key frame to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    pub frames: u32,
    pub length_ms: u32,
    pub key_bytes: u32,
    /// Of the middle one by size of the others; 0 when there is none.
    pub usual_bytes: u32,
    /// Pictures were lost before its end, a key frame maybe: its length tells nothing of the encoder.
    pub is_broken: bool,
}

/// A stream's rhythm. Nothing is assumed of what was not seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rhythm {
    /// Whole ones, in their order.
    pub groups: Vec<Group>,
    /// Pictures in a second; 0 for fewer than two.
    pub frame_rate: f64,
    pub bitrate_kbps: u32,
    pub jitter_ms: f64,
    pub longest_gap_ms: u32,
    /// Pictures that follow a loss.
    pub broken: u32,
    pub pictures: u32,
}

impl Rhythm {
    pub fn of(pictures: &[SeenPicture]) -> Self {
        let (shown, bytes) = span(pictures);
        let per_second = |count: f64| if shown > 0.0 { count / shown } else { 0.0 };
        let gaps = pictures.windows(2).map(|pair| pair[1].arrived_us.saturating_sub(pair[0].arrived_us));
        Self {
            groups: groups(pictures),
            frame_rate: per_second(pictures.len().saturating_sub(1) as f64),
            bitrate_kbps: per_second(bytes as f64 * 8.0 / 1_000.0) as u32,
            jitter_ms: jitter_ms(pictures),
            longest_gap_ms: u32::try_from(gaps.max().unwrap_or(0) / 1_000).unwrap_or(u32::MAX),
            broken: count(pictures.iter().filter(|picture| picture.follows_loss)),
            pictures: count(pictures.iter()),
        }
    }

    /// Shortest and longest whole group by frames; of the broken ones where there is no other.
    pub fn extremes(&self) -> Option<(Group, Group)> {
        self.sure_extremes().or_else(|| extremes(self.groups.iter()))
    }

    /// Of those alone that nothing was lost of.
    pub fn sure_extremes(&self) -> Option<(Group, Group)> {
        extremes(self.groups.iter().filter(|group| !group.is_broken))
    }
}

fn extremes<'g>(groups: impl Iterator<Item = &'g Group> + Clone) -> Option<(Group, Group)> {
    let shortest = groups.clone().min_by_key(|group| group.frames)?;
    let longest = groups.max_by_key(|group| group.frames)?;
    Some((*shortest, *longest))
}

fn count<T>(items: impl Iterator<Item = T>) -> u32 {
    u32::try_from(items.count()).unwrap_or(u32::MAX)
}

/// Seconds of shown time between the first and the last picture, and the bytes until the last.
fn span(pictures: &[SeenPicture]) -> (f64, u64) {
    let times = pictures.iter().map(|picture| picture.shown_us);
    let (first, last) = (times.clone().min().unwrap_or(0), times.max().unwrap_or(0));
    let all: u64 = pictures.iter().map(|picture| u64::from(picture.size_bytes)).sum();
    let last_bytes = pictures.last().map_or(0, |picture| u64::from(picture.size_bytes));
    ((last - first) as f64 / 1e6, all - last_bytes)
}

fn groups(pictures: &[SeenPicture]) -> Vec<Group> {
    let keys: Vec<usize> = (0..pictures.len()).filter(|index| pictures[*index].is_key).collect();
    let whole = keys.windows(2).map(|pair| {
        let own = &pictures[pair[0]..pair[1]];
        let mut others: Vec<u32> = own[1..].iter().map(|picture| picture.size_bytes).collect();
        others.sort_unstable();
        let length_us = pictures[pair[1]].shown_us - own[0].shown_us;
        Group {
            frames: count(own.iter()),
            length_ms: u32::try_from((length_us + 500) / 1_000).unwrap_or(0),
            key_bytes: own[0].size_bytes,
            usual_bytes: others.get(others.len() / 2).copied().unwrap_or(0),
            is_broken: pictures[pair[0] + 1..=pair[1]].iter().any(|picture| picture.follows_loss),
        }
    });
    whole.collect()
}

/// As RFC 3550 smooths it (section 6.4.1), over pictures instead of packets. Pictures out of their order (B-frames) tell
/// nothing of the network.
fn jitter_ms(pictures: &[SeenPicture]) -> f64 {
    let steps = pictures.windows(2).filter(|pair| pair[1].shown_us > pair[0].shown_us);
    let smooth = |jitter: f64, pair: &[SeenPicture]| {
        let came = pair[1].arrived_us as f64 - pair[0].arrived_us as f64;
        let off = (came - (pair[1].shown_us - pair[0].shown_us) as f64).abs();
        jitter + (off - jitter) / 16.0
    };
    steps.fold(0.0, smooth) / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 25 a second; `K` is a key frame of 9000 bytes, `p` another of 1000.
    pub fn pictures(text: &str) -> Vec<SeenPicture> {
        let pictures = text.chars().enumerate().map(|(index, letter)| SeenPicture {
            arrived_us: index as u64 * 40_000,
            shown_us: index as i64 * 40_000,
            size_bytes: if letter == 'K' { 9_000 } else { 1_000 },
            is_key: letter == 'K',
            follows_loss: false,
        });
        pictures.collect()
    }

    #[test]
    fn groups_are_whole_ones() {
        let rhythm = Rhythm::of(&pictures("KppppKppKp"));
        let lengths: Vec<_> = rhythm.groups.iter().map(|group| (group.frames, group.length_ms)).collect();
        assert_eq!(lengths, [(5, 200), (3, 120)]);
        assert_eq!(rhythm.extremes().map(|(short, long)| (short.frames, long.frames)), Some((3, 5)));
        assert_eq!((rhythm.groups[0].key_bytes, rhythm.groups[0].usual_bytes), (9_000, 1_000));
        assert_eq!(Rhythm::of(&pictures("Kppp")).extremes(), None);
    }

    #[test]
    fn what_is_lost_makes_no_group_longer() {
        let mut seen = pictures("KppKpppppKppK");
        // A key frame was lost here.
        seen[6].follows_loss = true;
        let lengths = |extremes: Option<(Group, Group)>| extremes.map(|(short, long)| (short.frames, long.frames));
        let rhythm = Rhythm::of(&seen);
        assert_eq!((lengths(rhythm.extremes()), lengths(rhythm.sure_extremes())), (Some((3, 3)), Some((3, 3))));
        seen.iter_mut().for_each(|picture| picture.follows_loss = true);
        let rhythm = Rhythm::of(&seen);
        assert_eq!((lengths(rhythm.extremes()), lengths(rhythm.sure_extremes())), (Some((3, 6)), None));
    }

    #[test]
    fn rates_are_measured_over_shown_time() {
        let rhythm = Rhythm::of(&pictures("KppppppppppppppppppppppppK"));
        assert_eq!((rhythm.frame_rate.round() as u32, rhythm.bitrate_kbps), (25, 264));
        assert_eq!((rhythm.jitter_ms, rhythm.longest_gap_ms), (0.0, 40));
        let mut late = pictures("KppppppppK");
        late[5..].iter_mut().for_each(|picture| picture.arrived_us += 2_000_000);
        let rhythm = Rhythm::of(&late);
        assert_eq!(rhythm.longest_gap_ms, 2_040);
        assert!(rhythm.jitter_ms > 80.0, "{}", rhythm.jitter_ms);
    }

    #[test]
    fn nothing_seen_is_nothing_claimed() {
        assert_eq!(Rhythm::of(&[]), Rhythm::default());
        assert_eq!(Rhythm::of(&pictures("K")).frame_rate, 0.0);
    }
}
