//! What nodes make up, over their socket: it is counted, costs nobody else anything, and what can be used is used.

use anyhow::{Context, Result, ensure};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio_tungstenite::tungstenite::Message;
use watchwall_camsim::CameraSpec;
use watchwall_model::{StreamRole, UtcMillis};
use watchwall_tests::{Socket, TestSite, farm, small_stream, until};

const PATIENCE: Duration = Duration::from_secs(20);

async fn node(site: &TestSite, name: &str, scene: &str) -> Result<Socket> {
    let made = site.admin.post("/api/v1/ai-nodes", &json!({"name": name, "sees_cameras": true})).await?.ok()?.json;
    let token = made["token"].as_str().context("no token")?;
    let mut socket = Socket::open(&site.admin.with_token(token), "/ws/ai-engine").await?;
    socket.say(&json!({"type": "NODE_REGISTER", "node_id": name, "algorithms": [scene]})).await?;
    socket.json("REGISTERED").await?;
    Ok(socket)
}

async fn task(site: &TestSite, camera: &Value, scene: &str) -> Result<Value> {
    let wish = json!({"name": scene, "camera_id": camera["id"], "scenes": [{"code": scene}]});
    Ok(site.admin.post("/api/v1/ai-tasks", &wish).await?.ok()?.json["id"].clone())
}

