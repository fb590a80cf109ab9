//! The one task that owns the board: hears links, the database, the cameras and the clock, and tells nodes what to do.

use super::{
    nodes::{Said, start_task, stop_task},
    owners::{Owners, TaskOwners},
    streams::{TaskStream, TaskStreams},
    tasks::board::{Action, Board, Event, Held, Seat, TaskPhase, Wanted},
};
use jiff::tz::TimeZone;
use std::{
    any::Any,
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::{MissedTickBehavior, interval, timeout},
};
use tokio_util::sync::CancellationToken;
use watchwall_engine_protocol::TaskState;
use watchwall_model::{AiNode, AiTask, NodeId, Problem, SceneCode, Slot, TaskId, UtcMillis};
use watchwall_store::{Lease, Store, StoreError};

const TICK: Duration = Duration::from_millis(500);
/// What nodes say of what they run is shown together while there is more of it, but not later.
const SHOWN_WITHIN: Duration = Duration::from_millis(50);
/// Schedules begin and end on the minute; what could not be read is read again.
const SCHEDULES_EVERY: Duration = Duration::from_secs(20);
/// A lease is good for so long; it is renewed long before.
const LEASE_MS: i64 = 30_000;
const RENEW_EVERY: Duration = Duration::from_secs(10);
/// Nodes are told what they run when it is noted, but do not wait longer for a database that hangs.
const NOTED_WITHIN: Duration = Duration::from_secs(1);

/// The way to a connected node.
#[derive(Clone)]
pub struct Line {
    /// Of the connection: a node may have come again before its old one was noticed to be gone.
    pub number: u64,
    pub node: AiNode,
    pub out: mpsc::Sender<Said>,
    pub ended: CancellationToken,
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

impl TaskPicture {
    /// How many of its scenes run now.
    pub fn scenes_running(&self) -> usize {
        self.seats.iter().filter(|(_, seat)| seat.is_running()).count()
    }
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
    pub owners: Arc<Owners>,
    pub zone: TimeZone,
    pub picture: Arc<Mutex<Arc<Picture>>>,
    /// Counts changes of it.
    pub changes: watch::Sender<u64>,
}

/// What the supervisor knows.
pub struct State {
    board: Board,
    tasks: BTreeMap<TaskId, AiTask>,
    lines: HashMap<NodeId, Line>,
    /// Rights to open streams, as long as the node runs something of the task.
    passes: HashMap<(TaskId, NodeId), Box<dyn Any + Send + Sync>>,
    /// As written last.
    held: Vec<Held>,
    renew_at: Instant,
    /// Tasks or nodes were edited and could not be read.
    is_stale: bool,
    /// Since when others see less than is known.
    unshown: Option<Instant>,
}

impl State {
    /// All connections end.
    pub fn let_go(self) {
        self.lines.values().for_each(|line| line.ended.cancel());
    }
}

impl Supervisor {
    /// With what nodes ran when the site, or the supervisor, ended.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn begin(&self) -> Result<State, Problem> {
        let leases = self.store.ai_tasks().leases().await?;
        let held = leases.into_iter().map(|Lease { task, scene, node }| Held { task, scene, node }).collect::<Vec<_>>();
        let mut state = State {
            board: Board::restore(held.clone()),
            tasks: BTreeMap::new(),
            lines: HashMap::new(),
            passes: HashMap::new(),
            held,
            renew_at: Instant::now(),
            is_stale: false,
            unshown: None,
        };
        self.load(&mut state).await?;
        Ok(state)
    }

    /// Until cancelled. What nodes run then stays theirs for a while: a restart does not stop them.
    pub async fn work(&self, state: &mut State, commands: &mut mpsc::Receiver<Command>, cancel: &CancellationToken) {
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut schedules = interval(SCHEDULES_EVERY);
        let mut cameras = self.streams.changes();
        self.look_at_cameras(state).await;
        loop {
            tokio::select! {
                biased;
                () = cancel.cancelled() => return,
                command = commands.recv() => match command {
                    Some(command) => self.obey(state, command).await,
                    None => return,
                },
                Ok(()) = cameras.changed() => self.look_at_cameras(state).await,
                _ = schedules.tick() => {
                    if state.is_stale {
                        self.reload(state).await;
                    }
                    self.hear(state, None).await;
                }
                _ = tick.tick() => {
                    self.hear(state, Some(Event::Tick)).await;
                    self.keep_leases(state).await;
                }
            }
            let is_due = |since: Instant| commands.is_empty() || since.elapsed() >= SHOWN_WITHIN;
            if state.unshown.is_some_and(is_due) {
                self.show(state);
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
                self.hear(state, Some(event)).await;
            }
            Command::Down { number, node } => {
                if state.lines.get(&node).is_some_and(|line| line.number == number) {
                    state.lines.remove(&node);
                    self.hear(state, Some(Event::NodeDown { node })).await;
                    if let Err(error) = self.store.ai_nodes().seen(node, UtcMillis::now()).await {
                        tracing::warn!(%error, "when an AI node was last seen could not be noted");
                    }
                }
            }
            Command::Event(event) => self.hear(state, Some(event)).await,
            Command::Edited { done } => {
                self.reload(state).await;
                self.show(state);
                // Whoever asked may have gone.
                let _ = done.send(());
            }
        }
    }

