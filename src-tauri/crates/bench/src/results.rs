//! Benchmark 12: results of AI engines, from the sockets of nodes to disk; 13: alarms to a webhook meanwhile.

use crate::{
    Options,
    farm::Generator,
    hook::{Delays, Probe},
    process,
    site::SiteUnderTest,
    table::{Row, Table},
};
use anyhow::{Context, Result};
use futures::{SinkExt, StreamExt, future::try_join_all};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    io::Write as _,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};
use watchwall_model::{AiResultRow, CameraId, SceneCode, TaskId, UtcMillis};
use watchwall_store::ResultFiles;

const NODES: usize = 8;
const CAMERAS: usize = 8;
const TASKS_PER_NODE: usize = 8;
/// Of each task: results have milliseconds, and none counts twice.
const SCENES: [&str; 4] = ["MOTION", "TAMPER", "LINE_CROSSING", "REGION_INTRUSION"];
const RATE: u64 = 60_000;
/// One in so many is an alarm.
const ALARM_EVERY: u64 = 100;
/// Well within the time after which a silent scene goes elsewhere.
const ALIVE_EVERY: Duration = Duration::from_secs(10);
const COLUMNS: usize = 12;
const TURN: Duration = Duration::from_millis(10);

pub type Wire = WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>;

/// A node that is told what to run.
struct Node {
    wire: Wire,
    /// Task and camera.
    tasks: Vec<(i64, i64)>,
}

pub async fn run(options: &Options) -> Result<Table> {
    let mut table = Table::new(
        format!("{RATE} results a second (benchmarks 12 and 13)"),
        &[
            "sent",
            "alarms",
            "alarms stored",
            "stored",
            "sampled",
            "dropped",
            "insert p95, ms",
            "site, % of a core",
            "PSS, MB: begin, end",
            "alarms raised",
            "to the webhook: sent, arrived",
            "median, p95, p99, ms",
        ],
    );
    // Those that take long last: what is finished is told at once.
    let mut tell = |row: Row| {
        // Who does not listen gets the table in the end.
        let _ = writeln!(std::io::stderr(), "{}: {}", row.name, row.cells.join(" | "));
        table.rows.push(row);
    };
    tell(one_by_one(options).await.context("one insert a row")?);
    for (name, sample_ms) in [("all kept", 0), ("one a second of each scene kept, and all alarms", 1_000)] {
        tell(one(options, name, sample_ms).await.with_context(|| name.to_owned())?);
    }
    table.notes.push(
        "One insert a row: the same file, filled by one task as fast as it can, a transaction each; no sockets, no checks."
            .to_owned(),
    );
    table.notes.push(format!(
        "{NODES} nodes, {} tasks of {} scenes, one result a message with two objects, 1 in {ALARM_EVERY} an alarm, for {} s; \
         nodes on core 0, the site on core 1. Insert: a batch into the day's file, the upper edge of its bucket.",
        NODES * TASKS_PER_NODE,
        SCENES.len(),
        options.seconds
    ));
    Ok(table)
}

async fn one(options: &Options, name: &str, sample_ms: u32) -> Result<Row> {
    let generator = Generator::start(CAMERAS).await?;
    let temp = tempfile::tempdir_in(options.folder.as_deref().unwrap_or(Path::new("/var/tmp")))?;
    let sample = sample_ms.to_string();
    // The tasks are for the nodes of this program.
    let settings = [
        ("WATCHWALL_ANALYTICS__SAMPLE_MS", sample.as_str()),
        ("WATCHWALL_ANALYTICS__BUILT_IN_ENGINE", "false"),
        ("WATCHWALL_PUSH__ALLOW_THIS_MACHINE", "true"),
    ];
    let site = SiteUnderTest::start_with(options, temp.path(), &settings)?;
    let (nodes, camera) = prepare(&site, &generator).await?;
    let probe = Probe::prepare(&site, camera).await?;
    let sent = Arc::new(AtomicU64::new(0));
    let before = process::cost(&[site.child.id()])?;
    let until = Instant::now() + Duration::from_secs(options.seconds);
    let each = RATE / NODES as u64;
    let probe = tokio::spawn(probe.run(until));
    try_join_all(nodes.into_iter().map(|node| tokio::spawn(send(node, each, until, Arc::clone(&sent))))).await?;
    let after = process::cost(&[site.child.id()])?;
    let delays: Delays = probe.await??;
    sent.fetch_add(delays.sent as u64, Relaxed);
    let figures = settled(&site, sent.load(Relaxed)).await?;
    let of = |metric: &str| figures.get(metric).copied().unwrap_or_default();
    let stored = stored_alarms(&site).await?;
    let raised = raised_alarms(&site).await?;
    site.stop()?;
    generator.stop().await;
    Ok(Row {
        name: name.to_owned(),
        cells: vec![
            sent.load(Relaxed).to_string(),
            of("ai_result_alarm_total").to_string(),
            stored.to_string(),
            of("ai_result_stored_total").to_string(),
            of("ai_result_sampled_total").to_string(),
            of("ai_result_drop_total").to_string(),
            of("ai_result_insert_p95_milliseconds").to_string(),
            format!("{:.0}", process::cpu_percent(&before, &after)),
            format!("{:.0}, {:.0}", before.pss_bytes as f64 / 1e6, after.pss_bytes as f64 / 1e6),
            raised,
            format!("{}, {}", delays.sent, delays.took_ms.len()),
            format!("{:.1}, {:.1}, {:.1}", delays.quantile(0.5), delays.quantile(0.95), delays.quantile(0.99)),
        ],
    })
}

