//! Plans of every mode, changed one by one and together, and recordings that are asked for.

use anyhow::{Context, Result};
use reqwest::Method;
use serde_json::{Value, json};
use std::{net::Ipv4Addr, time::Duration};
use watchwall_camsim::{DeviceEvent, EventTopic};
use watchwall_model::{StreamRole, UtcMillis, config::HealthConfig};
use watchwall_tests::{DeviceFarm, SiteOptions, TestSite, demo_like, farm, until};

const PASSWORD: &str = "a recorder's password";
const WITHIN: Duration = Duration::from_secs(30);

async fn plan(site: &TestSite, path: &str) -> Option<Value> {
    let page = site.admin.get("/api/v1/plans").await.ok()?.json;
    page["items"].as_array()?.iter().find(|plan| plan["path"] == path).cloned()
}

async fn runs(site: &TestSite, path: &str, running: &str) -> Result<Value> {
    let mut last = Value::Null;
    let reached = until(running, WITHIN, async || {
        last = plan(site, path).await?;
        (last["running"] == running).then(|| last.clone())
    });
    reached.await.with_context(|| last.to_string())
}

async fn audited(site: &TestSite, action: &str) -> Result<Vec<Value>> {
    let page = site.admin.get("/api/v1/audit?limit=500").await?.ok()?.json;
    let all = page["items"].as_array().cloned().unwrap_or_default();
    Ok(all.into_iter().filter(|entry| entry["action"] == action).collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_has_modes_and_bounds() -> Result<()> {
    let farm = farm(vec![demo_like("Gate")]).await?;
    let site = TestSite::start().await?;
    let camera = site.add_camera("Gate", &farm.rtsp_url(0, StreamRole::Main), None, false).await?;
    let path = TestSite::path_of(&camera, "main");
    let put = async |body: Value| site.admin.send_json(Method::PUT, &format!("/api/v1/plans/{path}"), &body).await;
    let refuse = async |body: Value, field: &str| -> Result<()> {
        let answer = put(body).await?;
        assert_eq!((answer.code(), answer.json["params"]["field"].as_str()), ("plan_invalid", Some(field)));
        Ok(())
    };
    refuse(json!({ "mode": "sometimes" }), "mode").await?;
    refuse(json!({ "schedule": ["c"] }), "schedule").await?;
    refuse(json!({ "event_kinds": ["rain"] }), "event_kinds").await?;
    refuse(json!({ "pre_event_seconds": 61 }), "pre_event_seconds").await?;
    refuse(json!({ "post_event_seconds": 0 }), "post_event_seconds").await?;
    refuse(json!({ "minimum_days": 8 }), "minimum_days").await?;
    refuse(json!({ "quota_bytes": 5 }), "quota_bytes").await?;
    assert_eq!(put(json!({ "volume": "nowhere" })).await?.code(), "volume_not_found");
    assert!(plan(&site, &path).await.is_none(), "nothing refused is saved");
    let off = vec!["-".repeat(48); 7];
    let saved = put(json!({ "mode": "schedule", "schedule": off, "minimum_days": 2, "quota_bytes": 500_000_000_u64, "volume": "main" })).await?.ok()?.json;
    assert_eq!(
        (&saved["mode"], &saved["schedule"], &saved["volume"]),
        (&json!("schedule"), &json!(off), &json!("main"))
    );
    assert_eq!((&saved["minimum_days"], &saved["quota_bytes"]), (&json!(2), &json!(500_000_000_u64)));
    assert_eq!(saved["changes_at"], Value::Null);
    runs(&site, &path, "off").await?;
    let cleared = put(json!({ "minimum_days": 0, "quota_bytes": 0, "volume": "auto" })).await?.ok()?.json;
    assert_eq!(
        (&cleared["minimum_days"], &cleared["quota_bytes"], &cleared["volume"]),
        (&Value::Null, &Value::Null, &Value::Null)
    );
    assert_eq!((&cleared["mode"], &cleared["version"]), (&json!("schedule"), &json!(2)));

    // Nobody records by schedule; somebody asks.
    let ask = async |body: Value| site.admin.post(&format!("/api/v1/recording/{path}/trigger"), &body).await;
    let early = ask(json!({ "start": 1_000 })).await?;
    assert_eq!(early.code(), "trigger_too_early");
    assert_eq!(ask(json!({ "seconds": 0 })).await?.code(), "trigger_invalid");
    let taken = ask(json!({ "seconds": 3, "reason": "a parcel" })).await?.ok()?.json;
    assert_eq!(taken["scheduled"], json!(false));
    runs(&site, &path, "recording").await?;
    runs(&site, &path, "off").await?;
    let from = taken["from"].as_i64().context("no start")?;
    let url = format!("/api/v1/timeline?paths={path}&from={}&to={}", from - 60_000, UtcMillis::now().0);
    let track = site.admin.get(&url).await?.ok()?.json["tracks"][0].clone();
    assert_eq!(track["coverage"].as_array().map(Vec::len), Some(1), "{track}");
    assert_eq!((&track["triggers"][0]["reason"], &track["triggers"][0]["kind"]), (&json!("a parcel"), &Value::Null));
    assert_eq!(audited(&site, "recording.trigger").await?.len(), 1);

    // Asked for ten minutes and for tomorrow; then nobody wants it any more.
    ask(json!({ "seconds": 600 })).await?.ok()?;
    let tomorrow = UtcMillis::now().0 + 86_400_000;
    assert_eq!(ask(json!({ "start": tomorrow, "seconds": 60 })).await?.ok()?.json["scheduled"], json!(true));
    runs(&site, &path, "recording").await?;
    let asked_until = async || -> Result<Value> {
        Ok(site.admin.get("/api/v1/plans").await?.ok()?.json["items"][0]["asked_until"].clone())
    };
    assert_eq!(asked_until().await?, json!(tomorrow + 60_000));
    let viewer = site.user("vera", "viewer", "a long password").await?;
    let stop = format!("/api/v1/recording/{path}/trigger");
    assert_eq!(viewer.delete(&stop).await?.code(), "right_missing");
    assert_eq!(site.admin.delete(&stop).await?.ok()?.status.as_u16(), 204);
    runs(&site, &path, "off").await?;
    assert_eq!(asked_until().await?, Value::Null);
    let url = format!("/api/v1/timeline?paths={path}&from={}&to={}", from - 60_000, tomorrow + 86_400_000);
    let kept = site.admin.get(&url).await?.ok()?.json["tracks"][0]["triggers"].clone();
    let until: Vec<i64> = kept.as_array().context("no triggers")?.iter().filter_map(|t| t["until"].as_i64()).collect();
    assert_eq!(until.len(), 2, "the one for tomorrow is forgotten: {kept}");
    assert!(until.iter().all(|until| *until <= UtcMillis::now().0), "{kept}");
    // A second time nothing happens, and nothing is written down.
    site.admin.delete(&stop).await?.ok()?;
    assert_eq!(audited(&site, "recording.withdraw").await?.len(), 1);
    put(json!({ "enabled": false })).await?.ok()?;
    assert_eq!(ask(json!({})).await?.code(), "plan_off");
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plans_change_together_or_not_at_all() -> Result<()> {
    let farm = farm(vec![demo_like("Gate"), demo_like("Yard"), demo_like("Hall")]).await?;
    let site = TestSite::start().await?;
    let outside = site.admin.post("/api/v1/groups", &json!({ "name": "Outside" })).await?.ok()?.json["id"].clone();
    let back =
        site.admin.post("/api/v1/groups", &json!({ "name": "Back", "parent_id": outside })).await?.ok()?.json["id"]
            .clone();
    let mut paths = Vec::new();
    for (n, (name, group)) in [("Gate", Some(&outside)), ("Yard", Some(&back)), ("Hall", None)].into_iter().enumerate()
    {
        let camera = site.add_camera(name, &farm.rtsp_url(n, StreamRole::Main), None, n == 0).await?;
        if let Some(group) = group {
            let id = &camera["id"];
            let change = json!({ "group_id": group });
            site.admin.send_json(Method::PATCH, &format!("/api/v1/cameras/{id}"), &change).await?.ok()?;
        }
        paths.push(TestSite::path_of(&camera, "main"));
    }
    let bulk = async |body: Value| -> Result<Value> {
        let answer = site.admin.post("/api/v1/plans/bulk", &body).await?;
        Ok(answer.ok()?.json)
    };
    let words = |answer: &Value| -> Vec<(String, String, String)> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let items = answer["items"].as_array().cloned().unwrap_or_default();
        let mut all: Vec<_> =
            items.iter().map(|item| (text(&item["path"]), text(&item["outcome"]), text(&item["code"]))).collect();
        all.sort_by_key(|(path, _, _)| paths.iter().position(|one| one == path));
        all
    };
    // By group: the one inside it too, and a plan for the camera that had none.
    let change = json!({ "mode": "event", "retention_days": 3 });
    let answer = bulk(json!({ "groups": [outside], "change": change })).await?;
    assert_eq!(answer["saved"], json!(true));
    let saved = |path: &String| (path.clone(), "saved".to_owned(), String::new());
    assert_eq!(words(&answer), [saved(&paths[0]), saved(&paths[1])]);
    assert_eq!(plan(&site, &paths[0]).await.context("no plan")?["version"], json!(2));
    assert_eq!(plan(&site, &paths[1]).await.context("no plan")?["version"], json!(1));
    assert!(plan(&site, &paths[2]).await.is_none());
    assert_eq!(audited(&site, "plan.update").await?.len(), 1);
    assert_eq!(audited(&site, "plan.create").await?.len(), 1);
    // One was changed by somebody else meanwhile, and one is no stream: all stay as they were.
    let versions = json!({ &paths[0]: 1, &paths[1]: 1 });
    let wish = json!({ "paths": [&paths[0], &paths[1], "cam_none_ch1_main"], "versions": versions, "change": { "retention_days": 9 } });
    let answer = bulk(wish).await?;
    assert_eq!(answer["saved"], json!(false));
    let expect = [
        (paths[0].clone(), "refused".to_owned(), "version_conflict".to_owned()),
        (paths[1].clone(), "kept".to_owned(), String::new()),
    ];
    assert!(expect.iter().all(|one| words(&answer).contains(one)), "{answer}");
    assert!(words(&answer).iter().any(|(path, _, code)| path == "cam_none_ch1_main" && code == "camera_not_found"));
    for path in &paths[..2] {
        assert_eq!(plan(&site, path).await.context("no plan")?["retention_days"], json!(3));
    }
    // What fits one need not fit the other.
    let hall = format!("/api/v1/plans/{}", paths[2]);
    site.admin.send_json(Method::PUT, &hall, &json!({ "retention_days": 30 })).await?.ok()?;
    let answer = bulk(json!({ "paths": paths, "change": { "minimum_days": 5 } })).await?;
    let refused: Vec<_> = words(&answer).into_iter().map(|(_, outcome, code)| (outcome, code)).collect();
    let no = ("refused".to_owned(), "plan_invalid".to_owned());
    assert_eq!(refused, [no.clone(), no, ("kept".to_owned(), String::new())]);
    let nothing = site.admin.post("/api/v1/plans/bulk", &json!({ "change": {} })).await?;
    assert_eq!(nothing.code(), "request_invalid");
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}

/// A camera's own motion begins a recording, with the seconds before it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn motion_begins_a_recording() -> Result<()> {
    let farm = DeviceFarm::new().camera(Ipv4Addr::new(127, 0, 23, 1), PASSWORD).start().await?;
    let health = HealthConfig { interval_ms: 500, first_after_ms: 0, offline_alarm_ms: 60_000 };
    let site = TestSite::start_with(SiteOptions { health: Some(health), ..SiteOptions::default() }).await?;
    let added = site.add_device(&farm.device_url(0)?, PASSWORD).await?;
    let id = &added["camera_ids"][0];
    let camera = site.admin.get(&format!("/api/v1/cameras/{id}")).await?.ok()?.json;
    let path = TestSite::path_of(&camera, "main");
    let wish = json!({ "mode": "event", "pre_event_seconds": 3, "post_event_seconds": 2, "event_kinds": ["motion"] });
    site.admin.send_json(Method::PUT, &format!("/api/v1/plans/{path}"), &wish).await?.ok()?;
    until("a listener", WITHIN, async || {
        let health = site.admin.get(&format!("/api/v1/cameras/{id}/health")).await.ok()?.json;
        (health["device"]["listening"] == "listening").then_some(())
    })
    .await?;
    runs(&site, &path, "waiting").await?;
    until("a ring", WITHIN, async || {
        let live = site.admin.get(&format!("/api/v1/cameras/{id}")).await.ok()?.json;
        let since = live["streams"][0]["status"]["since"].as_i64()?;
        (live["streams"][0]["status"]["phase"] == "live" && UtcMillis::now().0 - since > 6_000).then_some(())
    })
    .await?;
    let at = UtcMillis::now().0;
    farm.event(0, DeviceEvent { topic: EventTopic::Motion, index: 0, state: true })?;
    runs(&site, &path, "recording").await?;
    farm.event(0, DeviceEvent { topic: EventTopic::Motion, index: 0, state: false })?;
    runs(&site, &path, "waiting").await?;
    let url = format!("/api/v1/timeline?paths={path}&from={}&to={}", at - 60_000, UtcMillis::now().0);
    let track = site.admin.get(&url).await?.ok()?.json["tracks"][0].clone();
    assert_eq!(track["triggers"][0]["kind"], json!("motion"), "{track}");
    let coverage: Vec<[i64; 2]> = serde_json::from_value(track["coverage"].clone())?;
    assert_eq!(coverage.len(), 1, "{track}");
    let ([from, until], seen) = (coverage[0], track["triggers"][0]["at"].as_i64().context("no time")?);
    assert!(from <= seen - 2_900 && until >= seen + 1_900, "{coverage:?} around {seen}");
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}
