//! Wall-clock time in UTC. Local time exists only on screen and in recording file names.

use serde::{Deserialize, Serialize};
use std::{
    ops::{Add, Sub},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UtcMillis(pub i64);

/// Microseconds since 1970-01-01T00:00:00Z: capture times of access units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UtcMicros(pub i64);

impl UtcMillis {
    pub fn now() -> Self {
        UtcMicros::now().to_millis()
    }

    pub fn saturating_add_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    pub const fn to_micros(self) -> UtcMicros {
        UtcMicros(self.0.saturating_mul(1000))
    }
}

impl UtcMicros {
    /// The system clock. A clock before 1970 reads as zero: callers treat that as "not set".
    pub fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }

    pub const fn to_millis(self) -> UtcMillis {
        UtcMillis(self.0.div_euclid(1000))
    }
}

impl Add<Duration> for UtcMillis {
    type Output = Self;
    fn add(self, rhs: Duration) -> Self {
        self.saturating_add_ms(i64::try_from(rhs.as_millis()).unwrap_or(i64::MAX))
    }
}

impl Sub for UtcMillis {
    type Output = i64;
    /// Difference in milliseconds.
    fn sub(self, rhs: Self) -> i64 {
        self.0.saturating_sub(rhs.0)
    }
}

/// Half-open range `[start, end)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TimeRange {
    pub start: UtcMillis,
    pub end: UtcMillis,
}

impl TimeRange {
    /// `None` when the range would be empty or reversed.
    pub fn new(start: UtcMillis, end: UtcMillis) -> Option<Self> {
        (start < end).then_some(Self { start, end })
    }

    pub fn duration_ms(self) -> i64 {
        self.end - self.start
    }

    pub fn contains(self, at: UtcMillis) -> bool {
        self.start <= at && at < self.end
    }

    pub fn intersect(self, other: Self) -> Option<Self> {
        Self::new(self.start.max(other.start), self.end.min(other.end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(a: i64, b: i64) -> Option<TimeRange> {
        TimeRange::new(UtcMillis(a), UtcMillis(b))
    }

    #[test]
    fn a_range_is_never_empty_or_reversed() {
        assert_eq!(range(5, 5), None);
        assert_eq!(range(6, 5), None);
        assert!(range(5, 6).is_some());
    }

    #[test]
    fn ranges_that_only_touch_do_not_intersect() {
        let (a, b) = (range(0, 10).unwrap(), range(10, 20).unwrap());
        assert_eq!(a.intersect(b), None);
        assert_eq!(a.intersect(range(5, 15).unwrap()), range(5, 10));
    }

    #[test]
    fn micros_before_the_epoch_round_down() {
        assert_eq!(UtcMicros(-1).to_millis(), UtcMillis(-1));
    }
}
