//! When a frame is due on the viewer's side.

use std::time::{Duration, Instant};

/// Frames leave this much before they are due, so that the player has something to play from.
const LEAD: Duration = Duration::from_millis(400);
/// A client further behind than this is not chased with a burst; time waits for it.
const FORGIVEN: Duration = Duration::from_secs(2);

/// Play time tied to real time, while playing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pace {
    tie: Option<(Instant, i64)>,
}

impl Pace {
    /// The next frame is due when it comes.
    pub fn restart(&mut self) {
        self.tie = None;
    }

    /// How long the frame that stands at this play time has to wait; `None` when it may leave.
    pub fn wait(&mut self, due_us: i64, now: Instant) -> Option<Duration> {
        let Some(play_us) = self.play_us(now) else {
            self.tie = Some((now, due_us));
            return None;
        };
        let early_us = due_us - play_us - LEAD.as_micros() as i64;
        if early_us <= -(FORGIVEN.as_micros() as i64) {
            self.tie = Some((now, due_us));
        }
        u64::try_from(early_us).ok().filter(|us| *us > 0).map(Duration::from_micros)
    }

    /// The play time that is on screen now.
    pub fn play_us(&self, now: Instant) -> Option<i64> {
        self.tie.map(|(at, us)| us + now.saturating_duration_since(at).as_micros() as i64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_leave_a_little_early_and_never_in_a_burst() {
        let start = Instant::now();
        let mut pace = Pace::default();
        let mut check = |after_ms: u64, due_ms: i64, expect_ms: Option<u64>| {
            let wait = pace.wait(due_ms * 1000, start + Duration::from_millis(after_ms));
            assert_eq!(wait.map(|w| w.as_millis() as u64), expect_ms, "{due_ms} after {after_ms}");
        };
        check(0, 5_000, None);
        check(0, 5_400, None);
        check(0, 5_440, Some(40));
        check(40, 5_440, None);
        // A client that slept ten seconds goes on from where it is.
        check(10_000, 5_480, None);
        check(10_000, 5_900, Some(20));
    }
}
