//! How cameras stand as a whole, the times they were away, the report of them.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::{net::Ipv4Addr, time::Duration};
use watchwall_camsim::{Fault, Quirk};
use watchwall_model::{StreamRole, UtcMillis, config::HealthConfig};
use watchwall_tests::{DeviceFarm, SiteOptions, Socket, TestSite, demo_like, farm, soon, until};

const PASSWORD: &str = "a camera's password";
const WITHIN: Duration = Duration::from_secs(20);

fn quick() -> SiteOptions {
    let health = HealthConfig { interval_ms: 500, first_after_ms: 0, offline_alarm_ms: 1_000 };
    SiteOptions { health: Some(health), ..SiteOptions::default() }
}

async fn events(site: &TestSite, camera: &Value) -> Result<Value> {
    Ok(site.admin.get(&format!("/api/v1/cameras/{camera}/offline-events")).await?.ok()?.json["items"].clone())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_that_answers_while_its_stream_stands_still_has_no_video() -> Result<()> {
    let farm = DeviceFarm::new().camera(Ipv4Addr::new(127, 0, 21, 1), PASSWORD).start().await?;
    let site = TestSite::start_with(quick()).await?;
    let added = site.add_device(&farm.device_url(0)?, PASSWORD).await?;
    let camera = &added["camera_ids"][0];
    // Nobody watches: the device speaks for itself.
    let idle = site.health_is(camera, "online").await?;
    assert_eq!((&idle["device"]["answer"], &idle["device"]["login_code"]), (&json!("answered"), &Value::Null));
    assert!(idle["device"]["clock_offset_ms"].as_i64().is_some_and(|ms| ms.abs() < 3_000), "{idle}");
    let view = site.admin.get(&format!("/api/v1/cameras/{camera}")).await?.ok()?.json;
    assert_eq!((&view["health"]["state"], &view["ptz"]), (&json!("online"), &json!(true)));
    assert_eq!(view["device_id"], added["device_id"]);

    let mut viewer = site.live(&TestSite::path_of(&view, "main"), "").await?;
    viewer.video().await?;
    let mut news = Socket::open(&site.admin, "/ws/web-notify").await?;
    news.say(&json!({ "type": "subscribe", "topics": ["cameras"] })).await?;
    let before = news.json("cameras_snapshot").await?;
    assert_eq!(before["cameras"][0]["health"]["state"], "online");
    farm.fault(0, Fault::Stall { ms: 600_000 }).await?;
    let still = site.health_is(camera, "no_video").await?;
    assert_eq!((&still["device"]["answer"], &still["health"]["code"]), (&json!("answered"), &json!("stream_stalled")));
    let told = async {
        loop {
            let changed = news.json("cameras_changed").await?;
            if changed["cameras"][0]["health"]["state"] == "no_video" {
                return anyhow::Ok(());
            }
        }
    };
    soon("the news", WITHIN, told).await??;
    // Past its limit it is told on its own.
    let away = soon("the alarm", WITHIN, news.json("camera_away")).await??;
    assert_eq!((&away["camera_id"], &away["since"]), (camera, &events(&site, camera).await?[0]["started_at"]));

    farm.clear(0).await?;
    let back = site.health_is(camera, "online").await?;
    assert_eq!(back["away_since"], Value::Null);
    let all = events(&site, camera).await?;
    let event = &all[0];
    assert_eq!(
        (all.as_array().map(Vec::len), &event["resolved"], &event["alarmed"]),
        (Some(1), &json!(true), &json!(true))
    );
    let (start, end) = (event["started_at"].as_i64().context("start")?, event["ended_at"].as_i64().context("end")?);
    assert!(end - start > 1_000 && event["duration_ms"].as_i64() == Some(end - start), "{event}");
    assert!((site.admin.metric("camera_online_count").await? - 1.0).abs() < f64::EPSILON);
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn addresses_that_end_with_a_reboot_are_asked_for_again() -> Result<()> {
    let host = Ipv4Addr::new(127, 0, 21, 9);
    let moody = |mut device: watchwall_camsim::DeviceSpec| {
        device.quirks.push(Quirk::InvalidAfterReboot);
        device
    };
    let farm = DeviceFarm::new().camera_with(host, PASSWORD, moody).start().await?;
    let site = TestSite::start_with(quick()).await?;
    let added = site.add_device(&farm.device_url(0)?, PASSWORD).await?;
    let camera = &added["camera_ids"][0];
    let view = site.admin.get(&format!("/api/v1/cameras/{camera}")).await?.ok()?.json;
    let first = view["streams"][0]["url"].as_str().context("no address")?.to_owned();
    let mut viewer = site.live(&TestSite::path_of(&view, "main"), "").await?;
    viewer.video().await?;
    site.admin.post(&format!("/api/v1/devices/{}/reboot", added["device_id"]), &json!({})).await?.ok()?;
    assert!(first.ends_with("boot=0"), "{first}");
    until("the new address", WITHIN, async || {
        let now = site.admin.get(&format!("/api/v1/cameras/{camera}")).await.ok()?.json;
        now["streams"][0]["url"].as_str().filter(|url| url.ends_with("boot=1")).map(|_| ())
    })
    .await?;
    let mut again = site.live(&TestSite::path_of(&view, "main"), "").await?;
    soon("a picture from there", WITHIN, again.video()).await??;
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_absence_survives_a_restart_and_stands_in_the_report() -> Result<()> {
    let farm = farm(vec![demo_like("Gate")]).await?;
    let site = TestSite::start_with(quick()).await?;
    let camera = site.add_camera("=Gate \"A\"", &farm.rtsp_url(0, StreamRole::Main), None, true).await?;
    let id = &camera["id"];
    site.health_is(id, "online").await?;
    farm.shutdown().await;
    let gone = site.health_is(id, "unreachable").await?;
    assert_eq!((&gone["device"], &gone["health"]["code"]), (&Value::Null, &json!("port_refused")));
    until("the alarm", WITHIN, async || events(&site, id).await.ok().filter(|all| all[0]["alarmed"] == true)).await?;
    let first = events(&site, id).await?[0].clone();
    assert_eq!((&first["resolved"], &first["ended_at"]), (&json!(false), &Value::Null));
    assert!((site.admin.metric("camera_offline_count").await? - 1.0).abs() < f64::EPSILON);

    let data = site.stop_keeping().await;
    let site = TestSite::start_with(SiteOptions { data: Some(data), ..quick() }).await?;
    site.health_is(id, "unreachable").await?;
    let all = events(&site, id).await?;
    assert_eq!(all.as_array().map(Vec::len), Some(1), "continued, not begun again: {all}");
    assert_eq!((&all[0]["id"], &all[0]["started_at"]), (&first["id"], &first["started_at"]));

    let now = UtcMillis::now().0;
    let query = format!("/api/v1/reports/offline?from={}&to={now}", now - 3_600_000);
    let report = site.admin.get(&query).await?.ok()?.json;
    let row = &report["rows"][0];
    assert_eq!((&row["id"], &row["events"], &row["alarmed"]), (id, &json!(1), &json!(1)));
    let (away, period) = (row["offline_ms"].as_i64().context("away")?, row["period_ms"].as_i64().context("period")?);
    assert!(away > 1_000 && away <= period && period < 3_600_000, "{row}");
    assert!(
        row["offline_rate"].as_f64().is_some_and(|rate| (rate - away as f64 / period as f64).abs() < 1e-9),
        "{row}"
    );
    let groups = site.admin.get(&format!("{query}&by=group")).await?.ok()?.json;
    assert_eq!((&groups["rows"][0]["id"], &groups["rows"][0]["cameras"]), (&json!(0), &json!(1)));
    let csv =
        site.admin.send(site.admin.request(reqwest::Method::GET, &query).header("accept", "text/csv")).await?.ok()?;
    assert!(csv.header("content-type").starts_with("text/csv"), "{}", csv.header("content-type"));
    assert!(csv.text.contains("\"'=Gate \"\"A\"\"\""), "{}", csv.text);
    assert_eq!(site.admin.get(&format!("{query}&format=csv")).await?.ok()?.text.lines().count(), 2);
    for wrong in ["by=city", "format=pdf"] {
        assert_eq!(site.admin.get(&format!("{query}&{wrong}")).await?.code(), "request_invalid", "{wrong}");
    }
    assert_eq!(site.admin.get("/api/v1/reports/offline?from=2&to=1").await?.code(), "range_invalid");

    // Switched off it is no longer away.
    let path = format!("/api/v1/cameras/{id}");
    site.admin.send_json(reqwest::Method::PATCH, &path, &json!({ "enabled": false })).await?.ok()?;
    site.health_is(id, "unknown").await?;
    until("the end", WITHIN, async || events(&site, id).await.ok().filter(|all| all[0]["resolved"] == true)).await?;
    site.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_is_said_and_not_tried_again() -> Result<()> {
    let farm = DeviceFarm::new().camera(Ipv4Addr::new(127, 0, 21, 2), PASSWORD).start().await?;
    let site = TestSite::start_with(quick()).await?;
    let added = site.add_device(&farm.device_url(0)?, PASSWORD).await?;
    let camera = &added["camera_ids"][0];
    site.health_is(camera, "online").await?;
    let path = format!("/api/v1/devices/{}", added["device_id"]);
    let wrong = json!({ "username": watchwall_tests::USER, "password": "another one" });
    site.admin.send_json(reqwest::Method::PATCH, &path, &wrong).await?.ok()?;
    let refused = site.health_is(camera, "auth_failed").await?;
    assert_eq!(refused["health"]["code"], "credentials_wrong", "{refused}");
    // Twenty heartbeats later the device has counted no more.
    let checked = |health: &Value| health["device"]["checked_at"].as_i64().unwrap_or_default();
    let until_then = checked(&refused) + 10_000;
    until("twenty heartbeats", WITHIN, async || {
        let health = site.admin.get(&format!("/api/v1/cameras/{camera}/health")).await.ok()?.json;
        (checked(&health) > until_then).then_some(())
    })
    .await?;
    let attempts = farm.device_counters(0)?.password_attempts_total;
    assert!((1..=2).contains(&attempts), "{attempts} attempts");
    // Right again, and a person says so.
    let right = json!({ "username": watchwall_tests::USER, "password": PASSWORD });
    site.admin.send_json(reqwest::Method::PATCH, &path, &right).await?.ok()?;
    site.health_is(camera, "online").await?;
    site.admin.post(&format!("/api/v1/cameras/{camera}/retry"), &json!({})).await?.ok()?;
    site.health_is(camera, "online").await?;
    assert!(farm.device_counters(0)?.password_attempts_total <= 2);
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_that_is_gone_is_unreachable_and_comes_back() -> Result<()> {
    let farm = DeviceFarm::new().camera(Ipv4Addr::new(127, 0, 21, 3), PASSWORD).start().await?;
    let site = TestSite::start_with(quick()).await?;
    let added = site.add_device(&farm.device_url(0)?, PASSWORD).await?;
    let camera = &added["camera_ids"][0];
    site.health_is(camera, "online").await?;
    farm.fault(0, Fault::Offline).await?;
    let gone = site.health_is(camera, "unreachable").await?;
    assert_eq!((&gone["device"]["answer"], &gone["device"]["code"]), (&json!("silent"), &json!("port_refused")));
    assert!(gone["away_since"].is_i64(), "{gone}");
    farm.clear(0).await?;
    let back = site.health_is(camera, "online").await?;
    assert!(back["health"]["last_seen"].as_i64() > gone["health"]["last_seen"].as_i64(), "{back}");
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}
