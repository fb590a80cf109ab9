//! What a camera noticed by itself, and the rounds it makes.

use crate::{CameraId, PatrolId, UtcMillis};
use serde::{Deserialize, Serialize};

/// Whether what was noticed goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CameraEventState {
    /// It began.
    On,
    /// It ended.
    Off,
    /// It has no duration.
    Pulse,
    Unknown,
}

/// An event of a camera, about to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCameraEvent {
    pub camera: CameraId,
    /// A word of the closed set (`motion`, `line_crossed`, ...), or `other`: then `topic` says what.
    pub kind: String,
    pub state: CameraEventState,
    /// Token of the picture source, input or relay; empty where the device names none.
    pub source: String,
    /// The device's rule; empty where it names none.
    pub rule: String,
    /// Without prefixes.
    pub topic: String,
    /// What decided the state, as the device wrote it: `IsMotion=true`.
    pub value: String,
    pub at: UtcMillis,
}

/// A stored event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CameraEventRow {
    pub id: i64,
    pub event: NewCameraEvent,
}

/// A round of a camera: presets and how long it looks at each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patrol {
    pub id: PatrolId,
    pub camera: CameraId,
    pub name: String,
    pub steps: Vec<PatrolStep>,
    pub version: i64,
}

/// One place of a round.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatrolStep {
    /// The device's token.
    pub preset: String,
    pub dwell_s: u32,
}