/// Cameras, tasks and nodes; every task runs when it returns.
async fn prepare(site: &SiteUnderTest, generator: &Generator) -> Result<(Vec<Node>, i64)> {
    let mut cameras = Vec::new();
    for (n, url) in generator.urls.iter().enumerate() {
        let camera = site.add_camera(&format!("bench {n}"), url, None, false).await?;
        cameras.push(camera["id"].as_i64().context("a camera without a number")?);
    }
    let mut nodes = Vec::new();
    for n in 0..NODES {
        let made = site.post("/api/v1/ai-nodes", &json!({"name": format!("bench {n}"), "sees_cameras": true})).await?;
        let token = made["token"].as_str().context("no token")?;
        let mut request = format!("{}/ws/ai-engine", site.address.replacen("http", "ws", 1)).into_client_request()?;
        request.headers_mut().insert("authorization", format!("Bearer {token}").parse()?);
        let (mut wire, _) = connect_async(request).await?;
        let register =
            json!({"type": "NODE_REGISTER", "node_id": format!("bench-{n}"), "algorithms": SCENES, "max_tasks": 1_000});
        wire.send(Message::text(register.to_string())).await?;
        nodes.push(Node { wire, tasks: Vec::new() });
    }
    let scenes: Vec<Value> = SCENES.iter().map(|code| json!({"code": code})).collect();
    for n in 0..NODES * TASKS_PER_NODE {
        let camera = cameras[n % cameras.len()];
        let task = json!({"name": format!("bench {n}"), "camera_id": camera, "scenes": scenes, "stream": "main", "dispatch": "single"});
        site.post("/api/v1/ai-tasks", &task).await?;
    }
    // Whoever is told to start something says that it runs.
    let mut started = 0;
    while started < NODES * TASKS_PER_NODE {
        for node in &mut nodes {
            while let Ok(Some(message)) = tokio::time::timeout(TURN, node.wire.next()).await {
                let Message::Text(text) = message? else { continue };
                let said: Value = serde_json::from_str(&text)?;
                if said["type"] != "START_TASK" {
                    continue;
                }
                let number = |field: &str| said["data"][field].as_i64().context("a task without numbers");
                let (task, camera) = (number("task_id")?, number("camera_id")?);
                let alive = json!({"type": "TASK_KEEPALIVE", "node_id": "bench", "task_id": task});
                node.wire.send(Message::text(alive.to_string())).await?;
                node.tasks.push((task, camera));
                started += 1;
            }
        }
    }
    Ok((nodes, cameras[0]))
}

/// `rate` results a second until then.
async fn send(mut node: Node, rate: u64, until: Instant, sent: Arc<AtomicU64>) -> Result<()> {
    let mut turn = interval(TURN);
    turn.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let a_turn = rate * TURN.as_millis() as u64 / 1_000;
    // Each task and scene has a clock of its own, so that no moment comes twice.
    let places = node.tasks.len() * SCENES.len();
    let mut clocks = vec![UtcMillis::now().0; places];
    let mut n: u64 = 0;
    let numbers: Vec<i64> = node.tasks.iter().map(|(task, _)| *task).collect();
    let mut alive_at = Instant::now() + ALIVE_EVERY;
    while Instant::now() < until {
        turn.tick().await;
        if alive_at <= Instant::now() {
            alive_at += ALIVE_EVERY;
            let alive = json!({"type": "NODE_HEARTBEAT", "node_id": "bench", "tasks": numbers, "timestamp": UtcMillis::now().0});
            node.wire.feed(Message::text(alive.to_string())).await?;
        }
        for _ in 0..a_turn {
            let place = n as usize % places;
            let (task, camera) = node.tasks[place / SCENES.len()];
            let (scene, alarm) = (SCENES[place % SCENES.len()], n.is_multiple_of(ALARM_EVERY));
            clocks[place] = UtcMillis::now().0.max(clocks[place] + 1);
            let ts = clocks[place];
            let text = format!(
                r#"{{"type":"AI_RESULT","task_id":{task},"camera_id":{camera},"ts":{ts},"frame_width":1280,"frame_height":720,"scene_code":"{scene}","alarm_event":{alarm},"confidence":0.87,"objects":[{{"label":"person","score":0.87,"bbox":[0.41,0.32,0.11,0.27],"track_id":12}},{{"label":"car","score":0.64,"bbox":[0.1,0.5,0.2,0.2],"track_id":13}}],"event_type":"seen","total_count":2}}"#
            );
            node.wire.feed(Message::text(text)).await?;
            n += 1;
        }
        node.wire.flush().await?;
        sent.fetch_add(a_turn, Relaxed);
    }
    // Held open until everything was read.
    node.wire.close(None).await?;
    while let Some(Ok(_)) = node.wire.next().await {}
    Ok(())
}

