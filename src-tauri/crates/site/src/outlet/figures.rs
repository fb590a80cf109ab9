//! What the outlet has done, for the metrics page.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Counted since the start, but for `sessions`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutletFigures {
    /// Open now.
    pub sessions: usize,
    pub opened: u64,
    /// Wrong and ended tokens.
    pub refused: u64,
    /// Clients beyond the most sessions.
    pub turned_away: u64,
    /// Pictures that slow clients did not get.
    pub skipped: u64,
    /// Sessions ended because their client was too slow.
    pub too_slow: u64,
}

#[derive(Debug, Default)]
pub struct Counters {
    pub opened: AtomicU64,
    pub refused: AtomicU64,
    pub turned_away: AtomicU64,
    pub skipped: AtomicU64,
    pub too_slow: AtomicU64,
}

impl Counters {
    pub fn figures(&self, sessions: usize) -> OutletFigures {
        let read = |counter: &AtomicU64| counter.load(Relaxed);
        OutletFigures {
            sessions,
            opened: read(&self.opened),
            refused: read(&self.refused),
            turned_away: read(&self.turned_away),
            skipped: read(&self.skipped),
            too_slow: read(&self.too_slow),
        }
    }
}
