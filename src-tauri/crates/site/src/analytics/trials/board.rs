//! Which trial runs where. Pure: what is said and a time in, what is to be done out.

use super::{Trial, TrialState, TrialWish};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};
use watchwall_engine_protocol::{AiResult, TaskState};
use watchwall_model::{AiNode, AiTask, DispatchMode, NodeId, SceneCode, TaskId, UtcMillis};

/// Trials that are remembered; the oldest that has ended gives way.
pub const KEPT: usize = 20;
/// At once, on all nodes.
const MOST_RUNNING: usize = 2;
/// Each takes all it can get of a machine.
const MOST_OF_NODE: usize = 1;
/// A node that was told has so long to say that it runs it.
const CONFIRM_WITHIN: Duration = Duration::from_secs(10);
/// A trial of which nothing is heard for longer is lost.
const SILENT_FOR: Duration = Duration::from_secs(30);
/// While no node that can is connected, a trial waits so long for one.
const AWAIT_NODE: Duration = Duration::from_secs(30);
const NODE_LOST: &str = "node_lost";

/// A node that is connected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrialNode {
    pub id: NodeId,
    pub name: String,
    pub algorithms: Vec<SceneCode>,
    pub can_archive: bool,
}

impl From<&AiNode> for TrialNode {
    fn from(node: &AiNode) -> Self {
        let facts = &node.facts;
        let algorithms = facts.algorithms.clone();
        Self { id: node.id, name: node.name.clone(), algorithms, can_archive: facts.can_archive }
    }
}

/// Why no node can try a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unable {
    /// The task names a node, and that is not connected.
    NodeAway { node: NodeId },
    /// No connected node looks at recordings and knows all of these.
    NobodyCan { scenes: Vec<SceneCode> },
}

/// What is to be sent to a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrialAction {
    Start { trial: TaskId, node: NodeId },
    Stop { trial: TaskId, node: NodeId },
}

/// The nodes that can try a task: one of them does all of its scenes.
///
/// # Errors
/// [`Unable`]; otherwise there is at least one.
pub fn able<'n>(task: &AiTask, nodes: &'n [TrialNode]) -> Result<Vec<&'n TrialNode>, Unable> {
    let codes = || task.scenes.iter().map(|scene| &scene.code);
    let named = match task.dispatch {
        DispatchMode::Fixed { node } => Some(node),
        _ => None,
    };
    if let Some(node) = named.filter(|named| nodes.iter().all(|node| node.id != *named)) {
        return Err(Unable::NodeAway { node });
    }
    let can = |node: &&TrialNode| {
        named.is_none_or(|named| node.id == named)
            && node.can_archive
            && codes().all(|code| node.algorithms.contains(code))
    };
    let able: Vec<&TrialNode> = nodes.iter().filter(can).collect();
    if able.is_empty() { Err(Unable::NobodyCan { scenes: codes().cloned().collect() }) } else { Ok(able) }
}

/// All trials that are remembered.
#[derive(Debug)]
pub(super) struct TrialBoard {
    trials: BTreeMap<TaskId, Entry>,
    next: TaskId,
    /// Owed to nodes.
    stops: Vec<TrialAction>,
}

#[derive(Debug)]
struct Entry {
    trial: Trial,
    /// Something was heard of it, or it was told to its node, or is waited for.
    heard: Instant,
    is_confirmed: bool,
}

impl TrialBoard {
    /// `first` is the number of the first trial: one that no node still runs from before the site started.
    pub const fn new(first: TaskId) -> Self {
        Self { trials: BTreeMap::new(), next: first, stops: Vec::new() }
    }

    /// `None` when all that are remembered have not ended.
    pub fn add(&mut self, wish: TrialWish, now: Instant, at: UtcMillis) -> Option<Trial> {
        if self.trials.len() >= KEPT {
            let oldest = self.trials.iter().find(|(_, entry)| entry.trial.is_ended()).map(|(id, _)| *id)?;
            self.trials.remove(&oldest);
        }
        let id = self.next;
        self.next = TaskId(id.0 + 1);
        let trial = Trial::new(id, wish, at);
        self.trials.insert(id, Entry { trial: trial.clone(), heard: now, is_confirmed: false });
        Some(trial)
    }

    pub fn get(&self, id: TaskId) -> Option<&Trial> {
        self.trials.get(&id).map(|entry| &entry.trial)
    }

    /// The newest first.
    pub fn of_task(&self, task: TaskId) -> impl Iterator<Item = &Trial> {
        self.trials.values().rev().map(|entry| &entry.trial).filter(move |trial| trial.wish.task.id == task)
    }

    /// One that has ended stays as it is.
    pub fn cancel(&mut self, id: TaskId, at: UtcMillis) {
        let Some(entry) = self.trials.get_mut(&id).filter(|entry| !entry.trial.is_ended()) else { return };
        self.stops.extend(entry.stop());
        entry.trial.end(TrialState::Cancelled, at);
    }

    /// A node says that it runs it. Answers whether that is so.
    pub fn alive(&mut self, node: NodeId, id: TaskId, now: Instant) -> bool {
        let Some(entry) = self.running_on(node, id) else { return false };
        (entry.heard, entry.is_confirmed) = (now, true);
        true
    }

