//! Results as engines send them, well and badly.

use super::*;
use crate::schema::{Speaker, agrees};
use serde_json::{Value, json};

const AT: i64 = 1_772_359_200_000;

fn plain() -> Value {
    json!({
        "type": "AI_RESULT", "task_id": 7, "camera_id": 3, "ts": AT, "frame_width": 1280, "frame_height": 720,
        "scene_code": "REGION_INTRUSION", "alarm_event": true, "confidence": 0.9,
        "objects": [{"label": "person", "score": 0.9, "bbox": [0.25, 0.5, 0.25, 0.25], "track_id": 12}],
    })
}

fn with(changes: Value) -> Value {
    let mut message = plain();
    for (key, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => message.as_object_mut().unwrap().remove(key),
            value => message.as_object_mut().unwrap().insert(key.clone(), value.clone()),
        };
    }
    message
}

fn read_value(message: &Value) -> Result<AiResult, Refusal> {
    let text = message.to_string();
    agrees(Speaker::Node, &text);
    read(&text)
}

#[test]
fn a_plain_result_is_read_whole() {
    let result = read_value(&with(json!({
        "event_type": "intrusion", "event_desc": "越界\u{7}", "total_count": 2, "label_counts": {"person": 2},
        "problem_counts": {"no helmet": 1}, "metrics": {"ms": 4.5}, "snapshot_path": "/data/7.jpg", "unknown": [1, 2],
    })))
    .unwrap();
    let scene = &result.scenes[0];
    assert_eq!((result.task, result.camera, result.at), (TaskId(7), CameraId(3), UtcMillis(AT)));
    assert_eq!(result.snapshot, Some(Snapshot::Path("/data/7.jpg".into())));
    assert_eq!((scene.scene.as_str(), scene.is_alarm, scene.confidence), ("REGION_INTRUSION", true, 0.9));
    assert_eq!(scene.objects[0].bbox, BBox { x: 0.25, y: 0.5, width: 0.25, height: 0.25 });
    assert_eq!(scene.objects[0].track_id.as_deref(), Some("12"));
    assert_eq!((scene.event_desc.as_deref(), scene.total_count), (Some("越界"), Some(2)));
    assert_eq!(scene.problem_counts, Counts(vec![("no helmet".into(), 1)]));
    assert_eq!(scene.metrics.as_deref(), Some(r#"{"ms":4.5}"#));
    assert!(result.repairs.is_none());
}

#[test]
fn several_scenes_come_in_one_message() {
    let results = json!([
        {"scene_code": "MOTION", "objects": []},
        {"scene_code": "TAMPER", "alarm_event": 1, "confidence": 0.75},
    ]);
    let result = read_value(&with(json!({"scene_code": null, "results": results}))).unwrap();
    let told: Vec<_> = result.scenes.iter().map(|s| (s.scene.as_str(), s.is_alarm, s.confidence)).collect();
    assert_eq!(told, [("MOTION", false, 0.0), ("TAMPER", true, 0.75)]);
}

#[test]
fn what_can_be_mended_is_mended_and_said() {
    let check = |changes: Value, bbox: [f32; 4], expect: Repairs| {
        let result = read_value(&with(changes.clone())).unwrap();
        assert_eq!(result.repairs, expect, "{changes}");
        assert_eq!(<[f32; 4]>::from(result.scenes[0].objects[0].bbox), bbox, "{changes}");
    };
    let boxes = |boxes: &[[f64; 4]]| -> Value {
        boxes.iter().map(|bbox| json!({"label": "person", "score": 0.5, "bbox": bbox})).collect()
    };
    let none = Repairs::default();
    check(
        json!({"objects": boxes(&[[320.0, 360.0, 320.0, 180.0]])}),
        [0.25, 0.5, 0.25, 0.25],
        Repairs { pixels: true, ..none },
    );
    // One pixel among them makes all of them pixels.
    check(
        json!({"objects": boxes(&[[0.0, 0.0, 1.0, 720.0], [640.0, 0.0, 640.0, 720.0]])}),
        [0.0, 0.0, 1.0 / 1280.0, 1.0],
        Repairs { pixels: true, ..none },
    );
    check(json!({"objects": boxes(&[[-0.25, 0.0, 0.5, 1.25]])}), [0.0, 0.0, 0.25, 1.0], none);
    check(
        json!({"objects": boxes(&[[1.25, 0.0, 0.2, 0.2], [0.0, 0.0, 0.5, 0.5], [0.5, 0.5, 0.0, 0.5]])}),
        [0.0, 0.0, 0.5, 0.5],
        Repairs { outside: 2, ..none },
    );
    check(json!({"confidence": 87.5}), [0.25, 0.5, 0.25, 0.25], Repairs { percent: true, ..none });
    check(json!({"snapshot": "R0lGODlh"}), [0.25, 0.5, 0.25, 0.25], Repairs { snapshot: true, ..none });
    check(json!({"task_id": "7", "ts": AT as f64}), [0.25, 0.5, 0.25, 0.25], none);
    check(json!({"label_counts": Value::Null, "event_type": ""}), [0.25, 0.5, 0.25, 0.25], none);
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let check = |changes: Value, expect: &str| match read_value(&with(changes.clone())) {
        Err(Refusal::Field { of, detail }) => assert!(of == TYPE && detail.contains(expect), "{changes}: {detail}"),
        other => panic!("{changes}: {other:?}"),
    };
    check(json!({"ts": AT / 1000}), "UTC milliseconds");
    check(json!({"ts": AT * 1000}), "UTC milliseconds");
    check(json!({"ts": "yesterday"}), "whole number");
    check(json!({"ts": Value::Null}), "ts");
    check(json!({"task_id": [7]}), "whole number");
    check(json!({"scene_code": "no such thing"}), "scene_code");
    check(json!({"scene_code": Value::Null}), "needed");
    check(json!({"results": []}), "empty");
    check(json!({"results": [{"scene_code": "A"}, {"scene_code": "A"}]}), "twice");
    check(json!({"confidence": -0.5}), "confidence");
    check(json!({"confidence": 101}), "confidence");
    check(json!({"objects": [{"label": "a", "score": 0.5, "bbox": [1, 2, 3]}]}), "4");
    check(json!({"objects": [{"label": "a", "score": "high", "bbox": [0, 0, 1, 1]}]}), "f64");
    check(json!({"objects": {"label": "a"}}), "list");
    check(json!({"frame_width": 0}), "frame_width");
    check(json!({"frame_width": Value::Null, "objects": [{"label": "a", "score": 1, "bbox": [0, 0, 9, 9]}]}), "pixels");
    check(json!({"metrics": {"x": "y".repeat(5_000)}}), "metrics");
    let objects: Vec<Value> = (0..1_001).map(|_| json!({"label": "a", "score": 1, "bbox": [0, 0, 1, 1]})).collect();
    check(json!({ "objects": objects }), "at most 1000");
    assert!(matches!(read(r#"{"task_id": NaN}"#), Err(Refusal::Field { .. })));
    assert!(matches!(read(&plain().to_string()[..80]), Err(Refusal::Field { .. })));
}
