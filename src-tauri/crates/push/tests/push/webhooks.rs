//! Every way a receiver of webhooks may behave.

use crate::{
    scene::{ended_in_time, hasty, message, options, pusher, target, word},
    servers::certificates,
    sink::Sink,
};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use watchwall_model::UtcMillis;
use watchwall_push::{ChannelKind::Webhook, Outcome, Pusher, PusherOptions, Reach, Target};

fn hook(url: &str) -> Target {
    target(Webhook, &[("url", url)], &[("key", "topsecret")])
}

#[tokio::test]
async fn the_status_says_what_came_of_it() {
    let sink = Sink::start().await;
    let pusher = pusher();
    for (status, expect) in [
        (200, "sent"),
        (201, "sent"),
        (204, "sent"),
        (400, "refused"),
        (401, "refused"),
        (404, "refused"),
        (408, "retry"),
        (410, "refused"),
        (429, "retry"),
        (500, "retry"),
        (503, "retry"),
    ] {
        let outcome = pusher.send(&hook(&sink.url(&format!("/{status}"))), &message("k")).await;
        assert_eq!(word(&outcome), (expect, Some(status)), "{outcome:?}");
        let expect = if status == 204 { String::new() } else { format!("this is {status}") };
        assert_eq!(outcome.answer().response, expect);
    }
    assert_eq!(sink.connections(), 1, "the connection is kept");
}

#[tokio::test]
async fn what_arrives() {
    let sink = Sink::start().await;
    let outcome = pusher().send(&hook(&sink.url("/200")), &message("alarm 17")).await;
    assert!(outcome.is_sent());
    let asked = sink.asked().remove(0);
    assert_eq!(asked.headers["content-type"], "application/json; charset=utf-8");
    assert_eq!(asked.headers["idempotency-key"], "alarm%2017");
    assert!(asked.headers["user-agent"].starts_with("watchwall/"));
    let body: serde_json::Value = serde_json::from_str(&asked.body).unwrap();
    let expect = serde_json::json!({
        "key": "alarm 17", "title": "摄像机离线 Camera offline", "text": "北门 \"gate\"\noffline for 180 s", "level": 4,
        "at": 1_790_000_000_123_i64, "camera": "北门/1", "link": "https://site.example/alarms/17", "alarm": { "id": 17 },
    });
    assert_eq!(body, expect);
    let signature = asked.headers["x-watchwall-signature"].strip_prefix("sha256=").unwrap();
    assert!(signature.len() == 64 && signature.bytes().all(|b| b.is_ascii_hexdigit()), "{signature}");
    let age_ms = UtcMillis::now().0 - asked.headers["x-watchwall-timestamp"].parse::<i64>().unwrap();
    assert!((0..60_000).contains(&age_ms), "{age_ms}");
}

#[tokio::test]
async fn waits_are_those_of_the_target() {
    let sink = Sink::start().await;
    let outcome = pusher().send(&hook(&sink.url("/slow")), &message("k")).await;
    assert_eq!(word(&outcome), ("retry", Some(429)));
    assert_eq!(outcome.answer().retry_after, Some(Duration::from_secs(7)));
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let sink = Sink::start().await;
    let outcome = pusher().send(&hook(&sink.url("/redirect")), &message("k")).await;
    assert_eq!(word(&outcome), ("refused", Some(302)));
    assert_eq!(outcome.answer().response, "it redirects to 127.0.0.1:1/else; redirects are not followed");
    assert_eq!(sink.asked().len(), 1);
}

#[tokio::test]
async fn endless_answers_are_left() {
    let sink = Sink::start().await;
    let outcome = pusher().send(&hook(&sink.url("/huge")), &message("k")).await;
    assert_eq!(word(&outcome), ("sent", Some(200)));
    assert_eq!(outcome.answer().response, "x".repeat(500));
}

#[tokio::test]
async fn a_receiver_that_hangs_is_left_in_time() {
    let sink = Sink::start().await;
    ended_in_time(&hasty().send(&hook(&sink.url("/hang")), &message("k")).await);
}

/// Reads what is asked, answers with this and closes.
async fn says(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut buffer = [0; 8192];
            let _ = stream.read(&mut buffer).await;
            let _ = stream.write_all(answer).await;
        }
    });
    format!("http://{address}/")
}

async fn sent_to(url: &str) -> Outcome {
    pusher().send(&hook(url), &message("k")).await
}

