//! What a variant does, for metrics.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use watchwall_model::StreamPath;

/// Latencies remembered.
const REMEMBERED: usize = 256;

/// A running variant.
#[derive(Clone, Debug)]
pub struct TranscodeStats {
    pub path: StreamPath,
    pub max_height: u32,
    pub viewers: usize,
    pub decoder: Option<&'static str>,
    pub encoder: Option<&'static str>,
    pub pictures_in: u64,
    pub pictures_out: u64,
    /// From the arrival of a picture to its encoded form, 95th percentile of the last ones.
    pub latency_p95_ms: u32,
    pub restarts: u32,
}

/// Counters of one variant.
#[derive(Debug, Default)]
pub struct Counters(Mutex<Counts>);

#[derive(Debug, Default)]
pub struct Counts {
    pub decoder: Option<&'static str>,
    pub encoder: Option<&'static str>,
    pub pictures_in: u64,
    pub pictures_out: u64,
    pub restarts: u32,
    latencies: VecDeque<u32>,
}

impl Counters {
    pub fn update(&self, change: impl FnOnce(&mut Counts)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub fn read<T>(&self, read: impl FnOnce(&Counts) -> T) -> T {
        read(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Counts {
    pub fn encoded(&mut self, latency: Duration) {
        self.pictures_out += 1;
        if self.latencies.len() == REMEMBERED {
            self.latencies.pop_front();
        }
        self.latencies.push_back(u32::try_from(latency.as_millis()).unwrap_or(u32::MAX));
    }

    pub fn latency_p95_ms(&self) -> u32 {
        let mut sorted: Vec<u32> = self.latencies.iter().copied().collect();
        sorted.sort_unstable();
        sorted.get(sorted.len() * 95 / 100).or(sorted.last()).copied().unwrap_or(0)
    }
}
