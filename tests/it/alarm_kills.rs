//! A site that is killed while alarms come: what was told on a screen stays, every clip comes to an end, and nothing is
//! told twice to a target that goes by the key.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, HashSet},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::{sleep, timeout},
};
use watchwall_model::{StreamRole, UtcMillis};
use watchwall_tests::{Client, DataFolder, ServedSite, Socket, demo_like, farm, until};

const SCENES: [&str; 4] = ["MOTION", "TAMPER", "LINE_CROSSING", "REGION_INTRUSION"];
const PATIENCE: Duration = Duration::from_secs(90);
/// Between two alarms.
const EVERY: Duration = Duration::from_millis(40);

/// `WATCHWALL_ALARM_KILLS` for more.
fn rounds() -> usize {
    std::env::var("WATCHWALL_ALARM_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(5)
}

/// A target that takes each key once.
#[derive(Clone, Default)]
struct Target {
    /// How often it was told that each alarm happened.
    told: Arc<Mutex<BTreeMap<i64, u64>>>,
    keys: Arc<Mutex<HashSet<String>>>,
    /// Deliveries of a key it had already.
    again: Arc<Mutex<u64>>,
}

impl Target {
    async fn open() -> Result<(Self, String)> {
        let (target, listener) = (Self::default(), TcpListener::bind("127.0.0.1:0").await?);
        let url = format!("http://{}/", listener.local_addr()?);
        let serving = target.clone();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(serving.clone().serve(socket));
            }
        });
        Ok((target, url))
    }

    async fn serve(self, mut socket: TcpStream) {
        let mut bytes = Vec::new();
        while socket.read_buf(&mut bytes).await.is_ok_and(|count| count > 0) {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let length: Option<usize> =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
            if body.len() < length.unwrap_or(0) {
                continue;
            }
            bytes.clear();
            if let Ok(body) = serde_json::from_str::<Value>(body) {
                self.take(&body);
            }
            if socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.is_err() {
                return;
            }
        }
    }

    fn take(&self, body: &Value) {
        let Some(key) = body["key"].as_str() else { return };
        if !self.keys.lock().unwrap().insert(key.to_owned()) {
            *self.again.lock().unwrap() += 1;
            return;
        }
        let single = [body["alarm"].clone()];
        let facts = body["alarm"]["summary"].as_array().map_or(&single[..], Vec::as_slice);
        for fact in facts {
            if let (Some(id), Some(count)) = (fact["id"].as_i64(), fact["count"].as_u64()) {
                *self.told.lock().unwrap().entry(id).or_default() += count;
            }
        }
    }
}

/// Prepares camera, task, channel and policy; the task, its camera and the node's token.
async fn prepare(site: &ServedSite, camera_url: &str, hook: &str) -> Result<(Value, Value, String)> {
    let admin = &site.admin;
    let new = json!({"name": "Gate", "main_url": camera_url, "force": true});
    let camera = admin.post("/api/v1/cameras", &new).await?.ok()?.json;
    let scenes: Vec<Value> = SCENES.iter().map(|code| json!({"code": code})).collect();
    let push = json!({"mode": "IMMEDIATE"});
    let task = json!({"name": "Yard", "camera_id": camera["id"], "scenes": scenes, "stream": "main", "push": push});
    let task = admin.post("/api/v1/ai-tasks", &task).await?.ok()?.json;
    let node = admin.post("/api/v1/ai-nodes", &json!({"name": "GPU", "sees_cameras": true})).await?.ok()?.json;
    let channel = json!({"name": "hook", "kind": "webhook", "settings": {"url": hook}, "per_minute": 600});
    let channel = admin.post("/api/v1/push-channels", &channel).await?.ok()?.json;
    let routes = json!({"routes": [{"key": "default", "channel_ids": [channel["id"]]}], "version": 0});
    admin.send_json(reqwest::Method::PUT, "/api/v1/push-routes", &routes).await?.ok()?;
    let mut policy = admin.get("/api/v1/alarm-policy").await?.ok()?.json;
    for (name, value) in [("repeat_s", 1), ("clip_before_s", 1), ("clip_after_s", 1)] {
        policy[name] = value.into();
    }
    admin.send_json(reqwest::Method::PUT, "/api/v1/alarm-policy", &policy).await?.ok()?;
    let token = node["token"].as_str().context("no token")?.to_owned();
    Ok((task["id"].clone(), camera["id"].clone(), token))
}

