//! Something happened that a person should see, and what people do about it.

use crate::{AlarmId, CameraId, ErrorCode, PushPolicy, StreamPath, TaskId, TimeRange, UtcMillis};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Who noticed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlarmSource {
    /// An AI engine; the kind is its scene's code.
    Ai,
    /// A camera by itself; the kind is its event's.
    CameraEvent,
    /// `offline`, `frozen` or another word for how a camera is not well.
    Health,
    Recording,
    Volume,
    Node,
    Push,
    Login,
    Rule,
    /// Somebody tried how alarms arrive.
    Test,
}

impl AlarmSource {
    pub const ALL: [Self; 10] = [
        Self::Ai,
        Self::CameraEvent,
        Self::Health,
        Self::Recording,
        Self::Volume,
        Self::Node,
        Self::Push,
        Self::Login,
        Self::Rule,
        Self::Test,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ai => "ai",
            Self::CameraEvent => "camera_event",
            Self::Health => "health",
            Self::Recording => "recording",
            Self::Volume => "volume",
            Self::Node => "node",
            Self::Push => "push",
            Self::Login => "login",
            Self::Rule => "rule",
            Self::Test => "test",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.as_str() == text)
    }
}

/// Something that happened, as its source tells it. Not every happening is an alarm.
#[derive(Clone, Debug, PartialEq)]
pub struct Happening {
    pub source: AlarmSource,
    pub kind: String,
    /// What it is about where that is no camera: a volume's code, a node's name. Empty otherwise.
    pub subject: String,
    pub camera: Option<CameraId>,
    pub task: Option<TaskId>,
    /// 1 (information) to 4 (critical); `None` is no alarm unless a rule makes it one.
    pub level: Option<u32>,
    pub at: UtcMillis,
    /// For the texts of the catalogue.
    pub params: BTreeMap<String, String>,
    pub confidence: Option<f32>,
    /// Of an AI engine: a JSON list of `{label, score, bbox, track_id?}`.
    pub objects: Option<String>,
    /// Its picture, relative to the data folder.
    pub snapshot: Option<String>,
    /// When it is told; `None` as its level has it.
    pub push: Option<PushPolicy>,
}

impl Happening {
    pub fn new(source: AlarmSource, kind: impl Into<String>, at: UtcMillis) -> Self {
        Self {
            source,
            kind: kind.into(),
            subject: String::new(),
            camera: None,
            task: None,
            level: None,
            at,
            params: BTreeMap::new(),
            confidence: None,
            objects: None,
            snapshot: None,
            push: None,
        }
    }

    #[must_use]
    pub const fn of(mut self, camera: CameraId) -> Self {
        self.camera = Some(camera);
        self
    }

    #[must_use]
    pub fn about(mut self, subject: impl Into<String>) -> Self {
        self.subject = subject.into();
        self
    }

    #[must_use]
    pub const fn alarming(mut self, level: u32) -> Self {
        self.level = Some(level);
        self
    }

    #[must_use]
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.params.insert(name.to_owned(), value.to_string());
        self
    }

    /// What happens again within a while is the same alarm.
    pub fn sameness(&self) -> Sameness {
        Sameness { source: self.source, kind: self.kind.clone(), camera: self.camera, subject: self.subject.clone() }
    }
}

/// Two happenings that share it are one alarm when they come close together.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sameness {
    pub source: AlarmSource,
    pub kind: String,
    pub camera: Option<CameraId>,
    pub subject: String,
}

/// How far people have come with an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlarmState {
    New,
    /// Somebody has seen it.
    Acknowledged,
    /// Somebody takes care of it.
    InProgress,
    Resolved,
    /// It went by itself, or nobody came.
    AutoClosed,
}

impl AlarmState {
    pub const ALL: [Self; 5] = [Self::New, Self::Acknowledged, Self::InProgress, Self::Resolved, Self::AutoClosed];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Acknowledged => "acknowledged",
            Self::InProgress => "in_progress",
            Self::Resolved => "resolved",
            Self::AutoClosed => "auto_closed",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == text)
    }

    /// Somebody still has to do something.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::New | Self::Acknowledged | Self::InProgress)
    }

    /// How it stands after this was done; `None` when it cannot be done now.
    pub const fn after(self, act: AlarmAct) -> Option<Self> {
        match (act, self) {
            // Twice is once: two operators press the same button.
            (AlarmAct::Acknowledge, Self::New | Self::Acknowledged) => Some(Self::Acknowledged),
            // Taking it over from somebody else is allowed, and stands in the history.
            (AlarmAct::Take, Self::New | Self::Acknowledged | Self::InProgress) => Some(Self::InProgress),
            // What closed by itself may still turn out to have been real; what was resolved wrongly is resolved again.
            (AlarmAct::Resolve, _) => Some(Self::Resolved),
            (AlarmAct::Reopen, Self::Resolved | Self::AutoClosed) => Some(Self::InProgress),
            (AlarmAct::Note, _) => Some(self),
            (AlarmAct::Close, Self::New | Self::Acknowledged) => Some(Self::AutoClosed),
            _ => None,
        }
    }
}

/// What is done with an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AlarmAct {
    Acknowledge,
    Take,
    Resolve,
    Reopen,
    Note,
    /// By the site.
    Close,
}