/// Waits for a figure of the metrics page.
async fn counted(site: &TestSite, name: &str, expect: f64) -> Result<()> {
    let mut last = None;
    let reached = until(name, PATIENCE, async || {
        last = site.admin.metric(name).await.ok();
        (last == Some(expect)).then_some(())
    });
    match reached.await {
        Ok(()) => Ok(()),
        Err(_) => {
            let page = site.admin.get("/metrics").await?.ok()?.text;
            let figures: Vec<&str> = page.lines().filter(|line| line.starts_with("ai_")).collect();
            anyhow::bail!("{name} is {last:?} instead of {expect}: {figures:#?}")
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn made_up_results_are_counted_and_what_can_be_used_is_kept() -> Result<()> {
    let (farm, site) = (farm(vec![CameraSpec::new("Gate", small_stream())]).await?, TestSite::start().await?);
    let gate = site.add_camera("Gate", &farm.rtsp_url(0, StreamRole::Main), None, false).await?;
    let yard = site.add_camera("Yard", "rtsp://127.0.0.1:1/2", None, false).await?;
    let own = task(&site, &gate, "MOTION").await?;
    let mut one = node(&site, "one", "MOTION").await?;
    one.json("START_TASK").await?;
    one.say(&json!({"type": "TASK_KEEPALIVE", "node_id": "one", "task_id": own})).await?;
    let mut other = node(&site, "other", "MOTION").await?;
    let at = UtcMillis::now().0;
    let result = |changes: Value| {
        let mut result = json!({"type": "AI_RESULT", "task_id": own, "camera_id": gate["id"], "ts": at,
            "frame_width": 1280, "frame_height": 720, "scene_code": "MOTION", "alarm_event": true});
        for (key, value) in changes.as_object().into_iter().flatten() {
            result[key] = value.clone();
        }
        result
    };
    let object = |bbox: [f64; 4]| json!({"label": "person", "score": 0.9, "bbox": bbox});
    // In pixels, and one of them outside of the frame.
    one.say(&result(json!({"objects": [object([320.0, 360.0, 320.0, 180.0]), object([5e3, 5e3, 9.0, 9.0])]}))).await?;
    // The same moment again, and one before it.
    one.say(&result(json!({}))).await?;
    one.say(&result(json!({"ts": at - 500}))).await?;
    // Of a task that is another node's, of one that is nobody's, of a camera that is not the task's.
    other.say(&result(json!({"ts": at + 1}))).await?;
    one.say(&result(json!({"task_id": 987, "ts": at + 2}))).await?;
    one.say(&result(json!({"camera_id": yard["id"], "ts": at + 3}))).await?;
    // Pictures that are text, no base64, or a JPEG in its first and last bytes alone.
    let fake = STANDARD.encode([0xff, 0xd8, 0xff, 0xe0, 1, 2, 3, 0xff, 0xd9]);
    for (n, picture) in [STANDARD.encode("GIF89a"), "!".to_owned(), fake].into_iter().enumerate() {
        one.say(&result(json!({"ts": at + 10 + n as i64, "snapshot": picture}))).await?;
    }
    for (name, expect) in [
        ("ai_result_received_total", 9.0),
        ("ai_result_refused_total", 3.0),
        ("ai_result_duplicate_total", 1.0),
        ("ai_result_picture_refused_total", 3.0),
        ("ai_result_stored_total", 5.0),
    ] {
        counted(&site, name, expect).await?;
    }
    let page = site.admin.get("/api/v1/ai-results?limit=10").await?.ok()?.json;
    let items = page["items"].as_array().context("no items")?;
    ensure!(items.iter().all(|item| item["has_picture"] == false), "{page}");
    let first = items.iter().find(|item| item["at"] == at).context("the first is not kept")?;
    let objects = first["objects"].as_array().context("no objects")?;
    assert_eq!((objects.len(), &objects[0]["bbox"]), (1, &json!([0.25, 0.5, 0.25, 0.25])));

    // As many objects as fit into a message, and as much as one may have.
    one.say(&result(json!({"objects": vec![json!({}); 100_000]}))).await?;
    assert_eq!(one.json("ERROR").await?["code"], "field_invalid");
    one.say(&result(json!({"objects": vec![object([0.0, 0.0, 1.0, 1.0]); 15_000]}))).await?;
    assert_eq!(one.json("ERROR").await?["code"], "field_invalid");
    let filled = |bytes: usize| {
        let empty = result(json!({"ts": at + 20, "unknown": ""})).to_string();
        result(json!({"ts": at + 20, "unknown": "x".repeat(bytes - empty.len())})).to_string()
    };
    one.say_raw(Message::text(filled(1024 * 1024 + 1))).await?;
    assert_eq!(one.json("ERROR").await?["code"], "message_too_large");
    one.say_raw(Message::text(filled(1024 * 1024))).await?;
    one.say_raw(Message::text(r#"{"type": "AI_RESULT", "confidence": NaN}"#)).await?;
    assert_eq!(one.json("ERROR").await?["code"], "json_invalid");
    counted(&site, "ai_result_stored_total", 6.0).await?;
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_floods_is_thinned_and_the_site_answers() -> Result<()> {
    const SENT: i64 = 5_000;
    let (farm, site) = (farm(vec![CameraSpec::new("Gate", small_stream())]).await?, TestSite::start().await?);
    let gate = site.add_camera("Gate", &farm.rtsp_url(0, StreamRole::Main), None, false).await?;
    let own = task(&site, &gate, "MOTION").await?;
    let mut flood = node(&site, "flood", "MOTION").await?;
    flood.json("START_TASK").await?;
    flood.say(&json!({"type": "TASK_KEEPALIVE", "node_id": "flood", "task_id": own})).await?;
    let at = UtcMillis::now().0;
    let begun = Instant::now();
    let sending = async {
        for n in 0..SENT {
            let result = json!({"type": "AI_RESULT", "task_id": own, "camera_id": gate["id"], "ts": at + n,
                "scene_code": "MOTION", "objects": []});
            flood.say(&result).await?;
        }
        anyhow::Ok(())
    };
    let asking = async {
        let mut slowest = Duration::ZERO;
        for _ in 0..10 {
            let asked = Instant::now();
            site.admin.get("/healthz").await?.ok()?;
            slowest = slowest.max(asked.elapsed());
        }
        anyhow::Ok(slowest)
    };
    let ((), slowest) = tokio::try_join!(sending, asking)?;
    counted(&site, "ai_result_received_total", SENT as f64).await?;
    println!("{SENT} results in {:?}; the slowest answer meanwhile took {slowest:?}", begun.elapsed());
    ensure!(slowest < Duration::from_secs(2), "{slowest:?}");
    // Five seconds of pictures: one of each is kept.
    counted(&site, "ai_result_stored_total", 5.0).await?;
    counted(&site, "ai_result_sampled_total", (SENT - 5) as f64).await?;
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_dies_while_it_is_told_to_start_costs_its_task_little() -> Result<()> {
    let (farm, site) = (farm(vec![CameraSpec::new("Gate", small_stream())]).await?, TestSite::start().await?);
    let gate = site.add_camera("Gate", &farm.rtsp_url(0, StreamRole::Main), None, false).await?;
    let own = task(&site, &gate, "TAMPER").await?;
    let mut dying = node(&site, "dying", "TAMPER").await?;
    dying.json("START_TASK").await?;
    let mut other = node(&site, "other", "TAMPER").await?;
    drop(dying);
    let died = Instant::now();
    let start = other.json("START_TASK").await?;
    println!("given to another node {:?} after the first died", died.elapsed());
    assert_eq!(start["data"]["task_id"], own);
    ensure!(died.elapsed() < Duration::from_secs(5), "{:?}", died.elapsed());
    // A first start is all or nothing: it says yes, and runs.
    other.say(&json!({"type": "TASK_KEEPALIVE", "node_id": "other", "task_id": own})).await?;
    until("running", PATIENCE, async || {
        let task = site.admin.get(&format!("/api/v1/ai-tasks/{own}")).await.ok()?.json;
        (task["state"]["phase"] == "running").then_some(())
    })
    .await?;
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_never_confirms_is_told_to_stop_and_another_is_asked() -> Result<()> {
    let (farm, site) = (farm(vec![CameraSpec::new("Gate", small_stream())]).await?, TestSite::start().await?);
    let gate = site.add_camera("Gate", &farm.rtsp_url(0, StreamRole::Main), None, false).await?;
    let mut silent = node(&site, "silent", "TAMPER").await?;
    let mut other = node(&site, "other", "TAMPER").await?;
    let own = task(&site, &gate, "TAMPER").await?;
    let asked = silent.json("START_TASK").await?;
    assert_eq!(asked["data"]["task_id"], own);
    // It lives, and says so, but never that it runs anything.
    silent.say(&json!({"type": "NODE_HEARTBEAT", "node_id": "silent"})).await?;
    let address = format!("/api/v1/ai-tasks/{own}");
    let phase = async |phase: &str| {
        until(phase, PATIENCE, async || {
            let task = site.admin.get(&address).await.ok()?.json;
            (task["state"]["phase"] == phase).then_some(task["state"].clone())
        })
        .await
    };
    let failed = phase("failed").await?;
    assert_eq!(
        (&failed["reason"], &failed["detail"]),
        (&json!("not_started"), &json!("TAMPER: start_not_confirmed")),
        "{failed}"
    );
    assert_eq!(silent.json("STOP_TASK").await?["data"]["task_id"], own);
    // It has as little to do as the other one, and came first; it is not asked again.
    assert_eq!(other.json("START_TASK").await?["data"]["task_id"], own);
    other.say(&json!({"type": "TASK_KEEPALIVE", "node_id": "other", "task_id": own})).await?;
    phase("running").await?;
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_stops_reading_is_let_go_and_its_scenes_run_elsewhere() -> Result<()> {
    let (farm, site) = (farm(vec![CameraSpec::new("Gate", small_stream())]).await?, TestSite::start().await?);
    let gate = site.add_camera("Gate", &farm.rtsp_url(0, StreamRole::Main), None, false).await?;
    let own = task(&site, &gate, "TAMPER").await?;
    let mut deaf = node(&site, "deaf", "TAMPER").await?;
    deaf.json("START_TASK").await?;
    deaf.say(&json!({"type": "TASK_KEEPALIVE", "node_id": "deaf", "task_id": own})).await?;
    let mut other = node(&site, "other", "TAMPER").await?;
    // Each of these is answered, and no answer is taken: the site's writes come to a stand, and so do ours.
    let talking = tokio::spawn(async move {
        let nonsense = Message::text(r#"{"type": "AI_RESULT"}"#);
        while deaf.say_raw(nonsense.clone()).await.is_ok() {}
        deaf
    });
    let begun = Instant::now();
    let start = other.json("START_TASK").await?;
    println!("given to another node after {:?}", begun.elapsed());
    assert_eq!(start["data"]["task_id"], own);
    site.admin.get("/api/v1/ai-tasks").await?.ok()?;
    talking.abort();
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}
