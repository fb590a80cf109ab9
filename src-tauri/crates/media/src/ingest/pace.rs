//! Spreads the connection attempts of a site over time.
//!
//! When a switch reboots, hundreds of cameras are lost in the same second and would be asked again in the same second.
//! A slot is taken before each attempt; nothing is held while connecting, so a dead camera delays nobody.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Between two attempts when many are due.
const EVERY: Duration = Duration::from_millis(10);
/// Attempts that go at once after a quiet time.
const BURST: u32 = 32;

/// Shared by all streams of a site: clones count together.
#[derive(Clone, Debug, Default)]
pub struct Pace {
    /// When all slots given out so far are used up.
    used_until: Arc<Mutex<Option<Instant>>>,
}

impl Pace {
    /// Takes the next slot; says how long to wait for it.
    pub fn take(&self, now: Instant) -> Duration {
        let mut used_until = self.used_until.lock().unwrap_or_else(PoisonError::into_inner);
        let from = used_until.map_or(now, |until| until.max(now));
        *used_until = Some(from + EVERY);
        from.saturating_duration_since(now).saturating_sub(EVERY * BURST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_go_at_once_and_five_hundred_take_five_seconds() {
        let pace = Pace::default();
        let now = Instant::now();
        let waits: Vec<_> = (0..500).map(|_| pace.clone().take(now)).collect();
        assert!(waits[..=BURST as usize].iter().all(Duration::is_zero), "{:?}", &waits[..40]);
        assert!(waits.windows(2).all(|w| w[0] <= w[1]));
        assert_eq!(waits[499], EVERY * (499 - BURST));
        let quiet = now + Duration::from_secs(60);
        assert_eq!(pace.take(quiet), Duration::ZERO);
    }
}