/// What it turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Real,
    False,
    Test,
}

impl Verdict {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Real => "real",
            Self::False => "false",
            Self::Test => "test",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Real, Self::False, Self::Test].into_iter().find(|one| one.as_str() == text)
    }
}

/// The recording around an alarm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AlarmClip {
    /// It has no camera.
    None,
    /// Not all of it is on disk yet.
    Pending {
        path: StreamPath,
        range: TimeRange,
    },
    /// `file`: in the data folder, for a camera that is not recorded; otherwise it is in the recording.
    Ready {
        path: StreamPath,
        range: TimeRange,
        file: Option<String>,
    },
    Unavailable {
        reason: ErrorCode,
        path: Option<StreamPath>,
        range: Option<TimeRange>,
    },
}

impl AlarmClip {
    pub const fn word(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Pending { .. } => "pending",
            Self::Ready { .. } => "ready",
            Self::Unavailable { .. } => "unavailable",
        }
    }

    pub const fn place(&self) -> Option<(&StreamPath, TimeRange)> {
        match self {
            Self::Pending { path, range } | Self::Ready { path, range, .. } => Some((path, *range)),
            Self::Unavailable { path: Some(path), range: Some(range), .. } => Some((path, *range)),
            _ => None,
        }
    }
}

/// A kept alarm.
#[derive(Clone, Debug, PartialEq)]
pub struct Alarm {
    pub id: AlarmId,
    pub version: i64,
    pub source: AlarmSource,
    pub kind: String,
    pub subject: String,
    pub camera: Option<CameraId>,
    /// As it was called then.
    pub camera_name: Option<String>,
    pub task: Option<TaskId>,
    pub level: u32,
    pub is_escalated: bool,
    pub first_at: UtcMillis,
    pub last_at: UtcMillis,
    pub count: u64,
    pub params: BTreeMap<String, String>,
    pub confidence: Option<f32>,
    pub objects: Option<String>,
    pub snapshot: Option<String>,
    pub clip: AlarmClip,
    pub state: AlarmState,
    pub owner: Option<String>,
    pub verdict: Option<Verdict>,
    pub deadline: Option<UtcMillis>,
    /// When something of it changed last: a listener that missed some reads those after.
    pub changed_at: UtcMillis,
}

impl Alarm {
    pub fn sameness(&self) -> Sameness {
        Sameness { source: self.source, kind: self.kind.clone(), camera: self.camera, subject: self.subject.clone() }
    }

    pub fn is_overdue(&self, now: UtcMillis) -> bool {
        self.state == AlarmState::New && self.deadline.is_some_and(|deadline| deadline <= now)
    }
}

/// One line of an alarm's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlarmHistory {
    pub at: UtcMillis,
    /// `None` when the site did it.
    pub by: Option<String>,
    pub what: AlarmStep,
    pub from: Option<AlarmState>,
    pub to: Option<AlarmState>,
    pub note: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlarmStep {
    Raised,
    Acknowledged,
    Taken,
    Resolved,
    Reopened,
    Noted,
    /// Nobody came in time.
    Overdue,
    Closed,
    ClipReady,
    ClipUnavailable,
}

impl AlarmAct {
    pub const fn step(self) -> AlarmStep {
        match self {
            Self::Acknowledge => AlarmStep::Acknowledged,
            Self::Take => AlarmStep::Taken,
            Self::Resolve => AlarmStep::Resolved,
            Self::Reopen => AlarmStep::Reopened,
            Self::Note => AlarmStep::Noted,
            Self::Close => AlarmStep::Closed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_act_leads_where_people_expect() {
        use AlarmState::{Acknowledged, AutoClosed, InProgress, New, Resolved};
        let check = |act: AlarmAct, expect: [Option<AlarmState>; 5]| {
            assert_eq!(AlarmState::ALL.map(|from| from.after(act)), expect, "{act:?}");
        };
        check(AlarmAct::Acknowledge, [Some(Acknowledged), Some(Acknowledged), None, None, None]);
        check(AlarmAct::Take, [Some(InProgress), Some(InProgress), Some(InProgress), None, None]);
        check(AlarmAct::Resolve, [Some(Resolved); 5]);
        check(AlarmAct::Reopen, [None, None, None, Some(InProgress), Some(InProgress)]);
        check(AlarmAct::Note, AlarmState::ALL.map(Some));
        check(AlarmAct::Close, [Some(AutoClosed), Some(AutoClosed), None, None, None]);
        assert_eq!(AlarmState::ALL.map(AlarmState::is_open), [true, true, true, false, false]);
        assert_eq!([New.as_str(), AutoClosed.as_str()], ["new", "auto_closed"]);
    }

    #[test]
    fn words_are_read_back() {
        for source in AlarmSource::ALL {
            assert_eq!(AlarmSource::parse(source.as_str()), Some(source));
            assert_eq!(serde_json::to_value(source).unwrap(), source.as_str());
        }
        for one in AlarmState::ALL {
            assert_eq!(AlarmState::parse(one.as_str()), Some(one));
            assert_eq!(serde_json::to_value(one).unwrap(), one.as_str());
        }
        assert_eq!(Verdict::parse("false"), Some(Verdict::False));
        assert_eq!(Verdict::parse("maybe"), None);
    }
}
