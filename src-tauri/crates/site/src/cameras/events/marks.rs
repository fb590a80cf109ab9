//! Events as a timeline draws them. Pure.

use std::collections::BTreeMap;
use watchwall_model::{CameraEventState, TimeRange, UtcMillis};

/// What never ended, as far as we heard, ends after this long: the end may have been lost.
const LONGEST_MS: i64 = 3_600_000;

/// A stretch in which something went on; a moment has an end equal to its start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// As in events.
    pub kind: String,
    pub start: UtcMillis,
    pub end: UtcMillis,
}

/// An event as a mark is made of it.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    pub kind: &'a str,
    pub topic: &'a str,
    pub source: &'a str,
    pub rule: &'a str,
    pub at: UtcMillis,
    pub state: CameraEventState,
}

/// Marks of one camera by start. `events` ascend. Marks of one kind that overlap, or are nearer than `resolution_ms`,
/// are one.
pub fn marks<'a>(
    events: impl IntoIterator<Item = Event<'a>>,
    range: TimeRange,
    now: UtcMillis,
    resolution_ms: i64,
) -> Vec<Mark> {
    let mut begun: BTreeMap<(&str, &str, &str, &str), UtcMillis> = BTreeMap::new();
    let mut found: BTreeMap<&str, Vec<(UtcMillis, UtcMillis)>> = BTreeMap::new();
    let bound = |start: UtcMillis, end: UtcMillis| (start, end.min(start.saturating_add_ms(LONGEST_MS)));
    for event in events {
        let key = (event.kind, event.topic, event.source, event.rule);
        match event.state {
            CameraEventState::On => {
                begun.entry(key).or_insert(event.at);
            }
            CameraEventState::Off => {
                if let Some(start) = begun.remove(&key) {
                    found.entry(event.kind).or_default().push(bound(start, event.at.max(start)));
                }
            }
            CameraEventState::Pulse | CameraEventState::Unknown => {
                found.entry(event.kind).or_default().push((event.at, event.at));
            }
        }
    }
    for (key, start) in begun {
        found.entry(key.0).or_default().push(bound(start, range.end.min(now).max(start)));
    }
    let mut marks: Vec<Mark> = found
        .into_iter()
        .flat_map(|(kind, pieces)| join(pieces, resolution_ms).map(move |piece| (kind, piece)))
        .filter(|(_, (start, end))| *start < range.end && *end >= range.start)
        .map(|(kind, (start, end))| Mark {
            kind: kind.to_owned(),
            start: start.max(range.start),
            end: end.min(range.end),
        })
        .collect();
    marks.sort_by(|a, b| (a.start, &a.kind).cmp(&(b.start, &b.kind)));
    marks
}

/// How far before a range a mark may have begun that reaches into it.
pub const fn reach_back(range: TimeRange) -> TimeRange {
    TimeRange { start: UtcMillis(range.start.0.saturating_sub(LONGEST_MS)), end: range.end }
}

fn join(mut pieces: Vec<(UtcMillis, UtcMillis)>, near_ms: i64) -> impl Iterator<Item = (UtcMillis, UtcMillis)> {
    pieces.sort_unstable();
    let mut joined: Vec<(UtcMillis, UtcMillis)> = Vec::new();
    for piece in pieces {
        match joined.last_mut() {
            Some(last) if piece.0 - last.1 <= near_ms => last.1 = last.1.max(piece.1),
            _ => joined.push(piece),
        }
    }
    joined.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;
    use CameraEventState::{Off, On, Pulse};

    /// Events as second, kind, rule and state; marks as kind with first and last second.
    #[track_caller]
    fn check(events: &[(i64, &'static str, &'static str, CameraEventState)], near_s: i64, expect: &[(&str, i64, i64)]) {
        let event = |(at, kind, rule, state): &(i64, &'static str, &'static str, CameraEventState)| Event {
            kind,
            topic: "",
            source: "",
            rule,
            at: UtcMillis(at * 1000),
            state: *state,
        };
        let range = TimeRange::new(UtcMillis(10_000), UtcMillis(8_000_000)).unwrap();
        let found = marks(events.iter().map(event), range, UtcMillis(7_000_000), near_s * 1000);
        let found: Vec<_> = found.iter().map(|m| (m.kind.as_str(), m.start.0 / 1000, m.end.0 / 1000)).collect();
        assert_eq!(found, expect, "{events:?}");
    }

    #[test]
    fn begin_and_end_make_a_stretch() {
        check(&[(20, "motion", "a", On), (30, "motion", "a", Off)], 0, &[("motion", 20, 30)]);
        check(
            &[(20, "motion", "a", On), (22, "motion", "b", On), (25, "motion", "a", Off), (40, "motion", "b", Off)],
            0,
            &[("motion", 20, 40)],
        );
        check(&[(20, "line_crossed", "a", Pulse), (21, "motion", "a", Off)], 0, &[("line_crossed", 20, 20)]);
    }

    #[test]
    fn what_reaches_into_the_range_is_cut_and_what_has_no_end_is_bounded() {
        check(&[(5, "motion", "a", On), (15, "motion", "a", Off)], 0, &[("motion", 10, 15)]);
        check(&[(5, "motion", "a", On), (9, "motion", "a", Off)], 0, &[]);
        check(&[(6_990, "motion", "a", On)], 0, &[("motion", 6_990, 7_000)]);
        check(&[(100, "motion", "a", On)], 0, &[("motion", 100, 3_700)]);
    }

    #[test]
    fn near_ones_are_one() {
        let events = [(20, "motion", "a", Pulse), (23, "motion", "a", Pulse), (60, "motion", "a", Pulse)];
        check(&events, 5, &[("motion", 20, 23), ("motion", 60, 60)]);
    }
}
