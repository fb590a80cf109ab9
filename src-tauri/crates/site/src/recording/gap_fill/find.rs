//! Which stretches are to be asked for.

use watchwall_model::{Gap, GapReason, TimeRange, UtcMillis};

/// What the timeline closes anyway is not worth a session.
pub const SHORTEST_MS: i64 = 2_000;
/// A gap that ended this moment may still be growing in the index.
const SETTLED_MS: i64 = 2_000;

/// Gaps worth filling: over, caused by camera, network or us, inside the window, and not known already, whatever became
/// of them.
pub fn wanted(gaps: &[Gap], known: &[TimeRange], window: TimeRange) -> Vec<TimeRange> {
    let is_ours = |reason| matches!(reason, GapReason::CameraOffline | GapReason::Network | GapReason::Us);
    let end = window.end.saturating_add_ms(-SETTLED_MS);
    let ours = gaps.iter().filter(|gap| is_ours(gap.reason) && gap.range.end <= end).map(|gap| gap.range);
    missing(&joined(ours), known, window)
}

/// What of these stretches, inside the window, none of the others covers. Ascending.
pub fn missing(stretches: &[TimeRange], covered: &[TimeRange], window: TimeRange) -> Vec<TimeRange> {
    let mut covered = covered.to_vec();
    covered.sort_unstable_by_key(|range| range.start);
    let mut left = Vec::new();
    for stretch in stretches.iter().filter_map(|stretch| stretch.intersect(window)) {
        let mut from = stretch.start;
        for piece in covered.iter().filter(|piece| piece.end > stretch.start && piece.start < stretch.end) {
            left.extend(TimeRange::new(from, piece.start));
            from = from.max(piece.end);
        }
        left.extend(TimeRange::new(from, stretch.end));
    }
    left.retain(|range| range.duration_ms() >= SHORTEST_MS);
    left
}

/// Gaps that were split because their reason changed are one.
fn joined(stretches: impl Iterator<Item = TimeRange>) -> Vec<TimeRange> {
    let mut joined: Vec<TimeRange> = Vec::new();
    for stretch in stretches {
        match joined.last_mut() {
            Some(last) if last.end == stretch.start => last.end = stretch.end,
            _ => joined.push(stretch),
        }
    }
    joined
}

/// From where on recordings of a plan are kept, and gaps are looked for.
pub fn since(now: UtcMillis, days: u32, retention_days: u32) -> UtcMillis {
    const DAY_MS: i64 = 86_400_000;
    now.saturating_add_ms(-i64::from(days.min(retention_days)) * DAY_MS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use GapReason::{CameraOffline, Disk, Network, PlannedOff, Us};

    fn range(start: i64, end: i64) -> TimeRange {
        TimeRange::new(UtcMillis(start * 1000), UtcMillis(end * 1000)).unwrap()
    }

    fn seconds(ranges: &[TimeRange]) -> Vec<(i64, i64)> {
        ranges.iter().map(|range| (range.start.0 / 1000, range.end.0 / 1000)).collect()
    }

    /// Seconds throughout; the window is 0 to 100.
    fn check(gaps: &[(i64, i64, GapReason)], known: &[(i64, i64)], expect: &[(i64, i64)]) {
        let gaps: Vec<Gap> =
            gaps.iter().map(|(from, to, reason)| Gap { range: range(*from, *to), reason: *reason }).collect();
        let known: Vec<TimeRange> = known.iter().map(|(from, to)| range(*from, *to)).collect();
        assert_eq!(seconds(&wanted(&gaps, &known, range(0, 100))), expect, "{gaps:?} {known:?}");
    }

    #[test]
    fn gaps_of_cameras_networks_and_ours_are_filled() {
        check(&[(10, 20, CameraOffline)], &[], &[(10, 20)]);
        check(&[(10, 20, Network), (40, 50, Us)], &[], &[(10, 20), (40, 50)]);
        check(&[(10, 20, PlannedOff), (40, 50, Disk)], &[], &[]);
        check(&[(10, 20, CameraOffline), (20, 30, Us)], &[], &[(10, 30)]);
        check(&[(10, 11, CameraOffline)], &[], &[]);
        // One that may still go on, and one that began before the window.
        check(&[(90, 100, CameraOffline)], &[], &[]);
        check(&[(-20, 10, CameraOffline)], &[], &[(0, 10)]);
    }

    #[test]
    fn what_was_asked_for_is_not_asked_for_again() {
        check(&[(10, 20, Us)], &[(10, 20)], &[]);
        check(&[(10, 30, Us)], &[(15, 20)], &[(10, 15), (20, 30)]);
        check(&[(10, 30, Us)], &[(25, 40), (0, 12)], &[(12, 25)]);
        check(&[(10, 30, Us)], &[(12, 29), (14, 20)], &[(10, 12)]);
    }

    #[test]
    fn nothing_is_fetched_that_retention_would_take() {
        let day = |n: i64| UtcMillis(n * 86_400_000);
        assert_eq!(since(day(30), 3, 7), day(27));
        assert_eq!(since(day(30), 31, 7), day(23));
    }
}
