//! What a node is to look for, and where.

use super::{StreamAddress, TaskParams};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use watchwall_model::{CameraId, Point, SceneCode, TaskId};

/// Data of `START_TASK`. A node that gets it again for a task it runs changes what it does, without a gap.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StartTask {
    pub task_id: TaskId,
    pub camera_id: CameraId,
    pub scene_codes: Vec<SceneCode>,
    /// `camera:subtype`, such as `3:sub`: tasks with the same key may share one pull.
    pub stream_key: String,
    /// Where the pictures are: the site's own address with a token that ends soon, so pull at once.
    pub rtsp: StreamAddress,
    #[serde(rename = "confThreshold")]
    pub conf_threshold: f32,
    /// A polygon for all scenes; empty is the whole picture.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub region: Vec<Point>,
    /// Polygons for single scenes; they stand before `region`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub regions: BTreeMap<SceneCode, Vec<Point>>,
    /// For scenes about crossing, one or several: each has two points or more, and what goes from its left to its right
    /// crosses it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub lines: BTreeMap<SceneCode, Vec<Vec<Point>>>,
    #[serde(default)]
    pub params: TaskParams,
    /// Recordings instead of what happens now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<TaskRange>,
}

/// Of recordings, UTC milliseconds; the end is exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskRange {
    pub from: i64,
    pub to: i64,
}

/// Data of `START_PREVIEW`: the node publishes what it sees, with its boxes drawn, until `STOP_PREVIEW`, the end of the task
/// or of its connection to the site. One that comes again for a task that is shown has a new address: what is published
/// moves there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Preview {
    pub task_id: TaskId,
    /// Such as `ai_task_7`.
    pub preview_path: String,
    pub fps: u32,
    pub draw: bool,
    pub encoder: String,
    /// Such as `3000k`.
    pub bitrate: String,
    pub preview_mode: String,
    pub width: u32,
    pub height: u32,
    /// Where to: the site's own address with a token. The node publishes H.264 there by RTSP: `ANNOUNCE`, `SETUP` with
    /// `mode=record` over TCP (interleaved), `RECORD`. Absent at sites that have another way to know it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<StreamAddress>,
}

impl Preview {
    /// As the site asks for it when nobody said otherwise.
    pub fn of(task: TaskId) -> Self {
        Self {
            task_id: task,
            preview_path: format!("ai_task_{task}"),
            fps: 15,
            draw: true,
            encoder: "h264".into(),
            bitrate: "3000k".into(),
            preview_mode: "RESULT_DRIVEN".into(),
            width: 1280,
            height: 720,
            url: None,
        }
    }
}
