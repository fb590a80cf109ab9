//! A site with quick health checks, and what all these tests ask of a camera.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::time::Duration;
use watchwall_camsim::{CameraSpec, Farm, FarmOptions, StreamSpec};
use watchwall_model::config::HealthConfig;
use watchwall_tests::{SiteOptions, TestSite, until};

pub const WITHIN: Duration = Duration::from_secs(30);
pub const USER: &str = watchwall_tests::USER;
pub const PASSWORD: &str = "p@ss:w/rd%&<>\"一二三";

pub async fn site() -> Result<TestSite> {
    let health = HealthConfig { interval_ms: 500, first_after_ms: 0, offline_alarm_ms: 60_000 };
    TestSite::start_with(SiteOptions { health: Some(health), ..SiteOptions::default() }).await
}

/// One stream to look at, open to everybody: these servers have none of their own.
pub async fn stream() -> Result<Farm> {
    Ok(Farm::start(FarmOptions::new(vec![CameraSpec::new("elsewhere", StreamSpec::live(640, 360, 10))])).await?)
}

/// What a look at a device says; nothing is saved.
pub async fn look(site: &TestSite, url: &str, password: &str) -> Result<watchwall_tests::Answer> {
    let wish = json!({ "address": url, "username": USER, "password": password });
    site.admin.post("/api/v1/devices/probe", &wish).await
}

/// Adds it; its device and its first camera.
pub async fn onboard(site: &TestSite, url: &str, password: &str) -> Result<(Value, Value)> {
    let row = site.add_device(url, password).await?;
    let camera = site.admin.get(&format!("/api/v1/cameras/{}", row["camera_ids"][0])).await?.ok()?.json;
    let main = camera["streams"][0].clone();
    anyhow::ensure!(main["facts"]["width"] == 640 && main.get("failure").is_none(), "{main}");
    Ok((row["device_id"].clone(), camera["id"].clone()))
}

/// Waits until its events are listened to.
pub async fn listening(site: &TestSite, camera: &Value) -> Result<()> {
    let path = format!("/api/v1/cameras/{camera}/health");
    let mut last = Value::Null;
    let reached = until("a listener", WITHIN, async || {
        last = site.admin.get(&path).await.ok()?.json;
        (last["device"]["listening"] == "listening").then_some(())
    });
    reached.await.with_context(|| last.to_string())
}

/// One command to its motors.
pub async fn ptz(site: &TestSite, camera: &Value, command: &Value) -> Result<watchwall_tests::Answer> {
    site.admin.post(&format!("/api/v1/cameras/{camera}/ptz"), command).await
}
