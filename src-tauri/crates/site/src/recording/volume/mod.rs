//! One volume at work: its writers, its group sync, its health.
//!
//! Threads: two writers ([`writer`]). Tasks: the keeper ([`keeper`]) syncs and indexes, watches capacity and marker.
//! Nothing here knows streams or plans.

pub mod disk;
mod file;
mod fitness;
mod health;
pub mod keeper;
mod late;
pub mod marker;
mod space;
mod sync;
mod writer;

pub use file::{FileFacts, SegmentFile, Snapshot, WriteFault, end_of};
pub use fitness::Watermarks;
pub use health::VolumeHealth;
pub use space::SpaceBell;
pub use sync::Covered;
pub use writer::{Append, ClosingFn, Job, QueueFull};

use super::{
    placement::Candidate,
    retention::Capacity,
    shelf::{Bucket, Shelf},
    smart::DiskWarning,
    stats::{VolumeFigures, VolumeStats},
    tiering::ArchiveCandidate,
};
use fitness::Suspicion;
use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::{Mutex as TurnMutex, watch};
use watchwall_model::{ErrorCode, Problem, UtcMillis, Volume, VolumeKind, VolumeState};
use writer::{WriterContext, WriterPool};

/// What one volume may hold in memory before fragments are dropped: four seconds of 200 streams of 2 Mbit/s.
pub const QUEUE_BYTES: usize = 192 * 1024 * 1024;

/// A full disk that the percentage does not show, behind a quota for example, is tried again after this.
const REFUSED_FOR: Duration = Duration::from_secs(60);

/// An open volume. Shared by recorders, keeper, sweeper and readers.
pub struct VolumeDisk {
    /// As it was opened; what may change since then is in [`Self::settings`].
    pub volume: Volume,
    /// Where its finished files are.
    pub shelf: Shelf,
    pub space: Arc<SpaceBell>,
    pub stats: Arc<VolumeStats>,
    writers: WriterPool,
    dirty: Arc<Mutex<Vec<Arc<SegmentFile>>>>,
    health: watch::Sender<VolumeHealth>,
    /// One look at a time: a disk that hangs holds one thread, not one per look.
    look_turn: Arc<TurnMutex<()>>,
    standing: Mutex<Standing>,
    disk_warnings: Mutex<Vec<DiskWarning>>,
}

/// What decides whether recorders come here.
#[derive(Debug)]
struct Standing {
    settings: Settings,
    /// By its watermarks.
    is_full: bool,
    /// Until when a write that met a full disk counts, whatever the percentage says.
    refused_until: Option<Instant>,
    is_leaving: bool,
    suspicion: Suspicion,
    oldest_at: Option<UtcMillis>,
}

impl Standing {
    fn is_full(&self) -> bool {
        self.is_full || self.refused_until.is_some_and(|until| Instant::now() < until)
    }
}

/// What an administrator may change while the volume is written to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    pub watermarks: Watermarks,
    pub priority: i32,
    pub archive_after_days: u32,
}

impl From<&Volume> for Settings {
    fn from(volume: &Volume) -> Self {
        let (high_percent, low_percent) = (volume.high_watermark_percent, volume.low_watermark_percent);
        Self {
            watermarks: Watermarks { high_percent, low_percent },
            priority: volume.priority,
            archive_after_days: volume.archive_after_days.unwrap_or(Volume::DEFAULT_ARCHIVE_AFTER_DAYS),
        }
    }
}

impl VolumeDisk {
    /// Starts the writers. The volume counts as offline until its health was looked at.
    ///
    /// # Errors
    /// When the system gives no thread, or an object store cannot be addressed like this.
    pub fn open(volume: Volume, queue_bytes: usize, closing: ClosingFn) -> Result<Self, Problem> {
        let shelf = Shelf::of(&volume)?;
        let (space, stats) = (Arc::new(SpaceBell::default()), Arc::new(VolumeStats::default()));
        let dirty: Arc<Mutex<Vec<Arc<SegmentFile>>>> = Arc::default();
        let context = WriterContext {
            root: volume.root.clone(),
            queue_bytes,
            space: Arc::clone(&space),
            stats: Arc::clone(&stats),
            on_dirty: {
                let dirty = Arc::clone(&dirty);
                Box::new(move |file| dirty.lock().unwrap_or_else(PoisonError::into_inner).push(file))
            },
            closing,
        };
        let no_thread = |error: io::Error| Problem::new(ErrorCode::Internal).at("start_volume").because(error);
        let writers = WriterPool::start(context).map_err(no_thread)?;
        let health = watch::Sender::new(VolumeHealth::default());
        let standing = Mutex::new(Standing {
            settings: Settings::from(&volume),
            is_full: false,
            refused_until: None,
            is_leaving: false,
            suspicion: Suspicion::default(),
            oldest_at: None,
        });
        Ok(Self {
            volume,
            shelf,
            space,
            stats,
            writers,
            dirty,
            health,
            look_turn: Arc::default(),
            standing,
            disk_warnings: Mutex::default(),
        })
    }

    /// # Errors
    /// When so much waits for this disk that the fragment has to be dropped.
    pub fn push(&self, file: &Arc<SegmentFile>, job: Job) -> Result<(), QueueFull> {
        let result = self.writers.push(file, job);
        if result.is_err() {
            self.stats.overflowed();
        }
        result
    }

    pub fn health(&self) -> VolumeHealth {
        self.health.borrow().clone()
    }

    pub fn watch_health(&self) -> watch::Receiver<VolumeHealth> {
        self.health.subscribe()
    }

