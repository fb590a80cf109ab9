//! The same thing in one picture after the other.

use super::blobs::Blob;
use std::collections::VecDeque;
use watchwall_engine_protocol::BBox;
use watchwall_model::Point;

/// Something that was followed over some pictures.
#[derive(Clone, Debug)]
pub struct Track {
    /// Never given twice.
    pub id: u64,
    pub bbox: BBox,
    pub first_ms: i64,
    pub seen_ms: i64,
    /// Pictures in which it was found.
    pub hits: u32,
    /// Farthest from where it was first seen, fractions of the frame.
    pub travel: f32,
    /// 0 to 1: how clearly it differs from the ground.
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
    tracks: Vec<Track>,
    last_id: u64,
}

/// What is not found again for so long is gone.
const LOST_MS: i64 = 800;
/// Found so often it is no flicker.
const SURE_HITS: u32 = 3;
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
    pub const fn is_sure(&self, now_ms: i64) -> bool {
        self.hits >= SURE_HITS && self.seen_ms == now_ms
    }

    pub fn is_moving(&self) -> bool {
        let now = self.bbox.centre();
        self.path.iter().any(|(_, point)| distance(*point, now) >= MOVES)
    }

    fn expected(&self, now_ms: i64) -> BBox {
        let seconds = (now_ms - self.seen_ms).clamp(0, LOST_MS) as f32 / 1_000.0;
        let (x, y) = (self.bbox.x + self.speed.x * seconds, self.bbox.y + self.speed.y * seconds);
        BBox { x, y, ..self.bbox }
    }

    fn find(&mut self, blob: &Blob, now_ms: i64) {
        let (was, now) = (self.bbox.centre(), blob.bbox.centre());
        let seconds = (now_ms - self.seen_ms).max(1) as f32 / 1_000.0;
        self.speed.x += SPEED_RATE * ((now.x - was.x) / seconds - self.speed.x);
        self.speed.y += SPEED_RATE * ((now.y - was.y) / seconds - self.speed.y);
        self.bbox = blob.bbox;
        self.score += SCORE_RATE * (score(blob) - self.score);
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
    /// Finds them again among these boxes; what is new begins.
    pub fn look(&mut self, blobs: &[Blob], now_ms: i64) {
        // After the clock was set back nothing of before can be followed.
        self.tracks.retain(|track| (1..=LOST_MS).contains(&(now_ms - track.seen_ms)));
        let mut pairs: Vec<(f32, usize, usize)> = Vec::new();
        for (t, track) in self.tracks.iter().enumerate() {
            let expected = track.expected(now_ms);
            pairs.extend(blobs.iter().enumerate().filter_map(|(b, blob)| Some((cost(&expected, &blob.bbox)?, t, b))));
        }
        pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (mut has_track, mut has_blob) = (vec![false; self.tracks.len()], vec![false; blobs.len()]);
        for (_, t, b) in pairs {
            if !has_track[t] && !has_blob[b] {
                (has_track[t], has_blob[b]) = (true, true);
                self.tracks[t].find(&blobs[b], now_ms);
            }
        }
        for (blob, _) in blobs.iter().zip(&has_blob).filter(|(_, has)| !**has) {
            if self.tracks.len() < MOST_TRACKS {
                self.begin(blob, now_ms);
            }
        }
    }

    /// Also those that are not seen at the moment.
    pub fn all(&self) -> &[Track] {
        &self.tracks
    }

    /// For a picture that nothing can be said about.
    pub fn forget(&mut self) {
        self.tracks.clear();
    }

    fn begin(&mut self, blob: &Blob, now_ms: i64) {
        self.last_id += 1;
        let first = blob.bbox.centre();
        self.tracks.push(Track {
            id: self.last_id,
            bbox: blob.bbox,
            first_ms: now_ms,
            seen_ms: now_ms,
            hits: 1,
            travel: 0.0,
            score: score(blob),
            first,
            speed: Point { x: 0.0, y: 0.0 },
            path: [(now_ms, first)].into(),
        });
    }
}

