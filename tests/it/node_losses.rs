//! Nodes that are killed or cut off together, and a site that is: every scene is run again, by one node.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};
use tokio::sync::watch;
use watchwall_camsim::{CameraSpec, Farm};
use watchwall_model::StreamRole;
use watchwall_tests::{AiNode, AiNodeSpec, Binary, Client, DataFolder, ServedSite, Socket, farm, small_stream, until};

const PATIENCE: Duration = Duration::from_secs(30);
/// From the loss of a node until another runs its scenes.
const MOVED_WITHIN: Duration = Duration::from_secs(5);
const SCENES: [&str; 2] = ["MOTION", "TAMPER"];
/// Nodes that may be connected at once.
const MOST_NODES: usize = 64;

/// Scenes and the node's number that runs each; without a number nobody does.
type Running = BTreeMap<(i64, String), Option<i64>>;

async fn one_camera() -> Result<Farm> {
    farm(vec![CameraSpec::new("Gate", small_stream())]).await
}

/// So many tasks of one camera.
async fn add_tasks(admin: &Client, farm: &Farm, count: usize, scenes: &[&str]) -> Result<()> {
    let new = json!({"name": "Gate", "main_url": farm.rtsp_url(0, StreamRole::Main), "force": true});
    let camera = admin.post("/api/v1/cameras", &new).await?.ok()?.json;
    let scenes: Vec<Value> = scenes.iter().map(|code| json!({"code": code})).collect();
    for n in 0..count {
        let task = json!({"name": format!("Task {n}"), "camera_id": camera["id"], "scenes": scenes});
        admin.post("/api/v1/ai-tasks", &task).await?.ok()?;
    }
    Ok(())
}

/// A node's number and what its program needs.
async fn add_node(admin: &Client, name: &str, max_tasks: u32) -> Result<(i64, AiNodeSpec)> {
    let made = admin.post("/api/v1/ai-nodes", &json!({"name": name, "sees_cameras": true})).await?.ok()?.json;
    let token = made["token"].as_str().context("no token")?.to_owned();
    let algorithms = SCENES.map(str::to_owned).to_vec();
    let number = made["node"]["id"].as_i64().context("no number")?;
    Ok((number, AiNodeSpec { id: name.to_owned(), token, max_tasks, algorithms }))
}

async fn tasks(admin: &Client) -> Option<Vec<Value>> {
    admin.get("/api/v1/ai-tasks?limit=500").await.ok()?.ok().ok()?.json["items"].as_array().cloned()
}

async fn running(admin: &Client) -> Option<Running> {
    let mut running = Running::new();
    for task in tasks(admin).await? {
        for scene in task["state"]["scenes"].as_array()? {
            let node = if scene["state"] == "running" { scene["node"].as_i64() } else { None };
            running.insert((task["id"].as_i64()?, scene["code"].as_str()?.to_owned()), node);
        }
    }
    Some(running)
}

