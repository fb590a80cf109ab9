//! How long whoever shows a wrong token waits for the answer.
//!
//! Nobody is shut out: a node whose token has ended shows it again and again until it is told a new one, and that one
//! must work at once.

use std::{
    collections::HashMap,
    net::IpAddr,
    time::{Duration, Instant},
};

/// Wrong tokens of one address in one minute that are answered at once.
const FREE: u32 = 5;
const WAIT: Duration = Duration::from_secs(2);
const WINDOW: Duration = Duration::from_secs(60);
/// Addresses remembered. When all are recent, everybody waits.
const MOST: usize = 1_024;

#[derive(Debug, Default)]
pub struct Guesses {
    by_address: HashMap<IpAddr, Recent>,
}

#[derive(Debug)]
struct Recent {
    count: u32,
    since: Instant,
}

impl Guesses {
    /// Notes one more; answers how long to wait before it is refused.
    pub fn wrong(&mut self, from: IpAddr, now: Instant) -> Duration {
        if !self.by_address.contains_key(&from) && self.by_address.len() >= MOST {
            self.by_address.retain(|_, recent| now.saturating_duration_since(recent.since) < WINDOW);
            if self.by_address.len() >= MOST {
                return WAIT;
            }
        }
        let recent = self.by_address.entry(from).or_insert(Recent { count: 0, since: now });
        if now.saturating_duration_since(recent.since) >= WINDOW {
            *recent = Recent { count: 0, since: now };
        }
        recent.count = recent.count.saturating_add(1);
        if recent.count > FREE { WAIT } else { Duration::ZERO }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guessing_gets_slow_for_a_while_and_for_the_guesser_only() {
        let (mut guesses, now) = (Guesses::default(), Instant::now());
        let (one, other) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        for _ in 0..FREE {
            assert_eq!(guesses.wrong(one, now), Duration::ZERO);
        }
        assert_eq!(guesses.wrong(one, now), WAIT);
        assert_eq!(guesses.wrong(other, now), Duration::ZERO);
        assert_eq!(guesses.wrong(one, now + WINDOW), Duration::ZERO);
    }

    #[test]
    fn many_addresses_are_not_remembered_without_end() {
        let (mut guesses, now) = (Guesses::default(), Instant::now());
        for n in 0..2 * MOST as u32 {
            guesses.wrong(IpAddr::from(n.to_be_bytes()), now);
        }
        assert_eq!(guesses.by_address.len(), MOST);
        assert_eq!(guesses.wrong(IpAddr::from([255; 4]), now), WAIT);
        assert_eq!(guesses.wrong(IpAddr::from([255; 4]), now + WINDOW), Duration::ZERO);
        assert_eq!(guesses.by_address.len(), 1);
    }
}
