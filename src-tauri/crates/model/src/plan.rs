//! What to record of a stream, where to and for how long. At most one plan per stream path.

use crate::{ErrorCode, Problem, Slot, SlotAt, StreamPath, UtcMillis, VolumeCode, WeekSchedule};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PlanMode {
    Continuous,
    /// By its week schedule.
    Schedule,
    /// Only around what happens, at all times.
    Event,
}

/// What a camera may notice that begins a recording. The words are those of camera events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TriggerKind {
    Motion,
    LineCrossed,
    AreaEntered,
    Person,
    Vehicle,
    Animal,
    Face,
    Package,
    Sound,
    Tampering,
    SignalLost,
    DigitalInput,
    Relay,
}

impl TriggerKind {
    /// What a plan heeds unless told otherwise.
    pub const DEFAULT: [Self; 6] =
        [Self::Motion, Self::LineCrossed, Self::AreaEntered, Self::Person, Self::Vehicle, Self::DigitalInput];
}

/// How a recording of an event is cut, and what begins one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRule {
    /// Seconds before the trigger, 0 to 60.
    pub pre_seconds: u32,
    /// Seconds after its end, 1 to 600.
    pub post_seconds: u32,
    /// Ascending. Empty: only what is asked for through the API.
    pub kinds: Vec<TriggerKind>,
}

impl Default for EventRule {
    fn default() -> Self {
        Self { pre_seconds: 10, post_seconds: 30, kinds: TriggerKind::DEFAULT.to_vec() }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub path: StreamPath,
    pub enabled: bool,
    pub mode: PlanMode,
    /// Kept while another mode is chosen.
    pub schedule: WeekSchedule,
    pub events: EventRule,
    /// `None` is `auto`: the site picks.
    pub volume: Option<VolumeCode>,
    /// A second copy is written to a mirror volume at the same time.
    pub mirror: bool,
    pub retention_days: u32,
    /// Kept at least this long, whatever quota and watermark say, until the disk has nothing else.
    pub minimum_days: Option<u32>,
    /// The oldest of the stream goes past this many bytes. What is locked does not count.
    pub quota_bytes: Option<u64>,
    /// 1 to 60.
    pub segment_minutes: u32,
    pub audio: bool,
    pub version: i64,
    pub applied_at: Option<UtcMillis>,
}

impl Plan {
    pub const DEFAULT_RETENTION_DAYS: u32 = 7;
    pub const DEFAULT_SEGMENT_MINUTES: u32 = 10;
    /// A hundred megabytes hold a few files of any camera.
    pub const QUOTA_BYTES: RangeInclusive<u64> = 100_000_000..=1_000_000_000_000_000;

    pub fn continuous(path: StreamPath) -> Self {
        Self {
            path,
            enabled: true,
            mode: PlanMode::Continuous,
            schedule: WeekSchedule::all(Slot::Continuous),
            events: EventRule::default(),
            volume: None,
            mirror: false,
            retention_days: Self::DEFAULT_RETENTION_DAYS,
            minimum_days: None,
            quota_bytes: None,
            segment_minutes: Self::DEFAULT_SEGMENT_MINUTES,
            audio: true,
            version: 0,
            applied_at: None,
        }
    }

    /// # Errors
    /// `plan_invalid` names the field and its bounds.
    pub fn check(&self) -> Result<(), Problem> {
        let bounds: [(&str, u64, RangeInclusive<u64>); 6] = [
            ("segment_minutes", self.segment_minutes.into(), 1..=60),
            ("retention_days", self.retention_days.into(), 1..=3_650),
            ("pre_event_seconds", self.events.pre_seconds.into(), 0..=60),
            ("post_event_seconds", self.events.post_seconds.into(), 1..=600),
            ("minimum_days", self.minimum_days.unwrap_or(1).into(), 1..=self.retention_days.into()),
            ("quota_bytes", self.quota_bytes.unwrap_or(*Self::QUOTA_BYTES.start()), Self::QUOTA_BYTES),
        ];
        match bounds.into_iter().find(|(_, value, range)| !range.contains(value)) {
            Some((field, _, range)) => Err(Problem::new(ErrorCode::PlanInvalid)
                .with("field", field)
                .with("min", range.start())
                .with("max", range.end())),
            None => Ok(()),
        }
    }

    /// What its mode and schedule say of a moment.
    pub fn slot_at(&self, at: UtcMillis, zone: &TimeZone) -> SlotAt {
        match self.mode {
            PlanMode::Continuous => SlotAt::always(Slot::Continuous),
            PlanMode::Event => SlotAt::always(Slot::Event),
            PlanMode::Schedule => self.schedule.at(at, zone),
        }
    }

    /// When its schedule next says something else.
    pub fn next_change(&self, at: UtcMillis, zone: &TimeZone) -> Option<UtcMillis> {
        match self.mode {
            PlanMode::Schedule if self.enabled => self.schedule.next_change(at, zone),
            _ => None,
        }
    }

    /// It records at some time only around what happens.
    pub fn awaits_events(&self) -> bool {
        match self.mode {
            PlanMode::Continuous => false,
            PlanMode::Event => true,
            PlanMode::Schedule => self.schedule.has(Slot::Event),
        }
    }
}

/// What a plan is really doing, beside what was wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "running", rename_all = "snake_case")]
pub enum PlanRunning {
    /// Switched off, or off by its schedule.
    Off,
    Starting,
    /// Armed: the next event is recorded.
    Waiting {
        since: UtcMillis,
    },
    Recording {
        since: UtcMillis,
        last_fragment_at: UtcMillis,
    },
    /// A running plan without a new fragment for 10 s. Never silent.
    NotRecording {
        since: UtcMillis,
        code: ErrorCode,
        detail: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_have_bounds() {
        let check = |change: &dyn Fn(&mut Plan), expect: Option<&str>| {
            let mut plan = Plan::continuous(StreamPath::parse("a").unwrap());
            change(&mut plan);
            let field = plan.check().err().map(|problem| problem.params["field"].to_string());
            assert_eq!(field.as_deref(), expect, "{plan:?}");
        };
        check(&|_| {}, None);
        check(&|plan| plan.segment_minutes = 0, Some("segment_minutes"));
        check(&|plan| plan.segment_minutes = 61, Some("segment_minutes"));
        check(&|plan| plan.retention_days = 0, Some("retention_days"));
        check(&|plan| plan.retention_days = 3_650, None);
        check(&|plan| plan.events.pre_seconds = 0, None);
        check(&|plan| plan.events.pre_seconds = 61, Some("pre_event_seconds"));
        check(&|plan| plan.events.post_seconds = 0, Some("post_event_seconds"));
        check(&|plan| plan.events.post_seconds = 601, Some("post_event_seconds"));
        check(&|plan| plan.minimum_days = Some(7), None);
        check(&|plan| plan.minimum_days = Some(8), Some("minimum_days"));
        check(&|plan| plan.quota_bytes = Some(1), Some("quota_bytes"));
        check(&|plan| plan.quota_bytes = Some(100_000_000), None);
    }
}
