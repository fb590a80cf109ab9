//! A trigger as it is asked for, checked, and kept. Pure.

use super::windows::{Cause, GoingOn, LONGEST_MS, Window};
use serde::{Deserialize, Serialize};
use watchwall_model::{CameraEventState, ErrorCode, Plan, Problem, TimeRange, TriggerKind, UtcMillis};

/// A recording that is asked for ends after this long at the latest.
const MOST_SECONDS: u32 = 86_400;
/// And begins within this time.
const FURTHEST_AHEAD_MS: i64 = 7 * 86_400_000;
const REASON_CHARS: usize = 200;

/// A recording that a person or a program asks for.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// When it is to begin; absent is now, with the plan's seconds before.
    pub start: Option<UtcMillis>,
    /// From its start, or from now on; absent are the plan's seconds after.
    pub seconds: Option<u32>,
    pub reason: String,
    /// Who asks.
    pub by: String,
}

/// A trigger that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    pub range: TimeRange,
    /// It begins ahead.
    pub is_scheduled: bool,
}

/// Something a camera noticed.
#[derive(Clone, Debug)]
pub struct CameraTrigger {
    pub kind: TriggerKind,
    pub state: CameraEventState,
    pub source: String,
    pub rule: String,
    pub at: UtcMillis,
}

/// What is kept of a trigger, as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// What the camera noticed; absent when somebody asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<TriggerKind>,
    pub from: UtcMillis,
    /// Absent while it went on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<UtcMillis>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub by: String,
}

/// A trigger as a timeline shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TriggerMark {
    /// When it came, or when the recording that was asked for begins.
    pub at: UtcMillis,
    pub kept: Kept,
}

/// What becomes of something kept when nobody asks any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Withdrawn {
    /// It is over already, or a camera noticed it.
    Stays,
    Ends(Kept),
    /// It lay ahead.
    Goes,
}

impl Asked {
    /// Where the recording begins and ends. `earliest` is the oldest moment that is still there to be recorded.
    ///
    /// # Errors
    /// `trigger_invalid` names the field, `trigger_too_early` the earliest start.
    pub fn range(&self, plan: &Plan, earliest: UtcMillis, now: UtcMillis) -> Result<TimeRange, Problem> {
        let invalid = |field: &str| Problem::new(ErrorCode::TriggerInvalid).with("field", field);
        if self.seconds.is_some_and(|seconds| !(1..=MOST_SECONDS).contains(&seconds)) {
            return Err(invalid("seconds").with("min", 1).with("max", MOST_SECONDS));
        }
        if self.reason.chars().count() > REASON_CHARS {
            return Err(invalid("reason").with("max", REASON_CHARS));
        }
        let start = match self.start {
            None => now.saturating_add_ms(-i64::from(plan.events.pre_seconds) * 1000),
            Some(start) if start - now > FURTHEST_AHEAD_MS => {
                return Err(invalid("start").with("max", now.saturating_add_ms(FURTHEST_AHEAD_MS).0));
            }
            Some(start) if start < earliest => {
                return Err(Problem::new(ErrorCode::TriggerTooEarly)
                    .with("start", start.0)
                    .with("earliest", earliest.0));
            }
            Some(start) => start,
        };
        let seconds = i64::from(self.seconds.unwrap_or(plan.events.post_seconds));
        // The seconds count from the moment that matters: what was asked for, and now otherwise.
        let from = if self.seconds.is_some() { self.start.unwrap_or(now) } else { start.max(now) };
        let until = from.saturating_add_ms(seconds * 1000);
        TimeRange::new(start, until).filter(|range| range.end > earliest).ok_or_else(|| invalid("seconds"))
    }
}

impl CameraTrigger {
    fn key(&self) -> GoingOn {
        (self.kind, self.source.clone(), self.rule.clone())
    }

    /// The stretch it asks for. A device's clock that is ahead names no moment to come.
    pub fn window(&self, plan: &Plan, now: UtcMillis) -> Option<Window> {
        let at = self.at.min(now);
        let from = at.saturating_add_ms(-i64::from(plan.events.pre_seconds) * 1000);
        let (until, going_on) = match self.state {
            CameraEventState::Off => return None,
            CameraEventState::On => (at.saturating_add_ms(LONGEST_MS), Some(self.key())),
            CameraEventState::Pulse | CameraEventState::Unknown => (self.until(plan, now), None),
        };
        Some(Window { from, until, cause: Cause::Camera, going_on })
    }

    /// What ends with it.
    pub fn ends(&self) -> Option<GoingOn> {
        (self.state == CameraEventState::Off).then(|| self.key())
    }

    /// The plan's seconds after.
    pub fn until(&self, plan: &Plan, now: UtcMillis) -> UtcMillis {
        self.at.min(now).saturating_add_ms(i64::from(plan.events.post_seconds) * 1000)
    }
}

