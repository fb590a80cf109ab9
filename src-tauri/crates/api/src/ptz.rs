//! Moving cameras.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Pan, tilt and zoom, each of which may be left out: positions, distances or speeds, from -1 to 1 in the usual spaces.
/// Pan and tilt go together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PtzVectorView {
    /// Right is positive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pan: Option<f32>,
    /// Up is positive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tilt: Option<f32>,
    /// In is positive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zoom: Option<f32>,
}

/// `POST /api/v1/cameras/{id}/ptz`.
#[derive(Clone, Debug, PartialEq, Deserialize, ToSchema)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum PtzCommand {
    /// Goes on until `stop`, and only while it is repeated: the site stops a camera that hears nothing for a second, whose
    /// operator's session ends, or that has moved for 30 s in one piece.
    Move {
        #[serde(default)]
        pan: Option<f32>,
        #[serde(default)]
        tilt: Option<f32>,
        #[serde(default)]
        zoom: Option<f32>,
    },
    Stop,
    Absolute {
        position: PtzVectorView,
        #[serde(default)]
        speed: Option<PtzVectorView>,
    },
    Relative {
        translation: PtzVectorView,
        #[serde(default)]
        speed: Option<PtzVectorView>,
    },
    Home,
    /// Makes where the camera looks its home.
    SetHome,
    Preset {
        token: String,
    },
    /// Brings a point of the picture to its middle. `x` and `y` from 0 to 1, from the upper left corner. Exact where the
    /// device offers moves in its field of view; else a timed move of about the right length.
    Centre {
        x: f32,
        y: f32,
    },
    /// One of the device's own commands, for example a wiper.
    Auxiliary {
        command: String,
    },
    /// Gives control back before its time is over.
    Release,
}

/// How a command went.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PtzAnswer {
    /// When the site stops the camera unless the move is repeated.
    pub stops_at: Option<i64>,
    /// It has moved for 30 s in one piece and was stopped: pause for a second first.
    pub limited: bool,
    /// A click was followed by a guess.
    pub guessed: bool,
    pub lock: Option<PtzLock>,
}

/// Who moves a camera. A higher role takes it at once, others when the time is over.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PtzLock {
    pub name: String,
    /// Unless another command comes.
    pub until: i64,
}

/// `GET /api/v1/cameras/{id}/ptz`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PtzView {
    pub capabilities: PtzCapabilities,
    /// Where the device says that it looks.
    pub position: Option<PtzVectorView>,
    /// Whether the device says that it moves.
    pub moving: Option<bool>,
    pub lock: Option<PtzLock>,
    /// The round that is under way.
    pub patrol: Option<RunningPatrol>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PtzCapabilities {
    pub pan_tilt: bool,
    pub zoom: bool,
    pub absolute: bool,
    pub relative: bool,
    pub continuous: bool,
    pub home: bool,
    /// Its home cannot be changed.
    pub home_fixed: bool,
    /// 0 when it does not say.
    pub most_presets: u32,
    pub auxiliary: Vec<String>,
    /// `exact`, `guessed` or `none`.
    pub centre: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PresetView {
    /// Opaque.
    pub token: String,
    pub name: String,
    pub position: Option<PtzVectorView>,
}

/// `POST /api/v1/cameras/{id}/ptz/presets`: remembers where the camera looks.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct NewPreset {
    pub name: String,
    /// The one to overwrite; absent makes a new one.
    pub token: Option<String>,
}

/// One place of a round.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PatrolStepView {
    /// Token of a preset.
    pub preset: String,
    /// 1 to 3600.
    pub dwell_s: u32,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PatrolView {
    pub id: i64,
    pub camera_id: i64,
    pub name: String,
    pub steps: Vec<PatrolStepView>,
    pub version: i64,
}

/// `POST /api/v1/cameras/{id}/ptz/patrols`, and `PUT /api/v1/patrols/{id}`, which replaces all of it.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct NewPatrol {
    pub name: String,
    /// 1 to 64.
    pub steps: Vec<PatrolStepView>,
}

/// A round under way. It waits for a minute after a move by hand.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RunningPatrol {
    pub id: i64,
    pub name: String,
    /// From 0.
    pub step: usize,
    pub paused: bool,
}
