//! How many watch, against the site's limit, and what they report.

use std::sync::{
    Arc,
    atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
};
use watchwall_model::{ErrorCode, Problem};

/// All viewers of the site. Cheap to clone.
#[derive(Clone)]
pub struct Viewers(Arc<Counts>);

struct Counts {
    most: usize,
    now: AtomicUsize,
    stale: AtomicUsize,
    stale_after_ms: AtomicU64,
}

/// One viewer's place. Dropping it frees the place.
pub struct Place {
    counts: Arc<Counts>,
    is_stale: bool,
}

impl Viewers {
    pub fn new(most: usize, stale_after_ms: u64) -> Self {
        Self(Arc::new(Counts {
            most,
            now: AtomicUsize::new(0),
            stale: AtomicUsize::new(0),
            stale_after_ms: AtomicU64::new(stale_after_ms),
        }))
    }

    /// # Errors
    /// `too_many_viewers` with the limit.
    pub fn enter(&self) -> Result<Place, Problem> {
        if self.0.now.fetch_add(1, Relaxed) >= self.0.most {
            self.0.now.fetch_sub(1, Relaxed);
            return Err(Problem::new(ErrorCode::TooManyViewers).with("max", self.0.most));
        }
        Ok(Place { counts: self.0.clone(), is_stale: false })
    }

    pub fn count(&self) -> usize {
        self.0.now.load(Relaxed)
    }

    /// Viewers whose last report said stale.
    pub fn stale(&self) -> usize {
        self.0.stale.load(Relaxed)
    }

    pub fn stale_after_ms(&self) -> u64 {
        self.0.stale_after_ms.load(Relaxed)
    }

    pub fn set_stale_after_ms(&self, ms: u64) {
        self.0.stale_after_ms.store(ms, Relaxed);
    }
}

impl Place {
    pub fn report(&mut self, is_stale: bool) {
        match (self.is_stale, is_stale) {
            (false, true) => self.counts.stale.fetch_add(1, Relaxed),
            (true, false) => self.counts.stale.fetch_sub(1, Relaxed),
            _ => 0,
        };
        self.is_stale = is_stale;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.report(false);
        self.counts.now.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_limited_and_freed() {
        let viewers = Viewers::new(1, 2_000);
        let mut first = viewers.enter().unwrap();
        assert_eq!(viewers.enter().err().map(|p| p.code), Some(ErrorCode::TooManyViewers));
        first.report(true);
        first.report(true);
        assert_eq!((viewers.count(), viewers.stale()), (1, 1));
        drop(first);
        assert_eq!((viewers.count(), viewers.stale()), (0, 0));
        assert!(viewers.enter().is_ok());
    }
}
