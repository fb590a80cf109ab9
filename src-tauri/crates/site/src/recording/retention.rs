//! Which segments go: pure decisions. The sweeper acts on them.

use std::time::{Duration, Instant};
use watchwall_model::UtcMillis;

const DAY_MS: i64 = 86_400_000;
/// A volume is brought this far below its high watermark, so that it does not stand on it.
const STEP_PERCENT: f64 = 0.5;
/// Segments younger than this go only when the disk is really full, not for a watermark: a disk that others
/// have filled past the watermark still keeps the last hour.
pub const KEEP_MS: i64 = 3_600_000;

/// What the file system says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capacity {
    pub total_bytes: u64,
    /// Free for this process, without what is reserved for root.
    pub free_bytes: u64,
}

impl Capacity {
    pub fn used_percent(self) -> f64 {
        if self.total_bytes == 0 {
            return 0.0;
        }
        (self.total_bytes.saturating_sub(self.free_bytes)) as f64 * 100.0 / self.total_bytes as f64
    }
}

/// When a volume is too full.
#[derive(Clone, Copy, Debug)]
pub struct SpaceRule {
    pub high_watermark_percent: f64,
    /// Never less than this stays free, whatever the percentage says.
    pub min_free_bytes: u64,
}

/// How many bytes have to go, and how young a segment may be taken for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    pub bytes: u64,
    /// Segments that end after this stay.
    pub before: UtcMillis,
}

/// `None` when the volume has room enough.
pub fn space_needed(capacity: Capacity, rule: SpaceRule, now: UtcMillis) -> Option<Need> {
    if capacity.total_bytes == 0 {
        return None;
    }
    let short = rule.min_free_bytes.saturating_sub(capacity.free_bytes);
    if short > 0 {
        // A quarter more than is missing, so that the next second does not stand here again.
        return Some(Need { bytes: short + rule.min_free_bytes / 4, before: UtcMillis(i64::MAX) });
    }
    if capacity.used_percent() < rule.high_watermark_percent {
        return None;
    }
    let target_percent = (rule.high_watermark_percent - STEP_PERCENT).max(0.0);
    let bytes = (capacity.total_bytes as f64 * (capacity.used_percent() - target_percent) / 100.0).ceil() as u64;
    Some(Need { bytes, before: now.saturating_add_ms(-KEEP_MS) })
}

/// Segments that end before this are past their retention. A clock that was never set makes nothing old.
pub fn age_limit(now: UtcMillis, retention_days: u32) -> UtcMillis {
    UtcMillis(now.0.saturating_sub(i64::from(retention_days).saturating_mul(DAY_MS)))
}

/// A system clock before this was never set.
pub const CLOCK_SET: UtcMillis = UtcMillis(1_600_000_000_000);

/// Whether the wall clock can be trusted to call recordings old. After a leap forward it has an hour to be put right;
/// what it says then is taken for the truth.
#[derive(Clone, Copy, Debug)]
pub struct ClockWatch {
    tie: (UtcMillis, Instant),
    doubted_until: Option<Instant>,
}

impl ClockWatch {
    const DOUBT: Duration = Duration::from_secs(3_600);

    pub const fn new(wall: UtcMillis, now: Instant) -> Self {
        Self { tie: (wall, now), doubted_until: None }
    }

    pub fn doubt(&mut self, now: Instant) {
        self.doubted_until = Some(now + Self::DOUBT);
    }

    /// Asked once a minute or so.
    pub fn trusts(&mut self, wall: UtcMillis, now: Instant) -> bool {
        let passed_ms = i64::try_from(now.saturating_duration_since(self.tie.1).as_millis()).unwrap_or(i64::MAX);
        if (wall - self.tie.0).saturating_sub(passed_ms) >= DAY_MS {
            tracing::error!("the system clock leapt forward; nothing is deleted for its age during the next hour");
            self.doubt(now);
        }
        self.tie = (wall, now);
        self.doubted_until.is_none_or(|until| now >= until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GB: u64 = 1 << 30;

    #[test]
    fn space_is_asked_for_past_the_watermark() {
        let now = UtcMillis(100 * DAY_MS);
        let rule = SpaceRule { high_watermark_percent: 90.0, min_free_bytes: GB };
        let check = |total, free, expect: Option<(u64, bool)>| {
            let need = space_needed(Capacity { total_bytes: total * GB, free_bytes: free }, rule, now);
            assert_eq!(need.map(|n| (n.bytes, n.before > now)), expect, "{free} of {total} GB");
        };
        check(0, 0, None);
        check(100, 50 * GB, None);
        check(100, 10 * GB + 1, None);
        check(100, 10 * GB, Some((GB / 2, false)));
        check(100, 5 * GB, Some((5 * GB + GB / 2, false)));
        // Nearly nothing left: even the youngest may go.
        check(100, GB / 2, Some((GB / 2 + GB / 4, true)));
        check(100, 0, Some((GB + GB / 4, true)));
        // A small disk with the same floor.
        check(5, GB + 1, None);
    }

    #[test]
    fn age_counts_days_back() {
        assert_eq!(age_limit(UtcMillis(10 * DAY_MS), 7), UtcMillis(3 * DAY_MS));
        assert!(age_limit(UtcMillis(0), 7) < UtcMillis(0));
        assert!(age_limit(UtcMillis(i64::MIN), u32::MAX) < UtcMillis(0));
    }

    #[test]
    fn a_leaping_clock_has_an_hour_to_be_put_right() {
        let begun = Instant::now();
        let mut clock = ClockWatch::new(UtcMillis(0), begun);
        let mut check = |wall_ms, seconds: u64, expect| {
            let trusted = clock.trusts(UtcMillis(wall_ms), begun + Duration::from_secs(seconds));
            assert_eq!(trusted, expect, "{wall_ms} after {seconds} s");
        };
        check(60_000, 60, true);
        // Back, and forward again by as much as it went back.
        check(-5 * DAY_MS, 120, true);
        check(180_000, 180, false);
        check(240_000, 240, false);
        check(3_780_000, 3_780, true);
        // Set for the first time.
        check(20_000 * DAY_MS, 3_840, false);
        check(20_000 * DAY_MS + 3_600_000, 7_440, true);
    }
}
