//! How long to wait before the next attempt.

use super::demand::Demand;
use std::time::Duration;

const FIRST: Duration = Duration::from_millis(500);

/// The longest wait. A camera that returns is seen within ten seconds by whoever watches or records it.
const fn longest(demand: Demand) -> Duration {
    Duration::from_secs(match demand {
        Demand::Nobody | Demand::Background => 60,
        Demand::Recorded => 10,
        Demand::Watched => 5,
    })
}

/// The wait after the `attempt`-th failure in a row (from 1): doubled each time from 0.5 s up to the longest for this
/// demand, and shortened by up to half so that cameras of one switch do not come in step. `dice` is uniform in 0..1.
pub fn backoff(attempt: u32, demand: Demand, dice: f64) -> Duration {
    let doubled = FIRST.saturating_mul(1 << attempt.saturating_sub(1).min(16));
    doubled.min(longest(demand)).mul_f64(1.0 - 0.5 * dice.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::{Demand::*, *};

    #[test]
    fn doubles_to_its_cap_and_jitters_downwards() {
        let check = |attempt, demand, dice, expect_ms| {
            assert_eq!(backoff(attempt, demand, dice), Duration::from_millis(expect_ms), "{attempt} {demand:?} {dice}");
        };
        for demand in [Background, Recorded, Watched] {
            check(1, demand, 0.0, 500);
            check(1, demand, 1.0, 250);
            check(4, demand, 0.0, 4_000);
        }
        check(8, Background, 0.0, 60_000);
        check(u32::MAX, Background, 1.0, 30_000);
        check(6, Recorded, 0.0, 10_000);
        check(u32::MAX, Recorded, 1.0, 5_000);
        check(8, Watched, 0.0, 5_000);
        check(8, Watched, 1.0, 2_500);
    }
}
