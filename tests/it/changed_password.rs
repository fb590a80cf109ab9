//! A device whose password somebody changed meets everything a site does at once, and counts two wrong attempts at most.
//!
//! Twenty seconds without a rest, or as many as `WATCHWALL_WRONG_PASSWORD_SECONDS` says, at the pace of people.

use anyhow::{Context, Result, ensure};
use reqwest::Method;
use serde_json::{Value, json};
use std::{
    net::Ipv4Addr,
    time::{Duration, Instant},
};
use watchwall_camsim::{DeviceCounters, Farm, Fault, Lockout};
use watchwall_model::{StreamRole, config::HealthConfig};
use watchwall_tests::{Client, DeviceFarm, SiteOptions, TestSite, USER, soon, until};

const PASSWORD: &str = "the old password";
const WITHIN: Duration = Duration::from_secs(60);
/// From one round to the next in a long run.
const PACE: Duration = Duration::from_secs(2);
/// Of real cameras that lock for half an hour, the strictest.
const LOCKOUT: Lockout = Lockout { attempts: 3, ms: 1_800_000 };

struct Scene {
    farm: Farm,
    site: TestSite,
    device: Value,
    camera: Value,
    set: Value,
}

fn options() -> SiteOptions {
    let health = HealthConfig { interval_ms: 1_000, first_after_ms: 0, offline_alarm_ms: 60_000 };
    SiteOptions { health: Some(health), ..SiteOptions::default() }
}

impl Scene {
    /// A recorded camera that is watched, listened to and healthy.
    async fn start() -> Result<Self> {
        let locks = |device| watchwall_camsim::DeviceSpec { lockout: Some(LOCKOUT), ..device };
        let farm = DeviceFarm::new().camera_with(Ipv4Addr::new(127, 0, 41, 1), PASSWORD, locks).start().await?;
        let site = TestSite::start_with(options()).await?;
        let row = json!({ "address": farm.device_url(0)?, "username": USER, "password": PASSWORD });
        let job = ended(&site.admin, &json!({ "rows": [row], "record": true })).await?;
        let added = &job["rows"][0];
        ensure!(added["state"] == "added", "{added}");
        let set = json!({ "name": "old", "username": USER, "password": PASSWORD });
        let set = site.admin.post("/api/v1/credential-sets", &set).await?.ok()?.json["id"].clone();
        let (device, camera) = (added["device_id"].clone(), added["camera_ids"][0].clone());
        let scene = Self { farm, site, device, camera, set };
        scene.site.health_is(&scene.camera, "online").await?;
        let path = scene.camera_path("/health");
        until("a listener", WITHIN, async || {
            let health = scene.site.admin.get(&path).await.ok()?.json;
            (health["device"]["listening"] == "listening").then_some(())
        })
        .await?;
        Ok(scene)
    }

    fn camera_path(&self, rest: &str) -> String {
        format!("/api/v1/cameras/{}{rest}", self.camera)
    }

    fn counted(&self) -> Result<DeviceCounters> {
        Ok(self.farm.device_counters(0)?)
    }

    fn check(&self, after: &str) -> Result<()> {
        let counted = self.counted()?;
        ensure!(counted.password_attempts_total <= 2 && !counted.is_locked, "after {after}: {counted:?}");
        Ok(())
    }

