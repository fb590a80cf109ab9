//! How long to wait before the page is loaded again after its process died.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(30);
const HEALTHY_AFTER: Duration = Duration::from_secs(60);

/// Waits double from 0.2 s to 30 s and start over after a minute without a death.
#[derive(Debug, Default)]
pub struct Backoff {
    attempts: u32,
    last: Option<Duration>,
}

impl Backoff {
    /// A death at `now` (any monotonic origin): the wait before the next load.
    pub fn died(&mut self, now: Duration) -> Duration {
        let healthy = self.last.is_some_and(|last| now.saturating_sub(last) >= HEALTHY_AFTER);
        if healthy {
            self.attempts = 0;
        }
        self.last = Some(now);
        let wait = FIRST.saturating_mul(2_u32.saturating_pow(self.attempts)).min(LONGEST);
        self.attempts = self.attempts.saturating_add(1);
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(deaths_s: &[u64], waits_ms: &[u64]) {
        let mut backoff = Backoff::default();
        let waits: Vec<_> =
            deaths_s.iter().map(|at| backoff.died(Duration::from_secs(*at)).as_millis() as u64).collect();
        assert_eq!(waits, waits_ms);
    }

    #[test]
    fn waits_double_and_stop_at_the_longest() {
        check(&[1, 2, 3, 4], &[200, 400, 800, 1_600]);
        check(&[0; 10], &[200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000]);
    }

    #[test]
    fn a_healthy_minute_starts_over() {
        check(&[1, 2, 62, 63], &[200, 400, 200, 400]);
    }
}
