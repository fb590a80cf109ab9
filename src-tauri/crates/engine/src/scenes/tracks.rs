//! The same thing in one picture after the other.

use std::{collections::VecDeque, sync::Arc};
use watchwall_engine_protocol::BBox;
use watchwall_model::Point;

/// Something in one picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Sighting {
    pub bbox: BBox,
    /// 0 to 1.
    pub score: f32,
    pub label: Arc<str>,
}

/// Something that was followed over some pictures.
#[derive(Clone, Debug)]
pub struct Track {
    /// Never given twice.
    pub id: u64,
    pub label: Arc<str>,
    pub bbox: BBox,
    pub first_ms: i64,
    pub seen_ms: i64,
    /// Pictures in which it was found.
    pub hits: u32,
    /// Farthest from where it was first seen, fractions of the frame.
    pub travel: f32,
    /// 0 to 1, lately.
    pub score: f32,
    first: Point,
    /// A fraction of the frame a second.
    speed: Point,
    /// Where its middle was in the last second or two.
    path: VecDeque<(i64, Point)>,
}

/// All that is followed.
#[derive(Debug, Default)]
pub struct Tracks {
    rules: TrackRules,
    tracks: Vec<Track>,
    last_id: u64,
    looked_ms: Option<i64>,
    gap_ms: i64,
}

/// How patient they are; it depends on how often somebody looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrackRules {
    /// What is not found again for so long is gone.
    pub lost_ms: i64,
    /// Found so often it is no flicker.
    pub sure_hits: u32,
    /// Between two pictures so much time may pass, and nothing is lost by that.
    pub longest_gap_ms: i64,
}

impl Default for TrackRules {
    fn default() -> Self {
        Self { lost_ms: 800, sure_hits: 3, longest_gap_ms: 0 }
    }
}

const PATH_MS: i64 = 1_500;
const MOST_PATH: usize = 64;
/// Over the time of the path, to count as moving.
const MOVES: f32 = 0.012;
/// Boxes that overlap less have to be near to each other.
const LEAST_OVERLAP: f32 = 0.1;
/// As far as this, in its own size and within these fractions of the frame, it may be from where it is expected, when
/// it is about as large as it was.
const REACH_OF_ITSELF: f32 = 0.75;
const REACH: (f32, f32) = (0.04, 0.12);
const ABOUT: std::ops::RangeInclusive<f32> = 0.4..=2.5;
/// Part of the measured speed that is taken over at once.
const SPEED_RATE: f32 = 0.4;
const SCORE_RATE: f32 = 0.3;
const MOST_TRACKS: usize = 128;

impl Track {
    /// It is there in the newest picture, and was before.
    pub const fn is_sure(&self, now_ms: i64, rules: TrackRules) -> bool {
        self.hits >= rules.sure_hits && self.seen_ms == now_ms
    }

    pub fn is_moving(&self) -> bool {
        let now = self.bbox.centre();
        self.path.iter().any(|(_, point)| distance(*point, now) >= MOVES)
    }

    fn expected(&self, now_ms: i64, rules: TrackRules) -> BBox {
        let seconds = (now_ms - self.seen_ms).clamp(0, rules.lost_ms) as f32 / 1_000.0;
        let (x, y) = (self.bbox.x + self.speed.x * seconds, self.bbox.y + self.speed.y * seconds);
        BBox { x, y, ..self.bbox }
    }

    fn find(&mut self, found: &Sighting, now_ms: i64) {
        let (was, now) = (self.bbox.centre(), found.bbox.centre());
        let seconds = (now_ms - self.seen_ms).max(1) as f32 / 1_000.0;
        self.speed.x += SPEED_RATE * ((now.x - was.x) / seconds - self.speed.x);
        self.speed.y += SPEED_RATE * ((now.y - was.y) / seconds - self.speed.y);
        self.bbox = found.bbox;
        self.score += SCORE_RATE * (found.score - self.score);
        self.seen_ms = now_ms;
        self.hits = self.hits.saturating_add(1);
        self.travel = self.travel.max(distance(self.first, now));
        self.path.push_back((now_ms, now));
        while self.path.len() > MOST_PATH || self.path.front().is_some_and(|(at, _)| now_ms - at > PATH_MS) {
            self.path.pop_front();
        }
    }
}

