//! What happens to a result in the task of its node's connection.

use super::{
    figures::{Counters, ResultFigures},
    latest::{LatestResults, Verdict},
    overlay::Overlays,
    picture,
    queue::{Pending, Pushed, ResultQueue},
    retention::{SNAPSHOTS, day_of},
};
use std::{
    fs::File,
    io::Write,
    path::{Path, PathBuf},
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Instant,
};
use watchwall_engine_protocol::{AiResult, SceneResult, Snapshot};
use watchwall_model::{AiResultRow, SceneCode, TaskId, UtcMillis, config::AnalyticsConfig};

/// How results are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResultOptions {
    /// Of results that are no alarm, one of a task and scene in this time is kept; 0 keeps all.
    pub sample_ms: i64,
    pub queue: usize,
    pub keep_days: u32,
}

impl Default for ResultOptions {
    fn default() -> Self {
        Self { sample_ms: 1_000, queue: ResultQueue::CAPACITY, keep_days: 30 }
    }
}

impl From<&AnalyticsConfig> for ResultOptions {
    fn from(config: &AnalyticsConfig) -> Self {
        Self { sample_ms: config.sample_ms.into(), keep_days: config.keep_days, ..Self::default() }
    }
}

/// What was taken of a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Scenes that the node does not run.
    pub refused: usize,
    pub duplicates: usize,
}

/// The way in, shared by all connections.
pub struct ResultIntake {
    pub(super) queue: ResultQueue,
    pub(super) counters: Counters,
    latest: LatestResults,
    overlays: Overlays,
    data_folder: PathBuf,
    options: ResultOptions,
}

impl ResultIntake {
    pub fn new(data_folder: &Path, options: ResultOptions) -> Self {
        Self {
            queue: ResultQueue::new(options.queue),
            counters: Counters::default(),
            latest: LatestResults::default(),
            overlays: Overlays::default(),
            data_folder: data_folder.to_owned(),
            options,
        }
    }

    pub const fn latest(&self) -> &LatestResults {
        &self.latest
    }

    pub const fn overlays(&self) -> &Overlays {
        &self.overlays
    }

    pub fn figures(&self) -> ResultFigures {
        self.counters.look(self.queue.len())
    }

    /// Nothing more is taken in; the writers end when what waits is written.
    pub fn close(&self) {
        self.queue.close();
    }

    /// `result.at` is by the site's clock already. Waits when the queue holds nothing but alarms, and while a picture is
    /// written; a picture that is none or cannot be written is left out.
    pub async fn take(&self, node: &str, mut result: AiResult, owns: impl Fn(TaskId, &SceneCode) -> bool) -> Taken {
        let received = Instant::now();
        let sent = result.scenes.len();
        self.counters.received.fetch_add(sent as u64, Relaxed);
        result.scenes.retain(|scene| owns(result.task, &scene.scene));
        let mut taken = Taken { refused: sent - result.scenes.len(), duplicates: 0 };
        self.counters.refused.fetch_add(taken.refused as u64, Relaxed);
        if result.scenes.is_empty() {
            return taken;
        }
        let snapshot = result.snapshot.take();
        self.counters.pictures_refused.fetch_add(u64::from(result.repairs.snapshot), Relaxed);
        let result = Arc::new(result);
        self.overlays.show(&result);
        let mut kept: Vec<&SceneResult> = Vec::with_capacity(result.scenes.len());
        for scene in &result.scenes {
            self.counters.alarms.fetch_add(u64::from(scene.is_alarm), Relaxed);
            let key = (result.task, &scene.scene);
            match self.latest.judge(key, result.camera, result.at, scene, self.options.sample_ms) {
                Verdict::Duplicate => {
                    taken.duplicates += 1;
                    self.counters.duplicates.fetch_add(1, Relaxed);
                }
                Verdict::Sampled => {
                    self.counters.sampled.fetch_add(1, Relaxed);
                }
                Verdict::Keep => kept.push(scene),
            }
        }
        if kept.is_empty() {
            return taken;
        }
        let snapshot = self.keep_snapshot(&result, snapshot).await;
        for scene in kept {
            if let Some(file) = &snapshot {
                self.latest.note_snapshot(result.task, &scene.scene, file);
            }
            let row = row_of(node, &result, scene, snapshot.clone());
            match self.queue.push(Pending { row, received }).await {
                Pushed::Queued => {}
                Pushed::Dropped | Pushed::Displaced => {
                    self.counters.dropped.fetch_add(1, Relaxed);
                }
                Pushed::Closed => {
                    self.counters.failed.fetch_add(1, Relaxed);
                }
            }
        }
        taken
    }

    async fn keep_snapshot(&self, result: &AiResult, snapshot: Option<Snapshot>) -> Option<String> {
        let bytes = match snapshot? {
            // Marked, so that it is never taken for one of ours: a node may write anything.
            Snapshot::Path(path) => return Some(format!("node:{path}")),
            Snapshot::Jpeg(bytes) => bytes,
        };
        if picture::size(&bytes).is_none() {
            self.counters.pictures_refused.fetch_add(1, Relaxed);
            tracing::debug!(task = %result.task, bytes = bytes.len(), "what came with a result is no picture");
            return None;
        }
        let day = day_of(UtcMillis::now());
        // Two messages of a task may be of the same moment, for different scenes.
        let file = format!("{SNAPSHOTS}/{day}/{}-{}-{:08x}.jpg", result.task, result.at.0, rand::random::<u32>());
        let whole = self.data_folder.join(&file);
        let write = move || {
            if let Some(folder) = whole.parent() {
                std::fs::create_dir_all(folder)?;
            }
            File::create_new(&whole)?.write_all(&bytes)
        };
        match tokio::task::spawn_blocking(write).await {
            Ok(Ok(())) => Some(file),
            Ok(Err(error)) => {
                tracing::warn!(%error, task = %result.task, "the picture of a result could not be kept");
                None
            }
            Err(_) => None,
        }
    }
}

fn row_of(node: &str, result: &AiResult, scene: &SceneResult, snapshot: Option<String>) -> AiResultRow {
    // Nothing of it can fail to be written as JSON: names are text, numbers were checked.
    let json = |text: serde_json::Result<String>| text.unwrap_or_else(|_| "[]".to_owned());
    AiResultRow {
        at: result.at,
        task: result.task,
        scene: scene.scene.clone(),
        camera: result.camera,
        node: node.to_owned(),
        is_alarm: scene.is_alarm,
        confidence: scene.confidence,
        objects: json(serde_json::to_string(&scene.objects)),
        event_type: scene.event_type.clone(),
        event_desc: scene.event_desc.clone(),
        total_count: scene.total_count,
        label_counts: json(serde_json::to_string(&scene.label_counts)),
        problem_counts: json(serde_json::to_string(&scene.problem_counts)),
        metrics: scene.metrics.clone(),
        snapshot,
    }
}

#[cfg(test)]
#[path = "intake_tests.rs"]
mod tests;
