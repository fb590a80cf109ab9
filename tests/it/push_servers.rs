//! From an alarm of an engine through the whole site to real servers, and every mode of telling over HTTP.

use crate::{
    alarms::{Engine, Hook},
    servers::{
        mail_server::MailServer,
        mosquitto::{Door, Mosquitto},
    },
};
use anyhow::{Context, Result, ensure};
use reqwest::Method;
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};
use tokio::time::sleep_until;
use watchwall_camsim::{CameraSpec, Farm};
use watchwall_model::{StreamRole, UtcMillis, config::PushConfig};
use watchwall_tests::{SiteOptions, Socket, TestSite, farm, small_stream, until};

const PATIENCE: Duration = Duration::from_secs(30);

async fn site() -> Result<(Farm, TestSite, Value)> {
    let farm = farm(vec![CameraSpec::new("Gate", small_stream())]).await?;
    let push = Some(PushConfig { allow_this_machine: true });
    let site = TestSite::start_with(SiteOptions { push, ..SiteOptions::default() }).await?;
    let camera = site.add_camera("Gate", &farm.rtsp_url(0, StreamRole::Main), None, false).await?;
    Ok((farm, site, camera))
}

/// Channels that all alarms go to.
async fn route(site: &TestSite, channels: &[Value]) -> Result<()> {
    let mut ids = Vec::new();
    for channel in channels {
        ids.push(site.admin.post("/api/v1/push-channels", channel).await?.ok()?.json["id"].clone());
    }
    let routes = json!({"routes": [{"key": "default", "channel_ids": ids}], "version": 0});
    site.admin.send_json(Method::PUT, "/api/v1/push-routes", &routes).await?.ok()?;
    Ok(())
}

