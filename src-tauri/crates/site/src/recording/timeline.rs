//! Coverage and gaps of a stretch of time, from segments and from what was noted about pauses.

use watchwall_model::{Gap, GapReason, TimeRange, UtcMillis};

/// Pieces closer than this are one: two files of a stream never meet to the millisecond.
pub const JOIN_MS: i64 = 2_000;

/// From `at` on, whatever is not recorded is not recorded for this reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cause {
    pub at: UtcMillis,
    pub reason: GapReason,
}

/// What one stream has of a stretch of time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Track {
    /// Ascending, disjoint.
    pub coverage: Vec<TimeRange>,
    /// Ascending; everything of the asked range up to now that coverage leaves out.
    pub gaps: Vec<Gap>,
    /// Of what is covered, what was fetched from the camera's own storage. Ascending.
    pub filled: Vec<TimeRange>,
}

/// What is asked of a timeline.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    pub range: TimeRange,
    /// The future is no gap.
    pub now: UtcMillis,
    /// Gaps shorter than this are closed; pieces shorter than this still show.
    pub resolution_ms: i64,
}

/// Joins pieces into coverage and explains what is left. `causes` ascend and begin with the last one before the range.
pub fn draw(pieces: impl IntoIterator<Item = TimeRange>, causes: &[Cause], frame: Frame) -> Track {
    let coverage = join(pieces, frame.range, frame.resolution_ms.max(JOIN_MS));
    let mut gaps = Vec::new();
    let end = frame.range.end.min(frame.now);
    let mut from = frame.range.start;
    for piece in &coverage {
        explain(from, piece.start, causes, &mut gaps);
        from = piece.end;
    }
    // What is being recorded right now ends a moment ago; that is no gap.
    if end - from >= JOIN_MS {
        explain(from, end, causes, &mut gaps);
    }
    Track { coverage, gaps, filled: Vec::new() }
}

/// Pieces inside the range, those at most `near_ms` apart joined.
pub fn join(pieces: impl IntoIterator<Item = TimeRange>, range: TimeRange, near_ms: i64) -> Vec<TimeRange> {
    let mut pieces: Vec<TimeRange> = pieces.into_iter().filter_map(|piece| piece.intersect(range)).collect();
    pieces.sort_unstable_by_key(|piece| piece.start);
    let mut joined: Vec<TimeRange> = Vec::with_capacity(pieces.len().min(1024));
    for piece in pieces {
        match joined.last_mut() {
            Some(last) if piece.start - last.end <= near_ms => last.end = last.end.max(piece.end),
            _ => joined.push(piece),
        }
    }
    joined
}

/// Splits one gap where its reason changes.
fn explain(from: UtcMillis, to: UtcMillis, causes: &[Cause], gaps: &mut Vec<Gap>) {
    // A cause is noted when it is noticed, which may be a little after the last frame.
    let inside = causes.partition_point(|cause| cause.at - from <= JOIN_MS);
    let mut reason = inside.checked_sub(1).map_or(GapReason::PlannedOff, |n| causes[n].reason);
    let mut start = from;
    for cause in causes[inside..].iter().take_while(|cause| cause.at < to) {
        if cause.reason != reason {
            push(start, cause.at, reason, gaps);
            (start, reason) = (cause.at, cause.reason);
        }
    }
    push(start, to, reason, gaps);
}

fn push(from: UtcMillis, to: UtcMillis, reason: GapReason, gaps: &mut Vec<Gap>) {
    if let Some(range) = TimeRange::new(from, to) {
        gaps.push(Gap { range, reason });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use GapReason::{CameraOffline, Disk, PlannedOff, Us};

    fn range(start: i64, end: i64) -> TimeRange {
        TimeRange::new(UtcMillis(start * 1000), UtcMillis(end * 1000)).unwrap()
    }

    /// Seconds throughout.
    fn check(
        pieces: &[(i64, i64)],
        causes: &[(i64, GapReason)],
        coverage: &[(i64, i64)],
        gaps: &[(i64, i64, GapReason)],
    ) {
        let causes: Vec<Cause> =
            causes.iter().map(|(at, reason)| Cause { at: UtcMillis(at * 1000), reason: *reason }).collect();
        let frame = Frame { range: range(0, 100), now: UtcMillis(90_000), resolution_ms: 0 };
        let track = draw(pieces.iter().map(|(a, b)| range(*a, *b)), &causes, frame);
        let seconds = |r: TimeRange| (r.start.0 / 1000, r.end.0 / 1000);
        assert_eq!(track.coverage.iter().map(|r| seconds(*r)).collect::<Vec<_>>(), coverage, "coverage of {pieces:?}");
        let found: Vec<_> = track.gaps.iter().map(|g| (seconds(g.range).0, seconds(g.range).1, g.reason)).collect();
        assert_eq!(found, gaps, "gaps of {pieces:?}");
    }

    #[test]
    fn gaps_are_explained() {
        check(&[], &[], &[], &[(0, 90, PlannedOff)]);
        check(&[(0, 100)], &[], &[(0, 100)], &[]);
        check(&[(0, 89)], &[], &[(0, 89)], &[]);
        check(&[(0, 10), (11, 90)], &[], &[(0, 90)], &[]);
        check(&[(0, 10), (40, 90)], &[(-5, Us), (11, CameraOffline)], &[(0, 10), (40, 90)], &[(10, 40, CameraOffline)]);
        check(&[(20, 90)], &[(-50, Us)], &[(20, 90)], &[(0, 20, Us)]);
    }

    #[test]
    fn a_gap_is_split_where_its_reason_changes() {
        check(
            &[(0, 10), (60, 90)],
            &[(10, CameraOffline), (30, Us), (40, Us), (50, Disk)],
            &[(0, 10), (60, 90)],
            &[(10, 30, CameraOffline), (30, 50, Us), (50, 60, Disk)],
        );
    }

    #[test]
    fn pieces_may_overlap_and_come_unsorted() {
        check(&[(50, 90), (0, 30), (20, 40)], &[(0, Disk)], &[(0, 40), (50, 90)], &[(40, 50, Disk)]);
        check(&[(-50, 10), (10, 300)], &[], &[(0, 100)], &[]);
    }
}
