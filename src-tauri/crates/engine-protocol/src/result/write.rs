//! From a result to text: what a node sends.

use super::{AiResult, SceneResult, Snapshot, read::TYPE};
use crate::DetectedObject;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::value::RawValue;

#[derive(Serialize)]
struct Message<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    task_id: i64,
    camera_id: i64,
    ts: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    frame_width: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frame_height: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    snapshot: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    snapshot_path: Option<&'a str>,
    results: Vec<Scene<'a>>,
}

#[derive(Serialize)]
struct Scene<'a> {
    scene_code: &'a str,
    alarm_event: bool,
    confidence: f32,
    objects: &'a [DetectedObject],
    #[serde(skip_serializing_if = "Option::is_none")]
    event_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_desc: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total_count: Option<u32>,
    #[serde(skip_serializing_if = "Pairs::is_empty")]
    label_counts: Pairs<'a>,
    #[serde(skip_serializing_if = "Pairs::is_empty")]
    problem_counts: Pairs<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metrics: Option<&'a RawValue>,
}

/// Written as an object, which is how they are read.
struct Pairs<'a>(&'a [(String, u32)]);

impl Pairs<'_> {
    const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Pairs<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(self.0.len()))?;
        for (key, count) in self.0 {
            map.serialize_entry(key, count)?;
        }
        map.end()
    }
}

/// Always with `results`, which every site reads.
///
/// # Errors
/// `metrics` that are no JSON.
pub fn text(result: &AiResult) -> Result<String, serde_json::Error> {
    let (snapshot, snapshot_path) = match &result.snapshot {
        Some(Snapshot::Jpeg(bytes)) => (Some(STANDARD.encode(bytes)), None),
        Some(Snapshot::Path(path)) => (None, Some(path.as_str())),
        None => (None, None),
    };
    serde_json::to_string(&Message {
        kind: TYPE,
        task_id: result.task.0,
        camera_id: result.camera.0,
        ts: result.at.0,
        frame_width: result.frame.map(|frame| frame.width),
        frame_height: result.frame.map(|frame| frame.height),
        snapshot,
        snapshot_path,
        results: result.scenes.iter().map(scene).collect::<Result<_, _>>()?,
    })
}

fn scene(scene: &SceneResult) -> Result<Scene<'_>, serde_json::Error> {
    Ok(Scene {
        scene_code: scene.scene.as_str(),
        alarm_event: scene.is_alarm,
        confidence: scene.confidence,
        objects: &scene.objects,
        event_type: scene.event_type.as_deref(),
        event_desc: scene.event_desc.as_deref(),
        total_count: scene.total_count,
        label_counts: Pairs(&scene.label_counts.0),
        problem_counts: Pairs(&scene.problem_counts.0),
        metrics: scene.metrics.as_deref().map(serde_json::from_str).transpose()?,
    })
}
