//! Alarms: what happened, how it stands, who did what about it.

use crate::AiObjectView;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};

/// A text in both languages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BothLanguages {
    pub en: String,
    pub zh_cn: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AlarmView {
    pub id: i64,
    /// `ai`, `camera_event`, `health`, `recording`, `volume`, `node`, `push`, `login`, `rule` or `test`.
    pub source: String,
    /// A scene's code, an event's kind, or a word such as `offline`.
    pub kind: String,
    /// 1 (information) to 4 (critical), as it stands now.
    pub level: u32,
    /// Nobody came in time: the level was raised once.
    pub is_escalated: bool,
    pub camera_id: Option<i64>,
    /// As it is called now; as it was called when it is gone.
    pub camera_name: Option<String>,
    pub group_id: Option<i64>,
    /// Of an AI task.
    pub task_id: Option<i64>,
    /// The first and the last time it happened, and how often.
    pub first_at: i64,
    pub last_at: i64,
    pub count: u64,
    pub title: BothLanguages,
    pub text: BothLanguages,
    /// What the texts were made with.
    pub params: BTreeMap<String, String>,
    /// 0 to 1, of an AI engine.
    pub confidence: Option<f32>,
    pub objects: Vec<AiObjectView>,
    /// Whether `/api/alarms/{id}/picture` has one.
    pub has_picture: bool,
    pub clip: AlarmClipView,
    /// Cameras beside it that may have seen it too.
    pub related_cameras: Vec<i64>,
    /// `new`, `acknowledged`, `in_progress`, `resolved` or `auto_closed`.
    pub state: String,
    /// Who has it in progress, or acknowledged it.
    pub owner: Option<String>,
    /// `real`, `false` or `test`, once resolved.
    pub verdict: Option<String>,
    /// When somebody must have taken care of it.
    pub deadline: Option<i64>,
    pub is_overdue: bool,
    pub version: i64,
}

/// The recording around it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AlarmClipView {
    /// `none`, `pending`, `ready` or `unavailable`.
    pub state: String,
    /// Why it is unavailable: a code of the error catalogue.
    pub reason: Option<String>,
    /// Where to play it.
    pub path: Option<String>,
    pub from: Option<i64>,
    pub to: Option<i64>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AlarmDetail {
    pub alarm: AlarmView,
    /// Oldest first.
    pub history: Vec<AlarmHistoryView>,
    /// What was sent about it, newest first; at most 100.
    pub pushes: Vec<PushLogView>,
}

/// Who did what, when.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AlarmHistoryView {
    pub at: i64,
    /// A user's name; absent when the site did it.
    pub by: Option<String>,
    /// `raised`, `acknowledged`, `taken`, `resolved`, `reopened`, `noted`, `overdue`, `closed`, `clip_ready` or
    /// `clip_unavailable`.
    pub what: String,
    pub from: Option<String>,
    pub to: Option<String>,
    pub note: Option<String>,
}

/// How many alarms stand how.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AlarmSummary {
    pub new: u64,
    pub acknowledged: u64,
    pub in_progress: u64,
    pub overdue: u64,
    /// Those not resolved or closed, by level from 1 to 4.
    pub open_by_level: [u64; 4],
}

/// How many alarms there were, and of what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AlarmStatisticsView {
    pub from: i64,
    pub to: i64,
    pub alarms: u64,
    /// How often what they tell of happened.
    pub happened: u64,
    /// Of each hour since `from` that has any, oldest first.
    pub hours: Vec<AlarmHour>,
    /// The busiest 50 first.
    pub cameras: Vec<AlarmsOfCamera>,
    pub kinds: Vec<AlarmsOfKind>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AlarmHour {
    /// Its begin.
    pub at: i64,
    /// Alarms of levels 1 to 4.
    pub by_level: [u64; 4],
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AlarmsOfCamera {
    /// Absent for what is of no camera, or of one that is gone.
    pub camera_id: Option<i64>,
    pub alarms: u64,
    pub happened: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AlarmsOfKind {
    pub source: String,
    pub kind: String,
    pub alarms: u64,
    pub happened: u64,
}

#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct AlarmQuery {
    pub cursor: Option<String>,
    /// 1 to 500; 100 when absent.
    pub limit: Option<u32>,
    /// A state, or `open` for `new`, `acknowledged` and `in_progress`.
    pub state: Option<String>,
    pub source: Option<String>,
    pub kind: Option<String>,
    /// This level and above.
    pub level: Option<u32>,
    pub camera_id: Option<i64>,
    pub task_id: Option<i64>,
    /// Keeps what last happened in the range; both or neither.
    pub from: Option<i64>,
    pub to: Option<i64>,
}

#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct AlarmNote {
    /// Up to 1000 characters.
    pub note: Option<String>,
}