/// Waits until all so many scenes run on nodes that will do.
async fn all_run(admin: &Client, count: usize, will_do: impl Fn(i64) -> bool) -> Result<Running> {
    until("all scenes to run", PATIENCE, async || {
        let now = running(admin).await?;
        (now.len() == count && now.values().all(|node| node.is_some_and(&will_do))).then_some(now)
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenes_of_a_killed_node_run_elsewhere_within_five_seconds() -> Result<()> {
    const NODES: usize = 8;
    const TASKS: usize = 50;
    let (farm, folder) = (one_camera().await?, DataFolder::new()?);
    let site = ServedSite::start(&folder).await?;
    add_tasks(&site.admin, &farm, TASKS, &SCENES).await?;
    let (victim, spec) = add_node(&site.admin, "victim", 200).await?;
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_ai_node"));
    command.args([site.admin.base(), &spec.token, &spec.id, "200"]).args(SCENES);
    let mut process = Binary::spawn(command)?;
    all_run(&site.admin, TASKS * SCENES.len(), |node| node == victim).await?;
    let (_open, place) = watch::channel(Some(site.admin.clone()));
    let mut others = Vec::new();
    for n in 1..NODES {
        others.push(AiNode::start(add_node(&site.admin, &format!("node {n}"), 50).await?.1, place.clone()));
    }
    until("all nodes", PATIENCE, async || {
        (site.admin.metric("ai_engine_online_nodes").await.ok()? == NODES as f64).then_some(())
    })
    .await?;
    let killed = Instant::now();
    process.kill().await?;
    let moved = all_run(&site.admin, TASKS * SCENES.len(), |node| node != victim).await?;
    let took = killed.elapsed();
    println!("{} scenes of {TASKS} tasks run on {} other nodes {took:?} after a SIGKILL", moved.len(), NODES - 1);
    ensure!(took < MOVED_WITHIN, "{took:?}");
    // By load: nobody has much more than its share.
    let mut shares: BTreeMap<i64, usize> = BTreeMap::new();
    moved.values().flatten().for_each(|node| *shares.entry(*node).or_default() += 1);
    ensure!(shares.len() == NODES - 1 && shares.values().all(|share| *share <= 16), "{shares:?}");
    farm.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_site_of_nodes_that_come_again_at_once_runs_everything() -> Result<()> {
    const TASKS: usize = 128;
    let (farm, folder) = (one_camera().await?, DataFolder::new()?);
    let site = ServedSite::start(&folder).await?;
    add_tasks(&site.admin, &farm, TASKS, &["MOTION"]).await?;
    let (open, place) = watch::channel(None);
    let mut nodes = Vec::with_capacity(MOST_NODES);
    for n in 0..MOST_NODES {
        nodes.push(AiNode::start(add_node(&site.admin, &format!("node {n}"), 50).await?.1, place.clone()));
    }
    let (_, one_more) = add_node(&site.admin, "one more", 50).await?;
    let online = async |count: usize| {
        until("nodes", PATIENCE, async || {
            (site.admin.metric("ai_engine_online_nodes").await.ok()? == count as f64).then_some(())
        })
        .await
    };
    let mut memory_kib = Vec::new();
    for round in 0..3 {
        let begun = Instant::now();
        open.send(Some(site.admin.clone()))?;
        online(MOST_NODES).await?;
        let connected = begun.elapsed();
        all_run(&site.admin, TASKS, |_| true).await?;
        println!("round {round}: {MOST_NODES} nodes after {connected:?}, {TASKS} tasks after {:?}", begun.elapsed());
        let mut refused = Socket::open(&site.admin.with_token(&one_more.token), "/ws/ai-engine").await?;
        let (error, closed) = refused.closing().await?;
        assert_eq!((error["code"].as_str(), closed.code), (Some("nodes_too_many"), 4429), "{error}");
        assert_eq!(site.admin.metric("ai_result_queue_depth").await?, 0.0);
        memory_kib.push(resident_kib(&site)?);
        if round == 2 {
            break;
        }
        open.send(None)?;
        online(0).await?;
        // Nothing runs, and every task says so.
        let phases: BTreeSet<String> = tasks(&site.admin)
            .await
            .context("no tasks")?
            .iter()
            .map(|task| format!("{} {}", task["state"]["phase"], task["state"]["scenes"][0]["failure"]))
            .collect();
        assert_eq!(phases, BTreeSet::from(["\"interrupted\" \"node_lost\"".to_owned()]));
        assert_eq!(site.admin.metric("ai_task_error_count").await?, TASKS as f64);
    }
    println!("resident memory after each round: {memory_kib:?} KiB");
    ensure!(memory_kib[2] < memory_kib[1] + 16 * 1024, "it grows with each round: {memory_kib:?} KiB");
    drop(nodes);
    farm.shutdown().await;
    Ok(())
}

fn resident_kib(site: &ServedSite) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", site.program.id()?))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    line.split_whitespace().next().context("no figure")?.parse().context("no number")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_site_finds_each_scene_with_the_node_that_ran_it() -> Result<()> {
    const NODES: usize = 8;
    const TASKS: usize = 100;
    let (farm, folder) = (one_camera().await?, DataFolder::new()?);
    let mut site = ServedSite::start(&folder).await?;
    add_tasks(&site.admin, &farm, TASKS, &["MOTION"]).await?;
    let (open, place) = watch::channel(Some(site.admin.clone()));
    let mut nodes = BTreeMap::new();
    for n in 0..NODES {
        let (number, spec) = add_node(&site.admin, &format!("node {n}"), 50).await?;
        nodes.insert(number, AiNode::start(spec, place.clone()));
    }
    // At once: what nodes were told is kept before they hear it.
    let before = all_run(&site.admin, TASKS, |_| true).await?;
    site.program.kill().await?;
    nodes.values().for_each(AiNode::forget);
    let begun = Instant::now();
    site = ServedSite::start(&folder).await?;
    let started = begun.elapsed();
    open.send(Some(site.admin.clone()))?;
    let after = all_run(&site.admin, TASKS, |_| true).await?;
    println!("{TASKS} tasks run again {:?} after a SIGKILL of the site; it took {started:?} to start", begun.elapsed());
    let mut told: BTreeMap<(i64, String), BTreeSet<i64>> = BTreeMap::new();
    for (number, node) in &nodes {
        for one in node.told().into_iter().filter(|one| one.kind == "START_TASK") {
            for scene in one.scenes {
                told.entry((one.task, scene)).or_default().insert(*number);
            }
        }
    }
    assert_eq!(told.len(), TASKS);
    for (scene, node) in &after {
        let own = node.map(|node| BTreeSet::from([node]));
        ensure!(told.get(scene) == own.as_ref(), "{scene:?} is of {node:?} and was told to {:?}", told.get(scene));
    }
    assert_eq!(after, before, "each stayed where it was");
    let stops: usize =
        nodes.values().map(|node| node.told().iter().filter(|one| one.kind == "STOP_TASK").count()).sum();
    assert_eq!(stops, 0);
    farm.shutdown().await;
    Ok(())
}
