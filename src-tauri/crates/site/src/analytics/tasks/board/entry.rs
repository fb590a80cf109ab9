//! One task: its phase and its scenes' places.

use super::{
    Action, Held, Wanted,
    seat::{Seat, SeatState},
};
use crate::analytics::tasks::dispatch::{Assignment, NodeStanding, Undispatched, assign};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};
use watchwall_model::{DispatchMode, NodeId, SceneCode, TaskId};

/// A task whose start failed is tried again after this long, and twice as long each time after.
const FIRST_RETRY: Duration = Duration::from_secs(2);
const LONGEST_RETRY: Duration = Duration::from_secs(60);
const NODE_LOST: &str = "node_lost";

/// How a task stands as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaskPhase {
    Off,
    /// Nothing is wrong with the task: what it waits for will come.
    Waiting(Trouble),
    /// Asked of its nodes for the first time; nothing runs until all of them said yes.
    Starting,
    /// Each scene for itself, see its seat.
    Running,
    /// The start failed; `None` is not tried again until something changes.
    Failed {
        trouble: Trouble,
        retry_at: Option<Instant>,
    },
}

/// Why a task does not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    CameraOffline,
    Undispatched(Undispatched),
    /// A node refused, or did not say yes in time.
    NotStarted {
        scene: SceneCode,
        node: NodeId,
        failure: String,
    },
}

pub struct Entry {
    wanted: Wanted,
    phase: TaskPhase,
    seats: BTreeMap<SceneCode, Seat>,
    attempt: u32,
    /// Nodes that did not start it when they were asked: others go first.
    declined: BTreeSet<NodeId>,
}

impl Entry {
    pub fn new(wanted: Wanted, held: Vec<Held>, now: Instant) -> Self {
        let mut seats: BTreeMap<SceneCode, Seat> =
            wanted.scenes.iter().map(|scene| (scene.clone(), Seat::empty(now))).collect();
        let mut phase = TaskPhase::Off;
        for held in held {
            if let Some(seat) = seats.get_mut(&held.scene) {
                *seat = Seat::held(held.node, now);
                // It ran: its scenes have a fate of their own already.
                phase = TaskPhase::Running;
            }
        }
        Self { wanted, phase, seats, attempt: 0, declined: BTreeSet::new() }
    }

    pub const fn wanted(&self) -> &Wanted {
        &self.wanted
    }

    pub const fn phase(&self) -> &TaskPhase {
        &self.phase
    }

    pub fn seat(&self, scene: &SceneCode) -> Option<&Seat> {
        self.seats.get(scene)
    }

    pub fn seats(&self) -> impl Iterator<Item = (&SceneCode, &Seat)> {
        self.seats.iter()
    }

    pub fn owners(&self) -> impl Iterator<Item = NodeId> {
        self.seats.values().filter_map(Seat::owner)
    }

    pub fn is_of(&self, node: NodeId) -> bool {
        self.owners().any(|owner| owner == node)
    }

    /// Another version of the task. What goes on is told of the change, what is new is handed out, what is gone ends.
    pub fn change(&mut self, wanted: Wanted, now: Instant, actions: &mut Vec<Action>) {
        let is_edited = wanted.version != self.wanted.version;
        self.wanted = wanted;
        if !is_edited {
            return;
        }
        let id = self.wanted.id;
        let gone: Vec<SceneCode> =
            self.seats.keys().filter(|scene| !self.wanted.scenes.contains(scene)).cloned().collect();
        self.stop(id, &gone, now, actions);
        if let DispatchMode::Fixed { node } = &self.wanted.mode {
            let elsewhere = |seat: &Seat| seat.owner().is_some_and(|owner| owner != *node);
            let moves: Vec<SceneCode> =
                self.seats.iter().filter(|(_, seat)| elsewhere(seat)).map(|(scene, _)| scene.clone()).collect();
            self.stop(id, &moves, now, actions);
        }
        gone.iter().for_each(|scene| drop(self.seats.remove(scene)));
        if self.wanted.is_on {
            self.tell_again(id, actions);
        }
        for scene in &self.wanted.scenes {
            self.seats.entry(scene.clone()).or_insert_with(|| Seat::empty(now));
        }
        // A person changed something: what did not work may now.
        self.attempt = 0;
        self.declined.clear();
        if let TaskPhase::Failed { .. } = self.phase {
            self.phase = TaskPhase::Off;
        }
    }

    fn tell_again(&self, id: TaskId, actions: &mut Vec<Action>) {
        for (node, scenes) in self.by_node(|_| true) {
            actions.push(Action::Start { node, task: id, scenes });
        }
    }

    fn by_node(&self, which: impl Fn(&SceneCode) -> bool) -> BTreeMap<NodeId, Vec<SceneCode>> {
        let mut by_node: BTreeMap<NodeId, Vec<SceneCode>> = BTreeMap::new();
        for (scene, seat) in self.seats.iter().filter(|(scene, _)| which(scene)) {
            if let Some(node) = seat.owner() {
                by_node.entry(node).or_default().push(scene.clone());
            }
        }
        by_node
    }