    /// What the pages of several people ask for in a few seconds, all at once.
    async fn everything(&self) -> Result<()> {
        let admin = &self.site.admin;
        let camera = admin.get(&self.camera_path("")).await?.ok()?.json;
        let (main, sub) = (TestSite::path_of(&camera, "main"), TestSite::path_of(&camera, "sub"));
        let device = format!("/api/v1/devices/{}", self.device);
        let probe = json!({ "address": self.farm.device_url(0)?, "username": USER, "password": PASSWORD });
        let stream = self.farm.rtsp_url(0, StreamRole::Main);
        let stream = json!({ "url": stream, "username": USER, "password": PASSWORD, "camera_id": self.camera });
        let stored = json!({ "url": self.farm.rtsp_url(0, StreamRole::Sub), "camera_id": self.camera });
        let asks: Vec<(Method, String, Value)> = vec![
            (Method::GET, format!("/api/v1/live/{main}/snapshot.jpg"), Value::Null),
            (Method::GET, format!("/api/v1/live/{sub}/snapshot.jpg"), Value::Null),
            (Method::GET, self.camera_path("/health"), Value::Null),
            (Method::GET, self.camera_path("/ptz"), Value::Null),
            (Method::GET, self.camera_path("/ptz/presets"), Value::Null),
            (Method::POST, self.camera_path("/ptz"), json!({ "action": "move", "pan": 0.2, "tilt": 0.0 })),
            (Method::GET, self.camera_path("/imaging"), Value::Null),
            (Method::GET, self.camera_path("/osds"), Value::Null),
            (Method::GET, self.camera_path("/encoders"), Value::Null),
            (Method::GET, format!("{device}/relays"), Value::Null),
            (Method::GET, format!("{device}/inputs"), Value::Null),
            (Method::GET, format!("{device}/clock"), Value::Null),
            (Method::GET, format!("{device}/users"), Value::Null),
            (Method::POST, format!("{device}/refresh"), json!({})),
            (Method::POST, "/api/v1/devices/probe".to_owned(), probe.clone()),
            (Method::POST, "/api/v1/devices/probe".to_owned(), probe),
            (Method::POST, "/api/v1/cameras/probe".to_owned(), stream),
            (Method::POST, "/api/v1/cameras/probe".to_owned(), stored),
        ];
        let viewers = async {
            for path in [&main, &sub, &main] {
                // Told that there is no picture, or closed: the page tries again as long as it is open.
                let mut socket = self.site.live(path, "?codecs=h264").await?;
                let _ = soon("what a viewer is told", Duration::from_secs(3), socket.hear()).await;
            }
            anyhow::Ok(())
        };
        let rows = json!({
            "rows": [{ "address": self.farm.device_url(0)? }], "credential_set_ids": [self.set], "dry_run": true, "record": false,
        });
        let requests = futures::future::try_join_all(asks.iter().map(|(method, path, body)| async move {
            let asked =
                if body.is_null() { admin.get(path).await } else { admin.send_json(method.clone(), path, body).await };
            asked.with_context(|| path.clone())
        }));
        let (answers, sets, watched) = tokio::join!(requests, ended(admin, &rows), viewers);
        watched?;
        let sets = sets?;
        ensure!(sets["rows"][0]["state"] == "failed", "a row with the old password: {sets}");
        // None of them may end otherwise than with an answer.
        for ((_, path, _), answer) in asks.iter().zip(answers?) {
            ensure!(answer.status.as_u16() != 500, "{path}: {}", answer.text);
        }
        Ok(())
    }
}

async fn ended(admin: &Client, rows: &Value) -> Result<Value> {
    let job = admin.post("/api/v1/onboarding", rows).await?.ok()?.json;
    let path = format!("/api/v1/onboarding/{}", job["id"]);
    until("the job", WITHIN, async || {
        let answer = admin.get(&path).await.ok()?;
        (answer.status.is_success() && answer.json["state"] != "running").then_some(answer.json)
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_password_costs_two_attempts_whatever_the_site_does() -> Result<()> {
    let mut scene = Scene::start().await?;
    scene.check("the start")?;
    // Two viewers and a recorder are on it when it changes, and the device throws them out.
    let camera = scene.site.admin.get(&scene.camera_path("")).await?.ok()?.json;
    let path = TestSite::path_of(&camera, "main");
    let mut viewer = scene.site.live(&path, "?codecs=h264").await?;
    viewer.json("hello").await?;
    scene.farm.fault(0, Fault::WrongPassword).await?;
    scene.farm.fault(0, Fault::DropConnection).await?;
    scene.site.health_is(&scene.camera, "auth_failed").await?;
    scene.check("the change")?;
    let seconds = std::env::var("WATCHWALL_WRONG_PASSWORD_SECONDS").ok().and_then(|text| text.parse().ok());
    let (started, lasts) = (Instant::now(), Duration::from_secs(seconds.unwrap_or(20)));
    let mut rounds = 0;
    let mut has_restarted = false;
    let mut pace = tokio::time::interval(if seconds.is_some() { PACE } else { Duration::from_millis(1) });
    while started.elapsed() < lasts || !has_restarted {
        pace.tick().await;
        scene.everything().await?;
        rounds += 1;
        scene.check(&format!("round {rounds}"))?;
        if rounds % 10 == 0 {
            // Whoever is still connected is thrown out again.
            scene.farm.fault(0, Fault::DropConnection).await?;
        }
        if !has_restarted && started.elapsed() >= lasts / 2 {
            let data = scene.site.stop_keeping().await;
            scene.site = TestSite::start_with(SiteOptions { data: Some(data), ..options() }).await?;
            has_restarted = true;
            scene.site.health_is(&scene.camera, "auth_failed").await?;
            scene.check("the restart")?;
        }
    }
    let counted = scene.counted()?;
    println!(
        "{rounds} rounds in {} s: {:?}, {} challenges, {} connections",
        started.elapsed().as_secs(),
        counted.password_attempts,
        counted.challenges,
        counted.connections
    );
    ensure!(counted.password_attempts_total >= 1, "nobody noticed the change");
    // The new password opens every door at once.
    scene.farm.clear(0).await?;
    let right = json!({ "username": USER, "password": PASSWORD });
    scene.site.admin.send_json(Method::PATCH, &format!("/api/v1/devices/{}", scene.device), &right).await?.ok()?;
    scene.site.admin.post(&scene.camera_path("/retry"), &json!({})).await?.ok()?;
    scene.site.health_is(&scene.camera, "online").await?;
    scene.site.stop().await;
    scene.farm.shutdown().await;
    Ok(())
}
