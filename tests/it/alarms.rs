//! Alarms at a real site: from an AI node or a camera that goes away to a screen, a clip, a person and a webhook.

use anyhow::{Context, Result, ensure};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use reqwest::Method;
use serde_json::{Value, json};
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use watchwall_camsim::Fault;
use watchwall_model::{
    StreamRole, UtcMillis,
    config::{HealthConfig, PushConfig},
};
use watchwall_tests::{Client, SiteOptions, Socket, TestSite, demo_like, farm, soon, top_boxes, until};

const PATIENCE: Duration = Duration::from_secs(30);

async fn site() -> Result<TestSite> {
    let push = Some(PushConfig { allow_this_machine: true });
    TestSite::start_with(SiteOptions { push, ..SiteOptions::default() }).await
}

/// A node that runs MOTION of a camera, ready to tell what it sees.
pub struct Engine {
    socket: Socket,
    task: Value,
    camera: Value,
}

impl Engine {
    pub async fn connect(site: &TestSite, camera: &Value, wish: Value) -> Result<Self> {
        let mut task =
            json!({"name": "Yard", "camera_id": camera["id"], "scenes": [{"code": "MOTION"}], "stream": "main"});
        for (name, value) in wish.as_object().context("no wish")? {
            task[name] = value.clone();
        }
        let task = site.admin.post("/api/v1/ai-tasks", &task).await?.ok()?.json;
        let made = site.admin.post("/api/v1/ai-nodes", &json!({"name": "GPU", "sees_cameras": true})).await?.ok()?.json;
        let token = made["token"].as_str().context("no token")?;
        let mut socket = Socket::open(&site.admin.with_token(token), "/ws/ai-engine").await?;
        socket.say(&json!({"type": "NODE_REGISTER", "node_id": "gpu", "algorithms": ["MOTION"]})).await?;
        socket.json("START_TASK").await?;
        let id = &task["id"];
        socket.say(&json!({"type": "TASK_STATUS", "task_id": id, "scene_code": "MOTION", "state": "RUNNING"})).await?;
        Ok(Self { socket, camera: camera["id"].clone(), task: task["id"].clone() })
    }

    pub async fn alarm(&mut self, at: i64, snapshot: Option<&[u8]>) -> Result<()> {
        let mut result = json!({
            "type": "AI_RESULT", "task_id": self.task, "camera_id": self.camera, "ts": at, "frame_width": 640,
            "frame_height": 360, "scene_code": "MOTION", "alarm_event": true, "confidence": 0.9,
            "objects": [{"label": "person", "score": 0.9, "bbox": [0.1, 0.2, 0.3, 0.4]}],
        });
        if let Some(jpeg) = snapshot {
            result["snapshot"] = STANDARD.encode(jpeg).into();
        }
        self.socket.say(&result).await
    }
}

async fn alarms(site: &TestSite, query: &str) -> Result<Vec<Value>> {
    let page = site.admin.get(&format!("/api/v1/alarms?{query}")).await?.ok()?.json;
    Ok(page["items"].as_array().context("no items")?.clone())
}

async fn read(site: &TestSite, alarm: &Value) -> Result<Value> {
    Ok(site.admin.get(&format!("/api/v1/alarms/{}", alarm["id"])).await?.ok()?.json)
}

/// The next alarm that is told, whatever else is.
async fn told(socket: &mut Socket) -> Result<Value> {
    Ok(socket.json("alarms_changed").await?["alarms"][0].clone())
}

/// Answers 200 to everything and keeps what came.
pub struct Hook {
    pub address: SocketAddr,
    heard: Arc<Mutex<Vec<(Instant, String)>>>,
}

