//! Stored devices: moved, given another login, shown in another profile.

use anyhow::{Context, Result};
use reqwest::Method;
use serde_json::{Value, json};
use std::{net::Ipv4Addr, time::Duration};
use watchwall_camsim::DeviceSpec;
use watchwall_tests::{DeviceFarm, TestSite, USER, until};

async fn add(site: &TestSite, url: &str, password: &str) -> Result<Value> {
    let rows = json!({ "rows": [{ "address": url, "username": USER, "password": password }], "record": false });
    let job = site.admin.post("/api/v1/onboarding", &rows).await?.ok()?.json;
    let path = format!("/api/v1/onboarding/{}", job["id"]);
    let done = until("the job", Duration::from_secs(60), async || {
        let job = site.admin.get(&path).await.ok()?.json;
        (job["state"] != "running").then_some(job)
    });
    Ok(done.await?["rows"][0].clone())
}

fn with_serial(device: DeviceSpec) -> DeviceSpec {
    DeviceSpec { serial: Some("WW-0042".into()), ..device }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_at_a_new_address_is_known_again_and_moves_with_its_cameras() -> Result<()> {
    let site = TestSite::start().await?;
    let old = DeviceFarm::new().camera_with(Ipv4Addr::new(127, 0, 21, 1), "right", with_serial).start().await?;
    let added = add(&site, &old.device_url(0)?, "right").await?;
    assert_eq!(added["state"], "added", "{added}");
    old.shutdown().await;
    let new = DeviceFarm::new().camera_with(Ipv4Addr::new(127, 0, 21, 2), "right", with_serial).start().await?;
    let moved = add(&site, &new.device_url(0)?, "right").await?;
    assert_eq!(moved["problem"]["code"], "device_moved", "{moved}");
    let device = moved["problem"]["params"]["device_id"].as_str().context("no device")?;
    assert_eq!(device, added["device_id"].to_string());
    let at = format!("/api/v1/devices/{device}");
    let before = site.admin.get(&at).await?.ok()?;
    let patch = json!({ "address": new.device_url(0)? });
    let stale = site.admin.request(Method::PATCH, &at).header("if-match", "\"77\"").json(&patch);
    assert_eq!(site.admin.send(stale).await?.code(), "version_conflict");
    let changed = site.admin.send_json(Method::PATCH, &at, &patch).await?.ok()?.json;
    assert_eq!(changed["host"], "127.0.21.2");
    assert_ne!(changed["version"], before.json["version"]);
    site.admin.post(&format!("{at}/refresh"), &json!({})).await?.ok()?;
    let camera = site.admin.get(&format!("/api/v1/cameras/{}", added["camera_ids"][0])).await?.ok()?.json;
    // The path is the recordings' name: it stays.
    assert_eq!(
        (&camera["host"], &camera["streams"][0]["path"]),
        (&json!("127.0.21.2"), &json!("cam_127_0_21_1_ch1_main"))
    );
    assert!(camera["streams"][0]["url"].as_str().is_some_and(|url| url.contains("127.0.21.2")), "{camera}");
    assert!(camera["streams"][0].get("failure").is_none(), "{camera}");
    let mut live = site.live("cam_127_0_21_1_ch1_main", "?codecs=h264&select=exact").await?;
    live.json("hello").await?;
    site.stop().await;
    new.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_is_changed_for_the_device_and_all_its_cameras_at_once() -> Result<()> {
    let site = TestSite::start().await?;
    let farm = DeviceFarm::new().recorder(Ipv4Addr::new(127, 0, 22, 1), "right", 2).start().await?;
    let added = add(&site, &farm.device_url(0)?, "right").await?;
    let at = format!("/api/v1/devices/{}", added["device_id"]);
    let changed = site.admin.send_json(Method::PATCH, &at, &json!({ "username": "anna", "password": "new" })).await?;
    assert!(!changed.ok()?.text.contains("\"new\""));
    for id in added["camera_ids"].as_array().context("no cameras")? {
        assert_eq!(site.admin.get(&format!("/api/v1/cameras/{id}")).await?.json["username"], "anna");
    }
    let refused = site.admin.post(&format!("{at}/refresh"), &json!({})).await?;
    assert_eq!(refused.code(), "credentials_wrong");
    assert!(farm.device_counters(0)?.password_attempts_total <= 2);
    let audit = site.admin.get("/api/v1/audit?limit=50").await?.ok()?.text;
    assert!(audit.contains("device.update") && !audit.contains("\"new\":\"new\""), "{audit}");
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_profile_is_shown_when_it_can_be_received() -> Result<()> {
    let site = TestSite::start().await?;
    let farm = DeviceFarm::new().camera(Ipv4Addr::new(127, 0, 23, 1), "right").start().await?;
    let added = add(&site, &farm.device_url(0)?, "right").await?;
    let camera = format!("/api/v1/cameras/{}", added["camera_ids"][0]);
    let before = site.admin.get(&camera).await?.ok()?.json;
    let (main, sub) = (&before["streams"][0], &before["streams"][1]);
    assert_ne!(main["profile"], sub["profile"]);
    let choose = async |role: &str, profile: &Value| {
        let path = format!("{camera}/streams/{role}/profile");
        site.admin.send_json(Method::PUT, &path, &json!({ "profile": profile })).await
    };
    assert_eq!(choose("main", &json!("no such token")).await?.code(), "profile_unknown");
    assert_eq!(choose("third", &sub["profile"]).await?.code(), "request_invalid");
    let changed = choose("main", &sub["profile"]).await?.ok()?.json;
    assert_eq!((&changed["streams"][0]["url"], &changed["streams"][0]["path"]), (&sub["url"], &main["path"]));
    assert_eq!(changed["streams"][0]["facts"]["width"], 320);
    // A camera without a device has no profiles.
    let plain = site.add_camera("Plain", "rtsp://192.0.2.1/main", None, false).await?;
    let path = format!("/api/v1/cameras/{}/streams/main/profile", plain["id"]);
    let refused = site.admin.send_json(Method::PUT, &path, &json!({ "profile": "a" })).await?;
    assert_eq!(refused.code(), "operation_unsupported");
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}
