//! Searching for devices, and hearing of them as they answer.

use anyhow::Result;
use serde_json::{Value, json};
use std::{net::Ipv4Addr, time::Duration};
use watchwall_tests::{DeviceFarm, Socket, TestSite, USER, soon, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn devices_are_found_once_and_told_apart_from_those_the_site_has() -> Result<()> {
    let mut farm = DeviceFarm::new().found();
    for last in 1..=8 {
        farm = farm.camera(Ipv4Addr::new(127, 0, 31, last), "right");
    }
    let farm = farm.start().await?;
    let site = TestSite::start().await?;
    let rows =
        json!({ "rows": [{ "address": farm.device_url(0)?, "username": USER, "password": "right" }], "record": false });
    let job = site.admin.post("/api/v1/onboarding", &rows).await?.ok()?.json;
    let added = until("the camera", Duration::from_secs(60), async || {
        let job = site.admin.get(&format!("/api/v1/onboarding/{}", job["id"])).await.ok()?.json;
        (job["added"] == 1).then(|| job["rows"][0].clone())
    })
    .await?;
    let mut socket = Socket::open(&site.admin, "/ws/web-notify").await?;
    socket.say(&json!({ "type": "subscribe", "topics": ["discovery"] })).await?;
    let wish = json!({ "ranges": ["127.0.31.1-8"], "port": farm.discovery_port() });
    let started = site.admin.post("/api/v1/discovery", &wish).await?;
    assert_eq!(started.status.as_u16(), 202, "{}", started.text);
    let mut told: Vec<Value> = Vec::new();
    let listening = async {
        loop {
            let news = socket.json("discovery_changed").await?;
            told.extend(news["devices"].as_array().cloned().unwrap_or_default());
            if news["state"] == "done" {
                return anyhow::Ok(());
            }
        }
    };
    soon("the end of the search", Duration::from_secs(30), listening).await??;
    let found = site.admin.get(&format!("/api/v1/discovery/{}", started.json["id"])).await?.ok()?.json;
    let devices = found["devices"].as_array().cloned().unwrap_or_default();
    let mut hosts: Vec<&str> = devices.iter().filter_map(|device| device["host"].as_str()).collect();
    hosts.sort_unstable();
    assert_eq!(hosts, (1..=8).map(|last| format!("127.0.31.{last}")).collect::<Vec<_>>());
    assert_eq!(told.len(), 8, "{told:?}");
    let known = devices.iter().find(|device| device["known"] == "known").cloned().unwrap_or_default();
    assert_eq!((&known["host"], &known["device_id"]), (&json!("127.0.31.1"), &added["device_id"]));
    assert_eq!(devices.iter().filter(|device| device["known"] == "new").count(), 7);
    assert_eq!(
        site.admin.post("/api/v1/discovery", &json!({ "ranges": ["10.0.0.0/8"] })).await?.code(),
        "request_invalid"
    );
    site.admin.delete(&format!("/api/v1/discovery/{}", started.json["id"])).await?.ok()?;
    assert_eq!(site.admin.get(&format!("/api/v1/discovery/{}", started.json["id"])).await?.code(), "job_not_found");
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}
