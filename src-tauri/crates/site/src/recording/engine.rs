//! Recording at work on one set of volumes: writers, keepers, sweepers, the reconciler, and how they end.
//!
//! Spawns per volume a keeper and a sweeper, besides one reconciler, one writer of causes and one nightly comparison;
//! [`Engine::stop`] joins them all. When the set of volumes changes, the engine ends and another one starts.

use super::{
    archive::{Archive, OpenFiles},
    causes::CauseLog,
    container,
    index::Index,
    nightly,
    picture::Thumbnails,
    reconcile::Reconciler,
    recovery::{self, Depth, Recovered},
    retention::ClockWatch,
    streams::StreamSource,
    sweeper::Sweeper,
    triggers::Board,
    volume::{QUEUE_BYTES, VolumeDisk, keeper},
    volumes,
};
use jiff::tz::TimeZone;
use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{sync::watch, task::JoinHandle, time};
use tokio_util::sync::CancellationToken;
use watchwall_model::{ErrorCode, GapReason, Problem, UtcMillis, Volume, config::RecordingConfig};

/// Shares of the time a stop may take.
const STOP_WRITERS: Duration = Duration::from_millis(1_200);
const STOP_TASK: Duration = Duration::from_millis(1_500);

/// What an engine is built from; it outlives every engine.
#[derive(Clone)]
pub struct EngineParts {
    pub index: Index,
    /// What readers hold.
    pub archive: Archive,
    pub config: RecordingConfig,
    pub data_folder: PathBuf,
    pub source: Arc<dyn StreamSource>,
    pub board: Arc<Board>,
    pub zone: TimeZone,
    /// Raised when a plan starts, stops, or changes between recording and not.
    pub changes: Arc<watch::Sender<u64>>,
    /// Playback sessions open now.
    pub sessions: Arc<AtomicUsize>,
    /// Milliseconds lost since the start of the site, by recorders that have ended.
    pub lost_ms: Arc<AtomicU64>,
}

/// See the module.
pub struct Engine {
    pub index: Index,
    pub archive: Archive,
    pub reconciler: Arc<Reconciler>,
    pub thumbnails: Thumbnails,
    pub disks: Vec<Arc<VolumeDisk>>,
    pub lag_ms: Vec<Arc<AtomicU64>>,
    /// What this start had to repair.
    pub recovered: Recovered,
    zone: TimeZone,
    tasks: Mutex<Option<Tasks>>,
}

/// What a stop has to end, in this order.
struct Tasks {
    reconcile: (CancellationToken, JoinHandle<()>),
    sweepers: (CancellationToken, Vec<JoinHandle<()>>),
    keepers: (CancellationToken, Vec<JoinHandle<()>>),
}

impl Engine {
    /// Opens the volumes, repairs what a crash left, and starts the recorders that plans want.
    ///
    /// # Errors
    /// When the database cannot be read, or the first volume's folder cannot be made.
    pub async fn start(parts: &EngineParts) -> Result<Arc<Self>, Problem> {
        let index = parts.index.clone();
        let all = volumes::load(&index, &parts.config, &parts.data_folder).await?;
        let archive = parts.archive.clone();
        archive.mount(all.iter().map(|volume| (volume.code.clone(), volume.root.clone())).collect());
        let open = Arc::clone(&archive.open);
        let mut disks = Vec::new();
        let (mut recovered, mut away) = (Recovered::default(), Vec::new());
        for volume in all {
            let disk = VolumeDisk::open(volume, QUEUE_BYTES, container::closing)
                .map_err(|e| Problem::new(ErrorCode::Internal).at("start_volume").because(e))?;
            let disk = Arc::new(disk);
            keeper::look(&disk).await;
            let mut needs_recovery = disk.refusal().is_some();
            if !needs_recovery {
                match recover(&index, &disk.volume, (&parts.zone, GapReason::Us), &open).await {
                    Ok(total) => recovered.add(total),
                    Err(problem) => {
                        tracing::error!(volume = %disk.volume.code, error = %problem, "a volume could not be repaired");
                        needs_recovery = true;
                    }
                }
            }
            away.push(needs_recovery);
            disks.push(disk);
        }
        parts.lost_ms.fetch_add(recovered.lost_ms, Ordering::Relaxed);
        let (causes, cause_task) = CauseLog::start(index.clone());
        let reconciler = Arc::new(Reconciler::new(parts, open, causes, disks.clone()));
        let engine = Arc::new(Self {
            thumbnails: Thumbnails::new(parts.data_folder.join("cache").join("thumbnails"), archive.clone()),
            lag_ms: disks.iter().map(|_| Arc::default()).collect(),
            tasks: Mutex::new(None),
            zone: parts.zone.clone(),
            index,
            archive,
            reconciler,
            disks,
            recovered,
        });
        engine.spawn(&parts.config, cause_task, &away);
        Ok(engine)
    }

