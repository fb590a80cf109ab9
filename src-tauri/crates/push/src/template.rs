//! A body as somebody else's program wants it: JSON with places to fill in.

use crate::Message;
use serde::de::IgnoredAny;
use watchwall_model::UtcMillis;

/// JSON with `{{title}}`, `{{text}}`, `{{level}}`, `{{at}}` (milliseconds), `{{time}}` (ISO 8601, UTC), `{{camera}}`,
/// `{{link}}` and `{{key}}`. Texts belong between quotes and are escaped; `{{level}}` and `{{at}}` may be numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Words(String),
    Place(Place),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Title,
    Text,
    Level,
    At,
    Time,
    Camera,
    Link,
    Key,
}

impl Place {
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "title" => Self::Title,
            "text" => Self::Text,
            "level" => Self::Level,
            "at" => Self::At,
            "time" => Self::Time,
            "camera" => Self::Camera,
            "link" => Self::Link,
            "key" => Self::Key,
            _ => return None,
        })
    }
}

impl Template {
    /// `None` when a place is unknown, or what it gives is no JSON for every message.
    pub fn read(text: &str) -> Option<Self> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((words, tail)) = rest.split_once("{{") {
            // `{"a":{{"b":1}}` cannot be: two braces always open a place, JSON itself never needs them side by side.
            let (name, tail) = tail.split_once("}}")?;
            pieces.push(Piece::Words(words.to_owned()));
            pieces.push(Piece::Place(Place::parse(name.trim())?));
            rest = tail;
        }
        pieces.push(Piece::Words(rest.to_owned()));
        let template = Self(pieces);
        [worst(), barest()].iter().all(|message| template.fill(message).is_some()).then_some(template)
    }

    /// `None` when what comes out is no JSON.
    pub fn fill(&self, message: &Message) -> Option<String> {
        let text: String = self.0.iter().map(|piece| piece.text(message)).collect();
        serde_json::from_str::<IgnoredAny>(&text).is_ok().then_some(text)
    }
}

impl Piece {
    fn text(&self, message: &Message) -> String {
        match self {
            Self::Words(words) => words.clone(),
            Self::Place(Place::Title) => escaped(&message.title),
            Self::Place(Place::Text) => escaped(&message.text),
            Self::Place(Place::Level) => message.level.to_string(),
            Self::Place(Place::At) => message.at.0.to_string(),
            Self::Place(Place::Time) => message.time(),
            Self::Place(Place::Camera) => escaped(message.camera.as_deref().unwrap_or_default()),
            Self::Place(Place::Link) => escaped(message.link.as_deref().unwrap_or_default()),
            Self::Place(Place::Key) => escaped(&message.key),
        }
    }
}

/// Inside of quotes.
fn escaped(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

/// A message whose texts need every care: a template that takes it takes all.
fn worst() -> Message {
    let text = "\"\\\n}, {".to_owned();
    Message {
        key: text.clone(),
        title: text.clone(),
        text: text.clone(),
        level: 4,
        at: UtcMillis(0),
        camera: Some(text.clone()),
        link: Some(text),
        picture: None,
        facts: serde_json::Value::Null,
    }
}

fn barest() -> Message {
    Message { key: String::new(), title: String::new(), text: String::new(), camera: None, link: None, ..worst() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::tests::message;

    #[track_caller]
    fn check(template: &str, expect: Option<&str>) {
        let filled = Template::read(template).map(|template| template.fill(&message()).unwrap());
        assert_eq!(filled.as_deref(), expect, "{template}");
    }

    #[test]
    fn places_are_filled_and_escaped() {
        check(r#"{"a":1}"#, Some(r#"{"a":1}"#));
        check(
            r#"{"msg": "{{title}}: {{text}}"}"#,
            Some(r#"{"msg": "Camera offline: 北门 \"gate\" is offline\nfor 180 s"}"#),
        );
        check(r#"{"level":{{level}},"at":{{ at }}}"#, Some(r#"{"level":4,"at":1790000000123}"#));
        check(r#"["{{level}}","{{time}}"]"#, Some(r#"["4","2026-09-21T14:13:20.123Z"]"#));
        check(
            r#"{"c":"{{camera}}","l":"{{link}}","k":"{{key}}"}"#,
            Some(r#"{"c":"北门/1","l":"https://site.example/alarms/17","k":"alarm-17-1"}"#),
        );
    }

    #[test]
    fn what_would_not_always_be_json_is_refused() {
        check("", None);
        check("text {{title}}", None);
        check(r#"{"a": {{title}}}"#, None);
        check(r#"{"a": "{{title}}""#, None);
        check(r#"{"a": "\{{title}}"}"#, None);
        check(r#"{"a": "{{nobody}}"}"#, None);
        check(r#"{"a": "{{title"}"#, None);
        check(r#"{"a": 1{{camera}}}"#, None);
    }
}
