//! What a node sends, as text.

use super::{Load, NodeHeartbeat, NodeMessage, NodeRegister, TaskKeepalive, TaskState, TaskStatus};
use crate::result;
use serde::Serialize;
use watchwall_model::{SceneCode, TaskId};

#[derive(Serialize)]
struct Register<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    node_id: &'a str,
    node_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ip: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<u16>,
    max_tasks: u32,
    algorithms: &'a [SceneCode],
    load: Load,
    protocol: u32,
    capabilities: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<i64>,
}

#[derive(Serialize)]
struct Heartbeat<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    node_id: &'a str,
    load: Load,
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<i64>,
    tasks: &'a [TaskId],
}

#[derive(Serialize)]
struct Keepalive<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    node_id: &'a str,
    task_id: TaskId,
    #[serde(skip_serializing_if = "<[SceneCode]>::is_empty")]
    scene_codes: &'a [SceneCode],
    state: TaskState,
    #[serde(skip_serializing_if = "Option::is_none")]
    fps: Option<f32>,
}

#[derive(Serialize)]
struct Status<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    task_id: TaskId,
    scene_code: &'a SceneCode,
    state: TaskState,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_message: Option<&'a str>,
}

impl NodeMessage {
    /// As [`NodeMessage::parse`] reads it.
    ///
    /// # Errors
    /// A result whose `metrics` are no JSON.
    pub fn text(&self) -> Result<String, serde_json::Error> {
        match self {
            Self::Register(register) => serde_json::to_string(&Register::from(register)),
            Self::Heartbeat(NodeHeartbeat { node_id, load, timestamp_ms, tasks }) => {
                let (kind, load, timestamp) = (NodeHeartbeat::TYPE, *load, *timestamp_ms);
                serde_json::to_string(&Heartbeat { kind, node_id, load, timestamp, tasks })
            }
            Self::Keepalive(TaskKeepalive { node_id, task, scenes, state, fps }) => serde_json::to_string(&Keepalive {
                kind: TaskKeepalive::TYPE,
                node_id,
                task_id: *task,
                scene_codes: scenes,
                state: *state,
                fps: *fps,
            }),
            Self::Status(TaskStatus { task, scene, state, error_message }) => serde_json::to_string(&Status {
                kind: TaskStatus::TYPE,
                task_id: *task,
                scene_code: scene,
                state: *state,
                error_message: error_message.as_deref(),
            }),
            Self::Result(result) => result::text(result),
        }
    }
}

impl<'a> From<&'a NodeRegister> for Register<'a> {
    fn from(from: &'a NodeRegister) -> Self {
        let capabilities = [(from.can_preview, "preview"), (from.can_archive, "archive")];
        Self {
            kind: NodeRegister::TYPE,
            node_id: &from.node_id,
            node_name: &from.node_name,
            ip: from.ip.as_deref(),
            port: from.port,
            max_tasks: from.max_tasks,
            algorithms: &from.algorithms,
            load: from.load,
            protocol: from.protocol,
            capabilities: capabilities.iter().filter(|(has, _)| *has).map(|(_, name)| *name).collect(),
            timestamp: from.timestamp_ms,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        AiResult, BBox, Counts, DetectedObject, FrameSize, Repairs, SceneResult, Snapshot,
        schema::{Speaker, agrees},
    };
    use watchwall_model::{CameraId, UtcMillis};

    fn scene(code: &str) -> SceneCode {
        SceneCode::parse(code).unwrap()
    }

    #[test]
    fn what_is_written_is_read_as_the_same() {
        let check = |message: NodeMessage| {
            let text = message.text().unwrap();
            agrees(Speaker::Node, &text);
            assert_eq!(NodeMessage::parse(&text).unwrap(), message, "{text}");
        };
        let register = NodeRegister {
            node_id: "n1".into(),
            node_name: "机房一".into(),
            ip: None,
            port: None,
            max_tasks: 8,
            algorithms: vec![scene("MOTION")],
            load: Load { cpu: 0.5, gpu: 0.0, memory: 0.25, tasks: 3 },
            protocol: 1,
            can_preview: false,
            can_archive: true,
            timestamp_ms: Some(1_772_359_200_000),
        };
        check(NodeMessage::Register(NodeRegister { ip: Some("10.0.0.9".into()), port: Some(1), ..register.clone() }));
        check(NodeMessage::Register(register));
        let load = Load::default();
        let tasks = vec![TaskId(1), TaskId(2)];
        check(NodeMessage::Heartbeat(NodeHeartbeat { node_id: "n1".into(), load, timestamp_ms: None, tasks }));
        check(NodeMessage::Keepalive(TaskKeepalive {
            node_id: "n1".into(),
            task: TaskId(1),
            scenes: vec![scene("MOTION")],
            state: TaskState::Running,
            fps: Some(14.5),
        }));
        check(NodeMessage::Status(TaskStatus {
            task: TaskId(1),
            scene: scene("MOTION"),
            state: TaskState::Error,
            error_message: Some("no picture\nat all".into()),
        }));
        let object = DetectedObject {
            label: "moving".into(),
            score: 0.75,
            bbox: BBox { x: 0.25, y: 0.5, width: 0.125, height: 0.25 },
            track_id: Some("7".into()),
        };
        let found = SceneResult {
            scene: scene("MOTION"),
            is_alarm: true,
            confidence: 0.75,
            objects: vec![object],
            event_type: Some("motion".into()),
            event_desc: Some("\"quoted\" 有人".into()),
            total_count: Some(1),
            label_counts: Counts(vec![("moving".into(), 1)]),
            problem_counts: Counts(vec![("covered".into(), 1)]),
            metrics: Some(r#"{"share":0.5}"#.into()),
        };
        let nothing = SceneResult {
            scene: scene("TAMPER"),
            is_alarm: false,
            confidence: 0.0,
            objects: Vec::new(),
            event_type: None,
            event_desc: None,
            total_count: None,
            label_counts: Counts::default(),
            problem_counts: Counts::default(),
            metrics: None,
        };
        let result = AiResult {
            task: TaskId(7),
            camera: CameraId(3),
            at: UtcMillis(1_772_359_200_000),
            frame: Some(FrameSize { width: 640, height: 360 }),
            snapshot: Some(Snapshot::Jpeg(vec![0xff, 0xd8, 0xff, 0xe0, 1, 2, 0xff, 0xd9])),
            scenes: vec![found, nothing],
            repairs: Repairs::default(),
        };
        check(NodeMessage::Result(AiResult { snapshot: Some(Snapshot::Path("a/b.jpg".into())), ..result.clone() }));
        check(NodeMessage::Result(AiResult { snapshot: None, frame: None, ..result.clone() }));
        check(NodeMessage::Result(result.clone()));
        let mut broken = result;
        broken.scenes[0].metrics = Some("no JSON".into());
        assert!(NodeMessage::Result(broken).text().is_err());
    }
}
