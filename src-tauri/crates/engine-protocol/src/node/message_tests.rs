//! What nodes say, well and badly.

use super::*;
use crate::{
    Load, TaskState,
    schema::{Speaker, agrees},
};
use serde_json::json;
use watchwall_model::{SceneCode, TaskId};

fn scene(code: &str) -> SceneCode {
    SceneCode::parse(code).unwrap()
}

#[test]
fn a_node_introduces_itself_with_little_or_much() {
    let check = |text: &str, expect: NodeRegister| {
        agrees(Speaker::Node, text);
        match NodeMessage::parse(text).unwrap() {
            NodeMessage::Register(register) => assert_eq!(register, expect, "{text}"),
            other => panic!("{text}: {other:?}"),
        }
    };
    let plain = NodeRegister {
        node_id: "n1".into(),
        node_name: "n1".into(),
        ip: None,
        port: None,
        max_tasks: 50,
        algorithms: Vec::new(),
        load: Load::default(),
        protocol: 1,
        can_preview: false,
        can_archive: false,
        timestamp_ms: None,
    };
    check(r#"{"type": "NODE_REGISTER", "node_id": " n1 "}"#, plain.clone());
    let much = json!({
        "type": "NODE_REGISTER", "node_id": "n1", "node_name": "机房一", "ip": "10.0.0.9", "port": "8000", "max_tasks": 8,
        "algorithms": ["MOTION", "MOTION", "HELMET_DETECTION"], "load": {"cpu": 0.5, "gpu": 250, "memory": -1, "tasks": 3},
        "protocol": 2, "capabilities": ["preview", "ARCHIVE"], "vendor": {"a": [1]}, "timestamp": 5,
    });
    let expect = NodeRegister {
        node_name: "机房一".into(),
        ip: Some("10.0.0.9".into()),
        port: Some(8000),
        max_tasks: 8,
        algorithms: vec![scene("MOTION"), scene("HELMET_DETECTION")],
        load: Load { cpu: 0.5, gpu: 1.0, memory: 0.0, tasks: 3 },
        protocol: 2,
        can_preview: true,
        can_archive: true,
        timestamp_ms: Some(5),
        ..plain.clone()
    };
    check(&much.to_string(), expect);
    let flags = json!({"type": "NODE_REGISTER", "node_id": "n1", "capabilities": {"archive": true}});
    check(&flags.to_string(), NodeRegister { can_archive: true, ..plain });
}

#[test]
fn a_node_says_that_it_and_its_tasks_live() {
    let check = |text: &str, expect: NodeMessage| {
        agrees(Speaker::Node, text);
        assert_eq!(NodeMessage::parse(text).unwrap(), expect, "{text}");
    };
    check(
        r#"{"type": "NODE_HEARTBEAT", "node_id": "n1", "load": {"cpu": 0.25}, "timestamp": 1772359200000, "tasks": [1, "2"]}"#,
        NodeMessage::Heartbeat(NodeHeartbeat {
            node_id: "n1".into(),
            load: Load { cpu: 0.25, ..Load::default() },
            timestamp_ms: Some(1_772_359_200_000),
            tasks: vec![TaskId(1), TaskId(2)],
        }),
    );
    check(
        r#"{"type": "TASK_KEEPALIVE", "node_id": "n1", "task_id": 1, "scene_codes": ["MOTION"], "state": "running", "fps": 14.5}"#,
        NodeMessage::Keepalive(TaskKeepalive {
            node_id: "n1".into(),
            task: TaskId(1),
            scenes: vec![scene("MOTION")],
            state: TaskState::Running,
            fps: Some(14.5),
        }),
    );
    check(
        r#"{"type": "TASK_STATUS", "task_id": 1, "scene_code": "MOTION", "state": "ERROR", "error_message": "no such model"}"#,
        NodeMessage::Status(TaskStatus {
            task: TaskId(1),
            scene: scene("MOTION"),
            state: TaskState::Error,
            error_message: Some("no such model".into()),
        }),
    );
}

#[test]
fn each_refusal_has_its_code() {
    let check = |text: &str, code: &str, of: &str| {
        agrees(Speaker::Node, text);
        let refusal = NodeMessage::parse(text).unwrap_err();
        assert_eq!((refusal.code(), refusal.of()), (code, of), "{text}: {refusal}");
    };
    check("", "json_invalid", "");
    check("{", "json_invalid", "");
    check("\u{0}", "json_invalid", "");
    check("[]", "type_missing", "");
    check("{}", "type_missing", "");
    check(r#"["NODE_HEARTBEAT"]"#, "type_missing", "");
    check(r#"{"type": 7}"#, "type_missing", "");
    check(r#"{"type": null}"#, "type_missing", "");
    check(r#"{"type": "NODE_DANCE"}"#, "type_unknown", "NODE_DANCE");
    check(r#"{"type": "NODE_REGISTER"}"#, "field_invalid", "NODE_REGISTER");
    check(r#"{"type": "NODE_REGISTER", "node_id": ""}"#, "field_invalid", "NODE_REGISTER");
    check(r#"{"type": "NODE_REGISTER", "node_id": "a\nb"}"#, "field_invalid", "NODE_REGISTER");
    check(r#"{"type": "NODE_REGISTER", "node_id": "n", "max_tasks": 0}"#, "field_invalid", "NODE_REGISTER");
    check(r#"{"type": "NODE_REGISTER", "node_id": "n", "algorithms": ["a b"]}"#, "field_invalid", "NODE_REGISTER");
    check(r#"{"type": "TASK_STATUS", "task_id": 1, "scene_code": "A", "state": "?"}"#, "field_invalid", "TASK_STATUS");
    check(&format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000)), "type_missing", "");
    let scenes: Vec<String> = (0..257).map(|n| format!("S{n}")).collect();
    let many = json!({"type": "NODE_REGISTER", "node_id": "n", "algorithms": scenes});
    check(&many.to_string(), "field_invalid", "NODE_REGISTER");
}
