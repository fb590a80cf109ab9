//! A message as our own JSON: the body of webhooks, the payload of MQTT.

use crate::{Message, verdict::Verdict};
use serde::Serialize;

/// No alarm is larger than this.
pub const BODY_BYTES: usize = 1024 * 1024;

#[derive(Serialize)]
struct Body<'a> {
    key: &'a str,
    title: &'a str,
    text: &'a str,
    level: u32,
    /// Milliseconds since 1970 in UTC.
    at: i64,
    camera: Option<&'a str>,
    link: Option<&'a str>,
    alarm: &'a serde_json::Value,
}

pub fn json(message: &Message) -> Result<String, Verdict> {
    let body = Body {
        key: &message.key,
        title: &message.title,
        text: &message.text,
        level: message.level,
        at: message.at.0,
        camera: message.camera.as_deref(),
        link: message.link.as_deref(),
        alarm: &message.facts,
    };
    let text = serde_json::to_string(&body).expect("texts, numbers and JSON are JSON");
    within_bounds(text)
}

pub fn within_bounds(text: String) -> Result<String, Verdict> {
    if text.len() > BODY_BYTES { Err(Verdict::refused("the message is larger than 1 MiB")) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{message::tests::message, verdict::Fate};

    #[test]
    fn bytes_of_a_body() {
        let expect = r#"{"key":"alarm-17-1","title":"Camera offline","text":"北门 \"gate\" is offline\nfor 180 s","level":4,"at":1790000000123,"camera":"北门/1","link":"https://site.example/alarms/17","alarm":{"id":17}}"#;
        assert_eq!(json(&message()).unwrap(), expect);
        let bare = Message { camera: None, link: None, ..message() };
        let expect = expect.replace(r#""北门/1""#, "null").replace(r#""https://site.example/alarms/17""#, "null");
        assert_eq!(json(&bare).unwrap(), expect);
    }

    #[test]
    fn a_body_has_a_bound() {
        let message = Message { facts: "x".repeat(BODY_BYTES).into(), ..message() };
        assert_eq!(json(&message).unwrap_err().fate, Fate::Refused);
    }
}
