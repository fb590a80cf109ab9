//! The farm's one clock: microseconds since its start, and the wall clock beside it.

use std::time::{Duration, Instant};
use watchwall_model::UtcMicros;

#[derive(Clone, Copy, Debug)]
pub(crate) struct MediaClock {
    start: Instant,
}

impl MediaClock {
    pub fn start() -> Self {
        Self { start: Instant::now() }
    }

    pub fn now_us(self) -> i64 {
        i64::try_from(self.start.elapsed().as_micros()).unwrap_or(i64::MAX)
    }

    /// The same moment on both clocks.
    pub fn now(self) -> (i64, UtcMicros) {
        (self.now_us(), UtcMicros::now())
    }

    pub fn instant(self, at_us: i64) -> Instant {
        self.start + Duration::from_micros(u64::try_from(at_us).unwrap_or(0))
    }
}

/// Ticks of a clock rate at a moment.
pub(crate) const fn ticks(at_us: i64, clock_hz: u32) -> i64 {
    (at_us as i128 * clock_hz as i128 / 1_000_000) as i64
}

/// The first microsecond at which a tick has come.
pub(crate) const fn micros(ticks: i64, clock_hz: u32) -> i64 {
    let hz = clock_hz as i128;
    ((ticks as i128 * 1_000_000 + hz - 1).div_euclid(hz)) as i64
}
