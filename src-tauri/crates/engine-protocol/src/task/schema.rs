//! What the site says, as JSON Schema: it writes what it says, and readers of these crates take nothing else.

use super::TaskParams;
use crate::schema::{Fields, Kind, MessageSchema, SCENE_CODE, Speaker};
use serde_json::{Map, Value};

const ANY: std::ops::RangeInclusive<i64> = i64::MIN..=i64::MAX;
const U32: std::ops::RangeInclusive<i64> = 0..=u32::MAX as i64;
const PARAMS: &str = "TaskParams";
const RANGE: &str = "TaskRange";
const POLYGON: &str = "Points";

pub fn messages() -> Vec<MessageSchema> {
    let message = |kind, name, schema| MessageSchema { kind, name, speaker: Speaker::Site, schema };
    vec![
        message("REGISTERED", "Registered", registered()),
        message(
            "START_TASK",
            "StartTask",
            with_data(
                "START_TASK",
                start_task(),
                "Look for these scenes in this stream. Answered within 5 s by anything that says that the task \
                 lives. One that comes again for a task that runs changes it, without a gap.",
            ),
        ),
        message(
            "STOP_TASK",
            "StopTask",
            with_data("STOP_TASK", stop_task(), "Look no more. What does not run is no error."),
        ),
        message(
            "START_PREVIEW",
            "StartPreview",
            with_data(
                "START_PREVIEW",
                preview(),
                "Publish what is seen, with its boxes drawn. Only for nodes with the capability preview.",
            ),
        ),
        message(
            "STOP_PREVIEW",
            "StopPreview",
            with_data("STOP_PREVIEW", task_id(Fields::default()), "Publish it no more."),
        ),
        message("ERROR", "Error", error()),
    ]
}

pub fn definitions() -> Vec<(String, Value)> {
    let mut points = Kind::endless_list(Kind::row(Kind::number(), 2)).value();
    points["title"] = "Points".into();
    points["description"] = "[x, y] of each, in fractions of the frame from its top left corner.".into();
    vec![(POLYGON.into(), points), (PARAMS.into(), params()), (RANGE.into(), range())]
}

fn registered() -> Map<String, Value> {
    Fields::of_message("REGISTERED")
        .needed("node_id", Kind::text(), "The node's own.")
        .needed("heartbeat_seconds", Kind::plain_whole(U32), "A heartbeat is due this often.")
        .needed("server_time", Kind::plain_whole(ANY), "The site's clock, UTC milliseconds.")
        .needed("protocol", Kind::plain_whole(U32), "The version the site speaks.")
        .object("REGISTERED", "The site took the NODE_REGISTER.")
}

fn error() -> Map<String, Value> {
    Fields::of_message("ERROR")
        .needed(
            "code",
            Kind::text(),
            "json_invalid, type_missing, field_invalid, message_too_large, not_registered or node_id_taken.",
        )
        .needed("message", Kind::text(), "For whoever mends the node.")
        .needed("of", Kind::text(), "The type of the message that was not taken, as far as it could be read.")
        .object("ERROR", "A message was not taken. The connection stays.")
}

fn with_data(kind: &str, data: Fields, description: &str) -> Map<String, Value> {
    let mut schema = Fields::of_message(kind).object(kind, description);
    let data: Value = data.object("data", &format!("Data of {kind}.")).into();
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        properties.insert("data".into(), data);
    }
    schema.insert("required".into(), vec!["type", "data"].into());
    schema
}

fn task_id(fields: Fields) -> Fields {
    fields.needed("task_id", Kind::plain_whole(ANY), "Said back in everything about the task.")
}

fn start_task() -> Fields {
    let code = || Kind::named(SCENE_CODE);
    let lines = Kind::map(code(), Kind::endless_list(Kind::named(POLYGON)), None);
    task_id(Fields::default())
        .needed("camera_id", Kind::plain_whole(ANY), "Said back in results.")
        .needed("scene_codes", Kind::endless_list(code()), "What to look for.")
        .needed(
            "stream_key",
            Kind::text(),
            "camera:subtype, such as 3:sub. Tasks with the same key may share one pull.",
        )
        .needed(
            "rtsp",
            Kind::text(),
            "Where the pictures are: an address with a token that ends soon, so pull at once.",
        )
        .needed("confThreshold", Kind::number(), "0 to 1. What the node is less sure of is not reported.")
        .optional("region", Kind::named(POLYGON), "A polygon for all scenes; absent for the whole picture.")
        .optional(
            "regions",
            Kind::map(code(), Kind::named(POLYGON), None),
            "Polygons for single scenes; they stand before region.",
        )
        .optional(
            "lines",
            lines,
            "For scenes about crossing: lines of two points or more. What goes from its left to its right crosses one.",
        )
        .optional("params", Kind::named(PARAMS), "How it is to be run.")
        .optional(
            "range",
            Kind::named(RANGE).or_null(),
            "Recordings instead of what happens now. Only for nodes with the capability archive.",
        )
}

fn stop_task() -> Fields {
    let scenes = Kind::endless_list(Kind::named(SCENE_CODE));
    task_id(Fields::default()).optional("scene_codes", scenes, "These of its scenes; all when there are none.")
}

fn preview() -> Fields {
    task_id(Fields::default())
        .needed("preview_path", Kind::text(), "Such as ai_task_7.")
        .needed("fps", Kind::plain_whole(U32), "Pictures a second.")
        .needed("draw", Kind::plain_flag(), "Whether boxes are drawn.")
        .needed("encoder", Kind::text(), "Such as h264.")
        .needed("bitrate", Kind::text(), "Such as 3000k.")
        .needed("preview_mode", Kind::text(), "RESULT_DRIVEN: a picture for each result.")
        .needed("width", Kind::plain_whole(U32), "Pixels.")
        .needed("height", Kind::plain_whole(U32), "Pixels.")
}

fn params() -> Value {
    let params = TaskParams::default();
    let quality = Kind::word(&["LOW", "MEDIUM", "HIGH"]);
    let policy = Kind::word(&["OFF", "ALL", "ALARM"]);
    let word = |value: Result<Value, _>| value.unwrap_or_default();
    let fields = Fields::default()
        .defaulting("input_fps", Kind::plain_whole(U32), params.input_fps, "Pictures a second to look at.")
        .defaulting("in_w", Kind::plain_whole(U32), params.in_w, "Width to look at, pixels.")
        .defaulting("in_h", Kind::plain_whole(U32), params.in_h, "Height to look at, pixels.")
        .defaulting(
            "result_fps",
            Kind::plain_whole(U32),
            params.result_fps,
            "Results a second, at most; alarms at once.",
        )
        .defaulting("quality", quality, word(serde_json::to_value(params.quality)), "How hard to look.")
        .defaulting("alarm_enabled", Kind::plain_flag(), params.alarm_enabled, "Without it nothing is an alarm.")
        .defaulting(
            "snapshot_policy",
            policy,
            word(serde_json::to_value(params.snapshot_policy)),
            "Which results come with their picture.",
        )
        .defaulting(
            "snapshot_quality",
            Kind::plain_whole(0..=u8::MAX.into()),
            params.snapshot_quality,
            "Of a JPEG, 1 to 100.",
        );
    fields.object("Parameters", "How a task is to be run.").into()
}

fn range() -> Value {
    let fields = Fields::default().needed("from", Kind::plain_whole(ANY), "The first millisecond, UTC.").needed(
        "to",
        Kind::plain_whole(ANY),
        "The end, exclusive.",
    );
    fields.object("Range", "Of recordings.").into()
}
