//! The documents against what they describe.

use super::{Speaker, agreement::Checked, agrees, asyncapi, examples, json_schema, messages};
use crate::{NodeMessage, SiteMessage};
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn speaker_of(message: &Value) -> Speaker {
    let known = messages();
    let found = known.iter().find(|known| message["type"] == known.kind);
    found.unwrap_or_else(|| panic!("a type that is not known: {message}")).speaker
}

fn takes(message: &Value) -> Result<(), String> {
    let text = message.to_string();
    match speaker_of(message) {
        Speaker::Node => NodeMessage::parse(&text).map(drop),
        Speaker::Site => SiteMessage::parse(&text).map(drop),
    }
    .map_err(|refusal| refusal.to_string())
}

#[test]
fn every_example_is_taken_by_reader_and_schema() {
    let whole = Checked::new(json_schema(), "");
    let examples = examples::all();
    for example in &examples {
        assert_eq!((takes(&example.message), whole.check(&example.message)), (Ok(()), Ok(())), "{example:?}");
    }
    for message in messages() {
        assert!(examples.iter().any(|example| example.kind() == message.kind), "{} has none", message.kind);
    }
    let both = examples.iter().flat_map(|example| ["/$defs/NodeMessage", "/$defs/SiteMessage"].map(|of| (example, of)));
    for (example, of) in both {
        let is_of = matches!(speaker_of(&example.message), Speaker::Node) == of.ends_with("NodeMessage");
        assert_eq!(Checked::new(json_schema(), of).check(&example.message).is_ok(), is_of, "{example:?} as {of}");
    }
}