/// The counters, once everything that was sent was counted and nothing waits.
async fn settled(site: &SiteUnderTest, sent: u64) -> Result<BTreeMap<String, u64>> {
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        let page = site.metrics().await?;
        let figures: BTreeMap<String, u64> = page
            .lines()
            .filter(|line| line.starts_with("ai_"))
            .filter_map(|line| line.split_once(' '))
            .filter_map(|(name, value)| Some((name.to_owned(), value.parse::<f64>().ok()? as u64)))
            .collect();
        let of = |metric: &str| figures.get(metric).copied().unwrap_or_default();
        let ended = ["stored", "sampled", "drop", "duplicate", "refused", "failed"];
        let accounted: u64 = ended.iter().map(|end| of(&format!("ai_result_{end}_total"))).sum();
        if of("ai_result_received_total") == sent && accounted == sent {
            return Ok(figures);
        }
        anyhow::ensure!(Instant::now() < until, "{sent} sent, {accounted} accounted for: {figures:?}");
        sleep(Duration::from_millis(200)).await;
    }
}

/// Read back, page by page.
async fn stored_alarms(site: &SiteUnderTest) -> Result<usize> {
    let (mut count, mut cursor) = (0, String::new());
    loop {
        let page = site.get(&format!("/api/v1/ai-results?only_alarms=true&limit=500{cursor}")).await?;
        count += page["items"].as_array().map_or(0, Vec::len);
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return Ok(count),
        }
    }
}

/// How many alarms there are, and how often what they tell of happened.
async fn raised_alarms(site: &SiteUnderTest) -> Result<String> {
    let (mut alarms, mut happened, mut cursor) = (0, 0, String::new());
    loop {
        let page = site.get(&format!("/api/v1/alarms?limit=500{cursor}")).await?;
        let items = page["items"].as_array().context("no alarms")?;
        alarms += items.len();
        happened += items.iter().filter_map(|alarm| alarm["count"].as_u64()).sum::<u64>();
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return Ok(format!("{alarms} of {happened}")),
        }
    }
}

/// What the file takes when each row is a transaction of its own.
async fn one_by_one(options: &Options) -> Result<Row> {
    let temp = tempfile::tempdir_in(options.folder.as_deref().unwrap_or(Path::new("/var/tmp")))?;
    let files = ResultFiles::open(temp.path())?;
    let scene = SceneCode::parse("MOTION").context("no scene")?;
    let begun = Instant::now();
    let mut took_ms = Vec::new();
    while begun.elapsed() < Duration::from_secs(options.seconds.min(20)) {
        let n = took_ms.len() as i64;
        let row = AiResultRow {
            at: UtcMillis(UtcMillis::now().0 + n),
            task: TaskId(n % 64),
            scene: scene.clone(),
            camera: CameraId(1),
            node: "bench".into(),
            is_alarm: false,
            confidence: 0.87,
            objects: r#"[{"label":"person","score":0.87,"bbox":[0.41,0.32,0.11,0.27]}]"#.into(),
            event_type: Some("seen".into()),
            event_desc: None,
            total_count: Some(2),
            label_counts: "[]".into(),
            problem_counts: "[]".into(),
            metrics: None,
            snapshot: None,
        };
        let one = Instant::now();
        files.insert(&[row], UtcMillis::now()).await?;
        took_ms.push(one.elapsed().as_secs_f64() * 1_000.0);
    }
    let rate = took_ms.len() as f64 / begun.elapsed().as_secs_f64();
    took_ms.sort_by(f64::total_cmp);
    let p95 = took_ms.get(took_ms.len() * 95 / 100).copied().unwrap_or(f64::NAN);
    files.close().await;
    let mut cells = vec!["-".to_owned(); COLUMNS];
    cells[0] = took_ms.len().to_string();
    cells[3] = format!("{} ({rate:.0} a second)", took_ms.len());
    cells[6] = format!("{p95:.2}");
    Ok(Row { name: "one insert a row".to_owned(), cells })
}
