//! What cameras notice: stored, told live, drawn on the timeline.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::{net::Ipv4Addr, time::Duration};
use watchwall_camsim::{DeviceEvent, EventTopic, Farm, Quirk};
use watchwall_model::{UtcMillis, config::HealthConfig};
use watchwall_tests::{DeviceFarm, SiteOptions, Socket, TestSite, soon, until};

const PASSWORD: &str = "a recorder's password";
const WITHIN: Duration = Duration::from_secs(30);

fn quick() -> SiteOptions {
    let health = HealthConfig { interval_ms: 500, first_after_ms: 0, offline_alarm_ms: 60_000 };
    SiteOptions { health: Some(health), ..SiteOptions::default() }
}

async fn listening(site: &TestSite, camera: &Value) -> Result<()> {
    let path = format!("/api/v1/cameras/{camera}/health");
    until("a listener", WITHIN, async || {
        let health = site.admin.get(&path).await.ok()?.json;
        (health["device"]["listening"] == "listening").then_some(())
    })
    .await
}

const fn motion(index: usize, state: bool) -> DeviceEvent {
    DeviceEvent { topic: EventTopic::Motion, index, state }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_reach_their_camera_the_socket_and_the_timeline() -> Result<()> {
    let farm = DeviceFarm::new().recorder(Ipv4Addr::new(127, 0, 22, 1), PASSWORD, 2).start().await?;
    // It goes on already when listening begins: that is how things stand, and no news.
    farm.event(0, motion(0, true))?;
    let site = TestSite::start_with(quick()).await?;
    let added = site.add_device(&farm.device_url(0)?, PASSWORD).await?;
    let (first, second) = (&added["camera_ids"][0], &added["camera_ids"][1]);
    listening(&site, first).await?;
    let mut news = Socket::open(&site.admin, "/ws/web-notify").await?;
    news.say(&json!({ "type": "subscribe", "topics": ["cameras", "events"] })).await?;
    news.json("cameras_snapshot").await?;
    let from = UtcMillis::now().0 - 5_000;

    farm.event(0, motion(1, true))?;
    let told = soon("the event", WITHIN, news.json("camera_event")).await??["event"].clone();
    assert_eq!((&told["camera_id"], &told["kind"], &told["state"]), (second, &json!("motion"), &json!("on")));
    assert_eq!((&told["topic"], &told["value"]), (&json!("VideoSource/MotionAlarm"), &json!("State=true")));
    // Said again it is no news; the line after it is.
    farm.event(0, motion(1, true))?;
    farm.event(0, DeviceEvent { topic: EventTopic::LineCrossed, index: 0, state: true })?;
    farm.event(0, DeviceEvent { topic: EventTopic::DigitalInput, index: 1, state: true })?;
    farm.event(0, motion(1, false))?;
    let mut seen = Vec::new();
    while seen.len() < 3 {
        let event = soon("an event", WITHIN, news.json("camera_event")).await??["event"].clone();
        seen.push((event["camera_id"].clone(), event["kind"].clone(), event["state"].clone()));
    }
    let expect = [(first, "line_crossed", "pulse"), (first, "digital_input", "on"), (second, "motion", "off")];
    assert_eq!(seen, expect.map(|(camera, kind, state)| (camera.clone(), json!(kind), json!(state))));

    let list = async |camera: &Value, query: &str| -> Result<Vec<(Value, Value)>> {
        let page = site.admin.get(&format!("/api/v1/cameras/{camera}/events{query}")).await?.ok()?.json;
        let items = page["items"].as_array().cloned().unwrap_or_default();
        Ok(items.iter().map(|event| (event["kind"].clone(), event["state"].clone())).collect())
    };
    let pairs = |pairs: &[(&str, &str)]| pairs.iter().map(|(a, b)| (json!(a), json!(b))).collect::<Vec<_>>();
    assert_eq!(list(second, "").await?, pairs(&[("motion", "off"), ("motion", "on")]));
    assert_eq!(list(first, "").await?, pairs(&[("digital_input", "on"), ("line_crossed", "pulse")]));
    assert_eq!(list(first, "?kind=line_crossed").await?, pairs(&[("line_crossed", "pulse")]));
    let page = site.admin.get(&format!("/api/v1/cameras/{second}/events?limit=1")).await?.ok()?.json;
    let cursor = page["next_cursor"].as_str().unwrap_or_default();
    assert_eq!(list(second, &format!("?limit=1&cursor={cursor}")).await?, pairs(&[("motion", "on")]));

    let camera = site.admin.get(&format!("/api/v1/cameras/{second}")).await?.ok()?.json;
    let path = TestSite::path_of(&camera, "main");
    let query = format!("/api/v1/timeline?paths={path}&from={from}&to={}", UtcMillis::now().0 + 5_000);
    let marks = site.admin.get(&query).await?.ok()?.json["tracks"][0]["marks"].clone();
    assert_eq!((marks.as_array().map(Vec::len), &marks[0]["kind"]), (Some(1), &json!("motion")));
    assert!(
        marks[0]["start"].as_i64() <= marks[0]["end"].as_i64() && marks[0]["start"].as_i64() > Some(from),
        "{marks}"
    );
    site.stop().await;
    let held = farm.device_counters(0)?.subscriptions;
    assert_eq!(held, 0, "a site that stops gives its subscription back");
    farm.shutdown().await;
    Ok(())
}

/// Waits until events of a camera's device come this way; how its health is then.
async fn events_come_from(site: &TestSite, camera: &Value, source: &str) -> Result<Value> {
    let path = format!("/api/v1/cameras/{camera}/health");
    let mut last = Value::Null;
    let reached = until(source, Duration::from_secs(60), async || {
        last = site.admin.get(&path).await.ok()?.json["device"].clone();
        (last["event_source"] == source).then(|| last.clone())
    });
    reached.await.with_context(|| last.to_string())
}

async fn news(site: &TestSite) -> Result<Socket> {
    let mut news = Socket::open(&site.admin, "/ws/web-notify").await?;
    news.say(&json!({ "type": "subscribe", "topics": ["cameras", "events"] })).await?;
    news.json("cameras_snapshot").await?;
    Ok(news)
}

/// What is told of all cameras until the device's second input opens, which this does: kind and state.
async fn told_until_the_end(farm: &Farm, news: &mut Socket, is_open: bool) -> Result<Vec<(String, String)>> {
    farm.event(0, DeviceEvent { topic: EventTopic::DigitalInput, index: 1, state: is_open })?;
    let mut told = Vec::new();
    loop {
        let event = soon("an event", WITHIN, news.json("camera_event")).await??["event"].clone();
        let word = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
        if word("kind") == "digital_input" {
            return Ok(told);
        }
        told.push((word("kind"), word("state")));
    }
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(kind, state)| ((*kind).to_owned(), (*state).to_owned())).collect()
}

