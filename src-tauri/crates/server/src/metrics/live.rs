//! Figures of live view.

use super::Histogram;
use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::{Duration, Instant},
};
use watchwall_model::ErrorCode;

/// From the last byte read from the camera to the last byte given to the viewer's connection.
const FORWARD_BOUNDS: &[f64] = &[0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 10.0];
const AGE_BOUNDS: &[f64] = &[0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0, 5.0, 10.0, 60.0];
/// Older units come from the GOP cache: they say nothing about forwarding.
const FROM_CACHE: Duration = Duration::from_millis(500);

pub struct LiveMetrics {
    forward: Histogram,
    tile_age: Histogram,
    bytes: AtomicU64,
    dropped_units: AtomicU64,
    dropped_frames: AtomicU64,
    unknown_messages: AtomicU64,
    too_slow: AtomicU64,
    refused: AtomicU64,
}

impl Default for LiveMetrics {
    fn default() -> Self {
        Self {
            forward: Histogram::new(FORWARD_BOUNDS),
            tile_age: Histogram::new(AGE_BOUNDS),
            bytes: AtomicU64::new(0),
            dropped_units: AtomicU64::new(0),
            dropped_frames: AtomicU64::new(0),
            unknown_messages: AtomicU64::new(0),
            too_slow: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        }
    }
}

impl LiveMetrics {
    /// A write to one viewer is done; `received_at` is that of its newest unit.
    pub fn forwarded(&self, received_at: Instant, bytes: usize) {
        let took = received_at.elapsed();
        if took < FROM_CACHE {
            self.forward.observe(took);
        }
        self.bytes.fetch_add(bytes as u64, Relaxed);
    }

    /// A slow viewer lost units on the way to its next key frame.
    pub fn dropped(&self, units: u64) {
        self.dropped_units.fetch_add(units, Relaxed);
    }

    /// A client's own measurement. Nonsense is left out.
    pub fn reported(&self, live_age_ms: f64, dropped_frames: u64) {
        if (0.0..3_600_000.0).contains(&live_age_ms) {
            self.tile_age.observe(Duration::from_secs_f64(live_age_ms / 1_000.0));
        }
        self.dropped_frames.fetch_add(dropped_frames.min(10_000), Relaxed);
    }

    pub fn unknown_message(&self) {
        self.unknown_messages.fetch_add(1, Relaxed);
    }

    pub fn closed(&self, code: ErrorCode) {
        let counter = if code == ErrorCode::ClientTooSlow { &self.too_slow } else { &self.refused };
        counter.fetch_add(1, Relaxed);
    }

    pub(super) fn write(&self, page: &mut super::page::Page) {
        page.histogram("stream_forward_latency_seconds", "Camera socket read to viewer socket write", &self.forward);
        page.histogram("wall_tile_age_seconds", "Live age as reported by clients", &self.tile_age);
        page.counter("live_bytes_total", "Bytes sent to live viewers", self.bytes.load(Relaxed));
        page.counter("live_dropped_units_total", "Units slow viewers skipped", self.dropped_units.load(Relaxed));
        page.counter(
            "live_client_dropped_frames_total",
            "Frames clients report as dropped",
            self.dropped_frames.load(Relaxed),
        );
        page.counter(
            "live_unknown_messages_total",
            "Client messages that were ignored",
            self.unknown_messages.load(Relaxed),
        );
        page.counter(
            "live_client_too_slow_total",
            "Viewers closed because they took nothing",
            self.too_slow.load(Relaxed),
        );
        page.counter("live_refused_total", "Viewers closed with an error", self.refused.load(Relaxed));
    }
}
