//! The custom robot of a DingTalk group: markdown.
//!
//! "Custom robot access", open.dingtalk.com/document/robots/custom-robot-access: `title` is what the notification shows,
//! `text` the markdown; more than 20 messages a minute shut the robot up for 10 minutes (130101, 410100). "Security
//! settings", .../robots/customize-robot-security-settings: `sign` is the HMAC-SHA256 of `timestamp + "\n" + secret` under
//! the secret, in base64, its timestamp in milliseconds; both go into the query.

use crate::{
    Message,
    exchange::{Deadline, HttpClients, Post},
    markdown::plain,
    message::shorten,
    robot::{Codes, Robot, judge},
    sign,
    verdict::Verdict,
};
use serde::Serialize;
use url::Url;
use watchwall_model::{Secret, UtcMillis};

pub const SECRETS: [&str; 2] = ["url", "key"];
const TITLE_BYTES: usize = 200;
const TEXT_BYTES: usize = 5000;
const LINK_BYTES: usize = 1000;

const CODES: Codes = Codes {
    names: &["errcode"],
    // Busy; too many messages, under two numbers.
    passing: &[-1, 130101, 410100],
    // No JSON, wrong header, group or token gone, robot stopped, message type, robot gone; unsafe link, text, picture or
    // content; token unknown; keyword, signature or address does not fit.
    lasting: &[
        40035, 43004, 300001, 300005, 310000, 400013, 400101, 400102, 400105, 400106, 430101, 430102, 430103, 430104,
    ],
};

pub async fn send(robot: &Robot, message: &Message, http: &HttpClients, deadline: Deadline) -> Verdict {
    let url = signed(&robot.url, robot.key.as_ref(), UtcMillis::now());
    let post = Post { url, headers: Vec::new(), body: render(message) };
    http.post(post, robot.own.as_ref(), deadline)
        .await
        .map_or_else(|verdict| verdict, |answered| judge(&answered, &CODES))
}

fn signed(url: &Url, key: Option<&Secret>, now: UtcMillis) -> Url {
    let mut url = url.clone();
    if let Some(key) = key {
        let timestamp = now.0.to_string();
        let mac = sign::hmac(key.reveal().as_bytes(), format!("{timestamp}\n{}", key.reveal()).as_bytes());
        url.query_pairs_mut().append_pair("timestamp", &timestamp).append_pair("sign", &sign::base64(&mac));
    }
    url
}

#[derive(Serialize)]
struct Body {
    msgtype: &'static str,
    markdown: Markdown,
}

#[derive(Serialize)]
struct Markdown {
    title: String,
    text: String,
}

fn render(message: &Message) -> String {
    let title = shorten(&message.title_line(), TITLE_BYTES);
    // A single line break is none in its markdown.
    let text = plain(&shorten(message.text.trim(), TEXT_BYTES)).replace('\n', "\n\n");
    let link = message.web_link().filter(|link| link.len() <= LINK_BYTES);
    let foot = link.map(|link| format!("\n\n[{link}]({link})")).unwrap_or_default();
    let text = format!("### {}\n\n{text}{foot}", plain(&title));
    let body = Body { msgtype: "markdown", markdown: Markdown { title, text } };
    serde_json::to_string(&body).expect("texts are JSON")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{message::tests::message, robot::tests::check, verdict::Fate};

    #[test]
    fn bytes_of_a_message() {
        let expect = concat!(
            r####"{"msgtype":"markdown","markdown":{"title":"Camera offline","text":"### Camera offline\n\n北门 \"gate\" is offline\n\nfor 180 s"####,
            r#"\n\n[https://site.example/alarms/17](https://site.example/alarms/17)"}}"#,
        );
        assert_eq!(render(&message()), expect);
    }

    #[test]
    fn signed_in_the_query() {
        let url = Url::parse("https://oapi.dingtalk.com/robot/send?access_token=abc").unwrap();
        // printf '1790000000123\ntopsecret' | openssl dgst -sha256 -hmac topsecret -binary | base64, then %2B %2F %3D
        let expect = "https://oapi.dingtalk.com/robot/send?access_token=abc&timestamp=1790000000123&sign=nRWS72RcwxZyCqp%2BMJXWDXObmf2p27k6pGRqzx1QcYU%3D";
        assert_eq!(signed(&url, Some(&Secret::new("topsecret")), UtcMillis(1_790_000_000_123)).as_str(), expect);
        assert_eq!(signed(&url, None, UtcMillis(0)), url);
    }

    #[test]
    fn texts_stay_short() {
        let long = Message { title: "门".repeat(9000), text: "\n门".repeat(9000), ..message() };
        assert!(render(&long).len() < 20_000);
    }

    #[test]
    fn answers() {
        check(&CODES, 200, r#"{"errcode":0,"errmsg":"ok"}"#, Fate::Sent);
        check(&CODES, 200, r#"{"errcode":130101,"errmsg":"send too fast, exceed 20 times per minute"}"#, Fate::Retry);
        check(&CODES, 200, r#"{"errcode":310000,"errmsg":"sign not match"}"#, Fate::Refused);
        check(&CODES, 200, r#"{"errcode":300005,"errmsg":"token is not exist"}"#, Fate::Refused);
    }
}
