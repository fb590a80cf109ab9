//! Reading recordings: the index and, beyond it, the files that are being written.
//!
//! [`Archive`] finds segments by time, [`SegmentView`] is one opened file with its fragments. Everything that may
//! touch a disk runs on tokio's blocking threads. No task of its own.

mod open_files;
mod view;

pub use open_files::OpenFiles;
pub use view::SegmentView;

use super::{index::Index, shelf::Shelf, volume::SegmentFile};
use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock, RwLockWriteGuard},
};
use tokio::task;
use watchwall_model::{ErrorCode, Problem, Segment, StreamPath, TimeRange, UtcMillis, VolumeCode};

/// Files that have vanished one after the other are passed over, so many at most.
const MOST_VANISHED: usize = 1_000;

/// Cheap to clone. Clones share what they know, so that a reader goes on when the volumes change under it.
#[derive(Clone)]
pub struct Archive {
    pub index: Index,
    pub open: Arc<OpenFiles>,
    shelves: Arc<RwLock<HashMap<VolumeCode, Shelf>>>,
}

impl Archive {
    /// Of no volume yet.
    pub fn new(index: Index) -> Self {
        Self { index, open: Arc::default(), shelves: Arc::default() }
    }

    /// No volume is mounted from now on, and nothing is being written.
    pub fn clear(&self) {
        self.open.forget();
        self.shelves().clear();
    }

    /// Where a volume is from now on.
    pub fn mount(&self, code: VolumeCode, shelf: Shelf) {
        self.shelves().insert(code, shelf);
    }

    pub fn unmount(&self, code: &VolumeCode) {
        self.shelves().remove(code);
    }

    /// The segment that holds `at`, else the next one after it.
    ///
    /// # Errors
    /// When index or disk cannot be read.
    pub async fn at_or_after(&self, path: &StreamPath, at: UtcMillis) -> Result<Option<SegmentView>, Problem> {
        let mut after = at;
        // A file that vanished is passed over; the next one stands for it.
        for _ in 0..MOST_VANISHED {
            let indexed = self.index.first_ending_after(path, after).await?;
            let live = self.open.first_ending_after(path, after, &self.index.ranks);
            let view = match (indexed, live) {
                (Some(segment), Some(file)) if self.is_better(&file, &segment, file.facts.start <= segment.start) => {
                    self.view_live(file).await
                }
                (Some(segment), _) => {
                    after = segment.end;
                    self.view_stored(segment).await
                }
                (None, Some(file)) => self.view_live(file).await,
                (None, None) => return Ok(None),
            };
            match view {
                Ok(view) => return Ok(Some(view)),
                Err(problem) if problem.code == ErrorCode::NoRecording => {}
                Err(problem) => return Err(problem),
            }
        }
        Ok(None)
    }

    /// The last segment that starts at or before `at`.
    ///
    /// # Errors
    /// When index or disk cannot be read.
    pub async fn at_or_before(&self, path: &StreamPath, at: UtcMillis) -> Result<Option<SegmentView>, Problem> {
        let mut before = at;
        for _ in 0..MOST_VANISHED {
            let indexed = self.index.last_starting_by(path, before).await?;
            let live = self.open.last_starting_by(path, before, &self.index.ranks);
            let view = match (indexed, live) {
                (Some(segment), Some(file)) if self.is_better(&file, &segment, file.facts.start >= segment.start) => {
                    self.view_live(file).await
                }
                (Some(segment), _) => {
                    before = segment.start.saturating_add_ms(-1);
                    self.view_stored(segment).await
                }
                (None, Some(file)) => self.view_live(file).await,
                (None, None) => return Ok(None),
            };
            match view {
                Ok(view) => return Ok(Some(view)),
                Err(problem) if problem.code == ErrorCode::NoRecording => {}
                Err(problem) => return Err(problem),
            }
        }
        Ok(None)
    }