    /// Why nothing may be written, if so.
    pub fn refusal(&self) -> Option<Problem> {
        let health = self.health.borrow();
        match (health.state, &health.reason) {
            (VolumeState::ReadWrite, _) => None,
            (_, Some(problem)) => Some(problem.clone()),
            (_, None) => Some(Problem::new(ErrorCode::VolumeNotWritable).with("volume", &self.volume.code)),
        }
    }

    pub fn capacity(&self) -> Capacity {
        self.health.borrow().capacity
    }

    pub fn is_archive(&self) -> bool {
        self.volume.kind.is_archive()
    }

    /// Of an object store; `None` of a folder.
    pub fn bucket(&self) -> Option<&Arc<Bucket>> {
        self.shelf.bucket()
    }

    pub fn is_mirror(&self) -> bool {
        self.volume.kind == VolumeKind::Mirror
    }

    /// Recorders choose among these.
    pub fn is_recorded_on(&self) -> bool {
        self.volume.kind.is_recorded_on()
    }

    pub fn settings(&self) -> Settings {
        self.standing().settings
    }

    /// Takes effect with the next look at the disk.
    pub fn set_settings(&self, settings: Settings) {
        self.standing().settings = settings;
    }

    pub fn is_full(&self) -> bool {
        self.standing().is_full()
    }

    /// A write met a full disk, or there is room again after one did.
    pub fn note_refused(&self, is_refused: bool) {
        self.standing().refused_until = is_refused.then(|| Instant::now() + REFUSED_FOR);
    }

    /// A write failed here. A disk that is merely full has not failed.
    pub fn note_failure(&self, code: ErrorCode) {
        match code {
            ErrorCode::DiskFull => self.note_refused(true),
            _ => self.standing().suspicion.failed(Instant::now()),
        }
    }

    /// Recorders go elsewhere, and none comes, if `is_leaving`.
    pub fn set_leaving(&self, is_leaving: bool) {
        self.standing().is_leaving = is_leaving;
    }

    /// Begin of the oldest recording here that may go.
    pub fn set_oldest(&self, oldest_at: Option<UtcMillis>) {
        self.standing().oldest_at = oldest_at;
    }

    /// This volume in the choice of where to record.
    pub fn candidate(&self) -> Candidate {
        self.candidate_if(self.is_recorded_on())
    }

    /// This volume in the choice of where second copies go.
    pub fn mirror_candidate(&self) -> Candidate {
        self.candidate_if(self.is_mirror())
    }

    fn candidate_if(&self, is_of_kind: bool) -> Candidate {
        let health = self.health.borrow();
        let standing = self.standing();
        Candidate {
            code: self.volume.code.clone(),
            can_record: health.state == VolumeState::ReadWrite && is_of_kind && !standing.is_leaving,
            is_suspect: standing.suspicion.is_held(Instant::now()),
            is_full: standing.is_full(),
            priority: standing.settings.priority,
            free_bytes: health.capacity.free_bytes,
            oldest_at: standing.oldest_at,
        }
    }

    /// This volume in the choice of where old recordings go.
    pub fn archive_candidate(&self) -> ArchiveCandidate {
        let health = self.health.borrow();
        let standing = self.standing();
        ArchiveCandidate {
            code: self.volume.code.clone(),
            is_ready: health.state == VolumeState::ReadWrite && self.is_archive() && !standing.is_leaving,
            after_days: standing.settings.archive_after_days,
            priority: standing.settings.priority,
            total_bytes: health.capacity.total_bytes,
            free_bytes: health.capacity.free_bytes,
            high_watermark_percent: standing.settings.watermarks.high_percent,
        }
    }

    /// What its disks said of themselves when they were asked last.
    pub fn disk_warnings(&self) -> Vec<DiskWarning> {
        self.disk_warnings.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Answers what was known before.
    pub fn set_disk_warnings(&self, warnings: Vec<DiskWarning>) -> Vec<DiskWarning> {
        std::mem::replace(&mut *self.disk_warnings.lock().unwrap_or_else(PoisonError::into_inner), warnings)
    }

    /// Publishes what a look at the disk found.
    fn publish(&self, health: VolumeHealth) {
        let before = self.health();
        {
            let mut standing = self.standing();
            standing.is_full = standing.settings.watermarks.is_full(standing.is_full, health.capacity.used_percent());
            if before.state != VolumeState::ReadWrite && health.state == VolumeState::ReadWrite {
                standing.suspicion.forgive();
            }
        }
        let code_of = |health: &VolumeHealth| health.reason.as_ref().map(|problem| problem.code);
        if before.state != health.state || code_of(&before) != code_of(&health) {
            match &health.reason {
                Some(problem) => {
                    tracing::warn!(volume = %self.volume.code, state = ?health.state, error = %problem, "a volume changed its state")
                }
                None => tracing::info!(volume = %self.volume.code, state = ?health.state, "a volume is ready"),
            }
        }
        self.health.send_replace(health);
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn figures(&self) -> VolumeFigures {
        VolumeFigures {
            code: self.volume.code.0.clone(),
            used_percent: self.capacity().used_percent(),
            is_full: self.is_full(),
            queued_bytes: self.writers.queued_bytes() as u64,
            ..self.stats.figures()
        }
    }

    /// Takes the files that were written since the last call.
    fn take_dirty(&self) -> Vec<Arc<SegmentFile>> {
        std::mem::take(&mut *self.dirty.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Writes what is queued and ends the threads. Blocks.
    pub fn stop_writers(&self, patience: Duration) {
        self.writers.stop(patience);
    }
}
