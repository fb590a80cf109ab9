//! `AI_RESULT`: what an engine saw in one picture.

mod object;
mod read;
mod schema;
mod snapshot;
mod write;

pub use object::DetectedObject;
pub use read::TIMES;
pub(crate) use read::{TYPE, read};
pub(crate) use schema::{definitions, message};
pub use snapshot::Snapshot;
pub(crate) use write::text;

use crate::FrameSize;
use serde::{Deserialize, Serialize};
use watchwall_model::{CameraId, SceneCode, TaskId, UtcMillis};

/// What was found in one picture of one camera, for all scenes the message speaks of.
#[derive(Clone, Debug, PartialEq)]
pub struct AiResult {
    pub task: TaskId,
    pub camera: CameraId,
    /// When the picture was taken, by the node's clock.
    pub at: UtcMillis,
    pub frame: Option<FrameSize>,
    pub snapshot: Option<Snapshot>,
    /// At least one; none twice.
    pub scenes: Vec<SceneResult>,
    /// What had to be mended to read it.
    pub repairs: Repairs,
}

impl AiResult {
    /// Scenes in one message.
    pub const MOST_SCENES: usize = 64;
    /// Objects of one scene.
    pub const MOST_OBJECTS: usize = 1_000;
    pub const MOST_LABEL_CHARS: usize = 64;
    pub const MOST_TEXT_CHARS: usize = 1_000;
    pub const MOST_METRICS_BYTES: usize = 4_096;
}

/// One scene's part of it.
#[derive(Clone, Debug, PartialEq)]
pub struct SceneResult {
    pub scene: SceneCode,
    pub is_alarm: bool,
    /// 0 to 1.
    pub confidence: f32,
    pub objects: Vec<DetectedObject>,
    pub event_type: Option<String>,
    pub event_desc: Option<String>,
    pub total_count: Option<u32>,
    pub label_counts: Counts,
    pub problem_counts: Counts,
    /// A JSON object that only the node and its reader understand.
    pub metrics: Option<String>,
}

/// How often each label or problem was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Counts(pub Vec<(String, u32)>);

impl Counts {
    /// Different labels.
    pub const MOST: usize = 128;
}

/// What a node did not write as the protocol says, though it can be read: it is told once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Repairs {
    /// Boxes came in pixels.
    pub pixels: bool,
    /// So many objects had no part in the frame, or no size.
    pub outside: u32,
    /// A confidence or score came in percent.
    pub percent: bool,
    /// The picture that came with it is none.
    pub snapshot: bool,
}

impl Repairs {
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}
