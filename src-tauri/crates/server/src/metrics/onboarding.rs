//! Figures of adding cameras.

use super::Histogram;
use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::{Duration, Instant},
};

const BOUNDS: &[f64] = &[0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0];

pub struct OnboardingMetrics {
    total: AtomicU64,
    success: AtomicU64,
    duration: Histogram,
}

impl Default for OnboardingMetrics {
    fn default() -> Self {
        Self { total: AtomicU64::new(0), success: AtomicU64::new(0), duration: Histogram::new(BOUNDS) }
    }
}

impl OnboardingMetrics {
    /// Runs and counts one attempt to add a camera.
    pub async fn timed<T, E>(&self, attempt: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        let started = Instant::now();
        let outcome = attempt.await;
        self.note(started.elapsed(), outcome.as_ref().map(|_| ()).map_err(|_| ()));
        outcome
    }

    /// Counts an attempt that somebody else carried out: a device of a list is one, however many channels it has.
    pub fn note<E>(&self, took: Duration, outcome: Result<(), E>) {
        self.total.fetch_add(1, Relaxed);
        self.duration.observe(took);
        if outcome.is_ok() {
            self.success.fetch_add(1, Relaxed);
        }
    }

    pub(super) fn write(&self, page: &mut super::page::Page) {
        page.counter("camera_onboarding_total", "Attempts to add a camera", self.total.load(Relaxed));
        page.counter("camera_onboarding_success_total", "Cameras added", self.success.load(Relaxed));
        page.histogram("camera_onboarding_duration_seconds", "Time an attempt took", &self.duration);
    }
}
