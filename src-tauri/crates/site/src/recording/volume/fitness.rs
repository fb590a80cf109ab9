//! How fit a volume is to be recorded on, beyond whether it takes writes: whether it counts as full, and whether its
//! disk has failed lately.

use std::time::{Duration, Instant};

/// Percentages of the disk between which a volume turns full and back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Watermarks {
    pub high_percent: f64,
    pub low_percent: f64,
}

impl Watermarks {
    /// Full from the high mark on, and until it is below the low one.
    pub fn is_full(self, was_full: bool, used_percent: f64) -> bool {
        used_percent >= if was_full { self.low_percent } else { self.high_percent }
    }
}

/// A disk that failed a write is left alone for a while, longer each time; until something was written well again.
#[derive(Debug, Default)]
pub struct Suspicion {
    until: Option<Instant>,
    held: Option<Duration>,
}

impl Suspicion {
    const FIRST: Duration = Duration::from_secs(60);
    const LONGEST: Duration = Duration::from_secs(3_600);

    /// A write failed. Streams that fail together count once.
    pub fn failed(&mut self, now: Instant) {
        if !self.is_held(now) {
            let next = self.held.map_or(Self::FIRST, |held| (held * 2).min(Self::LONGEST));
            self.held = Some(next);
            self.until = Some(now + next);
        }
    }

    pub fn is_held(&self, now: Instant) -> bool {
        self.until.is_some_and(|until| now < until)
    }

    /// Something was made durable on it.
    pub fn proved(&mut self, now: Instant) {
        if !self.is_held(now) {
            *self = Self::default();
        }
    }

    /// It was away and is back, or was looked after: it has another chance at once.
    pub fn forgive(&mut self) {
        self.until = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fullness_has_two_marks() {
        let marks = Watermarks { high_percent: 90.0, low_percent: 75.0 };
        let check = |was_full, used, expect| assert_eq!(marks.is_full(was_full, used), expect, "{was_full} {used}");
        check(false, 89.9, false);
        check(false, 90.0, true);
        check(true, 89.9, true);
        check(true, 75.0, true);
        check(true, 74.9, false);
    }

    #[test]
    fn failures_are_remembered_longer_each_time() {
        let begun = Instant::now();
        let at = |seconds| begun + Duration::from_secs(seconds);
        let mut suspicion = Suspicion::default();
        assert!(!suspicion.is_held(begun));
        suspicion.failed(begun);
        suspicion.failed(at(1));
        assert!(suspicion.is_held(at(59)) && !suspicion.is_held(at(60)));
        suspicion.failed(at(60));
        assert!(suspicion.is_held(at(179)) && !suspicion.is_held(at(180)));
        // What was in flight proves nothing while it is held.
        suspicion.proved(at(100));
        assert!(suspicion.is_held(at(179)));
        suspicion.proved(at(180));
        suspicion.failed(at(181));
        assert!(suspicion.is_held(at(240)) && !suspicion.is_held(at(241)));
        suspicion.forgive();
        assert!(!suspicion.is_held(at(182)));
    }
}