impl Tracks {
    pub const fn new(rules: TrackRules) -> Self {
        Self { rules, tracks: Vec::new(), last_id: 0, looked_ms: None, gap_ms: 0 }
    }

    /// Finds them again among these boxes; what is new begins. Nothing becomes something else.
    pub fn look(&mut self, found: &[Sighting], now_ms: i64) {
        let gap_ms = self.looked_ms.replace(now_ms).map_or(0, |looked| now_ms - looked);
        self.gap_ms = if (0..=self.rules.longest_gap_ms).contains(&gap_ms) { gap_ms } else { 0 };
        let rules = TrackRules { lost_ms: self.rules.lost_ms.max(self.gap_ms), ..self.rules };
        // After the clock was set back nothing of before can be followed.
        self.tracks.retain(|track| (1..=rules.lost_ms).contains(&(now_ms - track.seen_ms)));
        let mut pairs: Vec<(f32, usize, usize)> = Vec::new();
        for (t, track) in self.tracks.iter().enumerate() {
            let expected = track.expected(now_ms, rules);
            let alike = found.iter().enumerate().filter(|(_, found)| found.label == track.label);
            pairs.extend(alike.filter_map(|(f, found)| Some((cost(&expected, &found.bbox)?, t, f))));
        }
        pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (mut is_followed, mut is_known) = (vec![false; self.tracks.len()], vec![false; found.len()]);
        for (_, t, f) in pairs {
            if !is_followed[t] && !is_known[f] {
                (is_followed[t], is_known[f]) = (true, true);
                self.tracks[t].find(&found[f], now_ms);
            }
        }
        for (new, _) in found.iter().zip(&is_known).filter(|(_, known)| !**known) {
            if self.tracks.len() < MOST_TRACKS {
                self.begin(new, now_ms);
            }
        }
    }

    pub const fn rules(&self) -> TrackRules {
        self.rules
    }

    /// How long nobody looked before the last picture; 0 when it was too long.
    pub const fn gap_ms(&self) -> i64 {
        self.gap_ms
    }

    /// Also those that are not seen at the moment.
    pub fn all(&self) -> &[Track] {
        &self.tracks
    }

    /// For a picture that nothing can be said about.
    pub fn forget(&mut self) {
        self.tracks.clear();
    }

    fn begin(&mut self, found: &Sighting, now_ms: i64) {
        self.last_id += 1;
        let first = found.bbox.centre();
        self.tracks.push(Track {
            id: self.last_id,
            label: Arc::clone(&found.label),
            bbox: found.bbox,
            first_ms: now_ms,
            seen_ms: now_ms,
            hits: 1,
            travel: 0.0,
            score: found.score,
            first,
            speed: Point { x: 0.0, y: 0.0 },
            path: [(now_ms, first)].into(),
        });
    }
}

/// The smaller the likelier; `None` when it cannot be the same.
fn cost(expected: &BBox, found: &BBox) -> Option<f32> {
    let overlap = overlap(expected, found);
    let apart = distance(expected.centre(), found.centre());
    let reach = (REACH_OF_ITSELF * expected.width.max(expected.height)).clamp(REACH.0, REACH.1);
    let is_alike = ABOUT.contains(&(found.width / expected.width)) && ABOUT.contains(&(found.height / expected.height));
    (overlap >= LEAST_OVERLAP || (apart <= reach && is_alike)).then_some(1.0 - overlap + apart)
}

/// Of what both cover, the share that they have in common.
pub fn overlap(a: &BBox, b: &BBox) -> f32 {
    let side = |a: f32, a_length: f32, b: f32, b_length: f32| (a + a_length).min(b + b_length) - a.max(b);
    let (width, height) = (side(a.x, a.width, b.x, b.width), side(a.y, a.height, b.y, b.height));
    if width <= 0.0 || height <= 0.0 {
        return 0.0;
    }
    let common = width * height;
    common / (a.width * a.height + b.width * b.height - common)
}

