//! AI nodes at a real site: who is let in, who runs what, what comes of it.

use anyhow::{Context, Result, ensure};
use reqwest::Method;
use serde_json::{Value, json};
use std::{
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use tokio_tungstenite::tungstenite::Message;
use tokio_util::sync::CancellationToken;
use watchwall_camsim::{CameraSpec, PortChoice, StreamSpec};
use watchwall_engine::{EngineOptions, SiteAddress};
use watchwall_model::{
    Secret, StreamRole,
    config::{AnalyticsConfig, OutletConfig},
};
use watchwall_tests::{Client, Heard, SiteOptions, Socket, TestSite, farm, local_token, small_stream, until};

const PATIENCE: Duration = Duration::from_secs(30);
const ENGINE: &str = "/ws/ai-engine";

async fn task(site: &TestSite, camera: &Value) -> Result<Value> {
    let wish = json!({"name": "Gate", "camera_id": camera["id"], "scenes": [{"code": "MOTION"}], "stream": "main"});
    Ok(site.admin.post("/api/v1/ai-tasks", &wish).await?.ok()?.json)
}

/// A node's row and its token.
async fn node(site: &TestSite, name: &str) -> Result<(Value, String)> {
    let made = site.admin.post("/api/v1/ai-nodes", &json!({"name": name, "sees_cameras": true})).await?.ok()?.json;
    Ok((made["node"].clone(), made["token"].as_str().context("no token")?.to_owned()))
}

/// Connected and registered for MOTION.
async fn connect(client: &Client, id: &str) -> Result<Socket> {
    let mut socket = Socket::open(client, ENGINE).await?;
    socket.say(&json!({"type": "NODE_REGISTER", "node_id": id, "algorithms": ["MOTION"]})).await?;
    let registered = socket.json("REGISTERED").await?;
    assert_eq!(registered["node_id"], id);
    Ok(socket)
}

async fn read_task(site: &TestSite, task: &Value) -> Result<Value> {
    Ok(site.admin.get(&format!("/api/v1/ai-tasks/{}", task["id"])).await?.ok()?.json)
}

async fn close_code(client: &Client) -> Result<u16> {
    let (_, closed) = Socket::open(client, ENGINE).await?.closing().await?;
    Ok(closed.code)
}

struct Python(Child);

impl Drop for Python {
    fn drop(&mut self) {
        // Gone already when the test killed it.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The example of the documentation; `None` without Python.
fn python(site: &TestSite, token: &str) -> Result<Option<Python>> {
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/examples/ai_node.py");
    let url = format!("{}{ENGINE}", site.admin.base().replacen("http", "ws", 1));
    let mut command = Command::new("python3");
    command.args([program, &url, token]).stdout(Stdio::null()).stderr(Stdio::inherit());
    match command.spawn() {
        Ok(child) => Ok(Some(Python(child))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            println!("skipped: python3 is missing");
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_in_another_language_runs_a_task_and_its_end_is_noticed_at_once() -> Result<()> {
    let site = TestSite::start().await?;
    let login = Some(("root".to_owned(), Secret::new("s3cret")));
    let farm = farm(vec![CameraSpec { credentials: login, ..CameraSpec::new("Gate", small_stream()) }]).await?;
    let address = farm.rtsp_url(0, StreamRole::Main).replacen("rtsp://", "rtsp://root:s3cret@", 1);
    let camera = site.add_camera("Gate", &address, None, false).await?;
    let task = task(&site, &camera).await?;
    assert_eq!((&task["state"]["phase"], task["confidence"].as_f64()), (&json!("waiting"), Some(0.6)));
    let (row, token) = node(&site, "Python").await?;
    let Some(mut python) = python(&site, &token)? else { return Ok(()) };
    let state = until("results", PATIENCE, async || {
        let task = read_task(&site, &task).await.ok()?;
        (task["state"]["scenes"][0]["latest"]["results"].as_u64()? >= 2).then_some(task["state"].clone())
    })
    .await?;
    assert_eq!((&state["phase"], &state["scenes"][0]["state"]), (&json!("running"), &json!("running")));
    assert_eq!(
        (&state["primary_node"], &state["scenes"][0]["latest"]["labels"]["person"]),
        (&row["id"], &state["scenes"][0]["latest"]["results"])
    );
    let kept = until("kept results", PATIENCE, async || {
        let path = format!("/api/v1/ai-results?task_id={}&only_alarms=true&limit=1", task["id"]);
        let page = site.admin.get(&path).await.ok()?.ok().ok()?.json;
        page["next_cursor"].is_string().then(|| page["items"][0].clone())
    })
    .await?;
    assert_eq!((&kept["node"], &kept["camera_id"], &kept["is_alarm"]), (&json!("Python"), &camera["id"], &json!(true)));
    assert_eq!(kept["objects"][0]["label"], "person");
    let bbox: Vec<f64> = serde_json::from_value(kept["objects"][0]["bbox"].clone())?;
    ensure!(bbox.iter().zip([0.4, 0.3, 0.2, 0.4]).all(|(a, b)| (a - b).abs() < 1e-6), "{bbox:?}");

    // Another node waits; the first is killed.
    let (_, other) = node(&site, "Other").await?;
    let mut other = connect(&site.admin.with_token(&other), "other").await?;
    python.0.kill()?;
    let killed = Instant::now();
    let start = other.json("START_TASK").await?;
    ensure!(killed.elapsed() < Duration::from_secs(5), "told after {:?}", killed.elapsed());
    assert_eq!((&start["data"]["task_id"], &start["data"]["scene_codes"]), (&task["id"], &json!(["MOTION"])));
    // Its administrator allows it the camera's own address; nobody else is told.
    assert_eq!(start["data"]["rtsp"], address.as_str());
    ensure!(!read_task(&site, &task).await?.to_string().contains("s3cret"));
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_may_not_see_cameras_is_told_where_the_site_plays_them() -> Result<()> {
    let site = TestSite::start().await?;
    let farm = farm(vec![CameraSpec::new("Gate", small_stream())]).await?;
    let camera = site.add_camera("Gate", &farm.rtsp_url(0, StreamRole::Main), None, false).await?;
    let task = task(&site, &camera).await?;
    let mut node = connect(&site.anonymous()?.with_token(&local_token(site.data.path())?), "here").await?;
    let start = node.json("START_TASK").await?;
    assert_eq!(start["data"]["task_id"], task["id"]);
    let address = start["data"]["rtsp"].as_str().context("no address")?;
    let path = TestSite::path_of(&camera, "main");
    ensure!(address.starts_with("rtsp://127.0.0.1:") && address.ends_with(&format!("/{path}")), "{address}");
    // It plays: another site would take it for a camera.
    let looked = site.admin.post("/api/v1/cameras/probe", &json!({ "url": address })).await?.ok()?.json;
    assert_eq!((&looked["facts"]["video"], &looked["facts"]["width"]), (&json!("h264"), &json!(320)), "{looked}");
    assert!(looked["picture"].as_str().unwrap_or_default().starts_with("data:image/jpeg;base64,"));
    assert_eq!(farm.counters(0)?.main.sessions_max, 1);
    // With the token turned, nothing does.
    let (start, _) = address.rsplit_once('/').context("no path")?;
    let turned = if start.ends_with('0') { '1' } else { '0' };
    let wrong = format!("{}{turned}/{path}", &start[..start.len() - 1]);
    let refused = site.admin.post("/api/v1/cameras/probe", &json!({ "url": wrong })).await?;
    ensure!(!refused.status.is_success(), "{}", refused.text);
    let metrics = site.admin.get("/metrics").await?.ok()?.text;
    ensure!(metrics.contains("outlet_listening 1"), "{metrics}");
    let refused = metrics.lines().find_map(|line| line.strip_prefix("outlet_refused_total "));
    ensure!(refused.is_some_and(|count| count != "0"), "{metrics}");
    farm.shutdown().await;
    site.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_nodes_that_were_let_in_come_in() -> Result<()> {
    let site = TestSite::start().await?;
    let (row, token) = node(&site, "GPU").await?;
    let anonymous = site.anonymous()?;
    assert_eq!(close_code(&anonymous).await?, 4401);
    assert_eq!(close_code(&anonymous.with_token("made-up")).await?, 4401);
    // A person's login is none for a node.
    assert_eq!(close_code(&site.user("olga", "operator", "a long password").await?).await?, 4401);
    drop(connect(&anonymous.with_token(&local_token(site.data.path())?), "here").await?);
    let by_query = Socket::open(&anonymous, &format!("{ENGINE}?token={token}")).await?;
    drop(by_query);

    let mut gpu = connect(&anonymous.with_token(&token), "n1").await?;
    // The same node again: the older connection ends.
    let mut again = connect(&anonymous.with_token(&token), "n1").await?;
    assert_eq!(gpu.closing().await?.1.code, 4409);
    let path = format!("/api/v1/ai-nodes/{}", row["id"]);
    let listed = site.admin.get("/api/v1/ai-nodes?search=gpu").await?.ok()?.json;
    assert_eq!((&listed["items"][0]["is_connected"], &listed["items"][0]["node_id"]), (&json!(true), &json!("n1")));
    ensure!(!listed.to_string().contains(&token));
    // A new token: who is connected goes on, the old token opens nothing.
    let renewed = site.admin.post(&format!("{path}/token"), &json!({})).await?.ok()?.json;
    assert_eq!(close_code(&anonymous.with_token(&token)).await?, 4401);
    let renewed = renewed["token"].as_str().context("no token")?;
    // Switched off, it goes.
    site.admin.send_json(Method::PATCH, &path, &json!({"enabled": false})).await?.ok()?;
    assert_eq!(again.closing().await?.1.code, 4409);
    assert_eq!(close_code(&anonymous.with_token(renewed)).await?, 4401);
    let conflict = site.admin.request(Method::PATCH, &path).header("if-match", "\"1\"").json(&json!({"enabled": true}));
    assert_eq!(site.admin.send(conflict).await?.status, 412);
    site.admin.delete(&path).await?.ok()?;
    assert_eq!(site.admin.delete(&path).await?.status, 404);
    // Every act is noted, and no token.
    let audit = site.admin.get("/api/v1/audit").await?.ok()?.text;
    for act in ["ai_node.create", "ai_node.token", "ai_node.update", "ai_node.delete"] {
        ensure!(audit.contains(act), "{act} is not noted");
    }
    ensure!(!audit.contains(&token) && !audit.contains(renewed));
    site.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_it_is_allowed_nodes_of_this_machine_need_no_token() -> Result<()> {
    let analytics = AnalyticsConfig { open_to_this_machine: true, ..AnalyticsConfig::default() };
    let site = TestSite::start_with(SiteOptions { analytics: Some(analytics), ..SiteOptions::default() }).await?;
    let anonymous = site.anonymous()?;
    let _node = connect(&anonymous, "here").await?;
    // A wrong token is wrong all the same, and a page of another site is no node.
    assert_eq!(close_code(&anonymous.with_token("made-up")).await?, 4401);
    ensure!(Socket::open_from(&anonymous, ENGINE, Some("https://elsewhere.example")).await.is_err());
    let listed = site.admin.get("/api/v1/ai-nodes").await?.ok()?.json;
    assert_eq!((&listed["items"][0]["node_id"], &listed["items"][0]["is_local"]), (&json!("here"), &json!(true)));
    site.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nonsense_is_answered_and_the_connection_stays() -> Result<()> {
    let site = TestSite::start().await?;
    let (_, token) = node(&site, "GPU").await?;
    let mut socket = connect(&site.anonymous()?.with_token(&token), "n1").await?;
    let big = |bytes: usize| Message::text(format!(r#"{{"type": "AI_RESULT", "x": "{}"}}"#, "y".repeat(bytes)));
    let result = |changes: Value| {
        let mut result =
            json!({"type": "AI_RESULT", "task_id": 1, "camera_id": 1, "ts": 1_772_359_200_000_i64, "scene_code": "A"});
        for (key, value) in changes.as_object().into_iter().flatten() {
            result[key] = value.clone();
        }
        Message::text(result.to_string())
    };
    for (message, code) in [
        (Message::text("{"), "json_invalid"),
        (Message::binary(vec![0xff, 0xfe]), "json_invalid"),
        (Message::text("[]"), "type_missing"),
        (big(1_100_000), "message_too_large"),
        (result(json!({"ts": 5})), "field_invalid"),
        (
            result(json!({"objects": vec![json!({"label": "a", "score": 1, "bbox": [0, 0, 1, 1]}); 2_000]})),
            "field_invalid",
        ),
        (result(json!({"confidence": "NaN"})), "field_invalid"),
    ] {
        socket.say_raw(message).await?;
        assert_eq!(socket.json("ERROR").await?["code"], code);
    }
    // Neither an unknown type nor a foreign task's result is answered, and both are survived.
    socket.say(&json!({"type": "DANCE"})).await?;
    socket.say_raw(result(json!({}))).await?;
    socket.say(&json!({"type": "NODE_REGISTER", "node_id": "n1"})).await?;
    socket.json("REGISTERED").await?;
    // What no message may be ends it.
    socket.say_raw(big(3_000_000)).await.ok();
    let end = socket.hear().await;
    ensure!(matches!(end, Err(_) | Ok(Heard::Closed(_))), "{end:?}");
    site.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_says_what_is_wrong_with_it() -> Result<()> {
    // An address of nobody (RFC 5737): the site runs, and hands no stream on.
    let outlet = OutletConfig { listen: ([192, 0, 2, 1], 8554).into(), ..OutletConfig::default() };
    let site = TestSite::start_with(SiteOptions { outlet: Some(outlet), ..SiteOptions::default() }).await?;
    let farm = farm(vec![CameraSpec::new("Gate", small_stream())]).await?;
    let camera = site.add_camera("Gate", &farm.rtsp_url(0, StreamRole::Main), None, false).await?;
    let check = async |changes: Value, status: u16, field: &str| -> Result<()> {
        let mut wish = json!({"name": "Gate", "camera_id": camera["id"], "scenes": [{"code": "MOTION"}]});
        for (key, value) in changes.as_object().into_iter().flatten() {
            wish[key] = value.clone();
        }
        let answer = site.admin.post("/api/v1/ai-tasks", &wish).await?;
        assert_eq!((answer.status.as_u16(), answer.text.contains(field)), (status, true), "{changes}: {}", answer.text);
        Ok(())
    };
    check(json!({}), 201, "Gate").await?;
    check(json!({"scenes": []}), 422, "scenes").await?;
    check(json!({"scenes": [{"code": "a b"}]}), 400, "scenes.code").await?;
    check(json!({"scenes": [{"code": "A", "region": [[0, 0], [1, 1]]}]}), 422, "region").await?;
    check(json!({"camera_id": 99}), 404, "camera_not_found").await?;
    check(json!({"dispatch": "fixed"}), 400, "node_id").await?;
    check(json!({"dispatch": "fixed", "node_id": 99}), 404, "not_found").await?;
    check(json!({"params": {"input_fps": 500}}), 422, "input_fps").await?;
    check(json!({"schedule": ["c"]}), 400, "schedule").await?;

    let listed = site.admin.get("/api/v1/ai-tasks").await?.ok()?.json["items"][0].clone();
    assert_eq!((&listed["state"]["phase"], &listed["state"]["reason"]), (&json!("waiting"), &json!("nobody_can")));
    // A node that may not see cameras cannot be told where the pictures are while the site hands none on.
    let here = site.anonymous()?.with_token(&local_token(site.data.path())?);
    let _node = connect(&here, "here").await?;
    let state = until("a failure", PATIENCE, async || {
        let state = read_task(&site, &listed).await.ok()?["state"].clone();
        (state["phase"] == "failed").then_some(state)
    })
    .await?;
    assert_eq!((&state["reason"], &state["detail"]), (&json!("not_started"), &json!("MOTION: stream_missing")));
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}

/// The reference node, as its program runs it; it ends with the token.
fn engine(site: &TestSite, token: &str) -> Result<CancellationToken> {
    let address = SiteAddress::parse(&site.admin.base().replacen("http", "ws", 1))?;
    let cancel = CancellationToken::new();
    let mut options = EngineOptions::new(address, Some(Secret::new(token)));
    options.node_id = "engine".into();
    tokio::spawn(watchwall_engine::run(options, cancel.clone()));
    Ok(cancel)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_is_tried_on_a_recording_and_nobody_is_alarmed() -> Result<()> {
    let site = TestSite::start().await?;
    let yard = CameraSpec { port: PortChoice::Own, ..CameraSpec::new("Yard", StreamSpec::live(640, 360, 15)) };
    let farm = farm(vec![yard]).await?;
    let camera = site.add_camera("Yard", &farm.rtsp_url(0, StreamRole::Main), None, true).await?;
    let path = TestSite::path_of(&camera, "main");
    // Switched off: nothing but the trial looks at anything. The clock stands in the upper half.
    let lower = json!([[0.0, 0.6], [1.0, 0.6], [1.0, 1.0], [0.0, 1.0]]);
    let wish = json!({"name": "Yard", "camera_id": camera["id"], "stream": "main", "enabled": false,
        "scenes": [{"code": "REGION_INTRUSION", "region": lower}, {"code": "TAMPER"}]});
    let task = site.admin.post("/api/v1/ai-tasks", &wish).await?.ok()?.json;
    let trials = format!("/api/v1/ai-tasks/{}/trials", task["id"]);
    let from = site.recorded_since(&path, 14_000).await?;
    let range = json!({"from": from, "to": from + 14_000});
    let refused = async |range: &Value, status: u16, code: &str| -> Result<()> {
        let answer = site.admin.post(&trials, range).await?;
        assert_eq!((answer.status.as_u16(), answer.code()), (status, code), "{range}: {}", answer.text);
        Ok(())
    };
    refused(&json!({"from": from, "to": from}), 400, "range_invalid").await?;
    refused(&json!({"from": from, "to": from + 90_000_000}), 400, "range_invalid").await?;
    refused(&json!({"from": from - 7_200_000, "to": from - 3_600_000}), 404, "no_recording").await?;
    refused(&range, 409, "trial_nobody_can").await?;

    let (row, token) = node(&site, "Engine").await?;
    let cancel = engine(&site, &token)?;
    let begun = Instant::now();
    let trial = until("a node that can", PATIENCE, async || {
        let answer = site.admin.post(&trials, &range).await.ok()?;
        (answer.status == 202).then_some(answer.json)
    })
    .await?;
    ensure!(trial["id"].as_i64().context("id")? > 1 << 40 && trial["path"] == path.as_str(), "{trial}");
    let address = format!("/api/v1/ai-trials/{}", trial["id"]);
    let report = until("the end of the trial", PATIENCE, async || {
        let report = site.admin.get(&address).await.ok()?.json;
        let state = report["trial"]["state"].as_str()?;
        (state != "queued" && state != "running").then_some(report)
    })
    .await?;
    println!("14 s of recording were looked at {:?} after they were asked for", begun.elapsed());
    let done = &report["trial"];
    assert_eq!(
        (&done["state"], &done["reason"], &done["node_id"]),
        (&json!("done"), &Value::Null, &row["id"]),
        "{report}"
    );
    assert_eq!((done["progress"].as_f64(), &done["finds"]), (Some(1.0), &done["scenes"][0]["finds"]), "{report}");
    ensure!(done["results"].as_u64() > Some(20) && done["alarms"].as_u64() >= Some(1), "{report}");
    let finds = report["finds"].as_array().context("finds")?;
    ensure!(!finds.is_empty() && report["more_finds"] == 0, "{report}");
    for find in finds {
        let (at, best) = (find["from"].as_i64().context("from")?, find["best_at"].as_i64().context("best_at")?);
        ensure!((from..from + 14_000).contains(&at) && (from..from + 14_000).contains(&best), "{find}");
        assert_eq!((&find["scene"], &find["labels"]), (&json!("REGION_INTRUSION"), &json!(["moving"])));
        // It was seen where it was then.
        let truth = watchwall_camsim::walker::place(640, 360, watchwall_model::UtcMillis(best));
        let bbox: Vec<f32> = serde_json::from_value(find["objects"][0]["bbox"].clone())?;
        let off = bbox[0] + bbox[2] / 2.0 - truth[0] - truth[2] / 2.0;
        ensure!(off.abs() < 0.03, "{off}: {find} and not {truth:?}");
    }
    // Nobody was alarmed, and the task knows nothing of it.
    assert_eq!(site.admin.get("/api/v1/alarms").await?.ok()?.json["items"], json!([]));
    assert_eq!(site.admin.get("/api/v1/ai-results").await?.ok()?.json["items"], json!([]));
    assert_eq!(read_task(&site, &task).await?["state"]["scenes"][0]["latest"], Value::Null);
    let listed = site.admin.get(&trials).await?.ok()?.json;
    assert_eq!((&listed["items"][0]["id"], listed["items"].as_array().map(Vec::len)), (&trial["id"], Some(1)));
    // What is over cannot be cancelled; the outlet hands nothing on any more.
    site.admin.delete(&address).await?.ok()?;
    assert_eq!(site.admin.get(&address).await?.ok()?.json["trial"]["state"], "done");
    until("a free outlet", PATIENCE, async || (site.admin.metric("outlet_sessions").await.ok()? == 0.0).then_some(()))
        .await?;
    // Who only watches neither starts one nor sees it.
    let viewer = site.user("vera", "viewer", "a long password").await?;
    assert_eq!(viewer.post(&trials, &range).await?.status, 403);
    assert_eq!(viewer.get(&address).await?.status, 403);
    let audit = site.admin.get("/api/v1/audit").await?.ok()?.text;
    ensure!(audit.contains("ai_trial.start") && audit.contains("ai_trial.cancel"));
    cancel.cancel();
    farm.shutdown().await;
    site.stop().await;
    Ok(())
}
