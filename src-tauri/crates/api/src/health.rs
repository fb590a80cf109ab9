//! How cameras stand, the times they were away, and what they noticed.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// How a camera stands as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HealthView {
    /// `online`, `no_video`, `auth_failed`, `unreachable` or `unknown`.
    pub state: String,
    /// When this state began.
    pub since: i64,
    /// When it answered or sent a picture last, as far as this run of the site knows.
    pub last_seen: Option<i64>,
    /// Catalogue code of why it is not well. Also set for an online camera whose ONVIF refuses our login.
    pub code: Option<String>,
}

/// The same without what changes all the time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HealthStatus {
    pub state: String,
    pub since: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// `GET /api/v1/cameras/{id}/health`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct CameraHealthView {
    pub camera_id: i64,
    pub health: HealthView,
    /// The absence that goes on; its start may lie before the state's.
    pub away_since: Option<i64>,
    /// Absent without ONVIF.
    pub device: Option<DeviceHealthView>,
}

/// What the device behind a camera last did.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DeviceHealthView {
    pub device_id: i64,
    /// `answered`, `silent` or `not_asked`.
    pub answer: String,
    /// Why nothing came.
    pub code: Option<String>,
    /// Why our login was refused. It is not tried again before the credentials change or somebody asks for it.
    pub login_code: Option<String>,
    pub checked_at: Option<i64>,
    pub last_seen: Option<i64>,
    /// How far its clock is ahead of ours, milliseconds.
    pub clock_offset_ms: Option<i64>,
    /// How its pull point is listened to: `idle`, `subscribing`, `listening`, `waiting`, `needs_attention` or `ended`;
    /// absent when it has none.
    pub listening: Option<String>,
    /// Where its events come from now: `pull_point`, or `metadata` for the ONVIF metadata in its streams, which takes the
    /// place of a pull point that is not there or refuses; absent while none come.
    pub event_source: Option<String>,
}

/// A time a camera was away.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct OfflineEventView {
    pub id: i64,
    pub camera_id: i64,
    pub started_at: i64,
    /// When it was seen to be away last.
    pub last_check_at: i64,
    /// Absent while it is away.
    pub ended_at: Option<i64>,
    /// Until now while it is away.
    pub duration_ms: i64,
    pub resolved: bool,
    /// Catalogue code of why.
    pub code: String,
    /// It lasted longer than an absence may.
    pub alarmed: bool,
}

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OfflineReportQuery {
    /// UTC milliseconds.
    pub from: i64,
    pub to: i64,
    /// `camera` (when absent) or `group`.
    pub by: Option<String>,
    /// `json` (when absent) or `csv`; `Accept: text/csv` asks for the same.
    pub format: Option<String>,
}

/// How much of a period cameras were away. What the site did not see, because it was not running, is not counted.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct OfflineReport {
    pub from: i64,
    pub to: i64,
    /// `camera` or `group`.
    pub by: String,
    /// Longest absence in all first.
    pub rows: Vec<OfflineReportRow>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct OfflineReportRow {
    /// Of the camera or group; 0 stands for cameras without a group.
    pub id: i64,
    /// Empty for cameras without a group.
    pub name: String,
    /// The camera's group.
    pub group_id: Option<i64>,
    pub cameras: u32,
    pub events: u32,
    /// Of these, those that lasted longer than an absence may.
    pub alarmed: u32,
    pub offline_ms: i64,
    pub longest_ms: i64,
    /// Milliseconds looked at, of all cameras of the row together.
    pub period_ms: i64,
    /// `offline_ms` of `period_ms`, from 0 to 1.
    pub offline_rate: f64,
}

#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct CameraEventsQuery {
    /// UTC milliseconds; a day before `to` when absent.
    pub from: Option<i64>,
    /// Now when absent.
    pub to: Option<i64>,
    pub kind: Option<String>,
    pub cursor: Option<String>,
    /// 1 to 500; 100 when absent.
    pub limit: Option<u32>,
}

/// What a camera noticed by itself.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct CameraEventView {
    pub id: i64,
    pub camera_id: i64,
    /// `motion`, `line_crossed`, `area_entered`, `tampering`, `signal_lost`, `person`, `vehicle`, `animal`, `face`,
    /// `package`, `sound`, `digital_input`, `relay`, `storage_failed`, or `other`: then `topic` says what.
    pub kind: String,
    /// `on`, `off` or `pulse`.
    pub state: String,
    /// Token of the picture source, input or relay.
    pub source: String,
    /// The device's rule.
    pub rule: String,
    pub topic: String,
    /// What decided the state, as the device wrote it.
    pub value: String,
    pub at: i64,
}

/// A stretch of a timeline in which something went on.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct MarkView {
    /// As in camera events.
    pub kind: String,
    pub start: i64,
    /// Equal to `start` for a moment.
    pub end: i64,
}
