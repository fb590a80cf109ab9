//! How long to wait before the site is called again.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(15);
/// Why there is no connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Not there, or gone.
    Lost,
    /// It does not want this node: a matter for a person, who takes so long.
    Refused { wait: Duration },
}

/// The wait after the `attempt`-th failure in a row (from 1), shortened by up to half so that the nodes of a site that
/// restarts do not come all at once. `dice` is uniform in 0..1.
pub fn backoff(cause: Cause, attempt: u32, dice: f64) -> Duration {
    let whole = match cause {
        Cause::Lost => FIRST.saturating_mul(1 << attempt.saturating_sub(1).min(16)).min(LONGEST),
        Cause::Refused { wait } => wait,
    };
    whole.mul_f64(1.0 - 0.5 * dice.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_to_its_cap_and_jitters_downwards() {
        let check = |cause, attempt, dice, expect_ms| {
            assert_eq!(backoff(cause, attempt, dice), Duration::from_millis(expect_ms), "{cause:?} {attempt} {dice}");
        };
        check(Cause::Lost, 1, 0.0, 500);
        check(Cause::Lost, 1, 1.0, 250);
        check(Cause::Lost, 3, 0.0, 2_000);
        check(Cause::Lost, u32::MAX, 0.0, 15_000);
        let refused = Cause::Refused { wait: Duration::from_secs(60) };
        check(refused, 1, 0.0, 60_000);
        check(refused, 9, 1.0, 30_000);
    }
}
