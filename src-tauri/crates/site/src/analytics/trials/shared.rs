//! The board as connections, the API and the supervisor hold it.

use super::{
    Trial, TrialAction, TrialNode, TrialWish,
    board::{SceneStatus, TrialBoard},
};
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Instant,
};
use watchwall_engine_protocol::{AiResult, TaskStatus};
use watchwall_model::{NodeId, TaskId, UtcMillis};

/// All trials. Locked for as long as a decision takes.
#[derive(Debug)]
pub struct Trials(Mutex<TrialBoard>);

impl Trials {
    /// Numbers begin where no node still runs one from before: a site does not start trials faster than seconds pass.
    pub fn new(now: UtcMillis) -> Self {
        Self(Mutex::new(TrialBoard::new(TaskId(TaskId::FIRST_TRIAL.0 + (now.0 / 1_000).max(0)))))
    }

    /// `None` when too many wait already.
    pub fn add(&self, wish: TrialWish) -> Option<Trial> {
        self.lock().add(wish, Instant::now(), UtcMillis::now())
    }

    pub fn get(&self, id: TaskId) -> Option<Trial> {
        self.lock().get(id).cloned()
    }

    pub fn is_running(&self, id: TaskId) -> bool {
        self.lock().get(id).is_some_and(Trial::is_running)
    }

    /// The newest first.
    pub fn of_task(&self, task: TaskId) -> Vec<Trial> {
        self.lock().of_task(task).cloned().collect()
    }

    pub fn cancel(&self, id: TaskId) {
        self.lock().cancel(id, UtcMillis::now());
    }

    /// Answers whether the node runs it.
    pub fn alive(&self, node: NodeId, id: TaskId) -> bool {
        self.lock().alive(node, id, Instant::now())
    }

    /// Likewise.
    pub fn status(&self, node: NodeId, said: &TaskStatus) -> bool {
        let status = SceneStatus { scene: &said.scene, state: said.state, message: said.error_message.as_deref() };
        self.lock().status(node, said.task, &status, Instant::now(), UtcMillis::now())
    }

    /// Answers how many scenes of it were none of the node's trials'.
    pub fn take(&self, node: NodeId, result: &AiResult) -> usize {
        self.lock().take(node, result, Instant::now())
    }

    pub(in crate::analytics) fn node_went(&self, node: NodeId) {
        self.lock().node_went(node, UtcMillis::now());
    }

    pub(in crate::analytics) fn fail(&self, id: TaskId, why: &str) {
        self.lock().fail(id, why, UtcMillis::now());
    }

    pub(in crate::analytics) fn settle(&self, nodes: &[TrialNode]) -> Vec<TrialAction> {
        self.lock().settle(nodes, Instant::now(), UtcMillis::now())
    }

    fn lock(&self) -> MutexGuard<'_, TrialBoard> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
