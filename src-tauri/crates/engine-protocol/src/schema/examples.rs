//! Messages as they are sent, one or more of each type. What the site says is written by the site's own types.

use crate::{
    Preview, Refusal, Registered, SiteMessage, StartTask, StopPreview, StopTask, StreamAddress, TaskParams, TaskRange,
};
use serde_json::{Value, json};
use watchwall_model::{CameraId, Point, SceneCode, TaskId};

#[derive(Debug)]
pub struct Example {
    pub name: &'static str,
    pub message: Value,
}

impl Example {
    pub fn kind(&self) -> &str {
        self.message["type"].as_str().unwrap_or_default()
    }
}

/// Those of nodes first.
pub fn all() -> Vec<Example> {
    let node = of_nodes().into_iter().map(|(name, message)| Example { name, message });
    let site = of_the_site().into_iter().map(|(name, message)| {
        // Nothing of these cannot be written.
        let message = serde_json::to_value(message).unwrap_or_default();
        Example { name, message }
    });
    node.chain(site).collect()
}

/// 2026-03-01 10:00:00 UTC.
const AT_MS: i64 = 1_772_359_200_000;

fn of_nodes() -> Vec<(&'static str, Value)> {
    vec![
        ("the least", json!({"type": "NODE_REGISTER", "node_id": "node-1", "algorithms": ["MOTION"]})),
        (
            "all of it",
            json!({"type": "NODE_REGISTER", "node_id": "node-1", "node_name": "Gate house", "ip": "10.0.0.9",
                "port": 8000, "max_tasks": 8, "algorithms": ["REGION_INTRUSION", "LINE_CROSSING"],
                "load": {"cpu": 0.25, "gpu": 0.5, "memory": 0.375, "tasks": 3}, "protocol": 1,
                "capabilities": ["preview", "archive"], "timestamp": AT_MS}),
        ),
        (
            "forgiven",
            json!({"type": "NODE_REGISTER", "node_id": "node-1", "port": "8000", "max_tasks": 8.0,
                "load": {"cpu": 25, "tasks": "3"}, "capabilities": {"preview": true, "archive": false}}),
        ),
        (
            "with its tasks",
            json!({"type": "NODE_HEARTBEAT", "node_id": "node-1", "load": {"cpu": 0.25, "tasks": 3},
                "timestamp": AT_MS, "tasks": [7, 8]}),
        ),
        (
            "two of its scenes",
            json!({"type": "TASK_KEEPALIVE", "node_id": "node-1", "task_id": 7,
                "scene_codes": ["REGION_INTRUSION", "LINE_CROSSING"], "state": "RUNNING", "fps": 14.5}),
        ),
        (
            "it failed",
            json!({"type": "TASK_STATUS", "task_id": 7, "scene_code": "LINE_CROSSING", "state": "ERROR",
                "error_message": "line_missing: draw a line for the scene"}),
        ),
        (
            "one scene",
            json!({"type": "AI_RESULT", "task_id": 7, "camera_id": 3, "ts": AT_MS, "frame_width": 1280,
                "frame_height": 720, "scene_code": "REGION_INTRUSION", "alarm_event": true, "confidence": 0.875,
                "objects": [{"label": "person", "score": 0.875, "bbox": [0.25, 0.5, 0.125, 0.25], "track_id": 12}],
                "event_type": "intrusion", "event_desc": "1 inside", "total_count": 1, "label_counts": {"person": 1},
                "metrics": {"dwell_ms": 1200}, "snapshot_path": "/data/7/1.jpg"}),
        ),
        (
            "several scenes",
            json!({"type": "AI_RESULT", "task_id": 7, "camera_id": 3, "ts": AT_MS, "results": [
                {"scene_code": "REGION_INTRUSION", "alarm_event": false, "objects": []},
                {"scene_code": "HELMET_DETECTION", "alarm_event": true, "confidence": 0.75, "objects": [
                    {"label": "no_helmet", "score": 0.75, "bbox": [0.5, 0.25, 0.0625, 0.125]},
                ], "problem_counts": {"no_helmet": 1}},
            ]}),
        ),
        (
            "forgiven",
            json!({"type": "AI_RESULT", "task_id": "7", "camera_id": "3", "ts": AT_MS, "frame_width": 1280,
            "frame_height": 720, "scene_code": "VEHICLE_PARKING", "alarm_event": 1, "confidence": 87.5, "objects": [
                {"label": "car", "score": 87.5, "bbox": [320, 360, 160, 180], "track_id": "k9"},
            ]}),
        ),
    ]
}

fn of_the_site() -> Vec<(&'static str, SiteMessage)> {
    let task_id = TaskId(7);
    let [intrusion, crossing] = ["REGION_INTRUSION", "LINE_CROSSING"].map(SceneCode::parse);
    let (intrusion, crossing): (Vec<_>, Vec<_>) = (intrusion.into_iter().collect(), crossing.into_iter().collect());
    let square = [[0.25, 0.5], [0.75, 0.5], [0.75, 1.0], [0.25, 1.0]].map(Point::from).to_vec();
    let line = [[0.5, 1.0], [0.5, 0.5]].map(Point::from).to_vec();
    let start = StartTask {
        task_id,
        camera_id: CameraId(3),
        scene_codes: [intrusion.clone(), crossing.clone()].concat(),
        stream_key: "3:sub".into(),
        rtsp: StreamAddress::new("rtsp://192.0.2.5:8554/TOKEN/gate/sub"),
        conf_threshold: 0.5,
        region: Vec::new(),
        regions: intrusion.iter().map(|code| (code.clone(), square.clone())).collect(),
        lines: crossing.iter().map(|code| (code.clone(), vec![line.clone()])).collect(),
        params: TaskParams::default(),
        range: None,
    };
    let archive = StartTask {
        scene_codes: intrusion.clone(),
        region: square,
        regions: [].into(),
        lines: [].into(),
        range: Some(TaskRange { from: AT_MS, to: AT_MS + 3_600_000 }),
        ..start.clone()
    };
    let refusal =
        Refusal::Field { of: "TASK_STATUS".into(), detail: "state is RUNNING, STOPPED or ERROR, not ?".into() };
    let mut messages = vec![
        ("welcome", SiteMessage::Registered(Registered::new("node-1", AT_MS))),
        ("a region and a line", SiteMessage::StartTask { data: start }),
        ("recordings", SiteMessage::StartTask { data: archive }),
        ("all of it", SiteMessage::StopTask { data: StopTask { task_id, scene_codes: Vec::new() } }),
        ("one scene", SiteMessage::StopTask { data: StopTask { task_id, scene_codes: intrusion } }),
        ("as usual", SiteMessage::StartPreview { data: Preview::of(task_id) }),
        ("no more", SiteMessage::StopPreview { data: StopPreview { task_id } }),
    ];
    messages.extend(SiteMessage::refusing(&refusal).map(|error| ("a field is wrong", error)));
    messages
}
