//! Counters of recording, for the metrics page. Writers touch them without a lock.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::{Duration, Instant},
};

/// Upper bounds of the write stall histogram, in milliseconds; above the last is the rest.
pub const STALL_BOUNDS_MS: [u64; 11] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 5_000];

/// One volume's counters.
#[derive(Debug)]
pub struct VolumeStats {
    born: Instant,
    fragments: AtomicU64,
    bytes: AtomicU64,
    failures: AtomicU64,
    overflows: AtomicU64,
    syncs: AtomicU64,
    sync_micros: AtomicU64,
    longest_sync_micros: AtomicU64,
    deleted_files: AtomicU64,
    stalls: [AtomicU64; STALL_BOUNDS_MS.len() + 1],
    stall_micros: AtomicU64,
}

/// How long fragments waited from hand-over until they were in the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StallHistogram {
    /// Counts per bound of [`STALL_BOUNDS_MS`], not cumulated; the last is above all bounds.
    pub counts: [u64; STALL_BOUNDS_MS.len() + 1],
    pub sum: Duration,
}

impl StallHistogram {
    /// The bound below which this share of the fragments stayed; `None` above all bounds or without any.
    pub fn quantile_ms(&self, share: f64) -> Option<u64> {
        let total: u64 = self.counts.iter().sum();
        let wanted = (total as f64 * share).ceil() as u64;
        let mut seen = 0;
        STALL_BOUNDS_MS.iter().zip(self.counts).find_map(|(bound, count)| {
            seen += count;
            (total > 0 && seen >= wanted).then_some(*bound)
        })
    }
}

/// One volume, for the metrics page.
#[derive(Clone, Debug, Default)]
pub struct VolumeFigures {
    pub code: String,
    pub used_percent: f64,
    pub is_full: bool,
    pub queued_bytes: u64,
    pub fragments: u64,
    pub bytes: u64,
    pub write_failures: u64,
    /// Fragments dropped because the queue was full.
    pub overflows: u64,
    pub syncs: u64,
    pub sync_time: Duration,
    pub longest_sync: Duration,
    pub deleted_files: u64,
    pub stalls: StallHistogram,
}

/// All of recording, for the metrics page.
#[derive(Clone, Debug, Default)]
pub struct RecordingStats {
    pub plans: usize,
    /// Enabled plans that are recording right now.
    pub active_plans: usize,
    /// Enabled plans that are not, ten seconds or longer.
    pub silent_plans: usize,
    pub lost_ms: u64,
    /// From a fragment's end until its index row was committed, newest round, worst stream.
    pub index_lag: Duration,
    pub playback_sessions: usize,
    pub volumes: Vec<VolumeFigures>,
}

impl Default for VolumeStats {
    fn default() -> Self {
        Self {
            born: Instant::now(),
            fragments: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            overflows: AtomicU64::new(0),
            syncs: AtomicU64::new(0),
            sync_micros: AtomicU64::new(0),
            longest_sync_micros: AtomicU64::new(0),
            deleted_files: AtomicU64::new(0),
            stalls: Default::default(),
            stall_micros: AtomicU64::new(0),
        }
    }
}

impl VolumeStats {
    /// Milliseconds since the volume was opened.
    pub fn age_ms(&self) -> u64 {
        self.born.elapsed().as_millis() as u64
    }

    pub fn written(&self, bytes: u64) {
        self.fragments.fetch_add(1, Relaxed);
        self.bytes.fetch_add(bytes, Relaxed);
    }

    pub fn write_failed(&self) {
        self.failures.fetch_add(1, Relaxed);
    }

    pub fn overflowed(&self) {
        self.overflows.fetch_add(1, Relaxed);
    }

    pub fn deleted(&self, files: u64) {
        self.deleted_files.fetch_add(files, Relaxed);
    }

    pub fn synced(&self, took: Duration) {
        let micros = took.as_micros() as u64;
        self.syncs.fetch_add(1, Relaxed);
        self.sync_micros.fetch_add(micros, Relaxed);
        self.longest_sync_micros.fetch_max(micros, Relaxed);
    }

    pub fn stall(&self, waited: Duration) {
        let ms = waited.as_millis() as u64;
        let slot = STALL_BOUNDS_MS.iter().position(|bound| ms < *bound).unwrap_or(STALL_BOUNDS_MS.len());
        self.stalls[slot].fetch_add(1, Relaxed);
        self.stall_micros.fetch_add(waited.as_micros() as u64, Relaxed);
    }

    /// The counters as they stand; what the volume itself knows is left at its default.
    pub fn figures(&self) -> VolumeFigures {
        let mut stalls =
            StallHistogram { sum: Duration::from_micros(self.stall_micros.load(Relaxed)), ..Default::default() };
        for (count, stall) in stalls.counts.iter_mut().zip(&self.stalls) {
            *count = stall.load(Relaxed);
        }
        VolumeFigures {
            fragments: self.fragments.load(Relaxed),
            bytes: self.bytes.load(Relaxed),
            write_failures: self.failures.load(Relaxed),
            overflows: self.overflows.load(Relaxed),
            syncs: self.syncs.load(Relaxed),
            sync_time: Duration::from_micros(self.sync_micros.load(Relaxed)),
            longest_sync: Duration::from_micros(self.longest_sync_micros.load(Relaxed)),
            deleted_files: self.deleted_files.load(Relaxed),
            stalls,
            ..VolumeFigures::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stalls_fall_into_their_bounds() {
        let stats = VolumeStats::default();
        for ms in [0, 0, 3, 60, 9_000] {
            stats.stall(Duration::from_millis(ms));
        }
        let stalls = stats.figures().stalls;
        assert_eq!(stalls.counts, [2, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 1]);
        assert_eq!(stalls.quantile_ms(0.5), Some(5));
        assert_eq!(stalls.quantile_ms(0.8), Some(100));
        assert_eq!(stalls.quantile_ms(1.0), None);
        assert_eq!(StallHistogram::default().quantile_ms(0.5), None);
    }
}
