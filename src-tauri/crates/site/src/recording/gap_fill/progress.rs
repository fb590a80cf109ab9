//! How far attempts are, for whoever looks.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};

/// One attempt.
#[derive(Debug, Default)]
pub struct Progress {
    read_bytes: AtomicU64,
    filled_ms: AtomicI64,
}

impl Progress {
    pub fn set_read(&self, bytes: u64) {
        self.read_bytes.store(bytes, Relaxed);
    }

    pub fn set_filled(&self, ms: i64) {
        self.filled_ms.store(ms, Relaxed);
    }

    pub fn read_bytes(&self) -> u64 {
        self.read_bytes.load(Relaxed)
    }

    pub fn filled_ms(&self) -> i64 {
        self.filled_ms.load(Relaxed)
    }
}

/// Since the start of the site.
#[derive(Debug, Default)]
pub struct Totals {
    pub read_bytes: AtomicU64,
    pub filled_ms: AtomicU64,
    pub failures: AtomicU64,
}

/// The figures of this moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GapFillFigures {
    /// Attempts under way.
    pub running: usize,
    /// Read from cameras.
    pub read_bytes: u64,
    /// Recorded.
    pub filled_ms: u64,
    /// Attempts that ended with something still missing.
    pub failures: u64,
}
