//! The volumes that are mounted: each with the keeper and the sweeper that work for it.
//!
//! Volumes come and go while others are written to. Spawns per volume a keeper, a sweeper and, for one that was taken
//! over, an intake that indexes what it finds there; [`VolumeSet::unmount`] and [`VolumeSet::stop`] join them.

use super::{
    archive::{Archive, OpenFiles},
    container,
    index::Index,
    placement::{self, choose},
    recovery::{self, Depth, Recovered},
    retention::ClockWatch,
    sweeper::Sweeper,
    tiering::{Tiering, candidates},
    volume::{QUEUE_BYTES, VolumeDisk, disk, keeper},
};
use jiff::tz::TimeZone;
use std::{
    future::Future,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{task::JoinHandle, time};
use tokio_util::sync::CancellationToken;
use watchwall_model::{GapReason, Problem, UtcMillis, Volume, VolumeCode, config::RecordingConfig};

/// Shares of the time a stop may take.
const STOP_WRITERS: Duration = Duration::from_millis(1_200);
const STOP_TASK: Duration = Duration::from_millis(1_500);

/// What mounting a volume needs.
#[derive(Clone)]
pub struct MountParts {
    pub index: Index,
    pub archive: Archive,
    pub zone: TimeZone,
    /// That of the database. See [`disk::file_system`].
    pub data_file_system: Option<u64>,
    pub sync_interval: Duration,
    pub refresh_interval: Duration,
}

impl MountParts {
    pub fn new(index: Index, archive: Archive, zone: TimeZone, config: &RecordingConfig, data_folder: &Path) -> Self {
        Self {
            index,
            archive,
            zone,
            data_file_system: disk::file_system(data_folder),
            sync_interval: Duration::from_millis(config.sync_interval_ms.clamp(100, 60_000)),
            refresh_interval: Duration::from_secs(config.volume_refresh_s.clamp(1, 3_600)),
        }
    }
}

/// How much of what lies on a volume is unknown to the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contents {
    /// What a crash may have left.
    Known,
    /// Perhaps all of it: the volume comes from elsewhere, or the database was lost.
    Unknown,
}

/// See the module. Highest priority first.
pub struct VolumeSet {
    pub tiering: Arc<Tiering>,
    parts: MountParts,
    mounted: RwLock<Vec<Arc<Mounted>>>,
}

struct Mounted {
    disk: Arc<VolumeDisk>,
    /// Worst time from a fragment's end to its index row.
    lag_ms: Arc<AtomicU64>,
    sweeper: Part,
    keeper: Part,
    intake: Part,
}

impl VolumeSet {
    pub fn new(parts: MountParts) -> Arc<Self> {
        Arc::new(Self { tiering: Arc::default(), parts, mounted: RwLock::default() })
    }