#[tokio::test]
async fn connections_that_fail() {
    let closed = sent_to(&says(b"").await).await;
    assert_eq!(word(&closed), ("retry", None));
    assert_eq!(closed.answer().response, "the connection was closed before an answer came");
    let nonsense = sent_to(&says(b"SSH-2.0-OpenSSH\r\n\r\n").await).await;
    assert_eq!(word(&nonsense), ("retry", None));
    assert!(!nonsense.answer().response.is_empty());
    // Half an answer is an answer: its status was there.
    let half = sent_to(&says(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf").await).await;
    assert_eq!((word(&half), half.answer().response.as_str()), (("sent", Some(200)), "half"));
    let nobody = sent_to("http://127.0.0.1:1/").await;
    assert_eq!((word(&nobody), nobody.answer().response.as_str()), (("retry", None), "the connection was refused"));
    let unknown = sent_to("http://nowhere.invalid/").await;
    let response = unknown.answer().response.as_str();
    assert_eq!((word(&unknown), response), (("retry", None), "the name of the host was not found"));
}

#[tokio::test]
async fn certificates_are_checked() {
    let server = certificates::server("127.0.0.1");
    let sink = Sink::with(Some(server.acceptor)).await;
    let url = sink.url("/200");
    let stranger = sent_to(&url).await;
    assert_eq!(word(&stranger), ("retry", None));
    assert!(stranger.answer().response.contains("certificate"), "{stranger:?}");
    let known = target(Webhook, &[("url", &url), ("ca", &server.authority)], &[]);
    assert!(pusher().send(&known, &message("k")).await.is_sent());
    assert_eq!(sink.asked().len(), 1, "nothing was said to the stranger");
    // The right authority for another host.
    let other = certificates::server("elsewhere.example");
    let sink = Sink::with(Some(other.acceptor)).await;
    let known = target(Webhook, &[("url", &sink.url("/200")), ("ca", &other.authority)], &[]);
    let outcome = pusher().send(&known, &message("k")).await;
    assert_eq!(word(&outcome), ("retry", None));
    assert!(sink.asked().is_empty());
}

#[tokio::test]
async fn addresses_that_must_not_be_contacted() {
    let sink = Sink::start().await;
    let others = Pusher::with(PusherOptions { reach: Reach::Others, ..options() });
    for url in [
        sink.url("/200"),
        format!("http://localhost:{}/200", sink.address.port()),
        format!("http://[::ffff:127.0.0.1]:{}/200", sink.address.port()),
        "http://169.254.169.254/latest/meta-data".to_owned(),
    ] {
        let outcome = others.send(&hook(&url), &message("k")).await;
        assert_eq!(word(&outcome), ("refused", None), "{url} {outcome:?}");
        assert_eq!(outcome.answer().response, "that address is not allowed for targets");
    }
    assert_eq!(sink.connections(), 0);
    let outcome = pusher().send(&hook("http://169.254.169.254/latest"), &message("k")).await;
    assert_eq!(word(&outcome), ("refused", None));
}

#[tokio::test]
async fn secrets_that_come_back_are_not_told() {
    let sink = Sink::start().await;
    let url = sink.url("/echo/0123456789abcdef0123456789?token=se%2Fcret");
    let target = target(Webhook, &[("url", &url), ("template", r#"{"k":"topsecret"}"#)], &[("key", "topsecret")]);
    let outcome = pusher().send(&target, &message("k")).await;
    assert_eq!(word(&outcome), ("refused", Some(400)));
    let told = format!("{outcome:?} {target:?} {}", target.place());
    assert!(outcome.answer().response.starts_with("/echo/***?***"), "{told}");
    for secret in ["topsecret", "0123456789abcdef", "se%2Fcret", "se/cret"] {
        assert!(!told.contains(secret), "{told}");
    }
}

#[tokio::test]
async fn a_closed_pusher_can_be_closed_again() {
    let sink = Sink::start().await;
    let pusher = pusher();
    assert!(pusher.send(&hook(&sink.url("/200")), &message("k")).await.is_sent());
    pusher.clone().close().await;
    pusher.close().await;
}

#[tokio::test]
async fn the_desktop_is_the_sites_own() {
    let desktop = target(watchwall_push::ChannelKind::Desktop, &[], &[]);
    assert_eq!(word(&pusher().send(&desktop, &message("k")).await), ("refused", None));
    assert_eq!(desktop.place(), "");
}