#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct AlarmResolution {
    /// `real`, `false` or `test`.
    pub verdict: String,
    /// Up to 1000 characters.
    #[serde(default)]
    pub note: Option<String>,
}

/// Several at once.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct AlarmsAcknowledged {
    /// 1 to 500.
    pub ids: Vec<i64>,
    #[serde(default)]
    pub note: Option<String>,
}

/// Several at once.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct AlarmsResolved {
    /// 1 to 500.
    pub ids: Vec<i64>,
    /// `real`, `false` or `test`.
    pub verdict: String,
    #[serde(default)]
    pub note: Option<String>,
}

/// What became of several.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AlarmsChanged {
    pub alarms: Vec<AlarmView>,
    /// Those that are not there, or stand so that this cannot be done.
    pub refused: Vec<i64>,
}

#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct TestAlarm {
    /// 1 to 4; 2 when absent.
    pub level: Option<u32>,
    pub camera_id: Option<i64>,
}

/// Alarms are not heard on the caller's computer for a while. The site keeps who wanted it and why.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AlarmMute {
    /// Ahead of now, by a day at most.
    pub until: i64,
    /// 1 to 200 characters.
    pub reason: String,
    /// Alarms of this source alone; as of alarms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Alarms of this camera alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub camera_id: Option<i64>,
}

/// They are heard again before their time.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct AlarmUnmute {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub camera_id: Option<i64>,
}

/// How alarms are treated, level by level.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AlarmPolicyView {
    /// Of levels 1 to 4, in that order.
    pub levels: Vec<LevelPolicyView>,
    /// What happens again within so many seconds is the same alarm; 1 to 86400.
    pub repeat_s: u32,
    /// Of the clip; 0 to 300 each.
    pub clip_before_s: u32,
    pub clip_after_s: u32,
    /// Recordings of alarms that nobody acknowledged yet are kept up to so many gigabytes; 0 keeps none.
    pub protect_gb: u32,
    #[serde(default)]
    pub version: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LevelPolicyView {
    pub level: u32,
    pub push: PushPolicyView,
    /// Seconds until somebody must have acknowledged it; 0 for no deadline.
    pub deadline_s: u32,
    /// Seconds after which one that nobody touched closes itself; 0 for never.
    pub auto_close_s: u32,
    /// Whether the alarm sound plays.
    pub sound: bool,
}

/// When what happens is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PushPolicyView {
    /// `OFF`, `IMMEDIATE`, `COUNT`, `WINDOW`, `COUNT_OR_WINDOW`; for a task also `LEVEL_DEFAULT`.
    pub mode: String,
    /// Of `COUNT` and `COUNT_OR_WINDOW`; 1 to 10000.
    #[serde(default)]
    pub count: u32,
    /// Of `WINDOW` and `COUNT_OR_WINDOW`, seconds; 1 to 86400.
    #[serde(default)]
    pub window_s: u32,
    /// Seconds between two; 0 to 86400.
    #[serde(default)]
    pub cooldown_s: u32,
    /// Key of a route; `default` when absent.
    #[serde(default)]
    pub route: Option<String>,
}

/// One attempt to send something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PushLogView {
    pub id: i64,
    pub at: i64,
    pub channel_id: i64,
    pub channel_name: String,
    /// Where it went, without secrets.
    pub target: String,
    pub alarm_id: Option<i64>,
    pub content: String,
    /// 1 for the first.
    pub attempt: u32,
    /// `sent`, `retry`, `refused`, `given_up` or `summarised`.
    pub outcome: String,
    /// Of HTTP or SMTP.
    pub status: Option<u32>,
    /// The beginning of the answer.
    pub response: Option<String>,
    pub took_ms: u32,
}
