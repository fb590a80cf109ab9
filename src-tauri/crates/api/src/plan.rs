//! Recording plans, changes of several at once, and triggers.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PlanView {
    pub path: String,
    pub enabled: bool,
    /// `continuous`, `schedule` or `event`.
    pub mode: String,
    /// Seven texts from Monday, each of 48 letters, one per half-hour in the site's time zone: `c` continuous, `e` event,
    /// `-` off. Counts in mode `schedule`.
    pub schedule: Vec<String>,
    /// Seconds before an event.
    pub pre_event_seconds: u32,
    /// Seconds after the end of an event.
    pub post_event_seconds: u32,
    /// Camera events that begin a recording: `motion`, `line_crossed`, `area_entered`, `person`, `vehicle`, `animal`,
    /// `face`, `package`, `sound`, `tampering`, `signal_lost`, `digital_input` or `relay`.
    pub event_kinds: Vec<String>,
    /// Volume code; absent is `auto`.
    pub volume: Option<String>,
    /// A second copy is written to a mirror volume at the same time.
    pub mirror: bool,
    pub retention_days: u32,
    /// Kept at least this long, until the disk has nothing else.
    pub minimum_days: Option<u32>,
    /// The oldest goes past this many bytes; what is locked does not count.
    pub quota_bytes: Option<u64>,
    pub segment_minutes: u32,
    pub audio: bool,
    pub version: i64,
    pub applied_at: Option<i64>,
    /// `off`, `starting`, `waiting` for an event, `recording` or `not_recording`.
    pub running: String,
    pub running_code: Option<String>,
    /// Since when it waits, records or does not.
    pub running_since: Option<i64>,
    pub last_fragment_at: Option<i64>,
    /// Code of the volume that it is being recorded on.
    pub recorded_on: Option<String>,
    /// Code of the mirror volume that holds its second copy.
    pub copied_on: Option<String>,
    /// Why it has no second copy, though it wants one.
    pub copy_code: Option<String>,
    /// When its schedule next says something else.
    pub changes_at: Option<i64>,
    /// When the recording ends that somebody asked for; absent when nobody did.
    pub asked_until: Option<i64>,
}

/// `PUT /api/v1/plans/{path}`. Absent fields take the defaults, or stay when the plan exists.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct PlanPatch {
    pub enabled: Option<bool>,
    /// `continuous`, `schedule` or `event`.
    pub mode: Option<String>,
    /// As in the view.
    pub schedule: Option<Vec<String>>,
    /// 0 to 60.
    pub pre_event_seconds: Option<u32>,
    /// 1 to 600.
    pub post_event_seconds: Option<u32>,
    /// As in the view. Empty: only what is asked for begins a recording.
    pub event_kinds: Option<Vec<String>>,
    /// Volume code, or `auto`.
    pub volume: Option<String>,
    /// A second copy on a mirror volume.
    pub mirror: Option<bool>,
    /// 1 to 3650.
    pub retention_days: Option<u32>,
    /// 1 to `retention_days`; 0 takes it away.
    pub minimum_days: Option<u32>,
    /// From 100 MB on; 0 takes it away.
    pub quota_bytes: Option<u64>,
    /// 1 to 60.
    pub segment_minutes: Option<u32>,
    pub audio: Option<bool>,
}

/// `POST /api/v1/plans/bulk`: the same change for several plans, all of them or none.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct PlansPatch {
    /// Streams, with a plan or without one yet.
    #[serde(default)]
    pub paths: Vec<String>,
    /// Camera groups: the main stream of each of their cameras, those of the groups inside included.
    #[serde(default)]
    pub groups: Vec<i64>,
    /// The version last seen by path; a plan that is not of that version any more is refused.
    #[serde(default)]
    pub versions: BTreeMap<String, i64>,
    #[serde(default)]
    pub change: PlanPatch,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PlansSaved {
    /// False: nothing was changed, because of those that were refused.
    pub saved: bool,
    /// In the order of their paths.
    pub items: Vec<PlanOutcome>,
}

/// What became of one plan.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PlanOutcome {
    pub path: String,
    /// `saved`, `refused`, or `kept` as it was because of others.
    pub outcome: String,
    /// As it stands now; absent where there is none.
    pub plan: Option<PlanView>,
    /// Why it was refused.
    pub code: Option<String>,
    pub params: BTreeMap<String, String>,
}

/// `POST /api/v1/recording/{path}/trigger`: records because somebody asks.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct TriggerRequest {
    /// UTC milliseconds; absent is now, with the plan's seconds before. The past is taken as far as it is in memory; a
    /// moment within the next seven days is scheduled.
    pub start: Option<i64>,
    /// 1 to 86400, counted from `start`, else from now; absent are the plan's seconds after.
    pub seconds: Option<u32>,
    /// Up to 200 characters, for the timeline.
    pub reason: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TriggerView {
    /// Where the recording begins, at the key frame before it.
    pub from: i64,
    /// Where it ends, unless another trigger extends it.
    pub until: i64,
    /// It begins ahead.
    pub scheduled: bool,
}

/// Something that began a recording, or made it go on.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TriggerMarkView {
    pub at: i64,
    pub from: i64,
    /// Absent while it went on.
    pub until: Option<i64>,
    /// What the camera noticed; absent when somebody asked.
    pub kind: Option<String>,
    pub reason: String,
    /// Who asked.
    pub by: String,
}
