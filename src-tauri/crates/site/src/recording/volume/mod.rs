//! One volume at work: its writers, its group sync, its health.
//!
//! Threads: two writers ([`writer`]). Tasks: the keeper ([`keeper`]) syncs and indexes, watches capacity and marker.
//! Nothing here knows streams or plans.

pub mod disk;
mod file;
mod health;
pub mod keeper;
pub mod marker;
mod space;
mod sync;
mod writer;

pub use file::{FileFacts, SegmentFile, Snapshot, WriteFault, end_of};
pub use health::VolumeHealth;
pub use space::SpaceBell;
pub use sync::Covered;
pub use writer::{Append, ClosingFn, Job, QueueFull};

use super::{
    retention::Capacity,
    stats::{VolumeFigures, VolumeStats},
};
use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::{Mutex as TurnMutex, watch};
use watchwall_model::{ErrorCode, Problem, Volume, VolumeState};
use writer::{WriterContext, WriterPool};

/// What one volume may hold in memory before fragments are dropped: four seconds of 200 streams of 2 Mbit/s.
pub const QUEUE_BYTES: usize = 192 * 1024 * 1024;

/// An open volume. Shared by recorders, keeper, sweeper and readers.
pub struct VolumeDisk {
    pub volume: Volume,
    pub space: Arc<SpaceBell>,
    pub stats: Arc<VolumeStats>,
    writers: WriterPool,
    dirty: Arc<Mutex<Vec<Arc<SegmentFile>>>>,
    health: watch::Sender<VolumeHealth>,
    /// One look at a time: a disk that hangs holds one thread, not one per look.
    look_turn: Arc<TurnMutex<()>>,
}

impl VolumeDisk {
    /// Starts the writers. The volume counts as offline until its health was looked at.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn open(volume: Volume, queue_bytes: usize, closing: ClosingFn) -> io::Result<Self> {
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
        let writers = WriterPool::start(context)?;
        let health = watch::Sender::new(VolumeHealth::default());
        Ok(Self { volume, space, stats, writers, dirty, health, look_turn: Arc::default() })
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

    pub fn figures(&self) -> VolumeFigures {
        let capacity = self.capacity();
        VolumeFigures {
            code: self.volume.code.0.clone(),
            used_percent: capacity.used_percent(),
            is_full: capacity.used_percent() >= self.volume.high_watermark_percent,
            queued_bytes: self.writers.queued_bytes() as u64,
            ..self.stats.figures()
        }
    }

    /// Takes the files that were written since the last call.
    fn take_dirty(&self) -> Vec<Arc<SegmentFile>> {
        std::mem::take(&mut *self.dirty.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn put_back(&self, files: impl IntoIterator<Item = Arc<SegmentFile>>) {
        let mut dirty = self.dirty.lock().unwrap_or_else(PoisonError::into_inner);
        for file in files {
            // It may have been written again meanwhile and stand there already.
            if !dirty.iter().any(|other| Arc::ptr_eq(other, &file)) {
                dirty.push(file);
            }
        }
    }

    /// Writes what is queued and ends the threads. Blocks.
    pub fn stop_writers(&self, patience: Duration) {
        self.writers.stop(patience);
    }
}
