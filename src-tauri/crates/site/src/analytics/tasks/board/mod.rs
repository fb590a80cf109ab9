//! Who runs what, and what has to be done about it. Pure: events and a time in, actions out.
//!
//! The first start of a task is all or nothing; from then on each scene has its own fate. Exactly one node holds a scene at
//! any time. Whoever owns the board sends what it says, in order.

mod entry;
mod seat;

pub use entry::{TaskPhase, Trouble};
pub use seat::{Seat, SeatState};

use super::dispatch::NodeStanding;
use entry::Entry;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::{Duration, Instant},
};
use watchwall_engine_protocol::{Load, TaskState};
use watchwall_model::{CameraId, DispatchMode, NodeId, SceneCode, TaskId};

/// A node that says it runs what is not its own is told to stop so often, at most.
const TELL_AGAIN: Duration = Duration::from_secs(5);
const MOST_TOLD: usize = 10_000;

/// What a task is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub id: TaskId,
    pub version: i64,
    pub camera: CameraId,
    /// None twice, at least one.
    pub scenes: Vec<SceneCode>,
    pub mode: DispatchMode,
    /// A person wants it, and its schedule says that it is time.
    pub is_on: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// All tasks there are.
    Tasks(Vec<Wanted>),
    /// Also when it was up already: it may have started anew.
    NodeUp {
        node: NodeId,
        algorithms: Vec<SceneCode>,
        max_tasks: u32,
        load: Load,
    },
    NodeDown {
        node: NodeId,
    },
    NodeLoad {
        node: NodeId,
        load: Load,
    },
    /// Without scenes: all that it runs of the task.
    Alive {
        node: NodeId,
        task: TaskId,
        scenes: Vec<SceneCode>,
    },
    Status {
        node: NodeId,
        task: TaskId,
        scene: SceneCode,
        state: TaskState,
        message: Option<String>,
    },
    Cameras {
        offline: BTreeSet<CameraId>,
    },
    Tick,
}

/// What is to be sent to a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    Start { node: NodeId, task: TaskId, scenes: Vec<SceneCode> },
    Stop { node: NodeId, task: TaskId, scenes: Vec<SceneCode> },
}

#[derive(Clone, Debug)]
struct Node {
    algorithms: Vec<SceneCode>,
    max_tasks: u32,
    load: Load,
}

/// Who holds what, as it is kept over a restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    pub task: TaskId,
    pub scene: SceneCode,
    pub node: NodeId,
}

/// All tasks and nodes.
#[derive(Default)]
pub struct Board {
    tasks: BTreeMap<TaskId, Entry>,
    nodes: BTreeMap<NodeId, Node>,
    offline: BTreeSet<CameraId>,
    /// From before the site started, for tasks that are not known yet.
    held: Vec<Held>,
    told: HashMap<(NodeId, TaskId), Instant>,
}

impl Board {
    /// With what nodes ran when the site stopped: they have a little time to come back to it.
    pub fn restore(held: Vec<Held>) -> Self {
        Self { held, ..Self::default() }
    }

    pub fn on(&mut self, event: Event, now: Instant) -> Vec<Action> {
        let mut actions = Vec::new();
        match event {
            Event::Tasks(wanted) => self.set_tasks(wanted, now, &mut actions),
            Event::NodeUp { node, algorithms, max_tasks, load } => {
                self.nodes.insert(node, Node { algorithms, max_tasks, load });
                for (id, entry) in &mut self.tasks {
                    entry.node_came(*id, node, now, &mut actions);
                }
            }
            Event::NodeDown { node } => {
                self.nodes.remove(&node);
                self.tasks.values_mut().for_each(|entry| entry.node_went(node, now));
                self.told.retain(|(told, _), _| *told != node);
            }
            Event::NodeLoad { node, load } => {
                if let Some(node) = self.nodes.get_mut(&node) {
                    node.load = load;
                }
            }
            Event::Alive { node, task, scenes } => self.alive(node, task, &scenes, now, &mut actions),
            Event::Status { node, task, scene, state, message } => match state {
                TaskState::Running => self.alive(node, task, &[scene], now, &mut actions),
                TaskState::Stopped | TaskState::Error => {
                    let failure = message.unwrap_or_else(|| "node_stopped".to_owned());
                    if let Some(entry) = self.tasks.get_mut(&task) {
                        entry.failed(node, &scene, &failure, now);
                    }
                }
            },
            Event::Cameras { offline } => self.offline = offline,
            Event::Tick => {}
        }
        self.settle(now, &mut actions);
        actions
    }

