//! How the pipeline does, for metrics, the nodes' page and the benchmark.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU64, Ordering::Relaxed},
};
use std::time::Duration;

/// Counters of everything that came; each result is in exactly one of those from `refused` to
/// `failed`.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub received: AtomicU64,
    pub alarms: AtomicU64,
    pub refused: AtomicU64,
    pub duplicates: AtomicU64,
    pub sampled: AtomicU64,
    pub dropped: AtomicU64,
    pub stored: AtomicU64,
    pub failed: AtomicU64,
    pub pictures_refused: AtomicU64,
    inserts: Mutex<InsertHistogram>,
}

/// A look at the counters.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResultFigures {
    pub received: u64,
    /// Of those received.
    pub alarms: u64,
    /// From a node that does not run the scene.
    pub refused: u64,
    pub duplicates: u64,
    /// Not kept, because one was kept just before.
    pub sampled: u64,
    /// Not kept, because the queue was full. Never an alarm.
    pub dropped: u64,
    pub stored: u64,
    /// The disk refused them, or the site stops.
    pub failed: u64,
    /// They came with results, which are kept without them.
    pub pictures_refused: u64,
    pub waiting: usize,
    pub inserts: InsertHistogram,
}

/// How long batches took to be inserted, the disk's part included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InsertHistogram {
    pub counts: [u64; InsertHistogram::EDGES_MS.len() + 1],
}

impl InsertHistogram {
    /// Upper edges, milliseconds; the last count has none.
    pub const EDGES_MS: [u64; 12] = [1, 2, 5, 10, 20, 30, 50, 75, 100, 200, 500, 1_000];

    fn note(&mut self, took: Duration) {
        let place = Self::EDGES_MS.iter().position(|edge| took <= Duration::from_millis(*edge));
        self.counts[place.unwrap_or(Self::EDGES_MS.len())] += 1;
    }

    /// The upper edge that this share of all inserts stays below; `None` when there is none, or no edge is high enough.
    pub fn quantile_ms(&self, share: f64) -> Option<u64> {
        let all: u64 = self.counts.iter().sum();
        let wanted = (all as f64 * share).ceil() as u64;
        let mut below = 0;
        let place = self.counts.iter().position(|count| {
            below += count;
            below >= wanted && wanted > 0
        });
        Self::EDGES_MS.get(place?).copied()
    }
}

impl Counters {
    pub fn inserted(&self, took: Duration) {
        self.inserts.lock().unwrap_or_else(PoisonError::into_inner).note(took);
    }

    pub fn look(&self, waiting: usize) -> ResultFigures {
        ResultFigures {
            received: self.received.load(Relaxed),
            alarms: self.alarms.load(Relaxed),
            refused: self.refused.load(Relaxed),
            duplicates: self.duplicates.load(Relaxed),
            sampled: self.sampled.load(Relaxed),
            dropped: self.dropped.load(Relaxed),
            stored: self.stored.load(Relaxed),
            failed: self.failed.load(Relaxed),
            pictures_refused: self.pictures_refused.load(Relaxed),
            waiting,
            inserts: self.inserts.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_upper_edges() {
        let mut histogram = InsertHistogram::default();
        assert_eq!(histogram.quantile_ms(0.95), None);
        (0..95).for_each(|_| histogram.note(Duration::from_millis(7)));
        (0..5).for_each(|_| histogram.note(Duration::from_millis(60)));
        assert_eq!((histogram.quantile_ms(0.95), histogram.quantile_ms(0.96)), (Some(10), Some(75)));
        histogram.note(Duration::from_secs(5));
        assert_eq!(histogram.quantile_ms(1.0), None);
    }
}
