//! Which tasks run.

use super::{
    Plan, ScenePlan,
    actor::{Actor, Shared},
    archive::ArchiveRun,
};
use crate::{
    EngineOptions,
    node::{Letter, Outbox, Urgency},
    preview::PreviewPlan,
};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::{sync::watch, time::timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use watchwall_engine_protocol::{
    NodeMessage, Preview, StartTask, StopPreview, StopTask, TaskKeepalive, TaskState, TaskStatus,
};
use watchwall_model::{SceneCode, TaskId};

const STOP_WITHIN: Duration = Duration::from_secs(8);
/// Recordings looked at at once: each takes all it can get of a machine. Their scenes do not count among those that are live.
const MOST_ARCHIVES: usize = 2;

/// Starts and stops the actors; the only one that does.
pub struct Roster {
    shared: Arc<Shared>,
    running: BTreeMap<TaskId, Running>,
    actors: TaskTracker,
}

struct Running {
    plan: watch::Sender<Plan>,
    preview: watch::Sender<Option<PreviewPlan>>,
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
        self.running.retain(|_, running| !running.is_over());
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
        let elsewhere = self.running.iter().filter(|(task, _)| **task != plan.task).map(|(_, running)| running);
        let is_full = match plan.range {
            Some(_) => elsewhere.filter(|running| running.is_archive()).count() >= MOST_ARCHIVES,
            None => {
                let live: usize = elsewhere.filter(|running| !running.is_archive()).map(Running::scenes).sum();
                live + others.len() + asked.len() > self.shared.options.max_tasks as usize
            }
        };
        if is_full {
            for scene in &asked {
                let why = "node_full: this node runs as much as it may".to_owned();
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
                let range = plan.range;
                let (plan, plans) = watch::channel(plan);
                let (preview, previews) = watch::channel(None);
                let (shared, cancel) = (Arc::clone(&self.shared), CancellationToken::new());
                match range {
                    Some(range) => self.actors.spawn(ArchiveRun::new(shared, range).run(plans, cancel.clone())),
                    None => self.actors.spawn(Actor::new(shared).run(plans, previews, cancel.clone())),
                };
                self.running.insert(task, Running { plan, preview, cancel });
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

    /// Ends what looks at recordings.
    pub fn end_archives(&mut self) {
        for (_, running) in self.running.extract_if(.., |_, running| running.is_archive()) {
            running.cancel.cancel();
        }
    }

    /// Shows what a task sees, for as long as it runs.
    pub fn start_preview(&self, preview: &Preview) {
        match (self.running.get(&preview.task_id), PreviewPlan::of(preview)) {
            (Some(running), Some(plan)) => drop(running.preview.send_replace(Some(plan))),
            (None, _) => tracing::warn!(task = preview.task_id.0, "a preview of a task that does not run here"),
            (_, None) => tracing::warn!(task = preview.task_id.0, "a preview without a place to publish it"),
        }
    }

    pub fn stop_preview(&self, stop: StopPreview) {
        if let Some(running) = self.running.get(&stop.task_id) {
            running.preview.send_replace(None);
        }
    }

    /// The site has gone, and with it all places.
    pub fn stop_previews(&self) {
        self.running.values().for_each(|running| drop(running.preview.send_replace(None)));
    }

    pub fn tasks(&self) -> Vec<TaskId> {
        self.running.iter().filter(|(_, running)| !running.is_over()).map(|(task, _)| *task).collect()
    }

    pub fn scenes(&self) -> usize {
        self.running.values().filter(|running| !running.is_over()).map(Running::scenes).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.tasks().is_empty()
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
    fn is_archive(&self) -> bool {
        self.plan.borrow().range.is_some()
    }

    /// Its recording was looked at to the end.
    fn is_over(&self) -> bool {
        self.plan.is_closed()
    }

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
