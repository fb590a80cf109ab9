//! The task that looks for gaps and starts attempts.

use super::{
    attempt::Attempt,
    edge::EdgeStorage,
    find,
    progress::{GapFillFigures, Progress, Totals},
    retry::{self, Brought, Ended},
};
use crate::recording::handle::Recording;
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::{
    sync::{Notify, watch},
    task::JoinSet,
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;
use watchwall_media::ingest::Bandwidth;
use watchwall_model::{
    DeviceId, ErrorCode, GapFillId, GapFillRow, Problem, StreamPath, TimeRange, UtcMillis, config::RecordingConfig,
};
use watchwall_store::{GapFillNote, NewGapFill, Store};

/// Gaps are looked for this often.
const SCAN_EVERY: Duration = Duration::from_secs(10);
/// What is due is looked at this often, besides when something happens.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Stretches that are over are forgotten after so many days: no camera keeps so much.
const FORGET_DAYS: i64 = 90;
const DAY_MS: i64 = 86_400_000;

/// What gaps are filled with.
#[derive(Clone)]
pub struct GapFillParts {
    pub store: Store,
    pub recording: Recording,
    pub edge: Arc<dyn EdgeStorage>,
    pub config: RecordingConfig,
}

/// An attempt under way.
pub struct Job {
    pub progress: Arc<Progress>,
    device: Option<DeviceId>,
    stop: CancellationToken,
    /// A person stopped it, and not the site's end.
    is_cancelled: AtomicBool,
    ended: watch::Sender<bool>,
}

impl Job {
    /// Ends it and waits until it has.
    pub async fn cancel(&self) {
        self.is_cancelled.store(true, Relaxed);
        self.stop.cancel();
        let _ = self.ended.subscribe().wait_for(|ended| *ended).await;
    }
}

pub struct Keeper {
    pub parts: GapFillParts,
    pub wake: Notify,
    bandwidth: Bandwidth,
    jobs: Mutex<HashMap<GapFillId, Arc<Job>>>,
    totals: Totals,
}

impl Keeper {
    pub fn new(parts: GapFillParts) -> Arc<Self> {
        let bandwidth = Bandwidth::new(parts.config.gap_fill_kbps);
        Arc::new(Self { parts, wake: Notify::new(), bandwidth, jobs: Mutex::default(), totals: Totals::default() })
    }

    pub fn job(&self, id: GapFillId) -> Option<Arc<Job>> {
        self.jobs().get(&id).cloned()
    }

    pub fn figures(&self) -> GapFillFigures {
        let jobs = self.jobs();
        let running = |read: &dyn Fn(&Progress) -> u64| jobs.values().map(|job| read(&job.progress)).sum::<u64>();
        let filled = |progress: &Progress| u64::try_from(progress.filled_ms()).unwrap_or(0);
        GapFillFigures {
            running: jobs.len(),
            read_bytes: self.totals.read_bytes.load(Relaxed) + running(&Progress::read_bytes),
            filled_ms: self.totals.filled_ms.load(Relaxed) + running(&filled),
            failures: self.totals.failures.load(Relaxed),
        }
    }

    /// Until cancelled; joins what it started.
    pub async fn run(self: Arc<Self>, cancel: CancellationToken) {
        let mut tasks: JoinSet<()> = JoinSet::new();
        let mut scan_at = Instant::now();
        loop {
            let now = Instant::now();
            if self.parts.config.gap_fill && now >= scan_at {
                scan_at = now + SCAN_EVERY;
                if let Err(problem) = self.scan().await {
                    tracing::warn!(error = %problem, "gaps could not be looked for; it is tried again");
                }
            }
            if let Err(problem) = self.start_due(&mut tasks, &cancel).await {
                tracing::warn!(error = %problem, "gaps to be filled could not be read; it is tried again");
            }
            tokio::select! {
                () = cancel.cancelled() => break,
                () = self.wake.notified() => {}
                Some(_) = tasks.join_next() => {}
                () = sleep_until(now + LOOK_EVERY) => {}
            }
        }
        while tasks.join_next().await.is_some() {}
    }

    /// Notes the gaps of planned streams that their devices may be able to fill.
    async fn scan(&self) -> Result<(), Problem> {
        let GapFillParts { store, recording, edge, config } = &self.parts;
        let streams = edge.streams().await?;
        if streams.is_empty() {
            return Ok(());
        }
        let now = UtcMillis::now();
        store.gap_fills().forget_before(now.saturating_add_ms(-FORGET_DAYS * DAY_MS)).await?;
        for plan in store.plans().all().await?.into_iter().filter(|plan| plan.enabled) {
            if !streams.iter().any(|(path, _)| *path == plan.path) {
                continue;
            }
            let since = find::since(now, config.gap_fill_days, plan.retention_days);
            let Some(window) = TimeRange::new(since, now) else { continue };
            let tracks = recording.timeline(std::slice::from_ref(&plan.path), window, 0).await?;
            let Some((path, track)) = tracks.into_iter().next() else { continue };
            let known = store.gap_fills().touching(&path, window).await?;
            let known: Vec<TimeRange> = known.into_iter().map(|row| row.range).collect();
            for range in find::wanted(&track.gaps, &known, window) {
                tracing::info!(path = %path, from = range.start.0, ms = range.duration_ms(), "a gap is to be filled");
                let new = NewGapFill { path: path.clone(), range, asked_by: String::new(), created_at: now };
                store.gap_fills().insert(&new).await?;
            }
        }
        Ok(())
    }

    async fn start_due(self: &Arc<Self>, tasks: &mut JoinSet<()>, cancel: &CancellationToken) -> Result<(), Problem> {
        let waiting = self.parts.store.gap_fills().waiting().await?;
        let now = UtcMillis::now();
        let due = waiting.into_iter().filter(|row| row.next_try_at <= now && self.job(row.id).is_none());
        let due: Vec<GapFillRow> = due.collect();
        if due.is_empty() {
            return Ok(());
        }
        let streams = self.parts.edge.streams().await?;
        for row in due {
            if self.jobs().len() >= self.parts.config.gap_fill_at_once {
                return Ok(());
            }
            let device = device_of(&streams, &row.path);
            if device.is_some() && self.jobs().values().any(|job| job.device == device) {
                continue;
            }
            let job = Arc::new(Job {
                progress: Arc::default(),
                device,
                stop: cancel.child_token(),
                is_cancelled: AtomicBool::new(false),
                ended: watch::Sender::new(false),
            });
            // Known before it begins, so that who cancels finds it.
            self.jobs().insert(row.id, Arc::clone(&job));
            tasks.spawn(Arc::clone(self).work(row, job));
        }
        Ok(())
    }

    async fn work(self: Arc<Self>, row: GapFillRow, job: Arc<Job>) {
        let kept = row.clone();
        let attempt = Attempt {
            recording: self.parts.recording.clone(),
            edge: Arc::clone(&self.parts.edge),
            bandwidth: self.bandwidth.clone(),
            row,
            progress: Arc::clone(&job.progress),
            stop: job.stop.clone(),
        };
        let ended = attempt.run().await;
        let (filled_ms, read_bytes) = (job.progress.filled_ms(), job.progress.read_bytes());
        if let Some(note) = self.judge(&kept, ended, &job)
            && let Err(error) = self.parts.store.gap_fills().note(kept.id, &note).await
        {
            tracing::error!(path = %kept.path, error = %Problem::from(error), "what a gap was filled with could not be noted");
        }
        self.totals.read_bytes.fetch_add(read_bytes, Relaxed);
        self.totals.filled_ms.fetch_add(u64::try_from(filled_ms).unwrap_or(0), Relaxed);
        self.jobs().remove(&kept.id);
        job.ended.send_replace(true);
    }

    /// `None` when the site ends: the attempt begins again at the next start.
    fn judge(&self, row: &GapFillRow, ended: Ended, job: &Job) -> Option<GapFillNote> {
        if matches!(&ended, Ended::Broken(problem) if problem.code == ErrorCode::JobCancelled) {
            // Whoever cancelled notes that.
            return None;
        }
        let (filled_ms, read_bytes) = (job.progress.filled_ms(), job.progress.read_bytes());
        let brought = Brought { now_ms: filled_ms, in_all_ms: filled_ms + row.filled_ms };
        let (verdict, path) = (retry::judge(ended, brought, row.attempts), &row.path);
        match &verdict.problem {
            None => tracing::info!(path = %path, filled_ms, read_bytes, "a gap was filled"),
            Some(problem) => {
                self.totals.failures.fetch_add(1, Relaxed);
                tracing::warn!(
                    path = %path, filled_ms, attempt = verdict.attempts, state = verdict.state.as_str(), error = %problem,
                    "a gap could not be filled"
                );
            }
        }
        let at = UtcMillis::now();
        Some(GapFillNote {
            state: verdict.state,
            attempts: verdict.attempts,
            next_try_at: retry::due(at, &verdict),
            problem: verdict.problem,
            filled_ms,
            read_bytes,
            at,
        })
    }

    fn jobs(&self) -> MutexGuard<'_, HashMap<GapFillId, Arc<Job>>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn device_of(streams: &[(StreamPath, DeviceId)], path: &StreamPath) -> Option<DeviceId> {
    streams.iter().find(|(other, _)| other == path).map(|(_, device)| *device)
}