impl Kept {
    /// What becomes of it once nobody asks any more.
    pub fn withdrawn(self, now: UtcMillis) -> Withdrawn {
        let is_due = self.kind.is_none() && self.until.is_some_and(|until| until > now);
        match is_due {
            false => Withdrawn::Stays,
            true if self.from >= now => Withdrawn::Goes,
            true => Withdrawn::Ends(Self { until: Some(now), ..self }),
        }
    }

    /// What is left of it after a restart; nothing of what went on, whose end may have been missed.
    pub fn window(&self) -> Option<Window> {
        let until = self.until?;
        let cause = if self.kind.is_some() { Cause::Camera } else { Cause::Asked };
        Some(Window { from: self.from, until, cause, going_on: None })
    }
}

/// Reads what is kept; what cannot be read is no mark.
pub fn mark_of(at: UtcMillis, detail: &str) -> Option<TriggerMark> {
    Some(TriggerMark { at, kept: serde_json::from_str(detail).ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use watchwall_model::StreamPath;

    const NOW: UtcMillis = UtcMillis(1_000_000);

    fn plan() -> Plan {
        Plan::continuous(StreamPath::parse("a").unwrap())
    }

    #[test]
    fn what_is_asked_for_has_bounds() {
        // Seconds against now; the ring reaches back twenty.
        let check = |start: Option<i64>, seconds, expect: Result<(i64, i64), ErrorCode>| {
            let start = start.map(|seconds| NOW.saturating_add_ms(seconds * 1000));
            let asked = Asked { start, seconds, ..Asked::default() };
            let found = asked.range(&plan(), NOW.saturating_add_ms(-20_000), NOW);
            let found = found.map(|range| ((range.start - NOW) / 1000, (range.end - NOW) / 1000));
            assert_eq!(found.map_err(|problem| problem.code), expect, "{start:?} {seconds:?}");
        };
        check(None, None, Ok((-10, 30)));
        check(None, Some(5), Ok((-10, 5)));
        check(Some(-20), None, Ok((-20, 30)));
        check(Some(-20), Some(8), Ok((-20, -12)));
        check(Some(-21), None, Err(ErrorCode::TriggerTooEarly));
        check(Some(600), None, Ok((600, 630)));
        check(Some(600), Some(60), Ok((600, 660)));
        check(Some(8 * 86_400), None, Err(ErrorCode::TriggerInvalid));
        check(None, Some(0), Err(ErrorCode::TriggerInvalid));
        check(None, Some(86_401), Err(ErrorCode::TriggerInvalid));
    }

    #[test]
    fn what_a_camera_notices_becomes_a_stretch() {
        let check = |state, at: i64, expect: Option<(i64, i64, bool)>| {
            let trigger = CameraTrigger {
                kind: TriggerKind::Motion,
                state,
                source: String::new(),
                rule: String::new(),
                at: NOW.saturating_add_ms(at * 1000),
            };
            let window = trigger.window(&plan(), NOW);
            let found = window.map(|w| ((w.from - NOW) / 1000, (w.until - NOW) / 1000, w.going_on.is_some()));
            assert_eq!(found, expect, "{state:?} {at}");
        };
        check(CameraEventState::Pulse, 0, Some((-10, 30, false)));
        check(CameraEventState::Pulse, -5, Some((-15, 25, false)));
        check(CameraEventState::On, 0, Some((-10, 3_600, true)));
        check(CameraEventState::Off, 0, None);
        // The device's clock is ahead.
        check(CameraEventState::Unknown, 90, Some((-10, 30, false)));
    }

    #[test]
    fn what_is_kept_ends_when_it_is_withdrawn() {
        let check = |kind: Option<TriggerKind>, from: i64, until: Option<i64>, expect: &str| {
            let at = |seconds: i64| NOW.saturating_add_ms(seconds * 1000);
            let (from, until) = (at(from), until.map(at));
            let kept = Kept { kind, from, until, reason: String::new(), by: String::new() };
            let found = match kept.withdrawn(NOW) {
                Withdrawn::Stays => "stays",
                Withdrawn::Ends(kept) if kept.until == Some(NOW) => "ends",
                Withdrawn::Ends(_) => "ends at another time",
                Withdrawn::Goes => "goes",
            };
            assert_eq!(found, expect, "{kind:?} {from:?} {until:?}");
        };
        check(None, -10, Some(30), "ends");
        check(None, -60, Some(-30), "stays");
        check(None, 20, Some(60), "goes");
        check(Some(TriggerKind::Motion), -10, Some(30), "stays");
        check(Some(TriggerKind::Motion), -10, None, "stays");
    }

    #[test]
    fn what_is_kept_reads_back() {
        let kept = Kept {
            kind: Some(TriggerKind::LineCrossed),
            from: NOW,
            until: None,
            reason: String::new(),
            by: String::new(),
        };
        let text = serde_json::to_string(&kept).unwrap();
        assert_eq!(text, r#"{"kind":"line_crossed","from":1000000}"#);
        assert_eq!(mark_of(NOW, &text).unwrap().kept, kept);
        assert_eq!(kept.window(), None);
        assert_eq!(mark_of(NOW, "?"), None);
    }
}
