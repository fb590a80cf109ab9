//! The topic that a message is published under (MQTT 5, section 4.7).

use crate::{Message, fields::invalid, message::shorten};
use std::fmt;
use watchwall_model::Problem;

const TOPIC_BYTES: usize = 500;
const CAMERA_BYTES: usize = 200;
/// In place of a camera, when it is about none.
const SITE: &str = "site";

/// Text with `{level}` and `{camera}` to fill in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic(String);

impl Topic {
    pub fn read(text: &str) -> Result<Self, Problem> {
        if text.len() > TOPIC_BYTES {
            return Err(invalid("topic", "too_long"));
        }
        let rest = text.replace("{level}", "").replace("{camera}", "");
        // `+` and `#` are for those who listen, `$` is the broker's own.
        if rest.contains(['+', '#', '{', '}', '\0']) || text.starts_with('$') {
            return Err(invalid("topic", "topic_invalid"));
        }
        Ok(Self(text.to_owned()))
    }

    pub fn fill(&self, message: &Message) -> String {
        let camera = message.camera.as_deref().map(str::trim).filter(|camera| !camera.is_empty()).unwrap_or(SITE);
        let camera = shorten(camera, CAMERA_BYTES).replace(|c: char| "+#/".contains(c) || c.is_control(), "_");
        let topic = self.0.replace("{level}", &message.level.to_string()).replace("{camera}", &camera);
        match topic.strip_prefix('$') {
            Some(rest) => format!("_{rest}"),
            None => topic,
        }
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::tests::message;

    #[track_caller]
    fn check(topic: &str, camera: Option<&str>, expect: Result<&str, &str>) {
        let message = Message { camera: camera.map(str::to_owned), ..message() };
        let filled = Topic::read(topic).map(|topic| topic.fill(&message));
        let filled = filled.map_err(|problem| problem.params["reason"].clone());
        assert_eq!(filled.as_deref().map_err(String::as_str), expect, "{topic}");
    }

    #[test]
    fn topics() {
        check("site/alarms", None, Ok("site/alarms"));
        check("w/{level}/{camera}", Some("Gate 1"), Ok("w/4/Gate 1"));
        check("w/{level}/{camera}", None, Ok("w/4/site"));
        check("w/{camera}", Some("北门/a+b#c\n"), Ok("w/北门_a_b_c"));
        check("{camera}/x", Some("$SYS"), Ok("_SYS/x"));
        check("w/{camera}", Some("{level}"), Ok("w/{level}"));
        check("w/+/x", None, Err("topic_invalid"));
        check("w/#", None, Err("topic_invalid"));
        check("$SYS/x", None, Err("topic_invalid"));
        check("w/{kind}", None, Err("topic_invalid"));
        check(&"x".repeat(501), None, Err("too_long"));
    }
}