#[test]
fn the_pages_show_messages_that_are_taken() {
    let whole = Checked::new(json_schema(), "");
    for page in ["ai-engine.md", "ai-engine.zh-CN.md"] {
        let path = format!("{}/../../../docs/{page}", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap();
        let blocks: Vec<&str> = text.split("```json\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
        let mut kinds = BTreeSet::new();
        for block in &blocks {
            let message: Value = serde_json::from_str(block).unwrap_or_else(|error| panic!("{page}: {error}: {block}"));
            assert_eq!((takes(&message), whole.check(&message)), (Ok(()), Ok(())), "{page}: {block}");
            kinds.insert(message["type"].as_str().unwrap_or_default().to_owned());
        }
        let shown = ["AI_RESULT", "NODE_HEARTBEAT", "NODE_REGISTER", "REGISTERED", "START_TASK", "TASK_STATUS"];
        assert_eq!(kinds.iter().map(String::as_str).collect::<Vec<_>>(), shown, "{page}");
    }
}

#[test]
fn what_is_wrong_passes_neither() {
    let whole = Checked::new(json_schema(), "");
    let check = |message: Value| {
        assert!(takes(&message).is_err(), "the reader takes {message}");
        assert!(whole.check(&message).is_err(), "the schema takes {message}");
    };
    let at = 1_772_359_200_000_i64;
    check(json!({"type": "NODE_REGISTER"}));
    check(json!({"type": "NODE_REGISTER", "node_id": "  "}));
    check(json!({"type": "NODE_REGISTER", "node_id": "x".repeat(129)}));
    check(json!({"type": "NODE_REGISTER", "node_id": "n", "max_tasks": 10_001}));
    check(json!({"type": "NODE_REGISTER", "node_id": "n", "algorithms": vec!["MOTION"; 257]}));
    check(json!({"type": "NODE_REGISTER", "node_id": "n", "capabilities": "preview"}));
    check(json!({"type": "NODE_HEARTBEAT", "node_id": "n", "tasks": ["seven"]}));
    check(json!({"type": "NODE_HEARTBEAT", "node_id": "n", "tasks": vec![1; 10_001]}));
    check(json!({"type": "NODE_HEARTBEAT", "node_id": "n", "load": {"cpu": "much"}}));
    check(json!({"type": "TASK_KEEPALIVE", "node_id": "n", "task_id": 1.5}));
    check(json!({"type": "TASK_KEEPALIVE", "node_id": "n", "task_id": 1, "state": "ASLEEP"}));
    check(json!({"type": "TASK_STATUS", "task_id": 1, "scene_code": "a b", "state": "RUNNING"}));
    check(json!({"type": "TASK_STATUS", "task_id": 1, "scene_code": "A"}));
    check(json!({"type": "AI_RESULT", "task_id": 1, "camera_id": 1, "ts": at}));
    check(json!({"type": "AI_RESULT", "task_id": 1, "camera_id": 1, "ts": at, "results": []}));
    check(json!({"type": "AI_RESULT", "task_id": 1, "camera_id": 1, "ts": at / 1_000, "scene_code": "A"}));
    check(json!({"type": "AI_RESULT", "task_id": 1, "camera_id": 1, "ts": at * 1_000, "scene_code": "A"}));
    let result = |changes: Value| {
        let mut message = json!({"type": "AI_RESULT", "task_id": 1, "camera_id": 1, "ts": at, "scene_code": "A"});
        message.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        message
    };
    assert_eq!(takes(&result(json!({}))), Ok(()));
    check(result(json!({"frame_width": 0, "frame_height": 720})));
    check(result(json!({"frame_width": 32_769, "frame_height": 720})));
    check(result(json!({"confidence": 101})));
    check(result(json!({"alarm_event": "yes"})));
    let object = |bbox: Value| json!({"label": "car", "score": 0.5, "bbox": bbox});
    check(result(json!({"objects": [object(json!([0, 0, 1]))]})));
    check(result(json!({"objects": [object(json!([0, 0, 90, 90]))]})));
    check(result(
        json!({"scene_code": null, "results": [{"scene_code": "A", "objects": [object(json!([0, 0, 9, 9]))]}]}),
    ));
    check(result(json!({"objects": [{"label": "car", "score": -1, "bbox": [0, 0, 1, 1]}]})));
    check(result(json!({"objects": vec![object(json!([0, 0, 1, 1])); 1_001]})));
    let scenes: Vec<Value> = (0..65).map(|n| json!({"scene_code": format!("S{n}")})).collect();
    check(result(json!({ "results": scenes })));
    let counts: serde_json::Map<String, Value> = (0..129).map(|n| (n.to_string(), n.into())).collect();
    check(result(json!({ "label_counts": counts })));
    check(json!({"type": "REGISTERED", "node_id": "n", "heartbeat_seconds": -1, "server_time": at, "protocol": 1}));
    check(json!({"type": "STOP_TASK"}));
    check(json!({"type": "STOP_TASK", "data": {"task_id": "7"}}));
    check(json!({"type": "ERROR", "code": "field_invalid"}));
    let unknown = json!({"type": "NODE_DANCE", "node_id": "n"});
    assert!(whole.check(&unknown).is_err() && NodeMessage::parse(&unknown.to_string()).is_err());
}

/// Of each place in a message: its way from the top.
fn places(value: &Value, way: &str, found: &mut Vec<String>) {
    let below: Vec<(String, &Value)> = match value {
        Value::Object(map) => map.iter().map(|(key, value)| (format!("{way}/{key}"), value)).collect(),
        Value::Array(list) => list.iter().enumerate().map(|(n, value)| (format!("{way}/{n}"), value)).collect(),
        _ => Vec::new(),
    };
    for (way, value) in below {
        places(value, &way, found);
        found.push(way);
    }
}

fn without(message: &Value, way: &str) -> Value {
    let mut message = message.clone();
    let (above, last) = way.rsplit_once('/').unwrap();
    match message.pointer_mut(above).unwrap() {
        Value::Object(map) => drop(map.remove(last)),
        Value::Array(list) => drop(list.remove(last.parse().unwrap())),
        _ => {}
    }
    message
}

#[test]
fn schema_and_reader_agree_whatever_stands_anywhere() {
    let odd = [
        json!(null),
        json!(true),
        json!(false),
        json!(0),
        json!(1),
        json!(2),
        json!(-1),
        json!(7),
        json!(0.5),
        json!(1.5),
        json!(100),
        json!(100.5),
        json!(40_000),
        json!(1e300),
        json!(""),
        json!("7"),
        json!(" 7 "),
        json!("-7"),
        json!("7.5"),
        json!("99999999999999999999"),
        json!("MOTION"),
        json!("running"),
        json!("a b"),
        json!("\u{7}"),
        json!({}),
        json!({"x": 1}),
        json!([{}]),
        json!([1]),
        json!([0.1, 0.2]),
        json!([0, 0, 1, 2]),
        json!([[0.5]]),
    ];
    let mut asked = 0;
    for example in examples::all() {
        let mut ways = Vec::new();
        places(&example.message, "", &mut ways);
        let speaker = speaker_of(&example.message);
        for way in ways {
            agrees(speaker, &without(&example.message, &way).to_string());
            // The derived readers take the fields of an object as a list in their order too; nobody is told so.
            let is_object = example.message.pointer(&way).is_some_and(Value::is_object);
            for value in odd.iter().filter(|value| !(is_object && value.is_array())) {
                let mut message = example.message.clone();
                *message.pointer_mut(&way).unwrap() = value.clone();
                agrees(speaker, &message.to_string());
                asked += 1;
            }
        }
    }
    assert!(asked > 5_000, "{asked}");
    // To a schema this is a whole number, and to the reader of what nodes say.
    agrees(Speaker::Node, r#"{"type": "TASK_KEEPALIVE", "node_id": "n", "task_id": 7.0}"#);
}

#[test]
fn the_asyncapi_document_holds_together() {
    let document = asyncapi();
    let mut references = Vec::new();
    let mut open = vec![&document];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(map) => {
                references.extend(map.get("$ref").and_then(Value::as_str));
                open.extend(map.values());
            }
            Value::Array(list) => open.extend(list),
            _ => {}
        }
    }
    assert!(references.len() > 50);
    for reference in references {
        let place = reference.strip_prefix('#').unwrap_or_else(|| panic!("{reference} leads elsewhere"));
        assert!(document.pointer(place).is_some(), "{reference} leads nowhere");
    }
    let operations = document["operations"].as_object().unwrap();
    for message in messages() {
        let action = if message.speaker == Speaker::Node { "receive" } else { "send" };
        assert_eq!(operations[&format!("{action}{}", message.name)]["action"], action, "{}", message.kind);
        let described = &document["components"]["messages"][message.name];
        assert_eq!(described["name"], message.kind);
        // The same schemas, read by the draft that AsyncAPI reads.
        let mut seventh = document.clone();
        seventh["$schema"] = "http://json-schema.org/draft-07/schema#".into();
        let schema = Checked::new(seventh, &format!("/components/schemas/{}", message.name));
        let examples = described["examples"].as_array().unwrap();
        assert!(!examples.is_empty());
        for example in examples {
            assert_eq!(schema.check(&example["payload"]), Ok(()), "{example}");
        }
    }
    assert_eq!(operations.len(), messages().len());
}
