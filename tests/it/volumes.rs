//! Storages that are added, changed and removed while the site records.

use anyhow::{Context, Result};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;
use watchwall_model::StreamRole;
use watchwall_tests::{TestSite, demo_like, farm, until};

const WITHIN: Duration = Duration::from_secs(30);

async fn recorded_on(site: &TestSite, path: &str, code: &str) -> Result<()> {
    let on = async || {
        let page = site.admin.get("/api/v1/plans").await.ok()?.json;
        let plan = page["items"].as_array()?.iter().find(|plan| plan["path"] == path)?.clone();
        (plan["recorded_on"] == code && plan["running"] == "recording").then_some(())
    };
    until(&format!("recording on {code}"), WITHIN, on).await
}

async fn codes(site: &TestSite) -> Result<Vec<Value>> {
    let page = site.admin.get("/api/v1/volumes").await?.ok()?.json;
    Ok(page["items"].as_array().context("no list")?.iter().map(|volume| volume["code"].clone()).collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storage_comes_and_goes_while_the_site_records() -> Result<()> {
    let farm = farm(vec![demo_like("Gate")]).await?;
    let site = TestSite::start().await?;
    let camera = site.add_camera("Gate", &farm.rtsp_url(0, StreamRole::Main), None, true).await?;
    let path = TestSite::path_of(&camera, "main");
    recorded_on(&site, &path, "main").await?;
    let folder = tempfile::tempdir()?;
    let root = folder.path().join("second").display().to_string();
    let post = async |address: &str, body: Value| site.admin.post(address, &body).await;

    let seen = post("/api/v1/volumes/look", json!({ "root": root })).await?.ok()?.json;
    assert!(seen["total_bytes"].as_u64() > Some(0) && seen["is_volume"] == false, "{seen}");
    assert!(!folder.path().join("second").exists(), "a look leaves nothing");
    let refused = post("/api/v1/volumes", json!({ "root": "second", "name": "Second" })).await?;
    assert_eq!((refused.status.as_u16(), refused.code()), (422, "volume_path_invalid"));
    let refused = post("/api/v1/volumes", json!({ "root": root, "name": "Second", "priority": 5_000 })).await?;
    assert_eq!((refused.code(), refused.json["params"]["field"].as_str()), ("volume_invalid", Some("priority")));
    assert!(!folder.path().join("second").exists(), "what is refused leaves nothing");

    let new = json!({ "root": root, "name": "Second", "priority": 10 });
    let added = post("/api/v1/volumes", new.clone()).await?.ok()?.json;
    assert_eq!((&added["code"], &added["priority"], &added["is_full"]), (&json!("main2"), &json!(10), &json!(false)));
    recorded_on(&site, &path, "main2").await?;
    assert_eq!(post("/api/v1/volumes", new.clone()).await?.code(), "volume_overlaps");
    let change = json!({ "priority": -10, "name": "Spare" });
    let changed = site.admin.send_json(Method::PATCH, "/api/v1/volumes/main2", &change).await?.ok()?.json;
    assert_eq!((&changed["priority"], &changed["name"]), (&json!(-10), &json!("Spare")));
    recorded_on(&site, &path, "main").await?;

    let nobody = json!({});
    let remove =
        async |code: &str| site.admin.send_json(Method::DELETE, &format!("/api/v1/volumes/{code}"), &nobody).await;
    assert_eq!(remove("none").await?.code(), "volume_not_found");
    remove("main2").await?.ok()?;
    assert_eq!(codes(&site).await?, ["main"]);
    let last = remove("main").await?;
    assert_eq!((last.status.as_u16(), last.code()), (409, "volume_in_use"));
    assert_eq!(post("/api/v1/volumes", new).await?.code(), "volume_foreign");
    let back = post("/api/v1/volumes", json!({ "root": root, "name": "Second", "take_over": true })).await?.ok()?.json;
    assert_eq!(back["code"], "main2");
    until("what it held", WITHIN, async || {
        let page = site.admin.get("/api/v1/volumes").await.ok()?.json;
        let volume = page["items"].as_array()?.iter().find(|volume| volume["code"] == "main2")?.clone();
        volume["recorded_bytes"].as_u64().filter(|bytes| *bytes > 0)
    })
    .await?;
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_asks_for_a_second_copy_and_says_when_it_has_none() -> Result<()> {
    let farm = farm(vec![demo_like("Gate")]).await?;
    let site = TestSite::start().await?;
    let camera = site.add_camera("Gate", &farm.rtsp_url(0, StreamRole::Main), None, true).await?;
    let path = TestSite::path_of(&camera, "main");
    recorded_on(&site, &path, "main").await?;
    let address = format!("/api/v1/plans/{path}");
    let plan = site.admin.send_json(Method::PUT, &address, &json!({ "mirror": true })).await?.ok()?.json;
    assert_eq!((&plan["mirror"], &plan["copied_on"]), (&json!(true), &Value::Null));
    let seen = async |what: &str, check: &dyn Fn(&Value) -> bool| {
        until(what, WITHIN, async || {
            let page = site.admin.get("/api/v1/plans").await.ok()?.json;
            let plan = page["items"].as_array()?.iter().find(|plan| plan["path"] == path)?.clone();
            check(&plan).then_some(())
        })
        .await
    };
    seen("no second copy", &|plan| plan["copy_code"] == "mirror_missing" && plan["running"] == "recording").await?;
    let folder = tempfile::tempdir()?;
    let root = folder.path().join("copies").display().to_string();
    let refused =
        site.admin.post("/api/v1/volumes", &json!({ "root": root, "name": "Copies", "kind": "glass" })).await?;
    assert_eq!((refused.code(), refused.json["params"]["field"].as_str()), ("request_invalid", Some("kind")));
    let new = json!({ "root": root, "name": "Copies", "kind": "mirror", "priority": 10 });
    let added = site.admin.post("/api/v1/volumes", &new).await?.ok()?.json;
    assert_eq!((&added["code"], &added["kind"]), (&json!("main2"), &json!("mirror")));
    let is_copied = |plan: &Value| plan["copied_on"] == "main2" && plan["copy_code"].is_null();
    seen("a second copy", &is_copied).await?;
    // The highest priority does not make it one that is recorded on, nor may a plan name it.
    recorded_on(&site, &path, "main").await?;
    let refused = site.admin.send_json(Method::PUT, &address, &json!({ "volume": "main2" })).await?;
    assert_eq!(refused.code(), "volume_not_found");
    site.admin.send_json(Method::PUT, &address, &json!({ "mirror": false })).await?.ok()?;
    seen("the first alone", &|plan| plan["copied_on"].is_null() && plan["copy_code"].is_null()).await?;
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_store_that_cannot_be_used_is_refused_and_its_key_shown_nowhere() -> Result<()> {
    let site = TestSite::start().await?;
    // Nothing listens on the discard port.
    let place = json!({
        "endpoint": "http://127.0.0.1:9", "bucket": "recordings", "access_key": "site", "secret_key": "open-sesame",
        "limit_bytes": 2_000_000_000_u64,
    });
    let with = |field: &str, value: Value| {
        let mut place = place.clone();
        place[field] = value;
        place
    };
    let add = async |object: Value| {
        let new = json!({ "object": object, "name": "Cloud", "kind": "object" });
        site.admin.post("/api/v1/volumes", &new).await
    };
    for (object, status, code) in [
        (place.clone(), 503, "object_store_unreachable"),
        (with("endpoint", json!("http://site:open-sesame@127.0.0.1:9")), 422, "object_place_invalid"),
        (with("limit_bytes", json!(1)), 422, "object_place_invalid"),
        (with("secret_key", json!("")), 422, "object_place_invalid"),
    ] {
        let looked = site.admin.post("/api/v1/volumes/look", &json!({ "object": object })).await?;
        assert_eq!((looked.status.as_u16(), looked.code()), (status, code), "{}", looked.json);
        let refused = add(object).await?;
        assert_eq!((refused.status.as_u16(), refused.code()), (status, code), "{}", refused.json);
        assert!(!refused.json.to_string().contains("open-sesame"), "{}", refused.json);
    }
    let folder = tempfile::tempdir()?;
    let root = folder.path().join("archive").display().to_string();
    let both = json!({ "root": root, "object": place, "name": "Both", "kind": "archive" });
    let refused = site.admin.post("/api/v1/volumes", &both).await?;
    assert_eq!((refused.code(), refused.json["params"]["field"].as_str()), ("volume_invalid", Some("object")));
    let neither = json!({ "root": root, "name": "Neither", "kind": "object" });
    let refused = site.admin.post("/api/v1/volumes", &neither).await?;
    assert_eq!((refused.code(), refused.json["params"]["field"].as_str()), ("volume_invalid", Some("object")));
    assert_eq!(codes(&site).await?, ["main"]);
    site.stop().await;
    Ok(())
}
