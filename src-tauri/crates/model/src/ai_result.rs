//! What an AI engine found, as it is kept.

use crate::{CameraId, SceneCode, TaskId, UtcMillis};

/// One scene's result for one picture. There is none twice of the same task, scene and moment.
#[derive(Clone, Debug, PartialEq)]
pub struct AiResultRow {
    /// When the picture was taken, by the site's clock.
    pub at: UtcMillis,
    pub task: TaskId,
    pub scene: SceneCode,
    pub camera: CameraId,
    pub node: String,
    pub is_alarm: bool,
    /// 0 to 1.
    pub confidence: f32,
    /// JSON, a list of `{label, score, bbox, track_id?}`.
    pub objects: String,
    pub event_type: Option<String>,
    pub event_desc: Option<String>,
    pub total_count: Option<u32>,
    /// JSON, a list of `[label, count]`.
    pub label_counts: String,
    pub problem_counts: String,
    /// JSON, an object.
    pub metrics: Option<String>,
    /// Where its picture lies, relative to the data folder.
    pub snapshot: Option<String>,
}
