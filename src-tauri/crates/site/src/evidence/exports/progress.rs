//! How far an export is.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportStep {
    Measuring,
    Copying,
    Burning,
    Hashing,
    Packing,
}

impl ExportStep {
    const ALL: [Self; 5] = [Self::Measuring, Self::Copying, Self::Burning, Self::Hashing, Self::Packing];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Measuring => "measuring",
            Self::Copying => "copying",
            Self::Burning => "burning",
            Self::Hashing => "hashing",
            Self::Packing => "packing",
        }
    }
}

/// Written by the maker, read by whoever asks.
#[derive(Debug, Default)]
pub struct Progress {
    step: AtomicU8,
    done_bytes: AtomicU64,
    total_bytes: AtomicU64,
}

impl Progress {
    pub fn begin(&self, total_bytes: u64) {
        self.total_bytes.store(total_bytes, Relaxed);
    }

    pub fn enter(&self, step: ExportStep) {
        let number = ExportStep::ALL.iter().position(|other| *other == step).unwrap_or(0);
        self.step.store(u8::try_from(number).unwrap_or(0), Relaxed);
    }

    pub fn add(&self, bytes: u64) {
        self.done_bytes.fetch_add(bytes, Relaxed);
    }

    pub fn step(&self) -> ExportStep {
        ExportStep::ALL.get(usize::from(self.step.load(Relaxed))).copied().unwrap_or(ExportStep::Measuring)
    }

    /// Done and in all, in bytes of work.
    pub fn bytes(&self) -> (u64, u64) {
        let total = self.total_bytes.load(Relaxed);
        (self.done_bytes.load(Relaxed).min(total), total)
    }
}
