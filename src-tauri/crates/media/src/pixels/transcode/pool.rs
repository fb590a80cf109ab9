//! All variants of the site.

use super::{
    VariantSpec,
    aim::Aim,
    output::Output,
    stats::TranscodeStats,
    variant::{Variant, VariantState},
};
use crate::{
    StreamParams,
    hub::{BacklogLimits, Hub},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{sync::watch, task::JoinHandle, time};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use watchwall_model::{ErrorCode, Problem, StreamPath};

const STOP_WITHIN: Duration = Duration::from_secs(4);

type Key = (StreamPath, VariantSpec);

/// Starts, shares and stops variants. Cloning shares it.
#[derive(Clone, Debug)]
pub struct TranscodePool {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    limit: usize,
    variants: Mutex<HashMap<Key, Arc<Entry>>>,
    tasks: TaskTracker,
    cancel: CancellationToken,
}

#[derive(Debug)]
struct Entry {
    source: Arc<Hub>,
    output: Arc<Output>,
    aim: Arc<Aim>,
    state: watch::Receiver<VariantState>,
    cancel: CancellationToken,
    task: JoinHandle<()>,
    leases: Mutex<usize>,
}

impl TranscodePool {
    /// At most `limit` variants run at a time.
    pub fn new(limit: usize) -> Self {
        let inner =
            Inner { limit, variants: Mutex::default(), tasks: TaskTracker::new(), cancel: CancellationToken::new() };
        Self { inner: Arc::new(inner) }
    }

    /// Joins the variant of this stream, starting it when there is none. Returns at once; the first picture may take
    /// as long as the source's next key frame (see [`VariantLease::ready`]). The variant stops with its last lease.
    ///
    /// # Errors
    /// `too_many_transcodes` with the limit; `shutting_down`.
    pub async fn acquire(
        &self,
        path: &StreamPath,
        source: Arc<Hub>,
        spec: VariantSpec,
    ) -> Result<VariantLease, Problem> {
        let inner = &self.inner;
        if inner.cancel.is_cancelled() {
            return Err(Problem::new(ErrorCode::ShuttingDown));
        }
        let key = (path.clone(), spec);
        let mut variants = inner.lock();
        // A variant that ended, or one of a camera that has a new hub since, is replaced.
        variants.retain(|_, entry| !entry.is_over());
        if variants.get(&key).is_some_and(|entry| !Arc::ptr_eq(&entry.source, &source)) {
            variants.remove(&key);
        }
        if !variants.contains_key(&key) && variants.len() >= inner.limit {
            return Err(Problem::new(ErrorCode::TooManyTranscodes).with("limit", inner.limit).with("path", path));
        }
        let entry = variants.entry(key.clone()).or_insert_with(|| inner.start(&key, source));
        *entry.lock() += 1;
        Ok(VariantLease { pool: Arc::clone(inner), entry: Arc::clone(entry), key })
    }

    /// Variants running.
    pub fn running(&self) -> usize {
        self.inner.lock().values().filter(|entry| !entry.is_over()).count()
    }

    pub fn limit(&self) -> usize {
        self.inner.limit
    }

    pub fn stats(&self) -> Vec<TranscodeStats> {
        let variants = self.inner.lock();
        let stats = variants.iter().map(|((path, spec), entry)| {
            let viewers = *entry.lock();
            entry.output.counters.read(|counts| TranscodeStats {
                path: path.clone(),
                max_height: spec.max_height,
                viewers,
                decoder: counts.decoder,
                encoder: counts.encoder,
                pictures_in: counts.pictures_in,
                pictures_out: counts.pictures_out,
                latency_p95_ms: counts.latency_p95_ms(),
                restarts: counts.restarts,
            })
        });
        stats.collect()
    }

    /// Stops all variants and joins their tasks.
    pub async fn stop(&self) {
        self.inner.cancel.cancel();
        self.inner.tasks.close();
        if time::timeout(STOP_WITHIN, self.inner.tasks.wait()).await.is_err() {
            tracing::error!(left = self.inner.tasks.len(), "transcodes do not stop in time");
        }
        self.inner.lock().clear();
    }
}

impl Inner {
    fn start(&self, (path, spec): &Key, source: Arc<Hub>) -> Arc<Entry> {
        let (output, state) = Output::new(Hub::new(BacklogLimits::default()));
        let output = Arc::new(output);
        let cancel = self.cancel.child_token();
        let aim: Arc<Aim> = Arc::default();
        let variant =
            Variant { source: Arc::clone(&source), spec: *spec, output: Arc::clone(&output), aim: Arc::clone(&aim) };
        let (path, height, token) = (path.clone(), spec.max_height, cancel.clone());
        let task = self.tasks.spawn(async move {
            tracing::info!(path = %path, max_height = height, "a transcode starts");
            variant.run(token).await;
            tracing::info!(path = %path, max_height = height, "a transcode has ended");
        });
        Arc::new(Entry { source, output, aim, state, cancel, task, leases: Mutex::new(0) })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Arc<Entry>>> {
        self.variants.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    /// Its task has ended, is about to, or is told to.
    fn is_over(&self) -> bool {
        let has_failed = matches!(*self.state.borrow(), VariantState::Failed(_));
        has_failed || self.cancel.is_cancelled() || self.task.is_finished()
    }

    fn lock(&self) -> MutexGuard<'_, usize> {
        self.leases.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A viewer's share of a variant.
#[derive(Debug)]
pub struct VariantLease {
    pool: Arc<Inner>,
    entry: Arc<Entry>,
    key: Key,
}

impl VariantLease {
    /// The variant's own hub: H.264 pictures with the capture times of the source, and its sound. Closed when the
    /// source closes or when re-encoding turns out impossible.
    pub fn hub(&self) -> Arc<Hub> {
        Arc::clone(&self.entry.output.hub)
    }

    /// A recording was sought: pictures before this time on the source's line (its `pts`, in microseconds) are decoded
    /// and not encoded, and the first one that is encoded is a key frame. The seek begins with the next unit that is
    /// pushed as cut off from the one before.
    pub fn aim(&self, play_us: i64) {
        self.entry.aim.set(play_us);
    }

    pub fn state(&self) -> VariantState {
        self.entry.state.borrow().clone()
    }

    /// Waits for the first picture.
    ///
    /// # Errors
    /// `transcode_failed`, `engine_missing`, or `no_key_frame` when the time is over.
    pub async fn ready(&self, within: Duration) -> Result<Arc<StreamParams>, Problem> {
        let mut state = self.entry.state.clone();
        let settled = state.wait_for(|state| !matches!(state, VariantState::Starting));
        match time::timeout(within, settled).await {
            Ok(Ok(state)) => match &*state {
                VariantState::Running(params) => Ok(Arc::clone(params)),
                VariantState::Failed(problem) => Err(problem.clone()),
                VariantState::Starting => Err(Problem::new(ErrorCode::TranscodeFailed)),
            },
            Ok(Err(_)) => Err(Problem::new(ErrorCode::TranscodeFailed).with("path", &self.key.0)),
            Err(_) => Err(Problem::new(ErrorCode::NoKeyFrame).with("path", &self.key.0).at("transcode")),
        }
    }
}

impl Drop for VariantLease {
    fn drop(&mut self) {
        // The pool's lock first, as in `acquire`, so that nobody joins a variant that is being stopped.
        let mut variants = self.pool.lock();
        let mut leases = self.entry.lock();
        *leases -= 1;
        if *leases == 0 {
            self.entry.cancel.cancel();
            if variants.get(&self.key).is_some_and(|entry| Arc::ptr_eq(entry, &self.entry)) {
                variants.remove(&self.key);
            }
        }
    }
}
