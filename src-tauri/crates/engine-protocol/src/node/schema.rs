//! What a node may say, as JSON Schema.

use super::{
    keepalive::{FPS, MOST_ERROR_CHARS, MOST_SCENES as MOST_KEPT_SCENES, STATES},
    register::{DEFAULT_PROTOCOL, DEFAULT_TASKS, MOST_CAPABILITIES, MOST_ID_CHARS, MOST_SCENES, MOST_TASKS},
};
use crate::{
    NodeHeartbeat, NodeRegister, TaskKeepalive, TaskStatus,
    schema::{Fields, Kind, MessageSchema, SCENE_CODE, Speaker},
};
use serde_json::{Map, Value, json};

const ANY: std::ops::RangeInclusive<i64> = i64::MIN..=i64::MAX;
const LOAD: &str = "Load";
const NODE_ID: &str = "NodeId";
const STATE: &str = "TaskState";
const CAPABILITIES: &str = "Capabilities";

pub fn messages() -> Vec<MessageSchema> {
    let message = |kind, name, schema| MessageSchema { kind, name, speaker: Speaker::Node, schema };
    vec![
        message(NodeRegister::TYPE, "NodeRegister", register()),
        message(NodeHeartbeat::TYPE, "NodeHeartbeat", heartbeat()),
        message(TaskKeepalive::TYPE, "TaskKeepalive", keepalive()),
        message(TaskStatus::TYPE, "TaskStatus", status()),
    ]
}

pub fn definitions() -> Vec<(String, Value)> {
    vec![
        (NODE_ID.into(), node_id()),
        (LOAD.into(), load()),
        (STATE.into(), state()),
        (CAPABILITIES.into(), capabilities()),
    ]
}

fn register() -> Map<String, Value> {
    let scenes = Kind::list(Kind::named(SCENE_CODE), MOST_SCENES).or_null();
    let most_tasks = i64::try_from(MOST_TASKS).unwrap_or(i64::MAX);
    Fields::of_message(NodeRegister::TYPE)
        .needed("node_id", Kind::named(NODE_ID), "Kept over restarts: by it a node is known again.")
        .optional(
            "node_name",
            Kind::text().or_null(),
            &format!("Shown, up to {MOST_ID_CHARS} characters of it; the id when it is absent or empty."),
        )
        .optional("ip", Kind::text().or_null(), "Where the node can be reached. Shown, never called.")
        .optional("port", Kind::whole(ANY).or_null(), &format!("Shown. One beyond {} is as good as none.", u16::MAX))
        .defaulting(
            "max_tasks",
            Kind::whole(1..=most_tasks).or_null(),
            DEFAULT_TASKS,
            "Scenes that it runs at once, at most.",
        )
        .optional("algorithms", scenes, "What it can look for. The site gives it nothing else.")
        .optional("load", Kind::named(LOAD).or_null(), "How busy it is.")
        .defaulting("protocol", Kind::whole(ANY).or_null(), DEFAULT_PROTOCOL, "The version it speaks.")
        .optional("capabilities", Kind::named(CAPABILITIES).or_null(), "What it can do besides.")
        .optional(
            "timestamp",
            Kind::whole(ANY).or_null(),
            "Its clock, UTC milliseconds. A clock that is more than 5 s off is corrected by it.",
        )
        .object("NODE_REGISTER", "A node introduces itself. Comes first, and is answered with REGISTERED or ERROR.")
}

fn heartbeat() -> Map<String, Value> {
    let tasks = Kind::list(Kind::whole(ANY), MOST_TASKS).or_null();
    Fields::of_message(NodeHeartbeat::TYPE)
        .needed("node_id", Kind::named(NODE_ID), "As it registered.")
        .optional("load", Kind::named(LOAD).or_null(), "How busy it is.")
        .optional("timestamp", Kind::whole(ANY).or_null(), "Its clock, UTC milliseconds.")
        .optional("tasks", tasks, "Ids of the tasks it goes on with; each is renewed.")
        .object("NODE_HEARTBEAT", "A node says that it lives, as often as REGISTERED asked for.")
}

fn keepalive() -> Map<String, Value> {
    let scenes = Kind::list(Kind::named(SCENE_CODE), MOST_KEPT_SCENES).or_null();
    let fps =
        format!("Pictures a second that it looks at, {} to {}; another number is passed over.", FPS.start(), FPS.end());
    Fields::of_message(TaskKeepalive::TYPE)
        .needed("node_id", Kind::named(NODE_ID), "As it registered.")
        .needed("task_id", Kind::whole(ANY), "As START_TASK said it.")
        .optional("scene_codes", scenes, "Those that live; all that the node runs of the task when it names none.")
        .defaulting("state", Kind::named(STATE).or_null(), STATES[0].0, "How they go.")
        .optional("fps", Kind::number().or_null(), &fps)
        .object("TASK_KEEPALIVE", "A task lives: due at least every 30 s, unless a heartbeat names it or results come.")
}

fn status() -> Map<String, Value> {
    Fields::of_message(TaskStatus::TYPE)
        .needed("task_id", Kind::whole(ANY), "As START_TASK said it.")
        .needed("scene_code", Kind::named(SCENE_CODE), "Which of its scenes.")
        .needed("state", Kind::named(STATE), "How it goes.")
        .optional(
            "error_message",
            Kind::text().or_null(),
            &format!("Why, for people. {MOST_ERROR_CHARS} characters of it are kept."),
        )
        .object("TASK_STATUS", "How one scene goes. An ERROR is given to another node, or told to people.")
}

fn node_id() -> Value {
    // Blanks around it do not count, control characters are in none.
    let control = r"\u0000-\u001F\u007F-\u009F";
    let inner = MOST_ID_CHARS.saturating_sub(2);
    json!({
        "title": "Node id",
        "description": format!("1 to {MOST_ID_CHARS} characters, none of them a control character."),
        "type": "string",
        "pattern": format!(r"^\s*[^\s{control}](?:[^{control}]{{0,{inner}}}[^\s{control}])?\s*$"),
    })
}

fn load() -> Value {
    let share = "0 to 1. More than 1 is percent; what is still out of bounds counts as the bound.";
    let fields = Fields::default()
        .defaulting("cpu", Kind::number(), 0.0, share)
        .defaulting("gpu", Kind::number(), 0.0, share)
        .defaulting("memory", Kind::number(), 0.0, share)
        .defaulting("tasks", Kind::whole(ANY).or_null(), 0, "Scenes it runs.");
    fields.object("Load", "How busy a node is.").into()
}

fn state() -> Value {
    let any_case = |c: char| format!("[{c}{}]", c.to_ascii_lowercase());
    let words: Vec<String> = STATES.iter().map(|(word, _)| word.chars().map(any_case).collect()).collect();
    let plain: Vec<&str> = STATES.iter().map(|(word, _)| *word).collect();
    json!({
        "title": "State of a scene",
        "description": format!("{}, in capitals or not.", plain.join(", ")),
        "type": "string",
        "pattern": format!("^(?:{})$", words.join("|")),
        "examples": plain,
    })
}

fn capabilities() -> Value {
    let flags = Fields::default()
        .defaulting("preview", Kind::plain_flag(), false, "It publishes what it sees, with its boxes drawn.")
        .defaulting("archive", Kind::plain_flag(), false, "It looks at recordings.");
    json!({
        "title": "Capabilities",
        "description": "The names of those it has, preview and archive, or an object of flags. Other names are passed over.",
        "anyOf": [
            Kind::list(Kind::text(), MOST_CAPABILITIES).value(),
            flags.object("Flags", "The same as flags."),
        ],
    })
}
