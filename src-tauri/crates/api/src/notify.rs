//! `/ws/web-notify`: what changed, after login. Sequence numbers per socket; on a gap the client asks for a snapshot.

use crate::{
    AiOverlayView, AlarmSummary, AlarmView, CameraEventView, DiscoveredView, DoctorLineView, DoctorProgress,
    HealthStatus, OnboardingProgress, OnboardingRowView, StreamStatus,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum NotifyClientMessage {
    /// Topics: `cameras`, `recording`, `system`, `events`, `nodes`, `results:{camera}` for up to 64 cameras by their
    /// number, with the right `alarms` `alarms`, and with the right `configure` `discovery`, `onboarding` and `doctor`.
    /// Answered with a snapshot of cameras and alarms; of `events` and `results` there is none, they come as they happen.
    Subscribe {
        topics: Vec<String>,
    },
    Snapshot,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum NotifyServerMessage {
    /// Everything of the topic `cameras`; replaces what the client holds.
    CamerasSnapshot { sequence: u64, cameras: Vec<CameraStatus> },
    /// Streams whose status changed; coalesced, at most four messages a second.
    CamerasChanged { sequence: u64, cameras: Vec<CameraStatus> },
    /// A camera noticed something, topic `events`. A listener that is too slow misses some: the list of events has all.
    CameraEvent { sequence: u64, event: CameraEventView },
    /// A camera has been away for longer than it may, topic `cameras`. `since` is when the absence began.
    CameraAway { sequence: u64, camera_id: i64, since: i64, code: Option<String> },
    /// A search went on, topic `discovery`: devices that were found or changed since the last message. Ask for the search
    /// after subscribing to have the earlier ones.
    DiscoveryChanged { sequence: u64, id: u64, state: String, total: usize, devices: Vec<DiscoveredView> },
    /// Devices are being added, topic `onboarding`: rows that changed since the last message. Ask for the job after
    /// subscribing to have the others.
    OnboardingChanged { sequence: u64, job: OnboardingProgress, rows: Vec<OnboardingRowView> },
    /// A camera is being examined, topic `doctor`: lines that came or changed since the last message. Ask for the job
    /// after subscribing to have the others.
    DoctorChanged { sequence: u64, job: DoctorProgress, lines: Vec<DoctorLineView> },
    /// Topic `alarms`: how many there are, and the newest that are open. Replaces what the client holds; also sent when a
    /// listener was too slow.
    AlarmsSnapshot { sequence: u64, summary: AlarmSummary, alarms: Vec<AlarmView> },
    /// Alarms that were raised or changed, topic `alarms`; each once, as it stands now.
    AlarmsChanged { sequence: u64, summary: AlarmSummary, alarms: Vec<AlarmView> },
    /// A rule wants to be heard, topic `alarms`: `alert`, `bell` or `siren`.
    AlarmSound { sequence: u64, sound: String, level: u32 },
    /// Something for the desktop, topic `alarms`, from a channel of that kind.
    AlarmNotice { sequence: u64, title: String, text: String, level: u32, alarm_id: Option<i64> },
    /// What an AI engine saw in one picture, topic `results:{camera}`. A listener that is too slow misses the older ones.
    AiResult { sequence: u64, result: AiOverlayView },
    /// Nodes or tasks of AI engines stand otherwise, topic `nodes`: fetch them again. At most two a second.
    AnalyticsChanged { sequence: u64 },
    /// Cameras, groups, layouts, plans or settings were edited: fetch the named list again.
    Edited { sequence: u64, what: String },
    /// Sent every 10 s so that a silent socket is known to be alive.
    Heartbeat { sequence: u64, now: i64 },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CameraStatus {
    pub camera_id: i64,
    pub health: HealthStatus,
    pub streams: Vec<CameraStreamStatus>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CameraStreamStatus {
    pub path: String,
    pub role: String,
    #[serde(flatten)]
    pub status: StreamStatus,
}
