//! The task that starts what waits.

use super::{handle::remove, maker::Maker, progress::Progress};
use crate::{
    evidence::{blocking::blocking, key::EvidenceKey},
    recording::Recording,
};
use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    sync::{Notify, watch},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;
use watchwall_model::{ErrorCode, ExportId, ExportRow, ExportState, Problem, UtcMillis};
use watchwall_store::{ExportEnd, Store};

/// A database that could not be asked is asked again after this.
const AGAIN: Duration = Duration::from_secs(5);

/// What exports are made with. Cheap to clone.
#[derive(Clone)]
pub struct ExportParts {
    pub store: Store,
    pub recording: Recording,
    pub key: EvidenceKey,
    /// The site's own folder of exports.
    pub folder: PathBuf,
    /// Another one that the configuration allows.
    pub other_folder: Option<PathBuf>,
    pub at_once: usize,
}

/// An export being made.
pub struct Job {
    pub progress: Arc<Progress>,
    stop: CancellationToken,
    /// A person stopped it, and not the site's end.
    is_cancelled: AtomicBool,
    ended: watch::Sender<bool>,
}

impl Job {
    /// Ends it and waits until nothing of it is left.
    pub async fn cancel(&self) {
        self.is_cancelled.store(true, Ordering::Relaxed);
        self.stop.cancel();
        let _ = self.ended.subscribe().wait_for(|ended| *ended).await;
    }
}

pub struct Queue {
    pub parts: ExportParts,
    pub wake: Notify,
    jobs: Mutex<HashMap<ExportId, Arc<Job>>>,
}

impl Queue {
    pub fn new(parts: ExportParts) -> Arc<Self> {
        Arc::new(Self { parts, wake: Notify::new(), jobs: Mutex::default() })
    }

    pub fn job(&self, id: ExportId) -> Option<Arc<Job>> {
        self.jobs().get(&id).cloned()
    }

    /// Until cancelled; joins what it started.
    pub async fn run(self: Arc<Self>, cancel: CancellationToken) {
        let mut tasks: JoinSet<()> = JoinSet::new();
        loop {
            let waits = match self.fill(&mut tasks, &cancel).await {
                Ok(()) => None,
                Err(problem) => {
                    tracing::warn!(error = %problem, "waiting exports could not be looked at; they are asked for again");
                    Some(AGAIN)
                }
            };
            tokio::select! {
                () = cancel.cancelled() => break,
                () = self.wake.notified() => {}
                Some(_) = tasks.join_next() => {}
                () = tokio::time::sleep(waits.unwrap_or_default()), if waits.is_some() => {}
            }
        }
        while tasks.join_next().await.is_some() {}
    }

    async fn fill(self: &Arc<Self>, tasks: &mut JoinSet<()>, cancel: &CancellationToken) -> Result<(), Problem> {
        if tasks.len() >= self.parts.at_once {
            return Ok(());
        }
        for row in self.parts.store.exports().waiting().await? {
            if tasks.len() >= self.parts.at_once {
                return Ok(());
            }
            if self.job(row.id).is_some() {
                continue;
            }
            let job = Arc::new(Job {
                progress: Arc::default(),
                stop: cancel.child_token(),
                is_cancelled: AtomicBool::new(false),
                ended: watch::Sender::new(false),
            });
            // Known before it begins, so that who cancels finds it.
            self.jobs().insert(row.id, Arc::clone(&job));
            match self.parts.store.exports().begin(row.id).await {
                Ok(true) => {
                    tasks.spawn(Arc::clone(self).work(row, job));
                }
                // Cancelled since it was listed, and who did that may wait for this job by now.
                Ok(false) => self.is_over(row.id, &job),
                Err(error) => {
                    self.is_over(row.id, &job);
                    return Err(error.into());
                }
            }
        }
        Ok(())
    }

    async fn work(self: Arc<Self>, row: ExportRow, job: Arc<Job>) {
        let (id, name, begun) = (row.id, row.wanted.name.clone(), Instant::now());
        let result = row.result.clone();
        let (progress, stop) = (Arc::clone(&job.progress), job.stop.clone());
        let made = Maker { parts: self.parts.clone(), row, progress, stop }.make().await;
        let took_ms = begun.elapsed().as_millis() as u64;
        let at = UtcMillis::now();
        let end = match made {
            Ok(size_bytes) => {
                tracing::info!(export = %id, name, size_bytes, took_ms, "an export was made");
                Some(ExportEnd { state: ExportState::Done, problem: None, size_bytes, at })
            }
            Err(problem) if problem.code == ErrorCode::JobCancelled => {
                let is_cancelled = job.is_cancelled.load(Ordering::Relaxed);
                // The site ends: the export begins again at the next start.
                is_cancelled.then_some(ExportEnd { state: ExportState::Cancelled, problem: None, size_bytes: 0, at })
            }
            Err(problem) => {
                tracing::warn!(export = %id, name, error = %problem, "an export could not be made");
                Some(ExportEnd { state: ExportState::Failed, problem: Some(problem), size_bytes: 0, at })
            }
        };
        if let Some(end) = end {
            match self.parts.store.exports().end(id, &end).await {
                Ok(true) => {}
                // Cancelled in the moment it was finished: nothing may be left.
                Ok(false) => {
                    let removed = blocking(move || remove(&result)).await;
                    removed.unwrap_or_else(
                        |problem| tracing::warn!(export = %id, error = %problem, "a cancelled export is left"),
                    );
                }
                Err(error) => {
                    tracing::error!(export = %id, error = %Problem::from(error), "the end of an export could not be noted");
                }
            }
        }
        self.is_over(id, &job);
    }

    /// Nothing of this job is left: it is forgotten, and who waits for that is told.
    fn is_over(&self, id: ExportId, job: &Job) {
        self.jobs().remove(&id);
        job.ended.send_replace(true);
    }

    fn jobs(&self) -> MutexGuard<'_, HashMap<ExportId, Arc<Job>>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
