//! Scripted AI nodes: they take every task, remember what they were told, and come again whenever they are let go.

use crate::{Client, Heard, Socket};
use anyhow::Result;
use serde_json::{Value, json};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{MissedTickBehavior, interval, sleep},
};

const HEARTBEAT: Duration = Duration::from_secs(5);
/// A site that is not there yet is tried again.
const AGAIN: Duration = Duration::from_millis(20);

/// What a node is.
#[derive(Clone, Debug)]
pub struct AiNodeSpec {
    pub id: String,
    pub token: String,
    pub max_tasks: u32,
    pub algorithms: Vec<String>,
}

/// One thing a node was told.
#[derive(Clone, Debug)]
pub struct Told {
    pub at: Instant,
    /// `START_TASK` or `STOP_TASK`.
    pub kind: String,
    pub task: i64,
    pub scenes: Vec<String>,
}

/// Runs until it is dropped.
pub struct AiNode {
    told: Arc<Mutex<Vec<Told>>>,
    task: JoinHandle<()>,
}

impl Drop for AiNode {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl AiNode {
    /// `site`: where it connects to; without one it stays away, and a connection that stands is cut.
    pub fn start(spec: AiNodeSpec, site: watch::Receiver<Option<Client>>) -> Self {
        let told = Arc::<Mutex<Vec<Told>>>::default();
        let task = tokio::spawn(live(spec, site, Arc::clone(&told)));
        Self { told, task }
    }

    /// Everything it was told until now.
    pub fn told(&self) -> Vec<Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Forgets what it was told.
    pub fn forget(&self) {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

async fn live(spec: AiNodeSpec, mut site: watch::Receiver<Option<Client>>, told: Arc<Mutex<Vec<Told>>>) {
    loop {
        let client = site.borrow_and_update().clone();
        let Some(client) = client.map(|client| client.with_token(&spec.token)) else {
            if site.changed().await.is_err() {
                return;
            }
            continue;
        };
        tokio::select! {
            // However it ends: it comes again.
            _ = converse(&client, &spec, &told) => sleep(AGAIN).await,
            changed = site.changed() => if changed.is_err() {
                return;
            },
        }
    }
}

async fn converse(client: &Client, spec: &AiNodeSpec, told: &Mutex<Vec<Told>>) -> Result<()> {
    let mut socket = Socket::open(client, "/ws/ai-engine").await?;
    let (id, algorithms) = (&spec.id, &spec.algorithms);
    let register =
        json!({"type": "NODE_REGISTER", "node_id": id, "algorithms": algorithms, "max_tasks": spec.max_tasks});
    socket.say(&register).await?;
    let mut beat = interval(HEARTBEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut tasks: Vec<i64> = Vec::new();
    loop {
        tokio::select! {
            heard = socket.hear() => match heard? {
                Heard::Json(message) => {
                    if let Some(answer) = obey(&message, id, &mut tasks, told) {
                        socket.say(&answer).await?;
                    }
                }
                Heard::Binary(_) => {}
                Heard::Closed(closed) => anyhow::bail!("closed: {closed:?}"),
            },
            _ = beat.tick() => {
                let message = json!({"type": "NODE_HEARTBEAT", "node_id": id, "tasks": tasks});
                socket.say(&message).await?;
            }
        }
    }
}

/// What a node says to it, at once.
fn obey(message: &Value, id: &str, tasks: &mut Vec<i64>, told: &Mutex<Vec<Told>>) -> Option<Value> {
    let kind = message["type"].as_str()?;
    if !matches!(kind, "START_TASK" | "STOP_TASK") {
        return None;
    }
    let data = &message["data"];
    let task = data["task_id"].as_i64()?;
    let scenes: Vec<String> =
        data["scene_codes"].as_array()?.iter().filter_map(|code| Some(code.as_str()?.to_owned())).collect();
    let is_start = kind == "START_TASK";
    let answer =
        is_start.then(|| json!({"type": "TASK_KEEPALIVE", "node_id": id, "task_id": task, "scene_codes": scenes}));
    if is_start && !tasks.contains(&task) {
        tasks.push(task);
    }
    let one = Told { at: Instant::now(), kind: kind.to_owned(), task, scenes };
    told.lock().unwrap_or_else(PoisonError::into_inner).push(one);
    answer
}