    /// All segments that touch the range, oldest first.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub async fn segments(&self, path: &StreamPath, range: TimeRange) -> Result<Vec<Segment>, Problem> {
        let mut segments = self.index.in_range(path, range).await?;
        for file in self.open.of(path) {
            let Some(live) = file.as_segment() else { continue };
            if live.start >= range.end || live.end <= range.start {
                continue;
            }
            match segments.iter_mut().find(|segment| file.id() == Some(segment.id)) {
                Some(segment) => *segment = live,
                None => segments.push(live),
            }
        }
        segments.sort_by_key(|segment| segment.start);
        Ok(self.index.ranks.preferred(segments))
    }

    /// Opens a segment of [`Self::segments`].
    ///
    /// # Errors
    /// `no_recording` when its file is gone, `volume_not_found`, or what the disk answers.
    pub async fn view(&self, segment: Segment) -> Result<SegmentView, Problem> {
        let live = self.open.of(&segment.path).into_iter().find(|file| file.is(&segment.volume, &segment.file));
        match live {
            Some(file) => self.view_live(file).await,
            None => self.view_stored(segment).await,
        }
    }

    /// A segment that moved to another volume since it was looked up is opened there; one that cannot be opened gives
    /// way to a copy.
    async fn view_stored(&self, segment: Segment) -> Result<SegmentView, Problem> {
        let opened = match self.open_stored(segment.clone()).await {
            Err(problem) if problem.code == ErrorCode::NoRecording => match self.index.segment(segment.id).await? {
                Some(moved) if moved.volume != segment.volume => self.open_stored(moved).await,
                _ => Err(problem),
            },
            opened => opened,
        };
        match opened {
            Err(problem) => self.view_copy(&segment).await?.ok_or(problem),
            opened => opened,
        }
    }

    /// Another recording of the same moments, of those that are finished.
    async fn view_copy(&self, segment: &Segment) -> Result<Option<SegmentView>, Problem> {
        for copy in self.index.copies_of(segment).await? {
            if let Ok(view) = self.open_stored(copy).await {
                return Ok(Some(view));
            }
        }
        Ok(None)
    }

    async fn open_stored(&self, segment: Segment) -> Result<SegmentView, Problem> {
        let shelf = self.shelf(&segment.volume)?;
        let fragments = self.index.fragments(segment.id).await?;
        blocking(move || SegmentView::open(segment, fragments, &shelf)).await
    }

    /// Whether a file being written is read rather than a row of the index, which it is nearer than, or is the same.
    fn is_better(&self, file: &SegmentFile, segment: &Segment, is_nearer: bool) -> bool {
        let rank = |volume| self.index.ranks.of(volume);
        file.id() == Some(segment.id) || (is_nearer && rank(&file.facts.volume) <= rank(&segment.volume))
    }

    /// What a disk that fails does not give, the copy being written does.
    async fn view_live(&self, file: Arc<SegmentFile>) -> Result<SegmentView, Problem> {
        let start = file.facts.start;
        let problem = match self.open_live(Arc::clone(&file)).await {
            Err(problem) => problem,
            opened => return opened,
        };
        let holds = |other: &Arc<SegmentFile>| {
            !Arc::ptr_eq(other, &file) && other.has_fragments() && other.facts.start <= start && other.end() > start
        };
        for other in self.open.of(&file.facts.path).into_iter().filter(holds) {
            if let Ok(view) = self.open_live(other).await {
                return Ok(view);
            }
        }
        Err(problem)
    }

    async fn open_live(&self, file: Arc<SegmentFile>) -> Result<SegmentView, Problem> {
        let shelf = self.shelf(&file.facts.volume)?;
        blocking(move || SegmentView::live(file, &shelf)).await
    }

    fn shelves(&self) -> RwLockWriteGuard<'_, HashMap<VolumeCode, Shelf>> {
        self.shelves.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn shelf(&self, volume: &VolumeCode) -> Result<Shelf, Problem> {
        let shelf = self.shelves.read().unwrap_or_else(PoisonError::into_inner).get(volume).cloned();
        shelf.ok_or_else(|| Problem::new(ErrorCode::VolumeNotFound).with("volume", volume))
    }
}

/// Runs what may touch a disk where it cannot hold up anything else.
///
/// # Errors
/// Whatever `work` fails with.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    match task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(Problem::new(ErrorCode::Internal).at("read_recording").because(error)),
    }
}
