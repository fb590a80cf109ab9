//! The site's own AI node: a site with nothing installed beside it finds what moves.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::time::Duration;
use watchwall_camsim::{CameraSpec, StreamSpec};
use watchwall_model::StreamRole;
use watchwall_tests::{SiteOptions, TestSite, farm, until};

const PATIENCE: Duration = Duration::from_secs(30);

async fn own_node(site: &TestSite) -> Option<Value> {
    let nodes = site.admin.get("/api/v1/ai-nodes").await.ok()?.json;
    nodes["items"].as_array()?.iter().find(|node| node["node_id"] == "built-in").cloned()
}

async fn first_scene(site: &TestSite, task: &Value) -> Option<Value> {
    let task = site.admin.get(&format!("/api/v1/ai-tasks/{}", task["id"])).await.ok()?.json;
    task["state"]["scenes"].as_array()?.first().cloned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fresh_site_finds_an_intruder_with_nothing_installed() -> Result<()> {
    let site = TestSite::start_with(SiteOptions { built_in_engine: true, ..SiteOptions::default() }).await?;
    let node = until("the site's own node", PATIENCE, async || {
        own_node(&site).await.filter(|node| node["is_connected"] == true)
    })
    .await?;
    assert_eq!((&node["is_local"], &node["enabled"]), (&json!(true), &json!(true)), "{node}");
    let farm = farm(vec![CameraSpec::new("Yard", StreamSpec::live(640, 360, 15))]).await?;
    let camera = site.add_camera("Yard", &farm.rtsp_url(0, StreamRole::Main), None, false).await?;
    // Somebody walks there; the clock stands in the upper half.
    let lower = json!([[0.0, 0.6], [1.0, 0.6], [1.0, 1.0], [0.0, 1.0]]);
    let wish = json!({"name": "Yard", "camera_id": camera["id"], "stream": "main",
        "scenes": [{"code": "REGION_INTRUSION", "region": lower}]});
    let task = site.admin.post("/api/v1/ai-tasks", &wish).await?.ok()?.json;
    let alarm = until("an alarm", PATIENCE, async || {
        let alarms = site.admin.get("/api/v1/alarms?source=ai").await.ok()?.json;
        alarms["items"].as_array()?.first().cloned()
    })
    .await?;
    assert_eq!((&alarm["kind"], &alarm["camera_id"]), (&json!("REGION_INTRUSION"), &camera["id"]), "{alarm}");

    // Whoever has better nodes switches it off, as any other, and it stays so over a restart.
    let path = format!("/api/v1/ai-nodes/{}", node["id"]);
    site.admin.send_json(reqwest::Method::PATCH, &path, &json!({"enabled": false})).await?.ok()?;
    until("a scene that nobody runs", PATIENCE, async || {
        first_scene(&site, &task).await.filter(|scene| scene["node"].is_null())
    })
    .await?;
    let data = site.stop_keeping().await;
    let again = SiteOptions { built_in_engine: true, data: Some(data), ..SiteOptions::default() };
    let site = TestSite::start_with(again).await?;
    let node = own_node(&site).await.context("the node is forgotten")?;
    assert_eq!((&node["enabled"], &node["is_connected"]), (&json!(false), &json!(false)), "{node}");
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}
