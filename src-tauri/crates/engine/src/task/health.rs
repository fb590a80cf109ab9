//! Whether pictures come, and when the site is told that they do not. Pure.

use std::time::{Duration, Instant};

/// Without a picture for so long a stream is frozen.
const FROZEN_AFTER: Duration = Duration::from_secs(5);
/// Connecting, and waiting for a key frame, may take longer.
const FIRST_WITHIN: Duration = Duration::from_secs(10);

/// What the site is to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    Gone { why: String },
    Back,
}

/// One stream's pictures.
#[derive(Debug)]
pub struct Health {
    since: Instant,
    has_pictures: bool,
    is_told: bool,
}

impl Health {
    pub const fn new(now: Instant) -> Self {
        Self { since: now, has_pictures: false, is_told: false }
    }

    pub fn picture(&mut self, now: Instant) -> Option<News> {
        (self.since, self.has_pictures) = (now, true);
        std::mem::take(&mut self.is_told).then_some(News::Back)
    }

    /// Time passed. `trouble` is what is known to be wrong; `is_lasting` when waiting will not mend it.
    pub fn tick(&mut self, now: Instant, trouble: Option<&str>, is_lasting: bool) -> Option<News> {
        let patience = if self.has_pictures { FROZEN_AFTER } else { FIRST_WITHIN };
        if self.is_told || (now.duration_since(self.since) < patience && !is_lasting) {
            return None;
        }
        self.is_told = true;
        let why = trouble.map_or_else(
            || format!("stream_stalled: no picture for {} s", now.duration_since(self.since).as_secs()),
            ToOwned::to_owned,
        );
        Some(News::Gone { why })
    }

    /// The site asks for it once more: it gets the patience of a first time.
    pub fn again(&mut self, now: Instant) {
        if self.is_told {
            *self = Self::new(now);
        }
    }

    pub const fn is_good(&self) -> bool {
        self.has_pictures && !self.is_told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_freezes_is_told_once_and_so_is_its_return() {
        let start = Instant::now();
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        let mut health = Health::new(start);
        assert_eq!(health.tick(at(9), None, false), None);
        assert_eq!(health.picture(at(9)), None);
        assert_eq!(health.tick(at(13), None, false), None);
        assert_eq!(
            health.tick(at(14), None, false),
            Some(News::Gone { why: "stream_stalled: no picture for 5 s".into() })
        );
        assert_eq!((health.tick(at(20), None, false), health.is_good()), (None, false));
        assert_eq!((health.picture(at(21)), health.is_good()), (Some(News::Back), true));
        assert_eq!(health.picture(at(22)), None);
    }

    #[test]
    fn what_never_comes_is_told_with_its_reason_and_what_cannot_at_once() {
        let start = Instant::now();
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        let mut health = Health::new(start);
        assert_eq!(health.tick(at(3), Some("connect_refused"), false), None);
        let told = Some(News::Gone { why: "connect_refused".into() });
        assert_eq!(health.tick(at(10), Some("connect_refused"), false), told);
        health.again(at(11));
        assert_eq!(health.tick(at(12), Some("connect_refused"), false), None);
        assert_eq!(health.tick(at(13), Some("connect_refused"), true), told);
    }
}
