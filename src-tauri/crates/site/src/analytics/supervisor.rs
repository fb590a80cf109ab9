//! The one task that owns the board: hears links, the database, the cameras and the clock, and tells nodes what to do.

use super::{
    nodes::{Said, start_task, start_trial, stop_task},
    owners::{Owners, TaskOwners},
    streams::TaskStreams,
    tasks::board::{Action, Board, Event, Held, Seat, TaskPhase, Wanted},
    trials::{TrialAction, TrialNode, Trials},
};
use jiff::tz::TimeZone;
use std::{
    any::Any,
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::{MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;
use watchwall_engine_protocol::TaskState;
use watchwall_model::{AiNode, AiTask, NodeId, Problem, SceneCode, Slot, TaskId, UtcMillis};
use watchwall_store::{Lease, Store};

const TICK: Duration = Duration::from_millis(500);
/// Schedules begin and end on the minute.
const SCHEDULES_EVERY: Duration = Duration::from_secs(20);
/// A lease is good for so long; it is renewed long before.
const LEASE_MS: i64 = 30_000;
const RENEW_EVERY: Duration = Duration::from_secs(10);

/// The way to a connected node.
#[derive(Clone)]
pub struct Line {
    /// Of the connection: a node may have come again before its old one was noticed to be gone.
    pub number: u64,
    pub node: AiNode,
    pub out: mpsc::Sender<Said>,
    pub ended: CancellationToken,
}

impl Line {
    fn say(&self, said: Said) {
        if self.out.try_send(said).is_err() && !self.ended.is_cancelled() {
            tracing::warn!(node = %self.node.name, "an AI node does not read what it is told; it is let go");
            self.ended.cancel();
        }
    }
}

/// What the supervisor is told.
pub enum Command {
    Up {
        line: Line,
        event: Event,
    },
    Down {
        number: u64,
        node: NodeId,
    },
    Event(Event),
    /// Tasks or nodes were edited; answered when that is in force.
    Edited {
        done: oneshot::Sender<()>,
    },
}

/// What others read of the board.
#[derive(Clone, Debug, Default)]
pub struct Picture {
    pub tasks: BTreeMap<TaskId, TaskPicture>,
    /// Connected.
    pub nodes: BTreeMap<NodeId, NodePicture>,
}

#[derive(Clone, Debug)]
pub struct TaskPicture {
    pub phase: TaskPhase,
    pub seats: Vec<(SceneCode, Seat)>,
    pub primary: Option<NodeId>,
}

#[derive(Clone, Debug)]
pub struct NodePicture {
    pub active: usize,
    pub address: Option<String>,
}

/// What the supervisor needs.
pub struct Supervisor {
    pub store: Store,
    pub streams: Arc<dyn TaskStreams>,
    pub trials: Arc<Trials>,
    pub owners: Arc<Owners>,
    pub zone: TimeZone,
    pub picture: Arc<Mutex<Arc<Picture>>>,
    /// Counts changes of it.
    pub changes: watch::Sender<u64>,
}

struct State {
    board: Board,
    tasks: BTreeMap<TaskId, AiTask>,
    lines: HashMap<NodeId, Line>,
    /// As written last.
    held: Vec<Held>,
    renew_at: Instant,
    /// What opens recordings to nodes, for as long as their trials run.
    passes: HashMap<TaskId, Box<dyn Any + Send + Sync>>,
}

impl Supervisor {
    /// Runs until cancelled. What nodes run then stays theirs for a while: a restart does not stop them.
    pub async fn run(self, mut commands: mpsc::Receiver<Command>, cancel: CancellationToken) -> Result<(), Problem> {
        let leases = self.store.ai_tasks().leases().await?;
        let held = leases.into_iter().map(|Lease { task, scene, node }| Held { task, scene, node }).collect::<Vec<_>>();
        let mut state = State {
            board: Board::restore(held.clone()),
            tasks: BTreeMap::new(),
            lines: HashMap::new(),
            held,
            renew_at: Instant::now(),
            passes: HashMap::new(),
        };
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut schedules = interval(SCHEDULES_EVERY);
        let mut cameras = self.streams.changes();
        self.load(&mut state).await;
        self.look_at_cameras(&mut state).await;
        loop {
            tokio::select! {
                biased;
                () = cancel.cancelled() => return Ok(()),
                command = commands.recv() => match command {
                    Some(command) => self.obey(&mut state, command).await,
                    None => return Ok(()),
                },
                Ok(()) = cameras.changed() => self.look_at_cameras(&mut state).await,
                _ = schedules.tick() => self.hear(&mut state, None).await,
                _ = tick.tick() => {
                    self.hear(&mut state, Some(Event::Tick)).await;
                    self.run_trials(&mut state);
                    self.keep_leases(&mut state).await;
                }
            }
        }
    }

    async fn obey(&self, state: &mut State, command: Command) {
        match command {
            Command::Up { line, event } => {
                let old = state.lines.insert(line.node.id, line.clone());
                if let Some(old) = old.filter(|old| old.number != line.number) {
                    tracing::info!(node = %old.node.name, "an AI node came again; its older connection ends");
                    old.ended.cancel();
                }
                // Whatever it looked at in recordings ended with the connection before this one.
                self.trials.node_went(line.node.id);
                self.hear(state, Some(event)).await;
            }
            Command::Down { number, node } => {
                if state.lines.get(&node).is_some_and(|line| line.number == number) {
                    state.lines.remove(&node);
                    self.trials.node_went(node);
                    self.hear(state, Some(Event::NodeDown { node })).await;
                    if let Err(error) = self.store.ai_nodes().seen(node, UtcMillis::now()).await {
                        tracing::warn!(%error, "when an AI node was last seen could not be noted");
                    }
                }
            }
            Command::Event(event) => self.hear(state, Some(event)).await,
            Command::Edited { done } => {
                self.load(state).await;
                // Whoever asked may have gone.
                let _ = done.send(());
            }
        }
    }

    async fn load(&self, state: &mut State) {
        let (tasks, nodes) = match (self.store.ai_tasks().all().await, self.store.ai_nodes().all().await) {
            (Ok(tasks), Ok(nodes)) => (tasks, nodes),
            (Err(error), _) | (_, Err(error)) => {
                tracing::error!(%error, "the tasks of AI engines could not be read");
                return;
            }
        };
        state.tasks = tasks.into_iter().map(|task| (task.id, task)).collect();
        // Whoever may not be here any more goes, and with it what it runs.
        for (id, line) in &mut state.lines {
            match nodes.iter().find(|node| node.id == *id && node.enabled) {
                Some(node) => line.node = node.clone(),
                None => line.ended.cancel(),
            }
        }
        self.hear(state, None).await;
    }

    async fn look_at_cameras(&self, state: &mut State) {
        let offline = self.streams.offline().await;
        self.hear(state, Some(Event::Cameras { offline })).await;
    }

    /// Without an event: the tasks as they are wanted now.
    async fn hear(&self, state: &mut State, event: Option<Event>) {
        let event = event.unwrap_or_else(|| Event::Tasks(self.wanted(state)));
        let is_tick = event == Event::Tick;
        let mut waiting = vec![event];
        let mut has_acted = false;
        while let Some(event) = waiting.pop() {
            for action in state.board.on(event, Instant::now()) {
                has_acted = true;
                if let Some(failure) = self.act(state, action).await {
                    waiting.push(failure);
                }
            }
        }
        if has_acted || !is_tick {
            self.show(state);
        }
    }

    fn wanted(&self, state: &State) -> Vec<Wanted> {
        let now = UtcMillis::now();
        let is_time = |task: &AiTask| match &task.schedule {
            Some(week) => week.at(now, &self.zone).slot == Slot::Continuous,
            None => true,
        };
        let wanted = |task: &AiTask| Wanted {
            id: task.id,
            version: task.version,
            camera: task.camera,
            scenes: task.scenes.iter().map(|scene| scene.code.clone()).collect(),
            mode: task.dispatch,
            is_on: task.enabled && is_time(task),
        };
        state.tasks.values().map(wanted).collect()
    }

    /// Sends it. What comes back has to be told to the board.
    async fn act(&self, state: &State, action: Action) -> Option<Event> {
        let (node, said) = match action {
            Action::Stop { node, task, scenes } => (node, stop_task(task, scenes)),
            Action::Start { node, task, scenes } => {
                let (wanted, line) = (state.tasks.get(&task)?, state.lines.get(&node)?);
                let Some(rtsp) = self.streams.address(wanted, &line.node).await else {
                    let (scene, message) = (scenes.into_iter().next()?, Some("stream_missing".to_owned()));
                    return Some(Event::Status { node, task, scene, state: TaskState::Error, message });
                };
                (node, start_task(wanted, &scenes, rtsp))
            }
        };
        state.lines.get(&node)?.say(said);
        None
    }

    fn run_trials(&self, state: &mut State) {
        let nodes: Vec<TrialNode> = state.lines.values().map(|line| TrialNode::from(&line.node)).collect();
        for action in self.trials.settle(&nodes) {
            match action {
                TrialAction::Stop { trial, node } => {
                    if let Some(line) = state.lines.get(&node) {
                        line.say(stop_task(trial, Vec::new()));
                    }
                }
                TrialAction::Start { trial: id, node } => {
                    let (Some(trial), Some(line)) = (self.trials.get(id), state.lines.get(&node)) else { continue };
                    let (path, range) = (&trial.wish.path, trial.wish.range);
                    match self.streams.recorded_address(path, range, &line.node) {
                        Some(stream) => {
                            tracing::info!(task = %trial.wish.task.id, trial = %id, node = %line.node.name, "a task is tried");
                            line.say(start_trial(&trial, stream.address));
                            state.passes.insert(id, stream.pass);
                        }
                        None => self.trials.fail(id, "stream_missing"),
                    }
                }
            }
        }
        state.passes.retain(|id, _| self.trials.is_running(*id));
    }

    fn show(&self, state: &State) {
        let mut picture = Picture::default();
        let mut owners = HashMap::with_capacity(state.tasks.len());
        for (id, task) in &state.tasks {
            let Some(phase) = state.board.phase(*id) else { continue };
            let seats: Vec<(SceneCode, Seat)> =
                state.board.seats(*id).into_iter().map(|(scene, seat)| (scene.clone(), seat.clone())).collect();
            let nodes = seats.iter().filter_map(|(scene, seat)| Some((scene.clone(), seat.owner()?))).collect();
            owners.insert(*id, TaskOwners { camera: task.camera, nodes });
            let primary = state.board.primary(*id);
            picture.tasks.insert(*id, TaskPicture { phase: phase.clone(), seats, primary });
        }
        let held = state.board.held();
        for (id, line) in &state.lines {
            let active = held.iter().filter(|held| held.node == *id).count();
            picture.nodes.insert(*id, NodePicture { active, address: line.node.facts.address.clone() });
        }
        self.owners.set(owners);
        *lock(&self.picture) = Arc::new(picture);
        self.changes.send_modify(|change| *change += 1);
    }

    async fn keep_leases(&self, state: &mut State) {
        let held = state.board.held();
        if held == state.held && Instant::now() < state.renew_at {
            return;
        }
        let lease = |held: &Held| Lease { task: held.task, scene: held.scene.clone(), node: held.node };
        let leases: Vec<Lease> = held.iter().map(lease).collect();
        let until = UtcMillis::now().saturating_add_ms(LEASE_MS);
        match self.store.ai_tasks().put_leases(&leases, until).await {
            Ok(()) => (state.held, state.renew_at) = (held, Instant::now() + RENEW_EVERY),
            Err(error) => tracing::warn!(%error, "who runs which AI task could not be noted"),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