    /// Answers whether the scene is this node's.
    pub fn status(&mut self, node: NodeId, id: TaskId, said: &SceneStatus<'_>, now: Instant, at: UtcMillis) -> bool {
        let Some(entry) = self.running_on(node, id) else { return false };
        (entry.heard, entry.is_confirmed) = (now, true);
        let Some(scene) = entry.trial.scenes.iter_mut().find(|scene| scene.code == *said.scene) else { return false };
        match said.state {
            TaskState::Running => {}
            TaskState::Stopped => {
                scene.is_over = true;
                if entry.trial.scenes.iter().all(|scene| scene.is_over) {
                    entry.trial.end(TrialState::Done, at);
                }
            }
            TaskState::Error => {
                let why = said.message.unwrap_or("node_stopped").to_owned();
                let stop = entry.stop();
                entry.trial.end(TrialState::Failed { why }, at);
                self.stops.extend(stop);
            }
        }
        true
    }

    /// Answers how many scenes of it were refused.
    pub fn take(&mut self, node: NodeId, result: &AiResult, now: Instant) -> usize {
        let Some(entry) = self.running_on(node, result.task) else { return result.scenes.len() };
        (entry.heard, entry.is_confirmed) = (now, true);
        entry.trial.take(result)
    }

    /// Its connection ended, or is another one: what it ran is lost.
    pub fn node_went(&mut self, node: NodeId, at: UtcMillis) {
        let of_node = |entry: &&mut Entry| entry.trial.is_running() && entry.is_of(node);
        for entry in self.trials.values_mut().filter(of_node) {
            entry.trial.end(TrialState::Failed { why: NODE_LOST.to_owned() }, at);
        }
    }

    /// What could not be told to its node.
    pub fn fail(&mut self, id: TaskId, why: &str, at: UtcMillis) {
        if let Some(entry) = self.trials.get_mut(&id).filter(|entry| !entry.trial.is_ended()) {
            entry.trial.end(TrialState::Failed { why: why.to_owned() }, at);
        }
    }

    /// Ends what is lost and starts what waits, where there is room.
    pub fn settle(&mut self, nodes: &[TrialNode], now: Instant, at: UtcMillis) -> Vec<TrialAction> {
        let mut actions = std::mem::take(&mut self.stops);
        for entry in self.trials.values_mut().filter(|entry| entry.trial.is_running()) {
            let is_there = nodes.iter().any(|node| entry.is_of(node.id));
            if let Some(why) = if is_there { entry.overdue(now) } else { Some(NODE_LOST) } {
                actions.extend(entry.stop());
                entry.trial.end(TrialState::Failed { why: why.to_owned() }, at);
            }
        }
        let waiting: Vec<TaskId> = self
            .trials
            .iter()
            .filter(|(_, entry)| entry.trial.state == TrialState::Queued)
            .map(|(id, _)| *id)
            .collect();
        for id in waiting {
            let running: Vec<NodeId> = self.running().collect();
            let Some(entry) = self.trials.get_mut(&id) else { continue };
            match able(&entry.trial.wish.task, nodes) {
                Ok(able) => {
                    let load = |node: &TrialNode| running.iter().filter(|busy| **busy == node.id).count();
                    let free = able.into_iter().filter(|node| load(node) < MOST_OF_NODE).min_by_key(|node| load(node));
                    if let Some(node) = free.filter(|_| running.len() < MOST_RUNNING) {
                        entry.trial.state = TrialState::Running;
                        (entry.trial.node, entry.trial.started_at) = (Some((node.id, node.name.clone())), Some(at));
                        actions.push(TrialAction::Start { trial: id, node: node.id });
                    }
                    entry.heard = now;
                }
                Err(unable) if now.duration_since(entry.heard) >= AWAIT_NODE => {
                    let why = match unable {
                        Unable::NodeAway { .. } => "node_away",
                        Unable::NobodyCan { .. } => "nobody_can",
                    };
                    entry.trial.end(TrialState::Failed { why: why.to_owned() }, at);
                }
                Err(_) => {}
            }
        }
        actions
    }

    /// The node of each that runs.
    fn running(&self) -> impl Iterator<Item = NodeId> {
        self.trials.values().filter(|entry| entry.trial.is_running()).filter_map(Entry::node)
    }

    fn running_on(&mut self, node: NodeId, id: TaskId) -> Option<&mut Entry> {
        self.trials.get_mut(&id).filter(|entry| entry.trial.is_running() && entry.is_of(node))
    }
}

/// `TASK_STATUS`, as far as it matters here.
pub(super) struct SceneStatus<'a> {
    pub scene: &'a SceneCode,
    pub state: TaskState,
    pub message: Option<&'a str>,
}

impl Entry {
    fn node(&self) -> Option<NodeId> {
        self.trial.node.as_ref().map(|(id, _)| *id)
    }

    fn is_of(&self, node: NodeId) -> bool {
        self.node() == Some(node)
    }

    fn stop(&self) -> Option<TrialAction> {
        let node = self.node().filter(|_| self.trial.is_running())?;
        Some(TrialAction::Stop { trial: self.trial.id, node })
    }

    fn overdue(&self, now: Instant) -> Option<&'static str> {
        let silent = now.duration_since(self.heard);
        match self.is_confirmed {
            false if silent >= CONFIRM_WITHIN => Some("start_not_confirmed"),
            true if silent >= SILENT_FOR => Some("scene_silent"),
            _ => None,
        }
    }
}

#[cfg(test)]
#[path = "board_tests.rs"]
mod tests;
