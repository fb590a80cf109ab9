//! Whether schema and reader say the same of a message.

use super::{Speaker, json_schema};
use crate::{NodeMessage, SiteMessage};
use serde_json::Value;
use std::sync::LazyLock;

/// What no schema can say: these refusals are the reader's alone.
const UNSPEAKABLE: [&str; 2] = ["results names a scene twice", "metrics is at most"];
/// And these, where the number is written as text.
const BOUNDS: [(&str, &[&str]); 3] = [
    ("ts is in UTC milliseconds", &["ts"]),
    ("frame_width and frame_height are", &["frame_width", "frame_height"]),
    ("max_tasks is", &["max_tasks"]),
];

/// One that can be asked.
pub struct Checked {
    schemas: boon::Schemas,
    index: boon::SchemaIndex,
}

impl Checked {
    /// Of a place in a document, such as `/$defs/NodeMessage`.
    pub fn new(document: Value, place: &str) -> Self {
        let (mut schemas, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
        compiler.add_resource("memory:///schema.json", document).unwrap();
        let index = compiler.compile(&format!("memory:///schema.json#{place}"), &mut schemas).unwrap();
        Self { schemas, index }
    }

    /// Why not.
    pub fn check(&self, message: &Value) -> Result<(), String> {
        self.schemas.validate(message, self.index).map_err(|error| format!("{error:#}"))
    }
}

static NODE: LazyLock<Checked> = LazyLock::new(|| Checked::new(json_schema(), "/$defs/NodeMessage"));
static SITE: LazyLock<Checked> = LazyLock::new(|| Checked::new(json_schema(), "/$defs/SiteMessage"));

/// Fails where one takes what the other does not. What is no JSON at all is no matter of the schema's.
#[track_caller]
pub fn agrees(speaker: Speaker, text: &str) {
    let Ok(message) = serde_json::from_str::<Value>(text) else { return };
    let (read, checked) = match speaker {
        Speaker::Node => (NodeMessage::parse(text).map(drop), NODE.check(&message)),
        Speaker::Site => (SiteMessage::parse(text).map(drop), SITE.check(&message)),
    };
    match (read, checked) {
        (Ok(()), Ok(())) | (Err(_), Err(_)) => {}
        (Ok(()), Err(why)) => panic!("the reader takes what the schema does not: {text:.500}\n{why}"),
        (Err(refusal), Ok(())) => {
            let detail = refusal.to_string();
            let is_text = |fields: &[&str]| fields.iter().any(|field| message[field].is_string());
            let is_bound = BOUNDS.iter().any(|(words, fields)| detail.contains(words) && is_text(fields));
            let is_excused = is_bound || UNSPEAKABLE.iter().any(|words| detail.contains(words));
            assert!(is_excused, "the schema takes what the reader does not: {text:.500}\n{detail}");
        }
    }
}