/// Bodies that a webhook got.
fn bodies(hook: &Hook) -> Vec<(Instant, Value)> {
    let body = |(at, text): (Instant, String)| Some((at, serde_json::from_str(text.split_once("\r\n\r\n")?.1).ok()?));
    hook.requests().into_iter().filter_map(body).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alarm_reaches_a_broker_a_mailbox_and_a_webhook_once_each() -> Result<()> {
    let Some(mosquitto) = Mosquitto::start(Door::Open).await else { return Ok(()) };
    let Some(mut mail) = MailServer::start("plain").await else { return Ok(()) };
    let mut ear = mosquitto.listener().await;
    let hook = Hook::open()?;
    let (farm, site, camera) = site().await?;
    let smtp = json!({"host": "127.0.0.1", "port": mail.port.to_string(), "security": "none", "from": "wall@site.example",
        "to": "guard@site.example"});
    let mqtt =
        json!({"host": "127.0.0.1", "port": mosquitto.port.to_string(), "topic": "wall/{level}", "version": "5"});
    let url = json!({"url": format!("http://{}/", hook.address)});
    let channels = [
        json!({"name": "Broker", "kind": "mqtt", "settings": mqtt}),
        json!({"name": "Mailbox", "kind": "smtp", "settings": smtp}),
        json!({"name": "Hook", "kind": "webhook", "settings": url}),
    ];
    route(&site, &channels).await?;
    let mut engine = Engine::connect(&site, &camera, json!({"level": 4})).await?;
    // Three times, each told before it happens again: what came twice would come before what came after it.
    let mut keys = [(); 3].map(|()| BTreeSet::new());
    for round in 1..=3 {
        let sent = Instant::now();
        engine.alarm(UtcMillis::now().0, None).await?;
        let (topic, _, published) = ear.heard().await;
        let brokered = sent.elapsed();
        let letter = mail.letter().await;
        let mailed = sent.elapsed();
        let posted =
            until("request", PATIENCE, async || bodies(&hook).get(round - 1).map(|(_, body)| body.clone())).await?;
        println!("engine to broker {brokered:?}, to mailbox {mailed:?}, to webhook {:?}", sent.elapsed());
        assert_eq!((topic.as_str(), &letter.to), ("wall/4", &vec!["guard@site.example".to_owned()]));
        for body in [&published, &posted] {
            assert_eq!((&body["alarm"]["kind"], &body["alarm"]["count"]), (&json!("MOTION"), &json!(1)));
        }
        let id = letter.content.lines().find_map(|line| line.strip_prefix("Message-ID: <")?.split('@').next());
        let told = [&published["key"], &posted["key"], &json!(id)].map(|key| key.as_str().map(str::to_owned));
        for (kept, key) in keys.iter_mut().zip(told) {
            ensure!(kept.insert(key.context("no key")?), "a key came again");
        }
    }
    assert_eq!((bodies(&hook).len(), keys.map(|kept| kept.len())), (3, [3; 3]));
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}

/// A task for each mode, and when something happens in it: milliseconds after the beginning.
const MODES: [(&str, &[u64]); 6] = [
    ("IMMEDIATE", &[0, 700]),
    ("COUNT", &[0, 100, 200, 300]),
    ("WINDOW", &[0, 400]),
    ("COUNT_OR_WINDOW", &[0, 100, 200, 1_300]),
    ("LEVEL_DEFAULT", &[0]),
    ("cooldown", &[0, 300, 600]),
];

fn push_of(mode: &str) -> Value {
    match mode {
        "COUNT" => json!({"mode": "COUNT", "count": 3}),
        "WINDOW" => json!({"mode": "WINDOW", "window_s": 1}),
        "COUNT_OR_WINDOW" => json!({"mode": "COUNT_OR_WINDOW", "count": 3, "window_s": 1}),
        "cooldown" => json!({"mode": "IMMEDIATE", "cooldown_s": 2}),
        mode => json!({ "mode": mode }),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_mode_tells_over_http_when_it_should() -> Result<()> {
    let hook = Hook::open()?;
    let (farm, site, camera) = site().await?;
    let url = json!({"url": format!("http://{}/", hook.address)});
    route(&site, &[json!({"name": "Hook", "kind": "webhook", "settings": url, "per_minute": 600})]).await?;
    let mut ids = Vec::new();
    for (mode, _) in MODES {
        // By its level, 4, the last but one is told at once.
        let task = json!({"name": mode, "camera_id": camera["id"], "scenes": [{"code": "MOTION"}], "level": 4,
            "push": push_of(mode)});
        ids.push(site.admin.post("/api/v1/ai-tasks", &task).await?.ok()?.json["id"].clone());
    }
    let made = site.admin.post("/api/v1/ai-nodes", &json!({"name": "GPU", "sees_cameras": true})).await?.ok()?.json;
    let token = made["token"].as_str().context("no token")?;
    let mut node = Socket::open(&site.admin.with_token(token), "/ws/ai-engine").await?;
    node.say(&json!({"type": "NODE_REGISTER", "node_id": "gpu", "algorithms": ["MOTION"]})).await?;
    for _ in &ids {
        let task = node.json("START_TASK").await?["data"]["task_id"].clone();
        node.say(&json!({"type": "TASK_KEEPALIVE", "node_id": "gpu", "task_id": task})).await?;
    }
    let mut happens: Vec<(u64, usize)> = MODES
        .iter()
        .enumerate()
        .flat_map(|(task, (_, moments))| moments.iter().map(move |moment| (*moment, task)))
        .collect();
    happens.sort_unstable();
    let begun = tokio::time::Instant::now();
    for (moment, task) in happens {
        sleep_until(begun + Duration::from_millis(moment)).await;
        let result = json!({"type": "AI_RESULT", "task_id": ids[task], "camera_id": camera["id"],
            "ts": UtcMillis::now().0, "scene_code": "MOTION", "alarm_event": true, "confidence": 0.9, "objects": []});
        node.say(&result).await?;
    }
    // When each was told, and how often it had happened by then.
    let told = |mode: &str| -> Vec<(u128, u64)> {
        let of = |(at, body): (Instant, Value)| {
            let is_of = body["alarm"]["params"]["task"] == mode;
            is_of.then(|| ((at - begun.into_std()).as_millis(), body["alarm"]["count"].as_u64().unwrap_or(0)))
        };
        bodies(&hook).into_iter().filter_map(of).collect()
    };
    // Milliseconds from which on each is told, and the count.
    let expected: [(&str, &[(u128, u64)]); 6] = [
        ("IMMEDIATE", &[(0, 1), (700, 1)]),
        ("COUNT", &[(200, 3)]),
        ("WINDOW", &[(1_000, 2)]),
        ("COUNT_OR_WINDOW", &[(200, 3), (2_300, 1)]),
        ("LEVEL_DEFAULT", &[(0, 1)]),
        ("cooldown", &[(0, 1), (2_000, 2)]),
    ];
    let total: usize = expected.iter().map(|(_, told)| told.len()).sum();
    until("messages", PATIENCE, async || (bodies(&hook).len() >= total).then_some(())).await?;
    for (mode, expect) in expected {
        let told = told(mode);
        println!("{mode}: {told:?}");
        let counts = |all: &[(u128, u64)]| all.iter().map(|(_, count)| *count).collect::<Vec<_>>();
        ensure!(counts(&told) == counts(expect), "{mode}: {told:?} instead of {expect:?}");
        for ((at, _), (from, _)) in told.iter().zip(expect) {
            // Sites count in milliseconds of their clock, this in its own.
            ensure!(*at + 20 >= *from && *at < from + 700, "{mode}: told after {at} ms instead of {from}");
        }
    }
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}