impl Hook {
    pub fn open() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let (address, heard) = (listener.local_addr()?, Arc::new(Mutex::new(Vec::new())));
        let kept = Arc::clone(&heard);
        std::thread::spawn(move || {
            for socket in listener.incoming().flatten() {
                let kept = Arc::clone(&kept);
                std::thread::spawn(move || serve(socket, &kept));
            }
        });
        Ok(Self { address, heard })
    }

    pub fn requests(&self) -> Vec<(Instant, String)> {
        self.heard.lock().unwrap().clone()
    }
}

fn serve(mut socket: std::net::TcpStream, kept: &Mutex<Vec<(Instant, String)>>) {
    let (mut text, mut block) = (Vec::new(), [0; 65_536]);
    while let Ok(count @ 1..) = socket.read(&mut block) {
        text.extend_from_slice(&block[..count]);
        let all = String::from_utf8_lossy(&text).into_owned();
        let Some((head, body)) = all.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
        if body.len() >= length.unwrap_or(0) {
            kept.lock().unwrap().push((Instant::now(), all.clone()));
            text.clear();
            let _ = socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_engines_alarm_reaches_screen_webhook_and_person_with_its_clip() -> Result<()> {
    let farm = farm(vec![demo_like("Gate")]).await?;
    let site = site().await?;
    let camera = site.add_camera("Gate", &farm.rtsp_url(0, StreamRole::Main), None, true).await?;
    let path = TestSite::path_of(&camera, "main");
    site.recorded_since(&path, 3_000).await?;
    let hook = Hook::open()?;
    let channel = json!({"name": "Desk", "kind": "webhook", "settings": {"url": format!("http://{}/x", hook.address)},
        "secrets": {"key": "hush hush"}});
    let channel = site.admin.post("/api/v1/push-channels", &channel).await?.ok()?.json;
    ensure!(!channel.to_string().contains("hush hush") && channel["secrets"] == json!(["key"]), "{channel}");
    let routes = json!({"routes": [{"key": "default", "channel_ids": [channel["id"]]}], "version": 0});
    let kept = site.admin.send_json(Method::PUT, "/api/v1/push-routes", &routes).await?.ok()?.json;
    assert_eq!((&kept["version"], &kept["routes"]), (&json!(1), &routes["routes"]));
    // Somebody who had read them before does not overwrite it.
    let late = json!({"routes": [{"key": "default", "channel_ids": []}], "version": 0});
    let refused = site.admin.send_json(Method::PUT, "/api/v1/push-routes", &late).await?;
    assert_eq!((refused.status.as_u16(), refused.code()), (412, "version_conflict"));
    assert_eq!(site.admin.get("/api/v1/push-routes").await?.ok()?.json, kept);
    let tested =
        site.admin.post(&format!("/api/v1/push-channels/{}/test", channel["id"]), &json!({})).await?.ok()?.json;
    assert_eq!((&tested["is_sent"], &tested["status"]), (&json!(true), &json!(200)));
    let mut policy = site.admin.get("/api/v1/alarm-policy").await?.ok()?.json;
    policy["clip_before_s"] = 2.into();
    policy["clip_after_s"] = 2.into();
    let policy = site.admin.send_json(Method::PUT, "/api/v1/alarm-policy", &policy).await?.ok()?.json;
    let stale = json!({"version": 0, "levels": policy["levels"], "repeat_s": 5, "clip_before_s": 1, "clip_after_s": 1, "protect_gb": 1});
    assert_eq!(site.admin.send_json(Method::PUT, "/api/v1/alarm-policy", &stale).await?.status, 412);

    let mut screen = Socket::open(&site.admin, "/ws/web-notify").await?;
    screen.say(&json!({"type": "subscribe", "topics": ["alarms"]})).await?;
    assert_eq!(screen.json("alarms_snapshot").await?["alarms"], json!([]));
    let mut engine = Engine::connect(&site, &camera, json!({"level": 4})).await?;
    let jpeg = site.admin.bytes(&format!("/api/v1/live/{path}/snapshot.jpg")).await?;
    let (sent, at) = (Instant::now(), UtcMillis::now().0);
    engine.alarm(at, Some(&jpeg)).await?;
    let alarm = told(&mut screen).await?;
    println!("engine to screen: {:?}", sent.elapsed());
    ensure!(sent.elapsed() < Duration::from_secs(1), "{:?}", sent.elapsed());
    assert_eq!(
        (&alarm["source"], &alarm["kind"], &alarm["level"], &alarm["state"], &alarm["camera_name"]),
        (&json!("ai"), &json!("MOTION"), &json!(4), &json!("new"), &json!("Gate"))
    );
    assert_eq!((&alarm["title"]["en"], &alarm["title"]["zh_cn"]), (&json!("Motion: Gate"), &json!("移动侦测：Gate")));
    assert_eq!(alarm["objects"][0]["label"], "person");
    let (heard_at, request) =
        until("webhook", PATIENCE, async || hook.requests().into_iter().find(|(_, text)| text.contains("MOTION")))
            .await?;
    println!("engine to webhook: {:?}", heard_at - sent);
    ensure!(request.to_lowercase().contains("x-watchwall-signature: sha256="), "{request}");
    // It happens again: the same alarm.
    engine.alarm(at + 40, None).await?;
    let again = soon("repeat", PATIENCE, async {
        loop {
            let alarm = told(&mut screen).await?;
            if alarm["count"] == 2 {
                return anyhow::Ok(alarm);
            }
        }
    })
    .await??;
    assert_eq!(again["id"], alarm["id"]);
    let picture = until("picture", PATIENCE, async || {
        site.admin.bytes(&format!("/api/v1/alarms/{}/picture", alarm["id"])).await.ok()
    })
    .await?;
    assert_eq!(picture, jpeg);
    result_pictures(&site, &engine, &jpeg).await?;

    // The clip is pending, then whole.
    let url = format!("/api/v1/alarms/{}/clip.mp4", alarm["id"]);
    let early = site.admin.get(&url).await?;
    assert_eq!((early.status.as_u16(), early.code()), (409, "alarm_clip_pending"));
    let ready = until("clip", PATIENCE, async || {
        let alarm = read(&site, &alarm).await.ok()?["alarm"].clone();
        (alarm["clip"]["state"] == "ready").then_some(alarm)
    })
    .await?;
    assert_eq!(ready["clip"]["to"].as_i64().context("to")? - ready["clip"]["from"].as_i64().context("from")?, 4_000);
    let clip = site.admin.bytes(&url).await?;
    assert_eq!(top_boxes(&clip)[0].0, "ftyp");

    // A person deals with it.
    let operator = site.user("olga", "operator", "a long password").await?;
    let act = async |what: &str, body: Value| -> Result<Value> {
        Ok(operator.post(&format!("/api/v1/alarms/{}/{what}", alarm["id"]), &body).await?.ok()?.json)
    };
    assert_eq!(act("acknowledge", json!({})).await?["state"], "acknowledged");
    assert_eq!(act("take", json!({"note": "going there"})).await?["owner"], "olga");
    assert_eq!(act("resolve", json!({"verdict": "false", "note": "a fox"})).await?["verdict"], "false");
    let refused = operator.post(&format!("/api/v1/alarms/{}/acknowledge", alarm["id"]), &json!({})).await?;
    assert_eq!((refused.status.as_u16(), refused.code()), (409, "alarm_state"));
    let detail = read(&site, &alarm).await?;
    let steps: Vec<(&str, Option<&str>)> = detail["history"]
        .as_array()
        .context("no history")?
        .iter()
        .filter_map(|line| Some((line["what"].as_str()?, line["by"].as_str())))
        .filter(|(what, _)| *what != "clip_ready")
        .collect();
    let olga = Some("olga");
    assert_eq!(steps, [("raised", None), ("acknowledged", olga), ("taken", olga), ("resolved", olga)]);
    ensure!(detail["pushes"].as_array().is_some_and(|all| all.iter().any(|one| one["outcome"] == "sent")), "{detail}");
    let summary = site.admin.get("/api/v1/alarms/summary").await?.ok()?.json;
    assert_eq!((&summary["new"], &summary["open_by_level"]), (&json!(0), &json!([0, 0, 0, 0])));
    ensure!(!site.admin.get("/api/v1/audit").await?.ok()?.text.contains("hush hush"));
    mutes(&site, &operator, &camera).await?;
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}

/// Of the two results, the first came with a picture.
async fn result_pictures(site: &TestSite, engine: &Engine, jpeg: &[u8]) -> Result<()> {
    let results = until("results", PATIENCE, async || {
        let page = site.admin.get("/api/v1/ai-results?only_alarms=true").await.ok()?.ok().ok()?.json;
        page["items"].as_array().filter(|items| items.len() == 2).cloned()
    })
    .await?;
    assert_eq!((&results[1]["has_picture"], &results[0]["has_picture"]), (&json!(true), &json!(false)));
    let address = |result: &Value, scene: &str| {
        format!("/api/v1/ai-results/picture?task_id={}&scene={scene}&at={}", engine.task, result["at"])
    };
    let answer = site.admin.get(&address(&results[1], "MOTION")).await?.ok()?;
    assert_eq!(
        (answer.header("content-type"), answer.header("cache-control")),
        ("image/jpeg", "private, max-age=3600")
    );
    assert_eq!(site.admin.bytes(&address(&results[1], "MOTION")).await?, jpeg);
    for (result, scene, status, code) in [
        (&results[0], "MOTION", 404, "not_found"),
        (&results[1], "TAMPER", 404, "not_found"),
        (&results[1], "..%2F..%2Flocal-token", 400, "request_invalid"),
    ] {
        let answer = site.admin.get(&address(result, scene)).await?;
        assert_eq!((answer.status.as_u16(), answer.code()), (status, code), "{scene}");
    }
    Ok(())
}

/// Who did not want to hear alarms, and why, is in the audit log.
async fn mutes(site: &TestSite, operator: &Client, camera: &Value) -> Result<()> {
    let mute =
        json!({"until": UtcMillis::now().0 + 60_000, "reason": " Wind in the trees ", "camera_id": camera["id"]});
    assert_eq!(operator.post("/api/v1/alarms/mute", &mute).await?.status, 204);
    assert_eq!(operator.post("/api/v1/alarms/unmute", &json!({"source": "ai"})).await?.status, 204);
    for (change, status, code) in [
        (json!({"reason": " "}), 400, "request_invalid"),
        (json!({"until": 1}), 400, "request_invalid"),
        (json!({"source": "weather"}), 400, "request_invalid"),
        (json!({"camera_id": 99}), 404, "camera_not_found"),
    ] {
        let mut wrong = mute.clone();
        for (name, value) in change.as_object().into_iter().flatten() {
            wrong[name] = value.clone();
        }
        let answer = operator.post("/api/v1/alarms/mute", &wrong).await?;
        assert_eq!((answer.status.as_u16(), answer.code()), (status, code), "{change}");
    }
    let audit = site.admin.get("/api/v1/audit").await?.ok()?.json;
    let kept = |action: &str| audit["items"].as_array()?.iter().find(|entry| entry["action"] == action).cloned();
    let muted = kept("alarm.mute").context("no mute")?;
    assert_eq!((&muted["user"], &muted["subject"]), (&json!("olga"), &json!("Gate")));
    ensure!(muted.to_string().contains("Wind in the trees"), "{muted}");
    assert_eq!(kept("alarm.unmute").context("no unmute")?["subject"], "ai");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_camera_nobody_records_has_its_clip_from_memory() -> Result<()> {
    let farm = farm(vec![demo_like("Gate")]).await?;
    let site = site().await?;
    let camera = site.add_camera("Gate", &farm.rtsp_url(0, StreamRole::Main), None, false).await?;
    let path = TestSite::path_of(&camera, "main");
    let mut policy = site.admin.get("/api/v1/alarm-policy").await?.ok()?.json;
    policy["clip_before_s"] = 3.into();
    policy["clip_after_s"] = 3.into();
    site.admin.send_json(Method::PUT, "/api/v1/alarm-policy", &policy).await?.ok()?;
    // Somebody looks at it: its last seconds are in memory.
    let mut viewer = site.live(&path, "").await?;
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(5) {
        viewer.video().await?;
    }
    let raised =
        site.admin.post("/api/v1/alarms/test", &json!({"level": 3, "camera_id": camera["id"]})).await?.ok()?.json;
    assert_eq!((&raised["source"], &raised["clip"]["state"]), (&json!("test"), &json!("pending")));
    let ready = until("clip", PATIENCE, async || {
        let alarm = read(&site, &raised).await.ok()?["alarm"].clone();
        (alarm["clip"]["state"] != "pending").then_some(alarm)
    })
    .await?;
    assert_eq!(ready["clip"]["state"], "ready", "{ready}");
    let answer = site.admin.get(&format!("/api/v1/alarms/{}/clip.mp4", raised["id"])).await?.ok()?;
    let held: Vec<i64> = answer.header("x-recorded-range").split('-').map(str::parse).collect::<Result<_, _>>()?;
    let (from, to) = (raised["clip"]["from"].as_i64().context("from")?, raised["clip"]["to"].as_i64().context("to")?);
    ensure!(held[0] <= from && held[1] >= to - 200, "{held:?} for {from} to {to}");
    // And the picture of that moment.
    let picture = site.admin.bytes(&format!("/api/v1/alarms/{}/picture", raised["id"])).await?;
    ensure!(picture.starts_with(b"\xff\xd8"));
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn alarms_are_counted_as_they_are_listed() -> Result<()> {
    let site = site().await?;
    let camera = site.add_camera("Gate", "rtsp://127.0.0.1:1/1", None, false).await?;
    for (level, camera) in [(2, &camera["id"]), (3, &camera["id"]), (4, &Value::Null)] {
        site.admin.post("/api/v1/alarms/test", &json!({"level": level, "camera_id": camera})).await?.ok()?;
    }
    let (from, to) = (UtcMillis::now().0 - 7_200_000, UtcMillis::now().0 + 3_600_000);
    let count = async |more: &str| -> Result<Value> {
        let address = format!("/api/v1/alarms/statistics?source=test&from={from}&to={to}{more}");
        Ok(site.admin.get(&address).await?.ok()?.json)
    };
    let all = count("").await?;
    let listed = alarms(&site, &format!("source=test&from={from}&to={to}")).await?;
    assert_eq!(
        (&all["alarms"], all["kinds"][0]["alarms"].as_u64()),
        (&json!(listed.len()), Some(listed.len() as u64)),
        "{all}"
    );
    let levels: u64 = all["hours"]
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|hour| hour["by_level"].as_array().into_iter().flatten())
        .filter_map(Value::as_u64)
        .sum();
    assert_eq!(levels, listed.len() as u64, "{all}");
    let of_camera = count(&format!("&camera_id={}", camera["id"])).await?;
    assert_eq!(of_camera["cameras"].as_array().map(Vec::len), Some(1), "{of_camera}");
    assert_eq!(of_camera["cameras"][0]["camera_id"], camera["id"]);
    for (query, code) in [
        ("", "request_invalid"),
        ("?from=5", "request_invalid"),
        ("?from=5&to=5", "range_invalid"),
        ("?from=0&to=2764800000", "range_invalid"),
        ("?from=0&to=3600000&source=moon", "request_invalid"),
    ] {
        let answer = site.admin.get(&format!("/api/v1/alarms/statistics{query}")).await?;
        assert_eq!((answer.status.as_u16(), answer.code()), (400, code), "{query}: {}", answer.text);
    }
    site.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_camera_that_goes_away_is_an_alarm_until_it_is_back() -> Result<()> {
    let farm = farm(vec![demo_like("Gate")]).await?;
    let health = Some(HealthConfig { offline_alarm_ms: 1_000, ..HealthConfig::default() });
    let site = TestSite::start_with(SiteOptions { health, ..SiteOptions::default() }).await?;
    let camera = site.add_camera("Gate", &farm.rtsp_url(0, StreamRole::Main), None, true).await?;
    site.recorded_since(&TestSite::path_of(&camera, "main"), 1_000).await?;
    farm.fault(0, Fault::Offline).await?;
    let raised =
        until("alarm", PATIENCE, async || alarms(&site, "source=health&state=open").await.ok()?.into_iter().next())
            .await?;
    assert_eq!((&raised["camera_id"], &raised["level"]), (&camera["id"], &json!(3)));
    farm.clear(0).await?;
    until("end", PATIENCE, async || {
        let alarm = read(&site, &raised).await.ok()?["alarm"].clone();
        (alarm["state"] == "auto_closed").then_some(())
    })
    .await?;
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_are_tried_on_what_has_happened_and_hold_from_then_on() -> Result<()> {
    let farm = farm(vec![demo_like("Gate")]).await?;
    let site = site().await?;
    let camera = site.add_camera("Gate", &farm.rtsp_url(0, StreamRole::Main), None, false).await?;
    let mut engine = Engine::connect(&site, &camera, json!({"level": 2})).await?;
    let at = UtcMillis::now().0;
    for n in 0..3 {
        engine.alarm(at + n * 1_000, None).await?;
    }
    until("results", PATIENCE, async || {
        let page = site.admin.get("/api/v1/ai-results?only_alarms=true").await.ok()?.ok().ok()?.json;
        (page["items"].as_array()?.len() == 3).then_some(())
    })
    .await?;
    let trial = json!({"when": {"source": "ai", "labels": ["person"]}, "from": at - 1_000, "to": at + 10_000});
    let tried = site.admin.post("/api/v1/alarm-rules/try", &trial).await?.ok()?.json;
    assert_eq!((&tried["fired"], &tried["is_cut"]), (&json!(3), &json!(false)));
    let trial = json!({"when": {"labels": ["cat"]}, "from": at - 1_000, "to": at + 10_000});
    assert_eq!(site.admin.post("/api/v1/alarm-rules/try", &trial).await?.ok()?.json["fired"], 0);

    let wrong = json!({"name": "x", "when": {"arming": ["dusk"]}, "then": [{"do": "suppress"}]});
    assert_eq!(site.admin.post("/api/v1/alarm-rules", &wrong).await?.status, 400);
    let rule = json!({"name": "By night", "when": {"arming": ["night"], "camera_ids": [camera["id"]]},
        "then": [{"do": "raise_alarm", "level": 4}, {"do": "sound", "sound": "siren"}]});
    let rule = site.admin.post("/api/v1/alarm-rules", &rule).await?.ok()?.json;
    let mut arming = site.admin.get("/api/v1/arming").await?.ok()?.json;
    arming["manual"] = "night".into();
    let arming = site.admin.send_json(Method::PUT, "/api/v1/arming", &arming).await?.ok()?.json;
    assert_eq!(arming["mode"], "night");
    let mut screen = Socket::open(&site.admin, "/ws/web-notify").await?;
    screen.say(&json!({"type": "subscribe", "topics": ["alarms"]})).await?;
    screen.json("alarms_snapshot").await?;
    engine.alarm(UtcMillis::now().0 + 3_000, None).await?;
    assert_eq!(screen.json("alarm_sound").await?["sound"], "siren");
    until("raised level", PATIENCE, async || alarms(&site, "level=4").await.ok()?.into_iter().next()).await?;
    site.admin.delete(&format!("/api/v1/alarm-rules/{}", rule["id"])).await?.ok()?;
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}
