//! A histogram with fixed bounds, written without a lock.

use std::{
    fmt::Write,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// Most bounds any histogram here has.
const MOST: usize = 12;

pub struct Histogram {
    bounds: &'static [f64],
    counts: [AtomicU64; MOST + 1],
    sum_micros: AtomicU64,
}

impl Histogram {
    /// `bounds` ascend, in seconds; those after the twelfth are not used.
    pub fn new(bounds: &'static [f64]) -> Self {
        Self { bounds: &bounds[..bounds.len().min(MOST)], counts: Default::default(), sum_micros: AtomicU64::new(0) }
    }

    pub fn observe(&self, value: Duration) {
        let seconds = value.as_secs_f64();
        let slot = self.bounds.iter().position(|bound| seconds <= *bound).unwrap_or(self.bounds.len());
        self.counts[slot].fetch_add(1, Relaxed);
        self.sum_micros.fetch_add(value.as_micros() as u64, Relaxed);
    }

    /// Text exposition: cumulated buckets, sum and count.
    pub fn write(&self, out: &mut String, name: &str) {
        let mut total = 0;
        // Writing to a string cannot fail.
        for (bound, count) in self.bounds.iter().zip(&self.counts) {
            total += count.load(Relaxed);
            let _ = writeln!(out, "{name}_bucket{{le=\"{bound}\"}} {total}");
        }
        total += self.counts[self.bounds.len()].load(Relaxed);
        let _ = writeln!(out, "{name}_bucket{{le=\"+Inf\"}} {total}");
        let _ = writeln!(out, "{name}_sum {}", self.sum_micros.load(Relaxed) as f64 / 1e6);
        let _ = writeln!(out, "{name}_count {total}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_cumulated() {
        let histogram = Histogram::new(&[0.001, 0.01]);
        for ms in [0, 1, 5, 50] {
            histogram.observe(Duration::from_millis(ms));
        }
        let mut text = String::new();
        histogram.write(&mut text, "x");
        assert_eq!(
            text,
            "x_bucket{le=\"0.001\"} 2\nx_bucket{le=\"0.01\"} 3\nx_bucket{le=\"+Inf\"} 4\nx_sum 0.056\nx_count 4\n"
        );
    }
}