    /// Opens a volume, repairs what a crash left on it, and sets its tasks to work. One that is missing, foreign or
    /// read-only is mounted too: its state says so, and it is repaired when it comes back.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub async fn mount(self: &Arc<Self>, volume: Volume, contents: Contents) -> Result<Recovered, Problem> {
        let MountParts { index, archive, zone, .. } = &self.parts;
        let disk = Arc::new(VolumeDisk::open(volume, QUEUE_BYTES, container::closing)?);
        archive.mount(disk.volume.code.clone(), disk.shelf.clone());
        keeper::count_bucket(&disk, index).await;
        index.ranks.know(disk.volume.code.clone(), disk.volume.kind, disk.watch_health());
        keeper::look(&disk).await;
        let mut recovered = Recovered::default();
        let mut is_away = disk.refusal().is_some();
        if !is_away {
            match recover(index, &disk, (zone, GapReason::Us), &archive.open).await {
                Ok(total) => recovered = total,
                Err(problem) => {
                    tracing::error!(volume = %disk.volume.code, error = %problem, "a volume could not be repaired");
                    is_away = true;
                }
            }
        }
        let lag_ms = Arc::default();
        let sweeper = Sweeper {
            disk: Arc::clone(&disk),
            index: index.clone(),
            clock: ClockWatch::new(UtcMillis::now(), Instant::now()),
            set: Arc::downgrade(self),
            data_file_system: self.parts.data_file_system,
        };
        let keeper = keeper::Keeper {
            disk: Arc::clone(&disk),
            index: index.clone(),
            open: Arc::clone(&archive.open),
            sync_interval: self.parts.sync_interval,
            refresh_interval: self.parts.refresh_interval,
            recovery: self.recovery_of(&disk),
            needs_recovery: Mutex::new(is_away.then_some(GapReason::Us)),
            lag: Arc::clone(&lag_ms),
        };
        let mounted = Mounted {
            sweeper: Part::spawn(|cancel| sweeper.run(cancel)),
            keeper: Part::spawn(|cancel| keeper.run(cancel)),
            intake: match contents {
                Contents::Known => Part::none(),
                Contents::Unknown => self.take_in(Arc::clone(&disk)),
            },
            disk,
            lag_ms,
        };
        let mut all = self.mounted.write().unwrap_or_else(PoisonError::into_inner);
        all.push(Arc::new(mounted));
        sort(&mut all);
        self.tiering.wake();
        Ok(recovered)
    }

    /// Ends what works for a volume that nobody writes to any more; its files become unreadable here.
    pub async fn unmount(&self, code: &VolumeCode) {
        let Some(mounted) = self.all().into_iter().find(|mounted| &mounted.disk.volume.code == code) else { return };
        mounted.intake.cancel();
        mounted.sweeper.cancel();
        mounted.stop_writing().await;
        mounted.sweeper.join("sweeper").await;
        mounted.intake.join("intake").await;
        self.mounted.write().unwrap_or_else(PoisonError::into_inner).retain(|other| !Arc::ptr_eq(other, &mounted));
        self.parts.archive.unmount(code);
        self.parts.index.ranks.forget(code);
    }

    /// Ends all of them, so that everything written is durable and indexed. `causes` ends between keepers and sweepers.
    pub async fn stop(&self, end_causes: impl FnOnce()) {
        let all = self.all();
        for mounted in &all {
            mounted.intake.cancel();
            mounted.sweeper.cancel();
        }
        futures::future::join_all(all.iter().map(|mounted| mounted.stop_writing())).await;
        end_causes();
        for mounted in &all {
            mounted.sweeper.join("sweeper").await;
            mounted.intake.join("intake").await;
        }
    }

    pub fn disks(&self) -> Vec<Arc<VolumeDisk>> {
        self.all().iter().map(|mounted| Arc::clone(&mounted.disk)).collect()
    }

    pub fn disk(&self, code: &VolumeCode) -> Option<Arc<VolumeDisk>> {
        self.disks().into_iter().find(|disk| &disk.volume.code == code)
    }

    /// Volumes that old recordings move to, highest priority first.
    pub fn archives(&self) -> Vec<Arc<VolumeDisk>> {
        self.disks().into_iter().filter(|disk| disk.is_archive()).collect()
    }

    /// Whether so many bytes of this volume's oldest recordings are about to move to an archive.
    pub fn relieves(&self, code: &VolumeCode, bytes: u64) -> bool {
        self.tiering.relieve(code, bytes, &candidates(&self.archives()))
    }

    /// What is recorded here goes on elsewhere of itself, now that this volume is full: another one has room, or the
    /// older recordings.
    pub fn is_left(&self, code: &VolumeCode) -> bool {
        let mut all = placement::candidates(&self.disks());
        // The last look at the disk may not know it yet.
        all.iter_mut().filter(|volume| &volume.code == code).for_each(|volume| volume.is_full = true);
        choose(None, Some(code), &all, UtcMillis::now()).is_some_and(|n| &all[n].code != code)
    }

    /// Another volume takes what is recorded here, if need be over its oldest.
    pub fn is_any_besides(&self, code: &VolumeCode) -> bool {
        let mut others = self.disks().into_iter().map(|disk| disk.candidate());
        others.any(|other| other.can_record && !other.is_suspect && &other.code != code)
    }

    /// The order of priorities, and the archives, follow what was set.
    pub fn reorder(&self) {
        self.tiering.wake();
        sort(&mut self.mounted.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// Worst time from a fragment's end to its index row, of all volumes.
    pub fn lag(&self) -> Duration {
        let lags = self.all().into_iter().map(|mounted| mounted.lag_ms.load(Ordering::Relaxed));
        Duration::from_millis(lags.max().unwrap_or(0))
    }

    fn all(&self) -> Vec<Arc<Mounted>> {
        self.mounted.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn recovery_of(&self, disk: &Arc<VolumeDisk>) -> keeper::Recovery {
        let (parts, disk) = (self.parts.clone(), Arc::clone(disk));
        Box::new(move |reason| {
            let (parts, disk) = (parts.clone(), Arc::clone(&disk));
            Box::pin(async move {
                let (zone, open) = (&parts.zone, &parts.archive.open);
                if let Err(problem) = recover(&parts.index, &disk, (zone, reason), open).await {
                    tracing::error!(volume = %disk.volume.code, error = %problem, "a volume that came back could not be repaired");
                }
            })
        })
    }

    /// Indexes everything that lies on a volume, beside whatever else goes on.
    fn take_in(&self, disk: Arc<VolumeDisk>) -> Part {
        let parts = self.parts.clone();
        Part::spawn(move |cancel| async move {
            let open = &parts.archive.open;
            let reindex = recovery::reindex(&parts.index, &disk, &parts.zone, Depth::Everything, open);
            tokio::select! {
                () = cancel.cancelled() => {}
                done = reindex => match done {
                    Ok(total) => tracing::info!(volume = %disk.volume.code, found = total.found, unreadable = total.unreadable, "the recordings of a volume were taken in"),
                    Err(problem) => tracing::error!(volume = %disk.volume.code, error = %problem, "the recordings of a volume could not all be taken in; the next nightly comparison goes on"),
                }
            }
        })
    }
}

impl Mounted {
    /// Writes what is queued, makes it durable and indexes it.
    async fn stop_writing(&self) {
        let disk = Arc::clone(&self.disk);
        let stopped = tokio::task::spawn_blocking(move || disk.stop_writers(STOP_WRITERS)).await;
        if let Err(error) = stopped {
            tracing::error!(error = %error, "the writers of a volume could not be stopped");
        }
        self.keeper.cancel();
        self.keeper.join("keeper").await;
    }
}

/// A task and how it is told to end.
struct Part {
    cancel: CancellationToken,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Part {
    fn spawn<F: Future<Output = ()> + Send + 'static>(run: impl FnOnce(CancellationToken) -> F) -> Self {
        let cancel = CancellationToken::new();
        let task = tokio::spawn(run(cancel.clone()));
        Self { cancel, task: Mutex::new(Some(task)) }
    }

    fn none() -> Self {
        Self { cancel: CancellationToken::new(), task: Mutex::default() }
    }

    fn cancel(&self) {
        self.cancel.cancel();
    }

    async fn join(&self, name: &'static str) {
        self.cancel();
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task {
            join(name, task).await;
        }
    }
}

/// Waits for a task that was told to end.
pub async fn join(part: &'static str, task: JoinHandle<()>) {
    match time::timeout(STOP_TASK, task).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::error!(part, error = %error, "a task of recording panicked"),
        Err(_) => tracing::error!(part, "a task of recording did not stop in time"),
    }
}

fn sort(all: &mut [Arc<Mounted>]) {
    let code = |mounted: &Mounted| mounted.disk.volume.code.clone();
    let priority = |mounted: &Mounted| mounted.disk.settings().priority;
    all.sort_by(|a, b| priority(b).cmp(&priority(a)).then_with(|| code(a).cmp(&code(b))));
}

async fn recover(
    index: &Index,
    disk: &VolumeDisk,
    (zone, reason): (&TimeZone, GapReason),
    open: &OpenFiles,
) -> Result<Recovered, Problem> {
    let begun = Instant::now();
    let mut total = recovery::repair_tails(index, disk, open, reason).await?;
    total.add(recovery::reindex(index, disk, zone, Depth::NewestDays, open).await?);
    let took_ms = begun.elapsed().as_millis() as u64;
    if total != Recovered::default() {
        tracing::warn!(
            volume = %disk.volume.code, segments = total.segments, found = total.found, missing = total.missing,
            lost_ms = total.lost_ms, cut_bytes = total.cut_bytes, took_ms, "recordings were repaired after an unclean stop"
        );
    }
    Ok(total)
}
