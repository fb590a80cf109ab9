//! What a result may be, as JSON Schema.

use super::{
    AiResult, Counts,
    read::{FRAME_SIDES, MOST_FRACTION, MOST_PERCENT, TIMES, TYPE},
};
use crate::schema::{Fields, Kind, MessageSchema, SCENE_CODE, Speaker};
use serde_json::{Map, Value, json};

const ANY: std::ops::RangeInclusive<i64> = i64::MIN..=i64::MAX;
const SCENE: &str = "SceneResult";
const OBJECT: &str = "DetectedObject";
const COUNTS: &str = "Counts";

pub fn message() -> MessageSchema {
    MessageSchema { kind: TYPE, name: "AiResult", speaker: Speaker::Node, schema: schema() }
}

pub fn definitions() -> Vec<(String, Value)> {
    vec![(SCENE.into(), scene()), (OBJECT.into(), object()), (COUNTS.into(), counts())]
}

fn schema() -> Map<String, Value> {
    let times = TIMES.start..=TIMES.end - 1;
    let scenes = Kind::list(Kind::named(SCENE), AiResult::MOST_SCENES).or_null();
    let frame = format!("Of the picture, {} to {} pixels; with frame_height.", FRAME_SIDES.start(), FRAME_SIDES.end());
    let mut schema = Fields::of_message(TYPE)
        .needed("task_id", Kind::whole(ANY), "As START_TASK said it.")
        .needed("camera_id", Kind::whole(ANY), "As START_TASK said it.")
        .needed(
            "ts",
            Kind::whole(times),
            "When the picture was taken, UTC milliseconds. The same task, scene and ts \
             counts once.",
        )
        .optional("frame_width", Kind::whole(ANY).or_null(), &frame)
        .optional("frame_height", Kind::whole(ANY).or_null(), "See frame_width.")
        .optional(
            "snapshot",
            Kind::text().or_null(),
            "The picture: a JPEG in base64, with or without the head of a data URL. What is no \
             JPEG is left out, the result stays.",
        )
        .optional(
            "snapshot_path",
            Kind::text().or_null(),
            "Where the node keeps the picture; shown, never \
             opened. Passed over beside a snapshot.",
        )
        .optional(
            "results",
            scenes,
            "What was found, by scene, each once. Instead of it one scene's fields may stand in the \
             message itself.",
        )
        .optional("scene_code", Kind::text().or_null(), "Of the only scene, without results.")
        .and(scene_fields())
        .object("AI_RESULT", "What was found in one picture: several scenes in results, or one in the message itself.");
    schema.insert("allOf".into(), json!([frame_has_bounds(), names_a_scene(), pixels_need_a_frame()]));
    schema
}

/// Both given: then both count.
fn frame_has_bounds() -> Value {
    let side = Kind::whole(i64::from(*FRAME_SIDES.start())..=i64::from(*FRAME_SIDES.end())).value();
    json!({"if": frame_is_given(), "then": {"properties": {"frame_width": side, "frame_height": side}}})
}

fn frame_is_given() -> Value {
    let given = json!({"not": {"type": "null"}});
    json!({"required": ["frame_width", "frame_height"], "properties": {"frame_width": given, "frame_height": given}})
}

fn names_a_scene() -> Value {
    let code = Kind::named(SCENE_CODE).value();
    json!({"anyOf": [
        {"required": ["results"], "properties": {"results": {"type": "array", "minItems": 1}}},
        {"required": ["scene_code"], "properties": {"results": {"type": "null"}, "scene_code": code}},
    ]})
}

fn pixels_need_a_frame() -> Value {
    let fractions = json!({"items": {"properties": {"bbox": {"items": {"maximum": MOST_FRACTION}}}}});
    json!({"anyOf": [
        frame_is_given(),
        {"properties": {"objects": fractions, "results": {"items": {"properties": {"objects": fractions}}}}},
    ]})
}

fn scene() -> Value {
    let fields = Fields::default()
        .needed("scene_code", Kind::named(SCENE_CODE), "One that the task asked for.")
        .and(scene_fields());
    fields.object("One scene's part of a result", "An entry of results.").into()
}

/// What a message with one scene and an entry of `results` have alike.
fn scene_fields() -> Fields {
    let most = AiResult::MOST_TEXT_CHARS;
    let objects = Kind::list(Kind::named(OBJECT), AiResult::MOST_OBJECTS).or_null();
    let share = Kind::number_in(0.0..=MOST_PERCENT).or_null();
    Fields::default()
        .defaulting("alarm_event", Kind::flag(), false, "Whether this is an alarm. 1 and 0 are taken too.")
        .optional("confidence", share, "0 to 1; the best score when absent. More than 1 is percent.")
        .optional("objects", objects, "What it drew boxes around.")
        .optional("event_type", Kind::text().or_null(), &format!("A word for it; {most} characters are kept."))
        .optional("event_desc", Kind::text().or_null(), &format!("A sentence for people; {most} characters are kept."))
        .optional("total_count", Kind::whole(ANY).or_null(), "How many there are; less than 0 counts as 0.")
        .optional("label_counts", Kind::named(COUNTS).or_null(), "How many there are of each label.")
        .optional("problem_counts", Kind::named(COUNTS).or_null(), "How often each problem is there.")
        .optional(
            "metrics",
            Kind::anything(),
            &format!(
                "An object that only the node and its reader understand, up to {} bytes as it is written. What is no object is \
                passed over.",
                AiResult::MOST_METRICS_BYTES
            ),
        )
}

fn object() -> Value {
    let label = format!("What it is; {} characters are kept.", AiResult::MOST_LABEL_CHARS);
    let fields = Fields::default()
        .needed("label", Kind::text(), &label)
        .needed("score", Kind::number_in(0.0..=MOST_PERCENT), "0 to 1. More than 1 is percent.")
        .needed(
            "bbox",
            Kind::row(Kind::number(), 4),
            &format!(
                "[x, y, width, height] of the top left corner in fractions of the frame. A number over {MOST_FRACTION} makes \
                all boxes of the scene pixels, which need frame_width and frame_height. What lies outside of the frame is \
                cut off; what is all outside is left out."
            ),
        )
        .optional("track_id", Kind::anything(), "A number or a text: the same thing has it in later pictures too.");
    fields.object("Detected object", "One thing in the picture.").into()
}

fn counts() -> Value {
    let mut counts = Kind::map(Kind::text(), Kind::whole(ANY), Some(Counts::MOST)).value();
    counts["title"] = "Counts".into();
    counts["description"] = "A number for each word; less than 0 counts as 0.".into();
    counts
}
