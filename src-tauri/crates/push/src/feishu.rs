//! The custom bot of a Feishu (Lark) group: a card whose colour tells the level.
//!
//! "Custom bot usage guide", open.feishu.cn/document/client-docs/bot-v3/add-custom-bot: the body may have 20 KB; the
//! signature is the HMAC-SHA256 of nothing under `timestamp + "\n" + secret`, in base64, its timestamp in seconds and at
//! most an hour old; 100 messages a minute and 5 a second, else code 11232.

use crate::{
    Message,
    exchange::{Deadline, HttpClients, Post},
    message::shorten,
    robot::{Codes, Robot, judge},
    sign,
    verdict::Verdict,
};
use serde::Serialize;
use watchwall_model::{Secret, UtcMillis};

pub const SECRETS: [&str; 2] = ["url", "key"];
const TITLE_BYTES: usize = 500;
/// Twice that, as JSON may need it, stays within the body's limit.
const TEXT_BYTES: usize = 7000;
const LINK_BYTES: usize = 1000;

const CODES: Codes = Codes {
    names: &["code", "StatusCode"],
    // Too many messages: of this bot, and of any caller ("Rate limits").
    passing: &[11232, 99991400],
    // Bad request, unknown or switched-off bot, bad parameters, wrong signature, address not allowed, keyword missing,
    // too large.
    lasting: &[9499, 19001, 19002, 19021, 19022, 19024, 19036],
};

pub async fn send(robot: &Robot, message: &Message, http: &HttpClients, deadline: Deadline) -> Verdict {
    let post = Post {
        url: robot.url.clone(),
        headers: Vec::new(),
        body: render(robot.key.as_ref(), message, UtcMillis::now()),
    };
    http.post(post, robot.own.as_ref(), deadline)
        .await
        .map_or_else(|verdict| verdict, |answered| judge(&answered, &CODES))
}

/// Structs, not maps: the order of a map's keys depends on what else is built.
#[derive(Serialize)]
struct Body {
    msg_type: &'static str,
    card: Card,
    #[serde(flatten)]
    signature: Option<Signature>,
}

#[derive(Serialize)]
struct Signature {
    timestamp: String,
    sign: String,
}

#[derive(Serialize)]
struct Card {
    config: Config,
    header: Header,
    elements: Vec<Div>,
    #[serde(skip_serializing_if = "Option::is_none")]
    card_link: Option<CardLink>,
}

#[derive(Serialize)]
struct Config {
    wide_screen_mode: bool,
}

#[derive(Serialize)]
struct Header {
    template: &'static str,
    title: Words,
}

#[derive(Serialize)]
struct Div {
    tag: &'static str,
    text: Words,
}

#[derive(Serialize)]
struct Words {
    tag: &'static str,
    content: String,
}

#[derive(Serialize)]
struct CardLink {
    url: String,
}

impl Div {
    fn of(tag: &'static str, content: String) -> Self {
        Self { tag: "div", text: Words { tag, content } }
    }
}

fn render(key: Option<&Secret>, message: &Message, now: UtcMillis) -> String {
    let template = match message.level {
        0 | 1 => "blue",
        2 => "yellow",
        3 => "orange",
        _ => "red",
    };
    let title = Words { tag: "plain_text", content: shorten(&message.title_line(), TITLE_BYTES) };
    let link = message.web_link().filter(|link| link.len() <= LINK_BYTES);
    let text = Div::of("plain_text", shorten(message.text.trim(), TEXT_BYTES));
    let foot = link.iter().map(|link| Div::of("lark_md", format!("[{link}]({link})")));
    let card = Card {
        config: Config { wide_screen_mode: true },
        header: Header { template, title },
        elements: std::iter::once(text).chain(foot).collect(),
        card_link: link.map(|url| CardLink { url }),
    };
    let signature = key.map(|key| {
        let timestamp = now.0.div_euclid(1000).to_string();
        Signature { sign: signature(&timestamp, key), timestamp }
    });
    let body = Body { msg_type: "interactive", card, signature };
    serde_json::to_string(&body).expect("texts and numbers are JSON")
}

fn signature(timestamp: &str, key: &Secret) -> String {
    sign::base64(&sign::hmac(format!("{timestamp}\n{}", key.reveal()).as_bytes(), b""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{message::tests::message, robot::tests::check, verdict::Fate};

    #[test]
    fn bytes_of_a_signed_card() {
        let expect = concat!(
            r#"{"msg_type":"interactive","card":{"config":{"wide_screen_mode":true},"#,
            r#""header":{"template":"red","title":{"tag":"plain_text","content":"Camera offline"}},"#,
            r#""elements":[{"tag":"div","text":{"tag":"plain_text","content":"北门 \"gate\" is offline\nfor 180 s"}},"#,
            r#"{"tag":"div","text":{"tag":"lark_md","content":"[https://site.example/alarms/17](https://site.example/alarms/17)"}}],"#,
            r#""card_link":{"url":"https://site.example/alarms/17"}},"#,
            r#""timestamp":"1790000000","sign":"1HU3fxrSLvaBVGexr5z/DQ/fGgj3qiNZKJV9SNIT1LA="}"#,
        );
        // key=$(printf '1790000000\ntopsecret'); printf '' | openssl dgst -sha256 -hmac "$key" -binary | base64
        assert_eq!(render(Some(&Secret::new("topsecret")), &message(), UtcMillis(1_790_000_000_999)), expect);
    }

    #[test]
    fn bytes_of_a_bare_card() {
        let message = Message { level: 2, link: None, title: "盘满".into(), text: " full ".into(), ..message() };
        let expect = concat!(
            r#"{"msg_type":"interactive","card":{"config":{"wide_screen_mode":true},"#,
            r#""header":{"template":"yellow","title":{"tag":"plain_text","content":"盘满"}},"#,
            r#""elements":[{"tag":"div","text":{"tag":"plain_text","content":"full"}}]}}"#,
        );
        assert_eq!(render(None, &message, UtcMillis(0)), expect);
    }

    #[test]
    fn a_card_stays_within_20_kb() {
        let message = Message { title: "\"".repeat(9000), text: "\"\n".repeat(40_000), ..message() };
        assert!(render(None, &message, UtcMillis(0)).len() < 20_000);
    }

    #[test]
    fn answers() {
        check(&CODES, 200, r#"{"code":0,"msg":"success","data":{},"StatusCode":0}"#, Fate::Sent);
        check(&CODES, 200, r#"{"StatusCode":0,"StatusMessage":"success"}"#, Fate::Sent);
        check(
            &CODES,
            200,
            r#"{"code":19021,"msg":"sign match fail or timestamp is not within one hour"}"#,
            Fate::Refused,
        );
        check(&CODES, 200, r#"{"code":9499,"msg":"Bad Request","data":{}}"#, Fate::Refused);
        check(&CODES, 200, r#"{"code":11232,"msg":"frequency limited"}"#, Fate::Retry);
        check(&CODES, 400, r#"{"code":99991400,"msg":"request trigger frequency limit"}"#, Fate::Retry);
    }
}
