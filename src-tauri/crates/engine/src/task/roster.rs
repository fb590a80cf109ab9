//! Which tasks run.

use super::{
    Plan, ScenePlan,
    actor::{Actor, Shared},
};
use crate::{
    EngineOptions,
    node::{Letter, Outbox, Urgency},
};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::{sync::watch, time::timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use watchwall_engine_protocol::{NodeMessage, StartTask, StopTask, TaskKeepalive, TaskState, TaskStatus};
use watchwall_model::{SceneCode, TaskId};

const STOP_WITHIN: Duration = Duration::from_secs(8);

/// Starts and stops the actors; the only one that does.
pub struct Roster {
    shared: Arc<Shared>,
    running: BTreeMap<TaskId, Running>,
    actors: TaskTracker,
}

struct Running {
    plan: watch::Sender<Plan>,
    cancel: CancellationToken,
}

impl Roster {
    pub fn new(options: Arc<EngineOptions>, outbox: Arc<Outbox>) -> Self {
        let shared = Arc::new(Shared { options, outbox, ingest: Shared::ingest_options() });
        Self { shared, running: BTreeMap::new(), actors: TaskTracker::new() }
    }

    /// Starts what is asked for, or changes what runs. Scenes that are not named go on: a site may hand out a task's
    /// scenes one by one.
    pub fn start(&mut self, start: &StartTask) {
        let (mut plan, refused) = Plan::of(start, &self.shared.options.skills());
        for refused in refused {
            self.shared.state(plan.task, &refused.scene, TaskState::Error, Some(refused.why.to_owned()));
        }
        let asked = plan.codes();
        if asked.is_empty() {
            return;
        }
        let others = self.running.get(&plan.task).map(|running| running.plan.borrow().scenes.clone());
        let others = others.unwrap_or_default().into_iter().filter(|scene| !asked.contains(&scene.code));
        let others: Vec<ScenePlan> = others.collect();
        let elsewhere: usize =
            self.running.iter().filter(|(task, _)| **task != plan.task).map(|(_, running)| running.scenes()).sum();
        if elsewhere + others.len() + asked.len() > self.shared.options.max_tasks as usize {
            for scene in &asked {
                let why = "node_full: this node runs as many scenes as it may".to_owned();
                self.shared.state(plan.task, scene, TaskState::Error, Some(why));
            }
            return;
        }
        plan.scenes.extend(others);
        let task = plan.task;
        tracing::info!(task = task.0, camera = plan.camera.0, scenes = ?plan.codes(), "a task runs");
        match self.running.get(&task) {
            Some(running) => {
                running.plan.send_replace(plan);
            }
            None => {
                let (plan, plans) = watch::channel(plan);
                let cancel = CancellationToken::new();
                self.actors.spawn(Actor::new(Arc::clone(&self.shared)).run(plans, cancel.clone()));
                self.running.insert(task, Running { plan, cancel });
            }
        }
        self.shared.alive(task, asked, None);
    }

    /// What does not run is no error: the site may say it twice.
    pub fn stop(&mut self, stop: &StopTask) {
        let Some(running) = self.running.get(&stop.task_id) else { return };
        let mut plan = running.plan.borrow().clone();
        plan.scenes.retain(|scene| !stop.scene_codes.is_empty() && !stop.scene_codes.contains(&scene.code));
        if plan.scenes.is_empty() {
            running.cancel.cancel();
            self.running.remove(&stop.task_id);
            tracing::info!(task = stop.task_id.0, "a task ends");
        } else {
            running.plan.send_replace(plan);
        }
    }

    pub fn tasks(&self) -> Vec<TaskId> {
        self.running.keys().copied().collect()
    }

    pub fn scenes(&self) -> usize {
        self.running.values().map(Running::scenes).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.running.is_empty()
    }

    /// Ends all tasks and waits for them.
    pub async fn stop_all(&mut self) {
        for running in std::mem::take(&mut self.running).into_values() {
            running.cancel.cancel();
        }
        self.actors.close();
        if timeout(STOP_WITHIN, self.actors.wait()).await.is_err() {
            tracing::warn!("some tasks did not end in time");
        }
        self.actors.reopen();
    }
}

impl Running {
    fn scenes(&self) -> usize {
        self.plan.borrow().scenes.len()
    }
}

impl Drop for Roster {
    fn drop(&mut self) {
        self.running.values().for_each(|running| running.cancel.cancel());
    }
}

impl Shared {
    /// Says that these scenes live.
    pub(super) fn alive(&self, task: TaskId, scenes: Vec<SceneCode>, fps: Option<f32>) {
        let node_id = self.options.node_id.clone();
        let keepalive = TaskKeepalive { node_id, task, scenes, state: TaskState::Running, fps };
        self.say(Urgency::State, &NodeMessage::Keepalive(keepalive));
    }

    pub(super) fn state(&self, task: TaskId, scene: &SceneCode, state: TaskState, error_message: Option<String>) {
        let status = TaskStatus { task, scene: scene.clone(), state, error_message };
        self.say(Urgency::State, &NodeMessage::Status(status));
    }

    pub(super) fn say(&self, urgency: Urgency, message: &NodeMessage) {
        match message.text() {
            Ok(text) => self.outbox.push(Letter { urgency, text }),
            Err(error) => tracing::error!(%error, "a message cannot be written"),
        }
    }
}