    /// A node is there, maybe without a memory of what it ran: its scenes are asked for again.
    pub fn node_came(&mut self, id: TaskId, node: NodeId, now: Instant, actions: &mut Vec<Action>) {
        let own: Vec<SceneCode> =
            self.seats.iter().filter(|(_, seat)| seat.owner() == Some(node)).map(|(scene, _)| scene.clone()).collect();
        if own.is_empty() {
            return;
        }
        own.iter().for_each(|scene| {
            if let Some(seat) = self.seats.get_mut(scene) {
                seat.ask(node, now);
            }
        });
        actions.push(Action::Start { node, task: id, scenes: own });
    }

    pub fn node_went(&mut self, node: NodeId, now: Instant) {
        let mut lost = None;
        for (scene, seat) in self.seats.iter_mut().filter(|(_, seat)| seat.owner() == Some(node)) {
            seat.lose(NODE_LOST, now);
            lost.get_or_insert_with(|| scene.clone());
        }
        if let (Some(scene), TaskPhase::Starting) = (lost, &self.phase) {
            self.fail(scene, node, NODE_LOST.to_owned(), now);
        }
    }

    /// Notes that a node runs scenes; those that are not its own come back.
    pub fn alive(&mut self, node: NodeId, scenes: &[SceneCode], now: Instant) -> Vec<SceneCode> {
        if scenes.is_empty() {
            self.seats.values_mut().filter(|seat| seat.owner() == Some(node)).for_each(|seat| seat.confirm(now));
            return Vec::new();
        }
        let mut foreign = Vec::new();
        for scene in scenes {
            match self.seats.get_mut(scene) {
                Some(seat) if seat.owner() == Some(node) => seat.confirm(now),
                _ => foreign.push(scene.clone()),
            }
        }
        foreign
    }

    pub fn failed(&mut self, node: NodeId, scene: &SceneCode, failure: &str, now: Instant) {
        let Some(seat) = self.seats.get_mut(scene).filter(|seat| seat.owner() == Some(node)) else { return };
        if self.phase == TaskPhase::Starting {
            self.fail(scene.clone(), node, failure.to_owned(), now);
        } else {
            seat.lose(failure, now);
        }
    }

    /// The first start came to nothing. What was asked or runs already is stopped by the next step.
    fn fail(&mut self, scene: SceneCode, node: NodeId, failure: String, now: Instant) {
        let wait = FIRST_RETRY.saturating_mul(1 << self.attempt.min(10)).min(LONGEST_RETRY);
        self.attempt += 1;
        self.declined.insert(node);
        let trouble = Trouble::NotStarted { scene, node, failure };
        self.phase = TaskPhase::Failed { trouble, retry_at: Some(now + wait) };
    }

    pub fn stop_all(&mut self, id: TaskId, now: Instant, actions: &mut Vec<Action>) {
        let all: Vec<SceneCode> = self.seats.keys().cloned().collect();
        self.stop(id, &all, now, actions);
    }

    fn stop(&mut self, id: TaskId, scenes: &[SceneCode], now: Instant, actions: &mut Vec<Action>) {
        for (node, scenes) in self.by_node(|scene| scenes.contains(scene)) {
            for scene in &scenes {
                if let Some(seat) = self.seats.get_mut(scene) {
                    seat.clear(now);
                }
            }
            actions.push(Action::Stop { node, task: id, scenes });
        }
    }

    /// Whether the next step asks which nodes there are: most steps of most tasks do not.
    pub fn hands_out(&self, is_offline: bool, now: Instant) -> bool {
        let is_wanted = self.wanted.is_on && !is_offline;
        is_wanted
            && match &self.phase {
                TaskPhase::Off | TaskPhase::Waiting(_) => true,
                TaskPhase::Starting => false,
                TaskPhase::Running => self.seats.values().any(|seat| seat.is_due(now) || seat.overdue(now).is_some()),
                TaskPhase::Failed { retry_at, .. } => retry_at.is_none_or(|at| now >= at),
            }
    }

    /// One step towards what the task is to be.
    pub fn settle(&mut self, nodes: &[NodeStanding], is_offline: bool, now: Instant, actions: &mut Vec<Action>) {
        let id = self.wanted.id;
        if !self.wanted.is_on {
            self.stop_all(id, now, actions);
            (self.phase, self.attempt) = (TaskPhase::Off, 0);
            return;
        }
        if is_offline {
            self.stop_all(id, now, actions);
            self.phase = TaskPhase::Waiting(Trouble::CameraOffline);
            return;
        }
        match self.phase.clone() {
            TaskPhase::Off | TaskPhase::Waiting(_) => self.start(nodes, now, actions),
            TaskPhase::Starting => self.look_at_start(now),
            TaskPhase::Running => self.mend(nodes, now, actions),
            TaskPhase::Failed { retry_at, .. } => {
                self.stop_all(id, now, actions);
                if retry_at.is_none_or(|at| now >= at) {
                    self.start(nodes, now, actions);
                }
                return;
            }
        }
        if let TaskPhase::Failed { .. } = self.phase {
            self.stop_all(id, now, actions);
        }
    }

