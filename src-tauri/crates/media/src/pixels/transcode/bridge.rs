//! Pictures that were fed into a pipeline and have not come out of it.

use super::aim::Aim;
use crate::AccessUnit;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use watchwall_model::UtcMicros;

/// More than any decoder holds; the oldest are forgotten.
const MOST: usize = 256;
/// A picture this old is not worth encoding when newer ones wait.
const STALE: Duration = Duration::from_millis(400);
/// The pipeline's time begins here so that B-frames before the first key frame's time stay positive.
const ORIGIN_NS: i64 = 10_000_000_000;
const TICKS_PER_SECOND: i64 = 90_000;

/// Where an encoded picture comes from.
#[derive(Clone, Copy, Debug)]
pub struct Origin {
    /// In 90 kHz ticks of the source's time line.
    pub pts: i64,
    pub duration: u32,
    pub capture_at: UtcMicros,
    pub received_at: Instant,
    pub is_discontinuity: bool,
    at_ns: u64,
    sequence: u64,
    /// On the source's line, in microseconds.
    play_us: i64,
}

/// What to do with a decoded picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worth {
    Nothing,
    Encoding,
    /// It is the first after a seek: who watches can begin with nothing else.
    EncodingAsKey,
}

/// Maps times in the pipeline to pictures of the source.
#[derive(Debug)]
pub struct Bridge {
    first_pts: i64,
    clock_rate: i64,
    min_gap_ns: u64,
    aim: Arc<Aim>,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    fed: VecDeque<Origin>,
    due_ns: u64,
    has_shown: bool,
    /// The first unit after the newest seek, and where that went.
    cut: u64,
    aim: Option<i64>,
    owes_key: bool,
    /// A unit that said that it was cut off is forgotten.
    was_cut: bool,
}

impl Bridge {
    pub fn new(first: &AccessUnit, max_fps: u32, aim: Arc<Aim>) -> Self {
        let clock_rate = i64::from(first.params.video.as_ref().map_or(90_000, |video| video.clock_rate.max(1)));
        let min_gap_ns = 1_000_000_000_u64.checked_div(u64::from(max_fps)).unwrap_or(0);
        let inner = Inner { aim: aim.get(), ..Inner::default() };
        Self { first_pts: first.pts, clock_rate, min_gap_ns, aim, inner: Mutex::new(inner) }
    }

    /// Notes a unit that is about to be fed; returns its presentation time in the pipeline.
    pub fn feed(&self, unit: &AccessUnit) -> u64 {
        let ticks = |value: i64, to: i64| i128::from(value) * i128::from(to) / i128::from(self.clock_rate);
        let at_ns = ticks(unit.pts.saturating_sub(self.first_pts), 1_000_000_000) + i128::from(ORIGIN_NS);
        let at_ns = u64::try_from(at_ns).unwrap_or(0);
        let origin = Origin {
            pts: i64::try_from(ticks(unit.pts, TICKS_PER_SECOND)).unwrap_or(0),
            duration: u32::try_from(ticks(i64::from(unit.duration), TICKS_PER_SECOND)).unwrap_or(3_600),
            capture_at: unit.capture_at,
            received_at: unit.received_at,
            is_discontinuity: unit.is_discontinuity,
            at_ns,
            sequence: unit.sequence,
            play_us: i64::try_from(ticks(unit.pts, 1_000_000)).unwrap_or(0),
        };
        let mut inner = self.lock();
        if let Some(aim) = self.aim.get().filter(|_| unit.is_discontinuity) {
            (inner.cut, inner.aim, inner.owes_key) = (unit.sequence, Some(aim), true);
        }
        if inner.fed.len() == MOST {
            let forgotten = inner.fed.pop_front();
            inner.was_cut |= forgotten.is_some_and(|origin| origin.is_discontinuity);
        }
        inner.fed.push_back(origin);
        at_ns
    }

    /// What a decoded picture is worth: nothing when it is old and newer ones follow, above the rate wanted, or before
    /// what was sought.
    pub fn worth(&self, at_ns: u64) -> Worth {
        let mut inner = self.lock();
        if self.min_gap_ns > 0 && at_ns < inner.due_ns {
            return Worth::Nothing;
        }
        let is_passed =
            |origin: &Origin| origin.sequence < inner.cut || inner.aim.is_some_and(|aim| origin.play_us < aim);
        if inner.fed.iter().any(|origin| origin.at_ns == at_ns && is_passed(origin)) {
            return Worth::Nothing;
        }
        let is_stale = inner.fed.iter().any(|origin| origin.at_ns == at_ns && origin.received_at.elapsed() > STALE);
        let is_newest = inner.fed.iter().all(|origin| origin.at_ns <= at_ns);
        // The first picture of all is shown however old it is.
        if is_stale && !is_newest && inner.has_shown {
            return Worth::Nothing;
        }
        inner.has_shown = true;
        // Half a gap of tolerance keeps an even rhythm.
        inner.due_ns = at_ns + self.min_gap_ns - self.min_gap_ns / 2;
        if std::mem::take(&mut inner.owes_key) { Worth::EncodingAsKey } else { Worth::Encoding }
    }

