//! What a stream keeps in memory: the current GOP and, before it, the pre-event ring.

use super::is_start;
use crate::AccessUnit;
use std::{collections::VecDeque, sync::Arc, time::Duration};
use watchwall_model::UtcMicros;

/// How much of the past a hub keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BacklogLimits {
    /// Length of the pre-event ring; zero keeps the current GOP only.
    pub ring: Duration,
    /// Bytes of ring and current GOP together.
    pub ring_bytes: usize,
    /// A GOP larger than this is not cached: who joins waits for the next key frame.
    pub gop_bytes: usize,
    pub gop_units: usize,
}

impl Default for BacklogLimits {
    fn default() -> Self {
        Self { ring: Duration::ZERO, ring_bytes: 32 << 20, gop_bytes: 48 << 20, gop_units: 6_000 }
    }
}

/// Always begins at a key frame, or is empty. Whole GOPs leave at the front.
#[derive(Debug)]
pub(super) struct Backlog {
    /// As set, and as widened for who needs more of the past.
    base: BacklogLimits,
    limits: BacklogLimits,
    at_least: Duration,
    units: VecDeque<Arc<AccessUnit>>,
    /// Number of `units[0]`, counted from the first unit ever kept.
    front: u64,
    /// Numbers of the key frames in `units`, oldest first.
    keys: VecDeque<u64>,
    bytes: usize,
    gop_bytes: usize,
}

/// Bookkeeping a unit costs beside its payload.
const UNIT_OVERHEAD_BYTES: usize = size_of::<AccessUnit>() + 32;

fn cost(unit: &AccessUnit) -> usize {
    unit.data.len() + UNIT_OVERHEAD_BYTES
}

impl Backlog {
    pub const fn new(limits: BacklogLimits) -> Self {
        let (base, at_least) = (limits, Duration::ZERO);
        Self { base, limits, at_least, units: VecDeque::new(), front: 0, keys: VecDeque::new(), bytes: 0, gop_bytes: 0 }
    }

    pub fn set_limits(&mut self, limits: BacklogLimits) {
        self.base = limits;
        self.widen();
    }

    /// The ring reaches back at least so far, with bytes in proportion.
    pub fn keep_at_least(&mut self, ring: Duration) {
        self.at_least = ring;
        self.widen();
    }

    fn widen(&mut self) {
        self.limits = self.base;
        if self.at_least > self.base.ring {
            let share = self.at_least.as_secs_f64() / self.base.ring.as_secs_f64().max(1.0);
            self.limits.ring = self.at_least;
            self.limits.ring_bytes = (self.base.ring_bytes as f64 * share) as usize;
        }
        self.trim();
    }

    pub fn push(&mut self, unit: &Arc<AccessUnit>) {
        if is_start(unit) {
            self.keys.push_back(self.front + self.units.len() as u64);
            self.gop_bytes = 0;
        } else if self.keys.is_empty() {
            return;
        }
        self.bytes += cost(unit);
        self.gop_bytes += cost(unit);
        self.units.push_back(Arc::clone(unit));
        self.trim();
    }

    fn trim(&mut self) {
        let Some(newest) = self.units.back().map(|u| u.received_at) else { return };
        while let Some(second) = self.keys.get(1).copied() {
            let age = newest.saturating_duration_since(self.unit(second).received_at);
            if age < self.limits.ring && self.bytes <= self.limits.ring_bytes {
                break;
            }
            self.drop_front_until(second);
        }
        let gop_units = self.keys.back().map_or(0, |key| self.front + self.units.len() as u64 - key);
        if self.gop_bytes > self.limits.gop_bytes || gop_units > self.limits.gop_units as u64 {
            self.clear();
        }
    }

    fn drop_front_until(&mut self, number: u64) {
        self.keys.pop_front();
        while self.front < number {
            if let Some(unit) = self.units.pop_front() {
                self.bytes -= cost(&unit);
            }
            self.front += 1;
        }
    }

    pub fn clear(&mut self) {
        self.front += self.units.len() as u64;
        self.units = VecDeque::new();
        self.keys.clear();
        (self.bytes, self.gop_bytes) = (0, 0);
    }

    pub fn gop(&self) -> Vec<Arc<AccessUnit>> {
        self.keys.back().map_or_else(Vec::new, |key| self.from(*key))
    }

    pub fn since(&self, since: UtcMicros) -> Vec<Arc<AccessUnit>> {
        let at_or_before = self.keys.iter().rev().find(|key| self.unit(**key).capture_at <= since);
        at_or_before.or(self.keys.front()).map_or_else(Vec::new, |key| self.from(*key))
    }

    pub fn oldest(&self) -> Option<UtcMicros> {
        self.units.front().map(|u| u.capture_at)
    }

    /// Units and bytes kept.
    pub fn size(&self) -> (usize, usize) {
        (self.units.len(), self.bytes)
    }

    fn from(&self, number: u64) -> Vec<Arc<AccessUnit>> {
        self.units.range((number - self.front) as usize..).cloned().collect()
    }

    fn unit(&self, number: u64) -> &AccessUnit {
        &self.units[(number - self.front) as usize]
    }
}