    pub const fn zone(&self) -> &TimeZone {
        &self.zone
    }

    fn spawn(self: &Arc<Self>, config: &RecordingConfig, cause_task: JoinHandle<()>, away: &[bool]) {
        let clock = ClockWatch::new(UtcMillis::now(), Instant::now());
        let (reconcile, sweep, keep) = (CancellationToken::new(), CancellationToken::new(), CancellationToken::new());
        let nights = nightly::run(Arc::downgrade(self), self.zone.clone(), sweep.clone());
        let mut sweepers = vec![cause_task, tokio::spawn(nights)];
        let mut keepers = Vec::new();
        for ((disk, lag), is_away) in self.disks.iter().zip(&self.lag_ms).zip(away) {
            let sweeper = Sweeper { disk: Arc::clone(disk), index: self.index.clone(), clock };
            sweepers.push(tokio::spawn(sweeper.run(sweep.clone())));
            let keeper = keeper::Keeper {
                disk: Arc::clone(disk),
                index: self.index.clone(),
                open: Arc::clone(&self.archive.open),
                sync_interval: Duration::from_millis(config.sync_interval_ms.clamp(100, 60_000)),
                refresh_interval: Duration::from_secs(config.volume_refresh_s.clamp(1, 3_600)),
                recovery: self.recovery_of(disk),
                needs_recovery: Mutex::new(is_away.then_some(GapReason::Us)),
                lag: Arc::clone(lag),
            };
            keepers.push(tokio::spawn(keeper.run(keep.clone())));
        }
        let reconciling = tokio::spawn(Arc::clone(&self.reconciler).run(reconcile.clone()));
        let tasks =
            Tasks { reconcile: (reconcile, reconciling), sweepers: (sweep, sweepers), keepers: (keep, keepers) };
        *self.tasks.lock().unwrap_or_else(PoisonError::into_inner) = Some(tasks);
    }

    fn recovery_of(&self, disk: &Arc<VolumeDisk>) -> keeper::Recovery {
        let (index, open, zone) = (self.index.clone(), Arc::clone(&self.archive.open), self.zone.clone());
        let volume = disk.volume.clone();
        Box::new(move |reason| {
            let (index, open, zone, volume) = (index.clone(), Arc::clone(&open), zone.clone(), volume.clone());
            Box::pin(async move {
                if let Err(problem) = recover(&index, &volume, (&zone, reason), &open).await {
                    tracing::error!(volume = %volume.code, error = %problem, "a volume that came back could not be repaired");
                }
            })
        })
    }

    /// Closes every file, makes it durable and indexes it. Within five seconds, also when a disk hangs.
    pub async fn stop(&self) {
        let tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(tasks) = tasks else { return };
        tasks.reconcile.0.cancel();
        tasks.sweepers.0.cancel();
        join("reconcile", tasks.reconcile.1).await;
        for disk in self.disks.clone() {
            let stopped = tokio::task::spawn_blocking(move || disk.stop_writers(STOP_WRITERS)).await;
            if let Err(error) = stopped {
                tracing::error!(error = %error, "the writers of a volume could not be stopped");
            }
        }
        tasks.keepers.0.cancel();
        for keeper in tasks.keepers.1 {
            join("keeper", keeper).await;
        }
        self.reconciler.causes.close();
        for sweeper in tasks.sweepers.1 {
            join("sweeper", sweeper).await;
        }
    }
}

async fn recover(
    index: &Index,
    volume: &Volume,
    (zone, reason): (&TimeZone, GapReason),
    open: &OpenFiles,
) -> Result<Recovered, Problem> {
    let begun = Instant::now();
    let mut total = recovery::repair_tails(index, volume, open, reason).await?;
    total.add(recovery::reindex(index, volume, zone, Depth::NewestDays, open).await?);
    let took_ms = begun.elapsed().as_millis() as u64;
    if total != Recovered::default() {
        tracing::warn!(
            volume = %volume.code, segments = total.segments, found = total.found, missing = total.missing,
            lost_ms = total.lost_ms, cut_bytes = total.cut_bytes, took_ms, "recordings were repaired after an unclean stop"
        );
    }
    Ok(total)
}

async fn join(part: &'static str, task: JoinHandle<()>) {
    match time::timeout(STOP_TASK, task).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::error!(part, error = %error, "a task of recording panicked"),
        Err(_) => tracing::error!(part, "a task of recording did not stop in time"),
    }
}
