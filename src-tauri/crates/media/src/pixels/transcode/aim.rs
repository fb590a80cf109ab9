//! Where the newest seek of a recording goes. Of a live stream there is none, and nothing here applies.

use std::sync::atomic::{AtomicI64, Ordering};

/// Pictures before the aim are decoded and not encoded: only what follows needs them. It is a time on the source's own
/// line, in microseconds. The first unit after a seek says that it is cut off from the one before.
#[derive(Debug)]
pub struct Aim(AtomicI64);

impl Default for Aim {
    fn default() -> Self {
        Self(AtomicI64::new(i64::MIN))
    }
}

impl Aim {
    pub fn set(&self, play_us: i64) {
        self.0.store(play_us, Ordering::SeqCst);
    }

    /// `None` for a live stream.
    pub fn get(&self) -> Option<i64> {
        Some(self.0.load(Ordering::SeqCst)).filter(|us| *us != i64::MIN)
    }
}