/// Alarms of all scenes in turn, until the connection ends.
async fn tell(admin: &Client, token: &str, task: &Value, camera: &Value) -> Result<()> {
    let mut node = Socket::open(&admin.with_token(token), "/ws/ai-engine").await?;
    node.say(&json!({"type": "NODE_REGISTER", "node_id": "gpu", "algorithms": SCENES})).await?;
    node.json("REGISTERED").await?;
    node.say(&json!({"type": "TASK_KEEPALIVE", "node_id": "gpu", "task_id": task})).await?;
    for n in 0_usize.. {
        // One scene for a while, so that alarms end and begin.
        let scene = SCENES[n / 20 % SCENES.len()];
        let result = json!({"type": "AI_RESULT", "task_id": task, "camera_id": camera, "ts": UtcMillis::now().0,
            "scene_code": scene, "alarm_event": true, "confidence": 0.9, "objects": []});
        node.say(&result).await?;
        sleep(EVERY).await;
    }
    Ok(())
}

/// What the screen was told: alarms and how often they had happened.
async fn watch(admin: &Client, seen: &Mutex<BTreeMap<i64, u64>>) -> Result<()> {
    let mut screen = Socket::open(admin, "/ws/web-notify").await?;
    screen.say(&json!({"type": "subscribe", "topics": ["alarms"]})).await?;
    loop {
        let message = match screen.hear().await? {
            watchwall_tests::Heard::Json(message) => message,
            _ => continue,
        };
        for alarm in message["alarms"].as_array().into_iter().flatten() {
            if let (Some(id), Some(count)) = (alarm["id"].as_i64(), alarm["count"].as_u64()) {
                let mut seen = seen.lock().unwrap();
                let kept = seen.entry(id).or_default();
                *kept = count.max(*kept);
            }
        }
    }
}

async fn all(admin: &Client) -> Result<Vec<Value>> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = admin.get(&format!("/api/v1/alarms?limit=500{cursor}")).await?.ok()?.json;
        all.extend(page["items"].as_array().context("no items")?.iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return Ok(all),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_site_loses_no_alarm_it_told_of_and_tells_none_twice() -> Result<()> {
    let farm = farm(vec![demo_like("Gate")]).await?;
    let (target, hook) = Target::open().await?;
    let folder = DataFolder::new()?;
    let mut site = ServedSite::start(&folder).await?;
    let (task, camera, token) = prepare(&site, &farm.rtsp_url(0, StreamRole::Main), &hook).await?;
    let seen: Mutex<BTreeMap<i64, u64>> = Mutex::default();
    for _ in 0..rounds() {
        // At any moment of its life.
        let life = Duration::from_millis(400 + UtcMillis::now().0.unsigned_abs() % 2_100);
        let telling = async { tokio::join!(tell(&site.admin, &token, &task, &camera), watch(&site.admin, &seen)) };
        // Either ends only with the site.
        ensure!(timeout(life, telling).await.is_err(), "the site ended by itself: {}", site.program.everything());
        site.program.kill().await?;
        site = ServedSite::start(&folder).await?;
    }
    let seen = seen.into_inner().unwrap();
    ensure!(!seen.is_empty(), "nothing was told in {} rounds", rounds());
    let begun = Instant::now();
    // Every clip comes to an end, and everything that waits is told.
    let alarms = until("ends of clips and pushes", PATIENCE, async || {
        let alarms = all(&site.admin).await.ok()?;
        let is_over = alarms.iter().all(|alarm| alarm["clip"]["state"] != "pending");
        let channels = site.admin.get("/api/v1/push-channels").await.ok()?.ok().ok()?.json;
        (is_over && channels["items"][0]["health"]["waiting"] == 0).then_some(alarms)
    })
    .await?;
    println!(
        "{} rounds: {} alarms, told {} of them on a screen; {} messages, {} of a key that was there; settled in {:?}",
        rounds(),
        alarms.len(),
        seen.len(),
        target.keys.lock().unwrap().len(),
        target.again.lock().unwrap(),
        begun.elapsed()
    );
    let counts: BTreeMap<i64, u64> =
        alarms.iter().filter_map(|alarm| Some((alarm["id"].as_i64()?, alarm["count"].as_u64()?))).collect();
    for (id, count) in &seen {
        let kept = counts.get(id).copied().unwrap_or(0);
        ensure!(kept >= *count, "alarm {id} was told to have happened {count} times and is kept with {kept}");
    }
    // Each time it happened was told once, no more and no less.
    let told = target.told.lock().unwrap().clone();
    assert_eq!(told, counts);
    let ready = alarms.iter().filter(|alarm| alarm["clip"]["state"] == "ready").count();
    ensure!(ready > 0, "no clip became ready: {}", alarms[0]["clip"]);
    site.program.terminate()?;
    site.program.ended(Duration::from_secs(8)).await?;
    farm.shutdown().await;
    Ok(())
}
