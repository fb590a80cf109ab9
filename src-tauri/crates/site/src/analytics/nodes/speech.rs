//! What the site tells a node, made from what is kept.

use crate::analytics::trials::Trial;
use watchwall_engine_protocol::{SiteMessage, StartTask, StopTask, StreamAddress, TaskParams, TaskRange};
use watchwall_model::{AiTask, SceneCode, SnapshotPolicy, TaskId};

/// A message on its way to a node's connection.
pub type Said = SiteMessage;

/// `START_TASK` for some of a task's scenes; `rtsp` is where the node finds the pictures.
pub fn start_task(task: &AiTask, scenes: &[SceneCode], rtsp: StreamAddress) -> Said {
    SiteMessage::StartTask { data: start(task, scenes, rtsp) }
}

/// Results a second of a recording: more tell nothing new of what has happened already.
const TRIAL_RESULTS: u32 = 5;

/// `START_TASK` for a trial, under its own number: all scenes, what would raise an alarm marked as such, no pictures.
pub fn start_trial(trial: &Trial, rtsp: StreamAddress) -> Said {
    let task = &trial.wish.task;
    let codes: Vec<SceneCode> = task.scenes.iter().map(|scene| scene.code.clone()).collect();
    let mut data = start(task, &codes, rtsp);
    data.task_id = trial.id;
    data.params.alarm_enabled = true;
    data.params.snapshot_policy = SnapshotPolicy::Off;
    data.params.result_fps = data.params.result_fps.min(TRIAL_RESULTS);
    data.range = Some(TaskRange { from: trial.wish.range.start.0, to: trial.wish.range.end.0 });
    SiteMessage::StartTask { data }
}

fn start(task: &AiTask, scenes: &[SceneCode], rtsp: StreamAddress) -> StartTask {
    let asked = task.scenes.iter().filter(|scene| scenes.contains(&scene.code));
    let regions = asked.clone().filter(|scene| !scene.region.is_empty());
    let lines = asked.clone().filter(|scene| !scene.lines.is_empty());
    let params = &task.params;
    StartTask {
        task_id: task.id,
        camera_id: task.camera,
        scene_codes: asked.clone().map(|scene| scene.code.clone()).collect(),
        stream_key: format!("{}:{}", task.camera, task.stream.as_str()),
        rtsp,
        conf_threshold: task.confidence,
        region: Vec::new(),
        regions: regions.map(|scene| (scene.code.clone(), scene.region.clone())).collect(),
        lines: lines.map(|scene| (scene.code.clone(), scene.lines.clone())).collect(),
        params: TaskParams {
            input_fps: params.input_fps,
            in_w: params.width,
            in_h: params.height,
            result_fps: params.output_fps,
            quality: params.quality,
            alarm_enabled: task.alarm_enabled,
            snapshot_policy: params.snapshot_policy,
            snapshot_quality: u8::try_from(params.snapshot_quality).unwrap_or(100),
        },
        range: None,
    }
}

/// Without scenes: all that the node runs of it.
pub fn stop_task(task: TaskId, scenes: Vec<SceneCode>) -> Said {
    SiteMessage::StopTask { data: StopTask { task_id: task, scene_codes: scenes } }
}

/// An `ERROR` of the site's own.
pub fn error(code: &str, message: &str, of: &str) -> Said {
    SiteMessage::Error { code: code.to_owned(), message: message.to_owned(), of: of.to_owned() }
}
