//! Pictures that were fed into a pipeline and have not come out of it.

use crate::AccessUnit;
use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
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
}

/// Maps times in the pipeline to pictures of the source.
#[derive(Debug)]
pub struct Bridge {
    first_pts: i64,
    clock_rate: i64,
    min_gap_ns: u64,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    fed: VecDeque<Origin>,
    due_ns: u64,
    has_shown: bool,
}

impl Bridge {
    pub fn new(first: &AccessUnit, max_fps: u32) -> Self {
        let clock_rate = i64::from(first.params.video.as_ref().map_or(90_000, |video| video.clock_rate.max(1)));
        let min_gap_ns = 1_000_000_000_u64.checked_div(u64::from(max_fps)).unwrap_or(0);
        Self { first_pts: first.pts, clock_rate, min_gap_ns, inner: Mutex::default() }
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
        };
        let mut inner = self.lock();
        if inner.fed.len() == MOST {
            inner.fed.pop_front();
        }
        inner.fed.push_back(origin);
        at_ns
    }

    /// Whether a decoded picture is worth encoding: not when it is old and newer ones follow, nor above the rate wanted.
    pub fn is_wanted(&self, at_ns: u64) -> bool {
        let mut inner = self.lock();
        if self.min_gap_ns > 0 && at_ns < inner.due_ns {
            return false;
        }
        let is_stale = inner.fed.iter().any(|origin| origin.at_ns == at_ns && origin.received_at.elapsed() > STALE);
        let is_newest = inner.fed.iter().all(|origin| origin.at_ns <= at_ns);
        // The first picture of all is shown however old it is.
        if is_stale && !is_newest && inner.has_shown {
            return false;
        }
        inner.has_shown = true;
        // Half a gap of tolerance keeps an even rhythm.
        inner.due_ns = at_ns + self.min_gap_ns - self.min_gap_ns / 2;
        true
    }

    /// The picture an encoded one was made of.
    pub fn take(&self, at_ns: u64) -> Option<Origin> {
        let mut inner = self.lock();
        let nearest = inner.fed.iter().copied().min_by_key(|origin| origin.at_ns.abs_diff(at_ns))?;
        if nearest.at_ns.abs_diff(at_ns) > 5_000_000 {
            return None;
        }
        let was_cut = inner.fed.iter().any(|origin| origin.at_ns < nearest.at_ns && origin.is_discontinuity);
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