const fn line() -> DeviceEvent {
    DeviceEvent { topic: EventTopic::LineCrossed, index: 0, state: true }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_without_pull_points_tells_in_its_streams() -> Result<()> {
    let host = Ipv4Addr::new(127, 0, 22, 2);
    let farm = DeviceFarm::new().camera_with(host, PASSWORD, |device| device.with(Quirk::MetadataOnly)).start().await?;
    // It goes on already: that is how things stand, and no news.
    farm.event(0, motion(0, true))?;
    let site = TestSite::start_with(quick()).await?;
    let camera = site.add_device(&farm.device_url(0)?, PASSWORD).await?["camera_ids"][0].clone();
    let device = events_come_from(&site, &camera, "metadata").await?;
    assert_eq!(device["listening"], Value::Null, "{device}");
    let mut news = news(&site).await?;
    let from = UtcMillis::now().0 - 5_000;
    for state in [false, true, true, false] {
        farm.event(0, motion(0, state))?;
    }
    farm.event(0, line())?;
    let told = told_until_the_end(&farm, &mut news, true).await?;
    let expect = [("motion", "off"), ("motion", "on"), ("motion", "off"), ("line_crossed", "pulse")];
    // What went on at the beginning is no news; that it ended is.
    assert_eq!(told, pairs(&expect));

    let view = site.admin.get(&format!("/api/v1/cameras/{camera}")).await?.ok()?.json;
    let path = TestSite::path_of(&view, "main");
    let query = format!("/api/v1/timeline?paths={path}&from={from}&to={}", UtcMillis::now().0 + 5_000);
    let marks = site.admin.get(&query).await?.ok()?.json["tracks"][0]["marks"].clone();
    let kinds: Vec<_> = marks.as_array().into_iter().flatten().map(|mark| mark["kind"].clone()).collect();
    assert!(kinds.contains(&json!("motion")) && kinds.contains(&json!("line_crossed")), "{marks}");
    // One stream is open for it, the smaller one, and once.
    let counters = farm.counters(0)?;
    assert_eq!((counters.main.sessions_now, counters.sub.sessions_now), (0, 1));
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_both_ways_are_there_nothing_is_told_twice() -> Result<()> {
    let host = Ipv4Addr::new(127, 0, 22, 3);
    let farm =
        DeviceFarm::new().camera_with(host, PASSWORD, |device| device.with(Quirk::MetadataTrack)).start().await?;
    let site = TestSite::start_with(quick()).await?;
    let camera = site.add_device(&farm.device_url(0)?, PASSWORD).await?["camera_ids"][0].clone();
    let device = events_come_from(&site, &camera, "pull_point").await?;
    assert_eq!(device["listening"], "listening");
    let mut news = news(&site).await?;
    farm.event(0, motion(0, true))?;
    farm.event(0, line())?;
    let told = told_until_the_end(&farm, &mut news, true).await?;
    assert_eq!(told, pairs(&[("motion", "on"), ("line_crossed", "pulse")]));
    // Nobody watches, and the pull point tells: no stream is open for its metadata.
    until("no session", WITHIN, async || (farm.counters(0).ok()?.sessions_now() == 0).then_some(())).await?;
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pull_point_that_works_again_takes_over_without_a_word_twice() -> Result<()> {
    let host = Ipv4Addr::new(127, 0, 22, 4);
    let farm =
        DeviceFarm::new().camera_with(host, PASSWORD, |device| device.with(Quirk::PullPointsRefused)).start().await?;
    let site = TestSite::start_with(quick()).await?;
    let camera = site.add_device(&farm.device_url(0)?, PASSWORD).await?["camera_ids"][0].clone();
    events_come_from(&site, &camera, "metadata").await?;
    let mut news = news(&site).await?;
    farm.event(0, motion(0, true))?;
    farm.event(0, line())?;
    let told = told_until_the_end(&farm, &mut news, true).await?;
    assert_eq!(told, pairs(&[("motion", "on"), ("line_crossed", "pulse")]));
    // Somebody watches: the session with the metadata track stays open beside the pull point.
    let view = site.admin.get(&format!("/api/v1/cameras/{camera}")).await?.ok()?.json;
    let _viewer = site.live(&TestSite::path_of(&view, "sub"), "").await?;
    farm.clear_quirks(0)?;
    events_come_from(&site, &camera, "pull_point").await?;
    // That it goes on was said before, whichever way.
    farm.event(0, motion(0, true))?;
    farm.event(0, line())?;
    farm.event(0, motion(0, false))?;
    let told = told_until_the_end(&farm, &mut news, false).await?;
    assert_eq!(told, pairs(&[("line_crossed", "pulse"), ("motion", "off")]));
    assert_eq!(farm.counters(0)?.sub.sessions_now, 1);
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}
