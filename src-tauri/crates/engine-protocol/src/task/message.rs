//! One message of the site, whichever it is.

use super::{Preview, StartTask};
use crate::{PROTOCOL, Refusal, bounded::words, node::kind_of};
use serde::{Deserialize, Serialize};
use watchwall_model::{SceneCode, TaskId};

/// A refusal may quote the message, and that may be long.
const MOST_REFUSAL_CHARS: usize = 300;

/// Site to node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SiteMessage {
    Registered(Registered),
    StartTask { data: StartTask },
    StopTask { data: StopTask },
    StartPreview { data: Preview },
    StopPreview { data: StopPreview },
    Error { code: String, message: String, of: String },
}

/// The site took a `NODE_REGISTER`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registered {
    pub node_id: String,
    /// A heartbeat is due this often.
    pub heartbeat_seconds: u32,
    /// By the site's clock, UTC milliseconds.
    pub server_time: i64,
    pub protocol: u32,
}

impl Registered {
    pub fn new(node_id: impl Into<String>, server_time: i64) -> Self {
        Self { node_id: node_id.into(), heartbeat_seconds: 10, server_time, protocol: PROTOCOL }
    }
}

/// Data of `STOP_TASK`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StopTask {
    pub task_id: TaskId,
    /// All that the node runs of it, when there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scene_codes: Vec<SceneCode>,
}

/// Data of `STOP_PREVIEW`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StopPreview {
    pub task_id: TaskId,
}

impl SiteMessage {
    const KINDS: [&str; 6] = ["REGISTERED", "START_TASK", "STOP_TASK", "START_PREVIEW", "STOP_PREVIEW", "ERROR"];

    /// What a node reads.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let kind = kind_of(text)?;
        if !Self::KINDS.contains(&kind.as_str()) {
            return Err(Refusal::UnknownType { of: kind });
        }
        serde_json::from_str(text).map_err(|error| Refusal::Field { of: kind, detail: error.to_string() })
    }

    /// The answer to a message that was not taken; `None` when it is left unanswered.
    pub fn refusing(refusal: &Refusal) -> Option<Self> {
        if let Refusal::UnknownType { .. } = refusal {
            return None;
        }
        Some(Self::Error {
            code: refusal.code().to_owned(),
            message: words(&refusal.to_string(), MOST_REFUSAL_CHARS),
            of: refusal.of().to_owned(),
        })
    }

    /// # Errors
    /// None that is known: every field can be written as JSON.
    pub fn text(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        StreamAddress, TaskParams, TaskRange,
        schema::{Speaker, agrees},
    };
    use serde_json::{Value, json};
    use watchwall_model::{CameraId, Point};

    fn start() -> StartTask {
        let scene = SceneCode::parse("LINE_CROSSING").unwrap();
        StartTask {
            task_id: TaskId(7),
            camera_id: CameraId(3),
            scene_codes: vec![scene.clone()],
            stream_key: "3:sub".into(),
            rtsp: StreamAddress::new("rtsp://127.0.0.1:8554/t"),
            conf_threshold: 0.5,
            region: Vec::new(),
            regions: [].into(),
            lines: [(scene, vec![vec![Point { x: 0.0, y: 0.5 }, Point { x: 1.0, y: 0.5 }]])].into(),
            params: TaskParams::default(),
            range: Some(TaskRange { from: 1, to: 2 }),
        }
    }

    #[test]
    fn messages_have_the_shape_of_the_protocol() {
        let check = |message: &SiteMessage, expect: Value| {
            let text = message.text().unwrap();
            agrees(Speaker::Site, &text);
            assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), expect);
            assert_eq!(&SiteMessage::parse(&text).unwrap(), message);
            assert!(!format!("{message:?}").contains("8554"), "an address is told to nobody but the node");
        };
        check(
            &SiteMessage::StartTask { data: start() },
            json!({"type": "START_TASK", "data": {
                "task_id": 7, "camera_id": 3, "scene_codes": ["LINE_CROSSING"], "stream_key": "3:sub",
                "rtsp": "rtsp://127.0.0.1:8554/t", "confThreshold": 0.5,
                "lines": {"LINE_CROSSING": [[[0.0, 0.5], [1.0, 0.5]]]},
                "params": {"input_fps": 15, "in_w": 1280, "in_h": 720, "result_fps": 15, "quality": "MEDIUM",
                    "alarm_enabled": true, "snapshot_policy": "ALARM", "snapshot_quality": 80},
                "range": {"from": 1, "to": 2},
            }}),
        );
        check(
            &SiteMessage::StopTask { data: StopTask { task_id: TaskId(7), scene_codes: Vec::new() } },
            json!({"type": "STOP_TASK", "data": {"task_id": 7}}),
        );
        check(
            &SiteMessage::Registered(Registered::new("n1", 5)),
            json!({"type": "REGISTERED", "node_id": "n1", "heartbeat_seconds": 10, "server_time": 5, "protocol": 1}),
        );
        check(
            &SiteMessage::StartPreview { data: Preview::of(TaskId(7)) },
            json!({"type": "START_PREVIEW", "data": {
                "task_id": 7, "preview_path": "ai_task_7", "fps": 15, "draw": true, "encoder": "h264",
                "bitrate": "3000k", "preview_mode": "RESULT_DRIVEN", "width": 1280, "height": 720,
            }}),
        );
        let url = Some(StreamAddress::new("rtsp://127.0.0.1:8554/t/ai_task_7"));
        check(
            &SiteMessage::StartPreview { data: Preview { url, ..Preview::of(TaskId(7)) } },
            json!({"type": "START_PREVIEW", "data": {
                "task_id": 7, "preview_path": "ai_task_7", "fps": 15, "draw": true, "encoder": "h264",
                "bitrate": "3000k", "preview_mode": "RESULT_DRIVEN", "width": 1280, "height": 720,
                "url": "rtsp://127.0.0.1:8554/t/ai_task_7",
            }}),
        );
        check(
            &SiteMessage::StopPreview { data: StopPreview { task_id: TaskId(7) } },
            json!({"type": "STOP_PREVIEW", "data": {"task_id": 7}}),
        );
    }

    #[test]
    fn a_node_forgives_what_it_does_not_know() {
        let later = r#"{"type": "STOP_TASK", "data": {"task_id": 7, "reason": "later versions say why"}, "n": 1}"#;
        agrees(Speaker::Site, later);
        assert!(SiteMessage::parse(later).is_ok());
        let unknown = SiteMessage::parse(r#"{"type": "DANCE"}"#).unwrap_err();
        assert_eq!(SiteMessage::refusing(&unknown), None);
        let long = Refusal::NotJson { detail: "x".repeat(1_000_000) };
        let answer = SiteMessage::refusing(&long).unwrap().text().unwrap();
        assert!(answer.len() < 500, "{} bytes", answer.len());
        let broken = SiteMessage::parse(r#"{"type": "STOP_TASK"}"#).unwrap_err();
        assert!(matches!(SiteMessage::refusing(&broken), Some(SiteMessage::Error { of, .. }) if of == "STOP_TASK"));
    }
}
