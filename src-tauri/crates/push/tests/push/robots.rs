//! Robots of groups: what arrives, and what their codes come to.

use crate::{
    scene::{message, pusher, target, word},
    sink::Sink,
};
use serde_json::Value;
use watchwall_push::{
    ChannelKind::{self, Dingtalk, Feishu, Wecom},
    Target,
};

const TOKEN: &str = "6f1d2a3b-0c4d-4e5f-8a9b-0c1d2e3f4a5b";

fn robot(kind: ChannelKind, sink: &Sink) -> Target {
    let url = sink.url(&format!("/say/{TOKEN}?access_token=abcd1234"));
    if kind == Wecom {
        return target(kind, &[], &[("url", &url)]);
    }
    target(kind, &[], &[("url", &url), ("key", "topsecret")])
}

#[track_caller]
fn told_nothing(told: &str) {
    for secret in [TOKEN, "abcd1234", "topsecret"] {
        assert!(!told.contains(secret), "{told}");
    }
}

async fn check(kind: ChannelKind, answers: &[(u16, &str, &str)]) -> Value {
    let sink = Sink::start().await;
    let (pusher, target) = (pusher(), robot(kind, &sink));
    for (status, body, expect) in answers {
        sink.say(*status, body);
        let outcome = pusher.send(&target, &message("k")).await;
        assert_eq!(word(&outcome), (*expect, Some(u32::from(*status))), "{body} {outcome:?}");
        told_nothing(&format!("{outcome:?} {target:?} {}", target.place()));
    }
    let asked = sink.asked().remove(0);
    if kind == Dingtalk {
        assert!(asked.query.contains("&timestamp=1") && asked.query.contains("&sign="), "{}", asked.query);
    }
    serde_json::from_str(&asked.body).unwrap()
}

#[tokio::test]
async fn feishu() {
    let body = check(
        Feishu,
        &[
            (200, r#"{"code":0,"msg":"success","StatusCode":0}"#, "sent"),
            (200, r#"{"code":19021,"msg":"sign match fail, topsecret"}"#, "refused"),
            (200, r#"{"code":11232,"msg":"frequency limited"}"#, "retry"),
            (200, "<html>log in first</html>", "retry"),
            (404, r#"{"msg":"not here"}"#, "refused"),
            (502, "", "retry"),
        ],
    )
    .await;
    assert_eq!(body["msg_type"], "interactive");
    assert_eq!(body["card"]["header"]["template"], "red");
    assert!(body["sign"].as_str().is_some_and(|sign| sign.len() == 44));
}

#[tokio::test]
async fn wecom() {
    let body = check(
        Wecom,
        &[
            (200, r#"{"errcode":0,"errmsg":"ok"}"#, "sent"),
            (
                200,
                r#"{"errcode":93000,"errmsg":"invalid webhook url 6f1d2a3b-0c4d-4e5f-8a9b-0c1d2e3f4a5b"}"#,
                "refused",
            ),
            (200, r#"{"errcode":45009,"errmsg":"api freq out of limit"}"#, "retry"),
        ],
    )
    .await;
    assert!(body["markdown"]["content"].as_str().unwrap().contains("北门 \"gate\"\noffline"));
}

#[tokio::test]
async fn dingtalk() {
    let body = check(
        Dingtalk,
        &[
            (200, r#"{"errcode":0,"errmsg":"ok"}"#, "sent"),
            (200, r#"{"errcode":310000,"errmsg":"token abcd1234 does not fit"}"#, "refused"),
            (200, r#"{"errcode":130101,"errmsg":"send too fast, exceed 20 times per minute"}"#, "retry"),
        ],
    )
    .await;
    assert_eq!(body["markdown"]["title"], "摄像机离线 Camera offline");
}

#[tokio::test]
async fn places_of_robots_are_no_secrets() {
    let url = format!("https://open.feishu.cn/open-apis/bot/v2/hook/{TOKEN}");
    assert_eq!(target(Feishu, &[], &[("url", &url)]).place(), "open.feishu.cn/open-apis/bot/v2/hook/***");
    let url = "https://oapi.dingtalk.com/robot/send?access_token=abcd1234";
    assert_eq!(target(Dingtalk, &[], &[("url", url)]).place(), "oapi.dingtalk.com/robot/send");
}
