//! How long to wait before the next attempt.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(60);
/// While somebody watches, a camera that returns must be seen within 10 s: the wait stays below half of that.
const LONGEST_WATCHED: Duration = Duration::from_secs(5);

/// The wait after the `attempt`-th failure in a row (from 1): doubled each time from 0.5 s, at most 60 s
/// (5 s while watched), and shortened by up to half so that cameras of one switch do not come in step.
/// `dice` is uniform in 0..1.
pub fn backoff(attempt: u32, is_watched: bool, dice: f64) -> Duration {
    let doubled = FIRST.saturating_mul(1 << attempt.saturating_sub(1).min(16));
    let wait = doubled.min(if is_watched { LONGEST_WATCHED } else { LONGEST });
    wait.mul_f64(1.0 - 0.5 * dice.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_to_its_cap_and_jitters_downwards() {
        let check = |attempt, is_watched, dice, expect_ms| {
            assert_eq!(backoff(attempt, is_watched, dice), Duration::from_millis(expect_ms), "{attempt} {dice}");
        };
        check(1, false, 0.0, 500);
        check(1, false, 1.0, 250);
        check(4, false, 0.0, 4_000);
        check(8, false, 0.0, 60_000);
        check(u32::MAX, false, 1.0, 30_000);
        check(8, true, 0.0, 5_000);
        check(8, true, 1.0, 2_500);
    }
}
