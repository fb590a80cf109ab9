//! How much may be read from devices: bytes per second, shared by all who hold a clone.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// What may come at once after a quiet time, as a time at the full rate.
const BURST: Duration = Duration::from_millis(100);

/// A limit. Clones share it.
#[derive(Clone, Debug)]
pub struct Bandwidth {
    bytes_per_s: u64,
    /// When all bytes read so far will have been paid for.
    paid_at: Arc<Mutex<Option<Instant>>>,
}

impl Bandwidth {
    /// `kbps` in kilobits per second; 0 is taken for 1.
    pub fn new(kbps: u32) -> Self {
        Self { bytes_per_s: u64::from(kbps.max(1)) * 125, paid_at: Arc::default() }
    }

    /// Bytes were read; says how long nothing more may be.
    pub(super) fn spend(&self, bytes: usize, now: Instant) -> Duration {
        let cost = Duration::from_nanos(
            u64::try_from(u128::try_from(bytes).unwrap_or(0) * 1_000_000_000 / u128::from(self.bytes_per_s))
                .unwrap_or(u64::MAX),
        );
        let mut paid_at = self.paid_at.lock().unwrap_or_else(PoisonError::into_inner);
        let from = paid_at.map_or(now, |at| at.max(now));
        let until = from + cost;
        *paid_at = Some(until);
        until.saturating_duration_since(now).saturating_sub(BURST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_read_counts_together() {
        // 8 Mbit/s: a megabyte a second.
        let (one, now) = (Bandwidth::new(8_000), Instant::now());
        let other = one.clone();
        assert_eq!(one.spend(100_000, now), Duration::ZERO);
        assert_eq!(other.spend(100_000, now), Duration::from_millis(100));
        assert_eq!(one.spend(500_000, now), Duration::from_millis(600));
        // Nothing is saved up over a quiet time but the burst.
        let later = now + Duration::from_secs(60);
        assert_eq!(one.spend(200_000, later), Duration::from_millis(100));
    }
}
