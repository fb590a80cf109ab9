//! The files being written right now: what a reader sees beyond the index.

use crate::recording::{copies::Ranks, volume::SegmentFile};
use std::{
    cmp::Reverse,
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::watch;
use watchwall_model::{SegmentId, StreamPath, UtcMillis, VolumeCode};

/// Recorders that are started anew on other volumes write again within this time, or the reader is told of an end.
const RETURN_WITHIN: Duration = Duration::from_secs(20);

/// Per stream the files that the index does not know completely, oldest first.
#[derive(Debug)]
pub struct OpenFiles {
    by_path: Mutex<HashMap<StreamPath, Vec<Arc<SegmentFile>>>>,
    /// Streams whose recorder pauses, and until when their next file is waited for.
    returning: Mutex<HashMap<StreamPath, Instant>>,
    /// Raised whenever a sync round has ended.
    round: watch::Sender<u64>,
}

impl Default for OpenFiles {
    fn default() -> Self {
        Self { by_path: Mutex::default(), returning: Mutex::default(), round: watch::Sender::new(0) }
    }
}

impl OpenFiles {
    pub fn insert(&self, file: &Arc<SegmentFile>) {
        self.returning().remove(&file.facts.path);
        self.lock().entry(file.facts.path.clone()).or_default().push(Arc::clone(file));
    }

    /// The index knows all of it, or it came to nothing.
    pub fn remove(&self, file: &Arc<SegmentFile>) {
        let mut by_path = self.lock();
        if let Some(files) = by_path.get_mut(&file.facts.path) {
            files.retain(|other| !Arc::ptr_eq(other, file));
            if files.is_empty() {
                by_path.remove(&file.facts.path);
            }
        }
    }

    /// What is being written now ends, to go on in other files soon: readers at the live edge wait for them.
    pub fn pause(&self) {
        let until = Instant::now() + RETURN_WITHIN;
        let live: Vec<_> =
            self.lock().iter().filter(|(_, files)| is_any_live(files)).map(|(path, _)| (path.clone(), until)).collect();
        self.returning().extend(live);
    }

    /// Whoever wrote has ended. What is left was given up.
    pub fn forget(&self) {
        self.lock().clear();
    }

    pub fn of(&self, path: &StreamPath) -> Vec<Arc<SegmentFile>> {
        self.lock().get(path).cloned().unwrap_or_default()
    }

    /// A file of this stream is open and takes more, or the next one is about to be.
    pub fn is_live(&self, path: &StreamPath) -> bool {
        let is_returning = self.returning().get(path).is_some_and(|until| Instant::now() < *until);
        is_returning || self.lock().get(path).is_some_and(|files| is_any_live(files))
    }

    pub fn by_id(&self, path: &StreamPath, id: SegmentId) -> Option<Arc<SegmentFile>> {
        self.of(path).into_iter().find(|file| file.id() == Some(id))
    }

    /// The first file of this stream that ends after `at`; of a file and its copy the one that ranks first.
    pub fn first_ending_after(&self, path: &StreamPath, at: UtcMillis, ranks: &Ranks) -> Option<Arc<SegmentFile>> {
        let mut files: Vec<_> =
            self.of(path).into_iter().filter(|file| file.has_fragments() && file.end() > at).collect();
        files.sort_by_key(|file| (file.facts.start, ranks.of(&file.facts.volume)));
        files.into_iter().next()
    }

    /// The last file of this stream that starts at or before `at`; ranked as above.
    pub fn last_starting_by(&self, path: &StreamPath, at: UtcMillis, ranks: &Ranks) -> Option<Arc<SegmentFile>> {
        let files = self.of(path).into_iter().filter(|file| file.has_fragments() && file.facts.start <= at);
        files.max_by_key(|file| (file.facts.start, Reverse(ranks.of(&file.facts.volume))))
    }

    /// Whether a file of this relative name is being written on this volume.
    pub fn holds(&self, volume: &VolumeCode, name: &str) -> bool {
        self.lock().values().flatten().any(|file| file.is(volume, name))
    }

    /// Whether anything is being written on this volume, or waits to be indexed.
    pub fn is_any_on(&self, volume: &VolumeCode) -> bool {
        self.lock().values().flatten().any(|file| &file.facts.volume == volume)
    }

    /// Tells whoever waits at a live edge to look again.
    pub fn announce(&self) {
        self.round.send_modify(|round| *round += 1);
    }

    pub fn rounds(&self) -> watch::Receiver<u64> {
        self.round.subscribe()
    }

    fn returning(&self) -> MutexGuard<'_, HashMap<StreamPath, Instant>> {
        self.returning.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<StreamPath, Vec<Arc<SegmentFile>>>> {
        self.by_path.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_any_live(files: &[Arc<SegmentFile>]) -> bool {
    files.iter().any(|file| !file.is_closed() && file.fault().is_none())
}