/// Half for what hardly differs, near to one for what differs much.
fn score(blob: &Blob) -> f32 {
    1.0 - 0.5 / blob.contrast.max(1.0)
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

    fn blob(x: f32, y: f32) -> Blob {
        Blob { bbox: BBox { x, y, width: 0.05, height: 0.1 }, share: 0.005, contrast: 4.0 }
    }

    /// Follows what is there in each of some pictures, 15 a second; the ids seen in the last.
    fn check(pictures: &[Vec<Blob>], expect: &[u64]) -> Tracks {
        let mut tracks = Tracks::default();
        for (n, blobs) in (0_i64..).zip(pictures) {
            tracks.look(blobs, 1_000 + n * 66);
        }
        let now_ms = 1_000 + (pictures.len() as i64 - 1) * 66;
        let ids: Vec<u64> = tracks.all().iter().filter(|track| track.seen_ms == now_ms).map(|track| track.id).collect();
        assert_eq!(ids, expect);
        tracks
    }

    #[test]
    fn what_walks_keeps_its_number() {
        let walk = |n: usize| blob(0.1 + n as f32 * 0.01, 0.5);
        let tracks = check(&(0..60).map(|n| vec![walk(n)]).collect::<Vec<_>>(), &[1]);
        let track = &tracks.all()[0];
        assert!(track.is_sure(track.seen_ms) && track.is_moving() && (track.travel - 0.59).abs() < 1e-3);
        assert!((track.score - 0.875).abs() < 1e-3);
        // Hidden behind a post for half a second.
        check(&(0..60).map(|n| if (20..27).contains(&n) { vec![] } else { vec![walk(n)] }).collect::<Vec<_>>(), &[1]);
        // Away for two seconds: somebody else.
        check(&(0..60).map(|n| if (20..50).contains(&n) { vec![] } else { vec![walk(n)] }).collect::<Vec<_>>(), &[2]);
    }

    #[test]
    fn two_who_pass_each_other_keep_theirs() {
        let both = |n: usize| vec![blob(0.1 + n as f32 * 0.01, 0.4), blob(0.9 - n as f32 * 0.01, 0.55)];
        let tracks = check(&(0..70).map(both).collect::<Vec<_>>(), &[1, 2]);
        assert!(tracks.all()[0].bbox.x > 0.7 && tracks.all()[1].bbox.x < 0.3);
    }

    #[test]
    fn what_jumps_is_another_and_what_stands_does_not_move() {
        check(&[vec![blob(0.1, 0.5)], vec![blob(0.1, 0.5)], vec![blob(0.8, 0.5)]], &[2]);
        let tracks = check(&vec![vec![blob(0.1, 0.5)]; 40], &[1]);
        assert!(!tracks.all()[0].is_moving() && tracks.all()[0].path.len() < 40);
    }

    #[test]
    fn a_wide_flicker_does_not_become_somebody_below_it() {
        let clock = Blob { bbox: BBox { x: 0.1, y: 0.2, width: 0.5, height: 0.08 }, share: 0.04, contrast: 4.0 };
        let tracks = check(&[vec![clock], vec![clock], vec![clock], vec![blob(0.45, 0.45)]], &[2]);
        assert!(tracks.all().iter().all(|track| track.travel < 0.01));
    }

    #[test]
    fn they_do_not_grow_without_end() {
        let crowd = |n: usize| (0..200).map(|m| blob((m % 20) as f32 / 20.0, (m + n) as f32 / 400.0)).collect();
        let mut tracks = Tracks::default();
        for n in 0..50 {
            let crowd: Vec<Blob> = crowd(n);
            tracks.look(&crowd, n as i64 * 66);
        }
        assert!(tracks.all().len() <= MOST_TRACKS);
        tracks.look(&[], -5_000);
        assert!(tracks.all().is_empty(), "the clock was set back");
    }
}