fn distance(a: Point, b: Point) -> f32 {
    (a.x - b.x).hypot(a.y - b.y)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thing(x: f32, y: f32) -> Sighting {
        Sighting { bbox: BBox { x, y, width: 0.05, height: 0.1 }, score: 0.875, label: "moving".into() }
    }

    /// Follows what is there in each of some pictures, 15 a second; the ids seen in the last.
    fn check(pictures: &[Vec<Sighting>], expect: &[u64]) -> Tracks {
        let mut tracks = Tracks::default();
        for (n, found) in (0_i64..).zip(pictures) {
            tracks.look(found, 1_000 + n * 66);
        }
        let now_ms = 1_000 + (pictures.len() as i64 - 1) * 66;
        let ids: Vec<u64> = tracks.all().iter().filter(|track| track.seen_ms == now_ms).map(|track| track.id).collect();
        assert_eq!(ids, expect);
        tracks
    }

    #[test]
    fn what_walks_keeps_its_number() {
        let walk = |n: usize| thing(0.1 + n as f32 * 0.01, 0.5);
        let tracks = check(&(0..60).map(|n| vec![walk(n)]).collect::<Vec<_>>(), &[1]);
        let track = &tracks.all()[0];
        assert!(
            track.is_sure(track.seen_ms, tracks.rules()) && track.is_moving() && (track.travel - 0.59).abs() < 1e-3
        );
        assert!((track.score - 0.875).abs() < 1e-3);
        // Hidden behind a post for half a second.
        check(&(0..60).map(|n| if (20..27).contains(&n) { vec![] } else { vec![walk(n)] }).collect::<Vec<_>>(), &[1]);
        // Away for two seconds: somebody else.
        check(&(0..60).map(|n| if (20..50).contains(&n) { vec![] } else { vec![walk(n)] }).collect::<Vec<_>>(), &[2]);
    }

    #[test]
    fn two_who_pass_each_other_keep_theirs() {
        let both = |n: usize| vec![thing(0.1 + n as f32 * 0.01, 0.4), thing(0.9 - n as f32 * 0.01, 0.55)];
        let tracks = check(&(0..70).map(both).collect::<Vec<_>>(), &[1, 2]);
        assert!(tracks.all()[0].bbox.x > 0.7 && tracks.all()[1].bbox.x < 0.3);
    }

    #[test]
    fn what_jumps_is_another_and_what_stands_does_not_move() {
        check(&[vec![thing(0.1, 0.5)], vec![thing(0.1, 0.5)], vec![thing(0.8, 0.5)]], &[2]);
        let tracks = check(&vec![vec![thing(0.1, 0.5)]; 40], &[1]);
        assert!(!tracks.all()[0].is_moving() && tracks.all()[0].path.len() < 40);
    }

    #[test]
    fn a_wide_flicker_does_not_become_somebody_below_it() {
        let clock = Sighting { bbox: BBox { x: 0.1, y: 0.2, width: 0.5, height: 0.08 }, ..thing(0.0, 0.0) };
        let tracks = check(&[vec![clock.clone()], vec![clock.clone()], vec![clock], vec![thing(0.45, 0.45)]], &[2]);
        assert!(tracks.all().iter().all(|track| track.travel < 0.01));
    }

    #[test]
    fn nothing_becomes_something_else_and_patience_is_a_rule() {
        let car = Sighting { label: "car".into(), ..thing(0.1, 0.5) };
        check(&[vec![thing(0.1, 0.5)], vec![car]], &[2]);
        let mut tracks = Tracks::new(TrackRules { lost_ms: 1_000, sure_hits: 2, longest_gap_ms: 5_000 });
        for (at_ms, id) in [(0, 1), (5_000, 1), (10_001, 2)] {
            tracks.look(&[thing(0.1, 0.5)], at_ms);
            let ids: Vec<u64> = tracks.all().iter().map(|track| track.id).collect();
            assert_eq!(ids, [id], "at {at_ms}");
        }
        // Somebody looks often, and it is not there.
        tracks.look(&[], 10_500);
        tracks.look(&[], 11_002);
        assert!(tracks.all().is_empty());
    }

    #[test]
    fn they_do_not_grow_without_end() {
        let crowd = |n: usize| (0..200).map(|m| thing((m % 20) as f32 / 20.0, (m + n) as f32 / 400.0)).collect();
        let mut tracks = Tracks::default();
        for n in 0..50 {
            let crowd: Vec<Sighting> = crowd(n);
            tracks.look(&crowd, n as i64 * 66);
        }
        assert!(tracks.all().len() <= MOST_TRACKS);
        tracks.look(&[], -5_000);
        assert!(tracks.all().is_empty(), "the clock was set back");
    }
}