    /// The picture an encoded one was made of.
    pub fn take(&self, at_ns: u64) -> Option<Origin> {
        let mut inner = self.lock();
        let nearest = inner.fed.iter().copied().min_by_key(|origin| origin.at_ns.abs_diff(at_ns))?;
        if nearest.at_ns.abs_diff(at_ns) > 5_000_000 || nearest.sequence < inner.cut {
            return None;
        }
        let was_forgotten = std::mem::take(&mut inner.was_cut);
        let was_cut =
            was_forgotten || inner.fed.iter().any(|origin| origin.at_ns < nearest.at_ns && origin.is_discontinuity);
        inner.fed.retain(|origin| origin.at_ns > nearest.at_ns);
        Some(Origin { is_discontinuity: nearest.is_discontinuity || was_cut, ..nearest })
    }

    /// How long the oldest picture has waited.
    pub fn oldest_age(&self) -> Option<Duration> {
        self.lock().fed.front().map(|origin| origin.received_at.elapsed())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{StreamParams, Track, UnitParts};
    use bytes::Bytes;

    const FRAME_US: i64 = 40_000;

    /// Picture `n` of a line that only grows, taken at `capture_ms`.
    fn unit(n: i64, capture_ms: i64, is_discontinuity: bool) -> AccessUnit {
        AccessUnit::new(UnitParts {
            track: Track::Video,
            data: Bytes::from_static(b"x"),
            is_key: is_discontinuity,
            is_discontinuity,
            pts: n * 3_600,
            dts: n * 3_600,
            duration: 3_600,
            capture_at: UtcMicros(capture_ms * 1_000),
            received_at: Instant::now(),
            sequence: n as u64,
            params: Arc::new(StreamParams::new(0, None, None)),
        })
    }

    #[test]
    fn a_seek_encodes_from_its_picture_on_and_begins_with_a_key() {
        let aim = Arc::new(Aim::default());
        aim.set(FRAME_US);
        let bridge = Bridge::new(&unit(0, 5_000, true), 0, Arc::clone(&aim));
        let worth: Vec<_> =
            (0..4).map(|n| bridge.worth(bridge.feed(&unit(n, 5_000 + n * FRAME_US / 1_000, n == 0)))).collect();
        assert_eq!(worth, [Worth::Nothing, Worth::EncodingAsKey, Worth::Encoding, Worth::Encoding]);
        assert!(bridge.take(10_000_000_000 + 40_000_000).is_some_and(|origin| origin.is_discontinuity));
        // Back to an earlier moment: what is still inside belongs to the old one, although it is later.
        let late = bridge.feed(&unit(4, 5_160, false));
        aim.set(5 * FRAME_US);
        let first = bridge.feed(&unit(5, 1_000, true));
        assert_eq!((bridge.worth(late), bridge.take(late).map(|o| o.pts)), (Worth::Nothing, None));
        assert_eq!(bridge.worth(first), Worth::EncodingAsKey);
        assert_eq!(bridge.take(first).map(|origin| (origin.pts, origin.is_discontinuity)), Some((5 * 3_600, true)));
    }

    #[test]
    fn a_live_stream_knows_no_seek() {
        let bridge = Bridge::new(&unit(0, 0, false), 0, Arc::default());
        let worth: Vec<_> = (0..3).map(|n| bridge.worth(bridge.feed(&unit(n, n * 40, n == 1)))).collect();
        assert_eq!(worth, [Worth::Encoding; 3]);
    }

    #[test]
    fn a_long_way_to_the_picture_does_not_hide_the_cut() {
        let aim = Arc::new(Aim::default());
        aim.set(300 * FRAME_US);
        let bridge = Bridge::new(&unit(0, 0, true), 0, aim);
        let last = (0..=300).map(|n| bridge.feed(&unit(n, n * 40, n == 0))).last().unwrap();
        assert_eq!(bridge.worth(last), Worth::EncodingAsKey);
        assert!(bridge.take(last).unwrap().is_discontinuity);
    }
}