    fn start(&mut self, nodes: &[NodeStanding], now: Instant, actions: &mut Vec<Action>) {
        match self.assign_start(nodes) {
            Ok(assignments) => {
                self.ask(&assignments, now, actions);
                self.phase = TaskPhase::Starting;
            }
            // That the node cannot do it does not pass by itself; the next look finds out whether it can now.
            Err(trouble @ Undispatched::NodeCannot { .. }) => {
                self.phase = TaskPhase::Failed { trouble: Trouble::Undispatched(trouble), retry_at: None };
            }
            Err(trouble) => self.phase = TaskPhase::Waiting(Trouble::Undispatched(trouble)),
        }
    }

    /// Whoever has not declined goes first; once all have, all may again.
    fn assign_start(&mut self, nodes: &[NodeStanding]) -> Result<Vec<Assignment>, Undispatched> {
        let Wanted { mode, scenes, .. } = &self.wanted;
        if !self.declined.is_empty() {
            let others: Vec<NodeStanding> =
                nodes.iter().filter(|node| !self.declined.contains(&node.id)).cloned().collect();
            if let Ok(assignments) = assign(mode, scenes, &others) {
                return Ok(assignments);
            }
            self.declined.clear();
        }
        assign(mode, scenes, nodes)
    }

    fn ask(&mut self, assignments: &[Assignment], now: Instant, actions: &mut Vec<Action>) {
        let mut by_node: BTreeMap<NodeId, Vec<SceneCode>> = BTreeMap::new();
        for Assignment { scene, node } in assignments {
            if let Some(seat) = self.seats.get_mut(scene) {
                seat.ask(*node, now);
                by_node.entry(*node).or_default().push(scene.clone());
            }
        }
        let task = self.wanted.id;
        actions.extend(by_node.into_iter().map(|(node, scenes)| Action::Start { node, task, scenes }));
    }

    fn look_at_start(&mut self, now: Instant) {
        let overdue = self
            .seats
            .iter()
            .find_map(|(scene, seat)| Some((scene.clone(), seat.owner()?, seat.overdue(now)?.to_owned())));
        if let Some((scene, node, failure)) = overdue {
            self.fail(scene, node, failure, now);
        } else if self.seats.values().all(Seat::is_running) {
            (self.phase, self.attempt) = (TaskPhase::Running, 0);
            self.declined.clear();
        }
    }

    /// Each scene for itself: what is lost is looked for elsewhere.
    fn mend(&mut self, nodes: &[NodeStanding], now: Instant, actions: &mut Vec<Action>) {
        let id = self.wanted.id;
        let overdue: Vec<(SceneCode, &'static str)> =
            self.seats.iter().filter_map(|(scene, seat)| Some((scene.clone(), seat.overdue(now)?))).collect();
        for (scene, failure) in overdue {
            let Some(seat) = self.seats.get_mut(&scene) else { continue };
            // One that may still run it is told not to.
            if let SeatState::Asked { node, .. } | SeatState::Running { node, .. } = &seat.state {
                actions.push(Action::Stop { node: *node, task: id, scenes: vec![scene.clone()] });
            }
            seat.lose(failure, now);
        }
        let due: Vec<SceneCode> =
            self.seats.iter().filter(|(_, seat)| seat.is_due(now)).map(|(scene, _)| scene.clone()).collect();
        if due.is_empty() {
            return;
        }
        // Where the others are is no longer a reason: they stay there.
        let mode = match &self.wanted.mode {
            fixed @ DispatchMode::Fixed { .. } => *fixed,
            _ => DispatchMode::Split,
        };
        let mut nodes = nodes.to_vec();
        let mut all = Vec::with_capacity(due.len());
        for scene in due {
            let scenes = std::slice::from_ref(&scene);
            let left = self.seats.get(&scene).and_then(|seat| seat.last);
            // Elsewhere, if somebody else can.
            let others: Vec<NodeStanding> = nodes.iter().filter(|node| Some(node.id) != left).cloned().collect();
            let Ok(assignments) = assign(&mode, scenes, &others).or_else(|_| assign(&mode, scenes, &nodes)) else {
                continue;
            };
            for assignment in &assignments {
                nodes.iter_mut().filter(|node| node.id == assignment.node).for_each(|node| node.active += 1);
            }
            all.extend(assignments);
        }
        self.ask(&all, now, actions);
    }
}
