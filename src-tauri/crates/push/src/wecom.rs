//! The robot of a WeCom group: markdown.
//!
//! "Group robot", developer.work.weixin.qq.com/document/path/91770: the content of markdown may have 4096 bytes of UTF-8,
//! `<font color="warning">` is orange and `"info"` green, 20 messages a minute. "Global error codes", path/90455: -1 is a
//! busy system, 45009 too many calls; JSON must not spell characters as `\uxxxx` (40033).

use crate::{
    Message,
    exchange::{Deadline, HttpClients, Post},
    markdown::plain,
    message::shorten,
    robot::{Codes, Robot, judge},
    verdict::Verdict,
};
use serde::Serialize;

pub const SECRETS: [&str; 1] = ["url"];
const CONTENT_BYTES: usize = 4096;
const TITLE_BYTES: usize = 500;
/// A link that leaves no room for the text is left out.
const LINK_BYTES: usize = 1000;

const CODES: Codes = Codes {
    names: &["errcode"],
    // Busy; too many calls, too many at once.
    passing: &[-1, 45009, 45033],
    // Message type, characters, parameters, empty, too long, no JSON, unknown address of a robot.
    lasting: &[40008, 40033, 40035, 40058, 44004, 45002, 47001, 93000],
};

pub async fn send(robot: &Robot, message: &Message, http: &HttpClients, deadline: Deadline) -> Verdict {
    let post = Post { url: robot.url.clone(), headers: Vec::new(), body: render(message) };
    http.post(post, robot.own.as_ref(), deadline)
        .await
        .map_or_else(|verdict| verdict, |answered| judge(&answered, &CODES))
}

#[derive(Serialize)]
struct Body {
    msgtype: &'static str,
    markdown: Markdown,
}

#[derive(Serialize)]
struct Markdown {
    content: String,
}

fn render(message: &Message) -> String {
    let color = if message.level >= 3 { "warning" } else { "info" };
    let title = shorten(&plain(&message.title_line()), TITLE_BYTES);
    let head = format!("### <font color=\"{color}\">{title}</font>\n");
    let link = message.web_link().filter(|link| link.len() <= LINK_BYTES);
    let foot = link.map(|link| format!("\n[{link}]({link})")).unwrap_or_default();
    let text = shorten(&plain(message.text.trim()), CONTENT_BYTES - head.len() - foot.len());
    let body = Body { msgtype: "markdown", markdown: Markdown { content: format!("{head}{text}{foot}") } };
    serde_json::to_string(&body).expect("texts are JSON")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{message::tests::message, robot::tests::check, verdict::Fate};

    #[test]
    fn bytes_of_a_message() {
        let expect = concat!(
            r####"{"msgtype":"markdown","markdown":{"content":"### <font color=\"warning\">Camera offline</font>\n北门 \"gate\" is offline\nfor 180 s"####,
            r#"\n[https://site.example/alarms/17](https://site.example/alarms/17)"}}"#,
        );
        assert_eq!(render(&message()), expect);
        let bare = Message { level: 1, link: None, title: "<@all>".into(), text: "[x](y)".into(), ..message() };
        let expect = r####"{"msgtype":"markdown","markdown":{"content":"### <font color=\"info\">＜＠all></font>\n［x］(y)"}}"####;
        assert_eq!(render(&bare), expect);
    }

    #[test]
    fn the_content_stays_within_4096_bytes() {
        let long = Message {
            title: "门".repeat(3000),
            text: "<".repeat(9000),
            link: Some(format!("https://site.example/{}", "(".repeat(300))),
            ..message()
        };
        let body: serde_json::Value = serde_json::from_str(&render(&long)).unwrap();
        let content = body["markdown"]["content"].as_str().unwrap();
        assert!((4000..=4096).contains(&content.len()), "{}", content.len());
    }

    #[test]
    fn answers() {
        check(&CODES, 200, r#"{"errcode":0,"errmsg":"ok"}"#, Fate::Sent);
        check(&CODES, 200, r#"{"errcode":45009,"errmsg":"api freq out of limit"}"#, Fate::Retry);
        check(&CODES, 200, r#"{"errcode":-1,"errmsg":"system busy"}"#, Fate::Retry);
        check(&CODES, 200, r#"{"errcode":93000,"errmsg":"invalid webhook url"}"#, Fate::Refused);
    }
}