    fn set_tasks(&mut self, wanted: Vec<Wanted>, now: Instant, actions: &mut Vec<Action>) {
        let keep: BTreeSet<TaskId> = wanted.iter().map(|task| task.id).collect();
        for (id, mut entry) in std::mem::take(&mut self.tasks) {
            if keep.contains(&id) {
                self.tasks.insert(id, entry);
            } else {
                entry.stop_all(id, now, actions);
            }
        }
        for task in wanted {
            match self.tasks.get_mut(&task.id) {
                Some(entry) => entry.change(task, now, actions),
                None => {
                    let held = self.held.extract_if(.., |held| held.task == task.id).collect();
                    self.tasks.insert(task.id, Entry::new(task, held, now));
                }
            }
        }
    }

    fn alive(&mut self, node: NodeId, task: TaskId, scenes: &[SceneCode], now: Instant, actions: &mut Vec<Action>) {
        let foreign = match self.tasks.get_mut(&task) {
            Some(entry) => entry.alive(node, scenes, now),
            None => scenes.to_vec(),
        };
        let owns_nothing = self.tasks.get(&task).is_none_or(|entry| !entry.is_of(node));
        if foreign.is_empty() && !(scenes.is_empty() && owns_nothing) {
            return;
        }
        // What a node claims is its own invention: it is not remembered without end.
        if self.told.len() >= MOST_TOLD {
            self.told.clear();
        }
        let key = (node, task);
        if self.told.get(&key).is_none_or(|told| now.duration_since(*told) >= TELL_AGAIN) {
            self.told.insert(key, now);
            // Without scenes: all of the task.
            actions.push(Action::Stop { node, task, scenes: foreign });
        }
    }

    /// Brings every task a step nearer to what it is to be.
    fn settle(&mut self, now: Instant, actions: &mut Vec<Action>) {
        let ids: Vec<TaskId> = self.tasks.keys().copied().collect();
        let mut nodes: Option<Vec<NodeStanding>> = None;
        for id in ids {
            let Some(entry) = self.tasks.get(&id) else { continue };
            let is_offline = self.offline.contains(&entry.wanted().camera);
            if nodes.is_none() && entry.hands_out(is_offline, now) {
                nodes = Some(self.standings());
            }
            let Some(entry) = self.tasks.get_mut(&id) else { continue };
            let before = actions.len();
            entry.settle(nodes.as_deref().unwrap_or_default(), is_offline, now, actions);
            // Counted anew: what was handed out to one counts for the next.
            if actions.len() > before {
                nodes = None;
            }
        }
    }

    fn standings(&self) -> Vec<NodeStanding> {
        let mut active: HashMap<NodeId, u32> = HashMap::new();
        for owner in self.tasks.values().flat_map(Entry::owners) {
            *active.entry(owner).or_default() += 1;
        }
        let standing = |(id, node): (&NodeId, &Node)| NodeStanding {
            id: *id,
            algorithms: node.algorithms.clone(),
            active: active.get(id).copied().unwrap_or(0),
            max_tasks: node.max_tasks,
            load: node.load,
        };
        self.nodes.iter().map(standing).collect()
    }

    /// The only node whose results for this scene count.
    pub fn owner(&self, task: TaskId, scene: &SceneCode) -> Option<NodeId> {
        self.tasks.get(&task)?.seat(scene)?.owner()
    }

    pub fn phase(&self, task: TaskId) -> Option<&TaskPhase> {
        self.tasks.get(&task).map(Entry::phase)
    }

    pub fn seats(&self, task: TaskId) -> Vec<(&SceneCode, &Seat)> {
        self.tasks.get(&task).map(|entry| entry.seats().collect()).unwrap_or_default()
    }

    /// The node with most of its scenes, which makes the preview.
    pub fn primary(&self, task: TaskId) -> Option<NodeId> {
        let mut counts: BTreeMap<NodeId, usize> = BTreeMap::new();
        self.tasks.get(&task)?.owners().for_each(|node| *counts.entry(node).or_default() += 1);
        counts.into_iter().max_by(|(a, m), (b, n)| m.cmp(n).then(b.cmp(a))).map(|(node, _)| node)
    }

    /// What is to be kept over a restart.
    pub fn held(&self) -> Vec<Held> {
        let of = |(id, entry): (&TaskId, &Entry)| {
            let task = *id;
            let seats = entry
                .seats()
                .filter_map(move |(scene, seat)| Some(Held { task, scene: scene.clone(), node: seat.owner()? }));
            seats.collect::<Vec<_>>()
        };
        self.tasks.iter().flat_map(of).collect()
    }
}

#[cfg(test)]
mod tests;
