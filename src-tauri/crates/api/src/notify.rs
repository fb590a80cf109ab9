//! `/ws/web-notify`: what changed, after login. Sequence numbers per socket; on a gap the client asks for a snapshot.

use crate::StreamStatus;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum NotifyClientMessage {
    /// Topics: `cameras`, `recording`, `system`. Answered with a snapshot of each.
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
    /// Cameras, groups, layouts, plans or settings were edited: fetch the named list again.
    Edited { sequence: u64, what: String },
    /// Sent every 10 s so that a silent socket is known to be alive.
    Heartbeat { sequence: u64, now: i64 },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CameraStatus {
    pub camera_id: i64,
    pub streams: Vec<CameraStreamStatus>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CameraStreamStatus {
    pub path: String,
    pub role: String,
    #[serde(flatten)]
    pub status: StreamStatus,
}