    async fn reload(&self, state: &mut State) {
        state.is_stale = match self.load(state).await {
            Ok(()) => false,
            Err(error) => {
                tracing::error!(%error, "the tasks of AI engines could not be read; those of before go on");
                true
            }
        };
    }

    async fn load(&self, state: &mut State) -> Result<(), StoreError> {
        let (tasks, nodes) = (self.store.ai_tasks().all().await?, self.store.ai_nodes().all().await?);
        state.tasks = tasks.into_iter().map(|task| (task.id, task)).collect();
        // Whoever may not be here any more goes, and with it what it runs.
        for (id, line) in &mut state.lines {
            match nodes.iter().find(|node| node.id == *id && node.enabled) {
                Some(node) => line.node = node.clone(),
                None => line.ended.cancel(),
            }
        }
        self.hear(state, None).await;
        Ok(())
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
            let actions = state.board.on(event, Instant::now());
            // Noted first: a site that ends in between finds it with the node that was told.
            if actions.iter().any(|action| matches!(action, Action::Start { .. })) {
                self.note_held(state).await;
            }
            for action in actions {
                has_acted = true;
                if let Some(failure) = self.act(state, action).await {
                    waiting.push(failure);
                }
            }
        }
        if has_acted {
            // Results of those who were told to start count from now on.
            self.show(state);
        } else if !is_tick || state.board.held() != state.held {
            state.unshown.get_or_insert_with(Instant::now);
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
    async fn act(&self, state: &mut State, action: Action) -> Option<Event> {
        let (node, said) = match action {
            Action::Stop { node, task, scenes } => (node, stop_task(task, scenes)),
            Action::Start { node, task, scenes } => {
                let (wanted, line) = (state.tasks.get(&task)?, state.lines.get(&node)?);
                let Some(TaskStream { address, pass }) = self.streams.open(wanted, &line.node).await else {
                    let (scene, message) = (scenes.into_iter().next()?, Some("stream_missing".to_owned()));
                    return Some(Event::Status { node, task, scene, state: TaskState::Error, message });
                };
                let said = start_task(wanted, &scenes, address);
                match pass {
                    Some(pass) => drop(state.passes.insert((task, node), pass)),
                    None => drop(state.passes.remove(&(task, node))),
                }
                (node, said)
            }
        };
        let line = state.lines.get(&node)?;
        if line.out.try_send(said).is_err() && !line.ended.is_cancelled() {
            tracing::warn!(node = %line.node.name, "an AI node does not read what it is told; it is let go");
            line.ended.cancel();
        }
        None
    }

    fn show(&self, state: &mut State) {
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
        let holders: HashSet<(TaskId, NodeId)> = held.iter().map(|held| (held.task, held.node)).collect();
        state.passes.retain(|holder, _| holders.contains(holder));
        for (id, line) in &state.lines {
            let active = held.iter().filter(|held| held.node == *id).count();
            picture.nodes.insert(*id, NodePicture { active, address: line.node.facts.address.clone() });
        }
        state.unshown = None;
        self.owners.set(owners);
        *lock(&self.picture) = Arc::new(picture);
        self.changes.send_modify(|change| *change += 1);
    }

    async fn keep_leases(&self, state: &mut State) {
        if Instant::now() >= state.renew_at {
            let held = state.board.held();
            self.write_leases(state, held).await;
        } else {
            self.note_held(state).await;
        }
    }

    /// Who holds what, when that has changed.
    async fn note_held(&self, state: &mut State) {
        let held = state.board.held();
        if held != state.held {
            self.write_leases(state, held).await;
        }
    }

    async fn write_leases(&self, state: &mut State, held: Vec<Held>) {
        let lease = |held: &Held| Lease { task: held.task, scene: held.scene.clone(), node: held.node };
        let leases: Vec<Lease> = held.iter().map(lease).collect();
        let until = UtcMillis::now().saturating_add_ms(LEASE_MS);
        match timeout(NOTED_WITHIN, self.store.ai_tasks().put_leases(&leases, until)).await {
            Ok(Ok(())) => (state.held, state.renew_at) = (held, Instant::now() + RENEW_EVERY),
            Ok(Err(error)) => tracing::warn!(%error, "who runs which AI task could not be noted"),
            Err(_) => tracing::warn!("who runs which AI task could not be noted in time"),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
