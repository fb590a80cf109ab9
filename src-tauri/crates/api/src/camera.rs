//! Cameras, streams, groups, probe.

use crate::HealthView;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use watchwall_model::Secret;

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct CameraView {
    pub id: i64,
    pub name: String,
    pub host: String,
    pub channel: u32,
    pub group_id: Option<i64>,
    pub enabled: bool,
    /// The password never leaves the server.
    pub username: Option<String>,
    pub has_password: bool,
    /// The device it belongs to; absent without ONVIF.
    pub device_id: Option<i64>,
    /// It can be moved.
    pub ptz: bool,
    pub health: HealthView,
    /// Main first.
    pub streams: Vec<StreamView>,
    pub version: i64,
    pub created_at: i64,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct StreamView {
    pub path: String,
    /// `main` or `sub`.
    pub role: String,
    /// Without credentials.
    pub url: String,
    /// `auto`, `retina` or `gstreamer`.
    pub engine: String,
    /// `auto`, `tcp`, `udp`, `multicast` or `http`.
    pub transport: String,
    pub facts: Option<FactsView>,
    /// Token of the profile it shows; absent without ONVIF.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// Why it could not be had when it was looked at last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<crate::StreamFailureView>,
    pub status: StreamStatus,
}

/// Where a stream stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StreamStatus {
    /// `idle`, `connecting`, `live`, `stalled`, `waiting`, `needs_attention`, `draining` or `disabled`.
    pub phase: String,
    /// Catalogue code of what went wrong, while waiting, stalled or needing attention.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// When the next attempt starts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<i64>,
    /// When this phase began.
    pub since: i64,
    pub reconnects: u64,
    pub viewers: u32,
    /// `off`, `starting`, `waiting` for an event, `recording` or `not_recording`.
    pub recording: String,
    /// Why a plan is not recording.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recording_code: Option<String>,
    pub bitrate_kbps: u32,
    pub frame_rate: f32,
    /// Engine and transport in use, for example `retina/tcp`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct FactsView {
    /// `h264`, `h265`, `mjpeg` or the name the camera gave.
    pub video: Option<String>,
    pub video_codec_string: Option<String>,
    pub width: u32,
    pub height: u32,
    pub frame_rate: f32,
    pub gop_ms: Option<u32>,
    pub has_b_frames: bool,
    pub audio: Option<String>,
    pub audio_sample_rate: Option<u32>,
}

/// `POST /api/v1/cameras`. Credentials in a URL are taken out of it and stored encrypted.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct NewCamera {
    /// Absent: the host and channel.
    pub name: Option<String>,
    pub group_id: Option<i64>,
    pub main_url: String,
    pub sub_url: Option<String>,
    pub username: Option<String>,
    #[schema(value_type = Option<String>, format = Password)]
    pub password: Option<Secret>,
    pub engine: Option<String>,
    pub transport: Option<String>,
    /// Start a continuous plan on the main stream; true when absent.
    pub record: Option<bool>,
    /// Save even if the probe fails; false when absent.
    #[serde(default)]
    pub force: bool,
}

/// Absent fields stay as they are. Send `username: ""` to remove the credentials.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct CameraPatch {
    pub name: Option<String>,
    /// 0 takes the camera out of its group.
    pub group_id: Option<i64>,
    pub enabled: Option<bool>,
    pub main_url: Option<String>,
    /// Empty removes the sub stream.
    pub sub_url: Option<String>,
    pub username: Option<String>,
    #[schema(value_type = Option<String>, format = Password)]
    pub password: Option<Secret>,
    pub engine: Option<String>,
    pub transport: Option<String>,
}

/// `POST /api/v1/cameras/probe`: look before saving.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct ProbeRequest {
    pub url: String,
    pub username: Option<String>,
    #[schema(value_type = Option<String>, format = Password)]
    pub password: Option<Secret>,
    pub engine: Option<String>,
    pub transport: Option<String>,
    /// Use this camera's stored credentials when none are given.
    pub camera_id: Option<i64>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ProbeAnswer {
    pub facts: FactsView,
    /// For example `retina/tcp`.
    pub source: String,
    pub first_picture_ms: u64,
    /// Steps as they happened, with milliseconds since the start.
    pub steps: Vec<ProbeStep>,
    /// Remarks by catalogue code (`warning.{code}`), for example `h265_needs_transcode`, `long_gop`, `b_frames`.
    pub warnings: Vec<String>,
    /// `data:image/jpeg;base64,...` of the first picture, when it could be decoded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ProbeStep {
    /// `connect`, `describe`, `setup`, `play`, `first_picture`.
    pub step: String,
    pub at_ms: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct GroupView {
    pub id: i64,
    pub name: String,
    pub parent_id: Option<i64>,
    pub version: i64,
}

#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct NewGroup {
    pub name: String,
    pub parent_id: Option<i64>,
}

#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct GroupPatch {
    pub name: Option<String>,
    /// 0 moves it to the top.
    pub parent_id: Option<i64>,
}
