//! One node's connection: what it says becomes events, results and answers.

use super::speech::{Said, error, stop_task};
use crate::analytics::{
    owners::Owners,
    results::ResultIntake,
    supervisor::{Command, Line},
    tasks::board::Event,
    trials::Trials,
};
use std::{
    collections::{HashMap, HashSet},
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use watchwall_engine_protocol::{
    AiResult, MOST_MESSAGE_BYTES, NodeHeartbeat, NodeMessage, NodeRegister, Registered, Repairs, SiteMessage, TIMES,
    TaskKeepalive, TaskState, TaskStatus,
};
use watchwall_model::{AiNode, AiNodeFacts, ErrorCode, NodeId, Problem, TaskId, UtcMillis};
use watchwall_store::Store;

/// Messages that wait for a node to read them; a node that lets more wait is let go. As many as it may have tasks, and
/// some: all of them are told at once when it comes.
const UNREAD: usize = 1_024;
/// A node whose clock is further off is corrected.
const SKEW_MS: i64 = 5_000;
/// Results say that a scene lives; so often that is passed on.
const ALIVE_EVERY: Duration = Duration::from_secs(5);
/// Different odd things of a node that are logged; after that they are only counted.
const MOST_TOLD: usize = 64;
const MOST_TOLD_CHARS: usize = 200;

/// How a node was let in.
#[derive(Clone, Debug)]
pub enum Presented {
    /// By its own token.
    Node(AiNode),
    /// By the local administrator's token, or without one, from this machine: it is who it says it is.
    Local,
}

/// How a node came to the site.
#[derive(Clone, Copy, Debug)]
pub struct Came {
    /// Its own address.
    pub from: IpAddr,
    /// Ours, where the system tells it.
    pub to: Option<IpAddr>,
}

/// What a link needs of the site.
#[derive(Clone)]
pub(in crate::analytics) struct LinkParts {
    pub store: Store,
    pub intake: Arc<ResultIntake>,
    pub owners: Arc<Owners>,
    pub trials: Arc<Trials>,
    pub commands: mpsc::Sender<Command>,
}

/// Held by the connection. Dropping it is how a node goes.
pub struct NodeLink {
    parts: LinkParts,
    number: u64,
    presented: Presented,
    came: Came,
    registered: Option<AiNode>,
    out: mpsc::Sender<Said>,
    unsent: mpsc::Receiver<Said>,
    ended: CancellationToken,
    /// To be added to the node's times.
    offset_ms: i64,
    told_alive: HashMap<TaskId, Instant>,
    told_odd: HashSet<String>,
}

impl NodeLink {
    pub(in crate::analytics) fn new(parts: LinkParts, number: u64, presented: Presented, came: Came) -> Self {
        let (out, unsent) = mpsc::channel(UNREAD);
        Self {
            parts,
            number,
            presented,
            came,
            registered: None,
            out,
            unsent,
            ended: CancellationToken::new(),
            offset_ms: 0,
            told_alive: HashMap::new(),
            told_odd: HashSet::new(),
        }
    }

    /// What is to be sent next. Safe to drop and call again.
    pub async fn next(&mut self) -> Option<Said> {
        tokio::select! {
            biased;
            () = self.ended.cancelled() => None,
            said = self.unsent.recv() => said,
        }
    }

    /// Takes one text message; the answer is to be sent at once. Waits while the site cannot take more results.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    pub async fn hear(&mut self, text: &str) -> Result<Option<Said>, Problem> {
        if text.len() > MOST_MESSAGE_BYTES {
            self.note("a message that is too large");
            return Ok(Some(error("message_too_large", "a message has at most 1 MiB", "")));
        }
        let message = match NodeMessage::parse(text) {
            Ok(message) => message,
            Err(refusal) => {
                self.note(&refusal.to_string());
                return Ok(SiteMessage::refusing(&refusal));
            }
        };
        match message {
            NodeMessage::Register(register) => self.register(register).await.map(Some),
            message => {
                let Some(node) = self.registered.as_ref().map(|node| node.id) else {
                    return Ok(Some(error("not_registered", "NODE_REGISTER comes first", kind_of(&message))));
                };
                self.obey(node, message).await;
                Ok(None)
            }
        }
    }

    async fn obey(&mut self, node: NodeId, message: NodeMessage) {
        match message {
            NodeMessage::Register(_) => {}
            NodeMessage::Heartbeat(heartbeat) => self.beat(node, heartbeat).await,
            NodeMessage::Keepalive(keepalive) => self.keep_alive(node, keepalive).await,
            NodeMessage::Status(status) if status.task.is_trial() => {
                let is_its_own = self.parts.trials.status(node, &status);
                // A scene that has stopped needs no telling.
                if status.state == TaskState::Running && !is_its_own {
                    self.stop_trial(status.task);
                }
            }
            NodeMessage::Status(status) => {
                let TaskStatus { task, scene, state, error_message: message } = status;
                self.tell(Event::Status { node, task, scene, state, message }).await;
            }
            NodeMessage::Result(result) => self.take(node, result).await,
        }
    }

    async fn register(&mut self, register: NodeRegister) -> Result<Said, Problem> {
        let now = UtcMillis::now();
        let nodes = self.parts.store.ai_nodes();
        let node = match &self.presented {
            Presented::Node(node) => Some(node.clone()),
            Presented::Local => nodes.local(&register.node_id, &register.node_name, now).await?,
        };
        if node.as_ref().is_some_and(|node| !node.enabled) {
            return Err(Problem::new(ErrorCode::NodeTokenWrong));
        }
        let taken = || error("node_id_taken", "another node calls itself so", "NODE_REGISTER");
        let Some(mut node) = node else { return Ok(taken()) };
        node.facts = AiNodeFacts {
            algorithms: register.algorithms.clone(),
            max_tasks: register.max_tasks,
            can_preview: register.can_preview,
            can_archive: register.can_archive,
            address: Some(self.came.from.to_string()),
            reached: self.came.to,
            protocol: register.protocol,
        };
        if !nodes.registered(node.id, &register.node_id, &node.facts, now).await? {
            return Ok(taken());
        }
        self.measure(register.timestamp_ms, now);
        let event = Event::NodeUp {
            node: node.id,
            algorithms: register.algorithms,
            max_tasks: register.max_tasks,
            load: register.load,
        };
        let line = Line { number: self.number, node: node.clone(), out: self.out.clone(), ended: self.ended.clone() };
        self.registered = Some(node);
        self.send(Command::Up { line, event }).await;
        Ok(SiteMessage::Registered(Registered::new(register.node_id, UtcMillis::now().0)))
    }

    async fn beat(&mut self, node: NodeId, heartbeat: NodeHeartbeat) {
        self.measure(heartbeat.timestamp_ms, UtcMillis::now());
        self.tell(Event::NodeLoad { node, load: heartbeat.load }).await;
        for task in heartbeat.tasks {
            if task.is_trial() {
                self.trial_lives(node, task);
                continue;
            }
            self.tell(Event::Alive { node, task, scenes: Vec::new() }).await;
        }
    }

    async fn keep_alive(&mut self, node: NodeId, keepalive: TaskKeepalive) {
        let TaskKeepalive { task, scenes, state, .. } = keepalive;
        if task.is_trial() {
            // How its scenes end is said by status.
            if state == TaskState::Running {
                self.trial_lives(node, task);
            }
            return;
        }
        if state == TaskState::Running {
            return self.tell(Event::Alive { node, task, scenes }).await;
        }
        for scene in scenes {
            self.tell(Event::Status { node, task, scene, state, message: None }).await;
        }
    }

    async fn take(&mut self, node: NodeId, mut result: AiResult) {
        if result.repairs != Repairs::default() {
            self.note(&format!("a result had to be mended: {:?}", result.repairs));
        }
        if result.task.is_trial() {
            // Its times are the site's own, whatever the node's clock says.
            if self.parts.trials.take(node, &result) > 0 {
                self.note("results of recordings that it does not look at");
            }
            return;
        }
        result.at = result.at.saturating_add_ms(self.offset_ms);
        let task = result.task;
        let owners = Arc::clone(&self.parts.owners);
        let name = self.registered.as_ref().map(|node| node.name.clone()).unwrap_or_default();
        let camera = result.camera;
        let owns = |task, scene: &_| owners.is_of(task, scene, node, camera);
        let sent = result.scenes.len();
        let taken = self.parts.intake.take(&name, result, owns).await;
        if taken.refused > 0 {
            self.note("results of scenes that it does not run");
        }
        if taken.refused < sent && self.told_alive.get(&task).is_none_or(|told| told.elapsed() >= ALIVE_EVERY) {
            self.told_alive.retain(|_, told| told.elapsed() < ALIVE_EVERY);
            self.told_alive.insert(task, Instant::now());
            self.tell(Event::Alive { node, task, scenes: Vec::new() }).await;
        }
    }

    /// A trial that is none of its own is stopped.
    fn trial_lives(&mut self, node: NodeId, trial: TaskId) {
        if !self.parts.trials.alive(node, trial) {
            self.stop_trial(trial);
        }
    }

    /// Not more often than every few seconds.
    fn stop_trial(&mut self, trial: TaskId) {
        self.told_alive.retain(|_, told| told.elapsed() < ALIVE_EVERY);
        if self.told_alive.contains_key(&trial) {
            return;
        }
        self.told_alive.insert(trial, Instant::now());
        // A node that reads nothing is let go by the supervisor.
        let _ = self.out.try_send(stop_task(trial, Vec::new()));
    }

    /// How far the node's clock is off, when it says what it shows.
    fn measure(&mut self, timestamp_ms: Option<i64>, now: UtcMillis) {
        // Anything else is no clock that is off, and would lead out of all times there are.
        let Some(timestamp_ms) = timestamp_ms.filter(|ms| TIMES.contains(ms)) else { return };
        let offset_ms = now.0.saturating_sub(timestamp_ms);
        self.offset_ms = if offset_ms.abs() > SKEW_MS { offset_ms } else { 0 };
        if self.offset_ms != 0 {
            self.note("its clock is off, and corrected");
        }
    }

    /// Each odd thing once.
    fn note(&mut self, what: &str) {
        // It may quote the node, as far as that is of use.
        let what: String = what.chars().take(MOST_TOLD_CHARS).collect();
        if self.told_odd.len() < MOST_TOLD && self.told_odd.insert(what.clone()) {
            let node = self.registered.as_ref().map_or("?", |node| node.name.as_str());
            tracing::warn!(node, address = %self.came.from, what, "an AI node says something odd");
        }
    }

    async fn tell(&self, event: Event) {
        self.send(Command::Event(event)).await;
    }

    async fn send(&self, command: Command) {
        // The supervisor has ended: so does the site.
        let _ = self.parts.commands.send(command).await;
    }
}

impl Drop for NodeLink {
    fn drop(&mut self) {
        let Some(node) = &self.registered else { return };
        let down = Command::Down { number: self.number, node: node.id };
        if let Err(unsent) = self.parts.commands.try_send(down) {
            let commands = self.parts.commands.clone();
            if let Ok(runtime) = tokio::runtime::Handle::try_current() {
                // Only while the supervisor is behind; it ends with it.
                runtime.spawn(async move { commands.send(unsent.into_inner()).await });
            }
        }
    }
}

const fn kind_of(message: &NodeMessage) -> &'static str {
    match message {
        NodeMessage::Register(_) => "NODE_REGISTER",
        NodeMessage::Heartbeat(_) => "NODE_HEARTBEAT",
        NodeMessage::Keepalive(_) => "TASK_KEEPALIVE",
        NodeMessage::Status(_) => "TASK_STATUS",
        NodeMessage::Result(_) => "AI_RESULT",
    }
}
