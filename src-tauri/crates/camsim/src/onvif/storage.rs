//! What a device records by itself: one recording per channel, of its main stream, without a hole. Nothing is kept: a
//! picture of any recorded moment is drawn when it is replayed, with the clock of that moment in it.

use super::{Device, Quirk};
use crate::house::House;
use std::time::Duration;
use watchwall_model::{TimeRange, UtcMillis};

/// The storage of a device of Profile G.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EdgeStorage {
    /// How long before the start of the farm its recordings begin.
    pub reaches_back: Duration,
}

/// How a replay goes, besides what its client asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReplayManner {
    /// The device's clock against ours, and what it adds to the times of pictures.
    pub clock_offset_ms: i64,
    pub lie_ms: i64,
    /// It falls silent after so much.
    pub ends_after: Option<Duration>,
    pub is_slow: bool,
}

const EARLY: Duration = Duration::from_secs(2);
const HOUR_MS: i64 = 3_600_000;

impl Device {
    /// What it has recorded up to now, by the true clock; `None` without a storage.
    pub(crate) fn recorded(&self, house: &House) -> Option<TimeRange> {
        let storage = self.spec.edge_storage?;
        let (since_us, now) = house.clock.now();
        let back_ms = since_us / 1000 + i64::try_from(storage.reaches_back.as_millis()).unwrap_or(i64::MAX);
        let now = now.to_millis();
        TimeRange::new(now.saturating_add_ms(-back_ms), now)
    }

    /// By its own clock.
    pub(super) fn by_own_clock(&self, at: UtcMillis) -> UtcMillis {
        at.saturating_add_ms(self.clock_offset_ms())
    }

    pub(crate) fn refuses_replay(&self) -> bool {
        self.quirks().has(Quirk::ReplayRefused)
    }

    pub(crate) fn misses_ranges(&self) -> bool {
        self.quirks().has(Quirk::ReplayRangeMissing)
    }

    pub(crate) fn replay_manner(&self) -> ReplayManner {
        let quirks = self.quirks();
        ReplayManner {
            clock_offset_ms: self.clock_offset_ms(),
            lie_ms: if quirks.has(Quirk::ReplayOtherTime) { HOUR_MS } else { 0 },
            ends_after: quirks.has(Quirk::ReplayEndsEarly).then_some(EARLY),
            is_slow: quirks.has(Quirk::ReplaySlow),
        }
    }
}
