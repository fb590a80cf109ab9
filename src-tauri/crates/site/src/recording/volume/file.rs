//! One recording file while it is being written: shared by its recorder, a writer, the indexer and its readers.

use std::{
    fmt,
    fs::File,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};
use watchwall_evidence::FileDigest;
use watchwall_model::{
    ErrorCode, FileHash, Fragment, Segment, SegmentId, SegmentOrigin, SegmentState, StreamPath, UtcMillis, VolumeCode,
};

/// What is known of a file before it exists.
#[derive(Clone, Debug)]
pub struct FileFacts {
    pub path: StreamPath,
    pub volume: VolumeCode,
    pub start: UtcMillis,
    pub video_codec: String,
    pub width: u32,
    pub height: u32,
    pub has_audio: bool,
    pub origin: SegmentOrigin,
}

#[cfg(test)]
impl FileFacts {
    /// From 1970, without a picture: for tests of what becomes of a file.
    pub fn sample(path: &str, volume: &str) -> Self {
        Self {
            path: StreamPath::parse(path).expect("a path"),
            volume: VolumeCode(volume.into()),
            start: UtcMillis(0),
            video_codec: String::new(),
            width: 0,
            height: 0,
            has_audio: false,
            origin: SegmentOrigin::Live,
        }
    }
}

/// Why a file takes no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteFault {
    pub code: ErrorCode,
    /// One English line.
    pub detail: String,
}

/// A file from the wish to write it until its last index row.
pub struct SegmentFile {
    pub facts: FileFacts,
    inner: Mutex<Inner>,
}

impl fmt::Debug for SegmentFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SegmentFile").field("facts", &self.facts).field("name", &self.name()).finish_non_exhaustive()
    }
}

#[derive(Default)]
struct Inner {
    /// Relative to the volume's root; empty until the file is made.
    name: String,
    file: Option<Arc<File>>,
    init_bytes: u32,
    size_bytes: u64,
    fragments: Vec<Fragment>,
    last_written: Option<Instant>,
    fault: Option<WriteFault>,
    /// What is in it cannot be relied on: the index learns of it by a repair only.
    is_abandoned: bool,
    is_closed: bool,
    is_dirty: bool,
    /// Of what is in the file; `None` when that is not known.
    digest: Option<FileDigest>,
    /// Of the whole file, once it is closed.
    hash: Option<FileHash>,
    /// How many fragments no power cut takes any more.
    durable: usize,
    /// The row in the index, once there is one, and how many fragments it knows: at most those.
    id: Option<SegmentId>,
    indexed: usize,
}

/// A file's state at one moment, for the sync that makes it durable and the index row that follows.
#[derive(Debug)]
pub struct Snapshot {
    pub id: Option<SegmentId>,
    pub name: String,
    pub file: Option<Arc<File>>,
    pub init_bytes: u32,
    pub size_bytes: u64,
    /// How many fragments are in it.
    pub total: usize,
    pub end: UtcMillis,
    pub is_closed: bool,
    /// Of a closed file.
    pub hash: Option<FileHash>,
}

impl SegmentFile {
    pub fn new(facts: FileFacts) -> Self {
        Self { facts, inner: Mutex::default() }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // Nothing panics while holding the lock half-way through a change.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Its name, before there is a file of that name: whoever finds the file on the disk finds it here too.
    pub fn named(&self, name: &str) {
        name.clone_into(&mut self.inner().name);
    }

    /// The file exists and holds its initialisation segment.
    pub fn opened(&self, name: String, file: Arc<File>, init: &[u8]) {
        let init_bytes = u32::try_from(init.len()).unwrap_or(u32::MAX);
        let mut digest = FileDigest::default();
        digest.update(init);
        let mut inner = self.inner();
        inner.digest = Some(digest);
        inner.name = name;
        inner.file = Some(file);
        inner.init_bytes = init_bytes;
        inner.size_bytes = u64::from(init_bytes);
    }

    /// A fragment is in the file (not yet durable), these bytes. Returns true when the file was clean before.
    pub fn appended<'a>(&self, fragment: Fragment, bytes: impl IntoIterator<Item = &'a [u8]>) -> bool {
        // Only its writer feeds it: nobody waits for the lock while it is hashed.
        let digest = self.inner().digest.take().map(|mut digest| {
            bytes.into_iter().for_each(|bytes| digest.update(bytes));
            digest
        });
        let mut inner = self.inner();
        inner.digest = digest;
        inner.size_bytes = fragment.offset + u64::from(fragment.size_bytes);
        inner.fragments.push(fragment);
        inner.last_written = Some(Instant::now());
        !std::mem::replace(&mut inner.is_dirty, true)
    }

    /// Nothing more comes than `closing`, which ends the file. Returns true when the file was clean before.
    pub fn closed(&self, size_bytes: u64, closing: &[u8]) -> bool {
        let mut inner = self.inner();
        let digest = inner.digest.take().filter(|_| !inner.is_abandoned);
        inner.hash = digest.map(|mut digest| {
            digest.update(closing);
            digest.finish()
        });
        inner.size_bytes = size_bytes;
        inner.is_closed = true;
        !std::mem::replace(&mut inner.is_dirty, true)
    }

    pub fn failed(&self, fault: WriteFault) {
        self.inner().fault.get_or_insert(fault);
    }

    /// [`Self::failed`], and neither does what was written before count until it was read back.
    pub fn abandoned(&self, fault: WriteFault) {
        let mut inner = self.inner();
        inner.fault.get_or_insert(fault);
        inner.is_abandoned = true;
    }

    pub fn is_abandoned(&self) -> bool {
        self.inner().is_abandoned
    }

    pub fn fault(&self) -> Option<WriteFault> {
        self.inner().fault.clone()
    }

    pub fn handle(&self) -> Option<Arc<File>> {
        self.inner().file.clone()
    }

    pub fn name(&self) -> String {
        self.inner().name.clone()
    }

    /// The file of this relative name on this volume.
    pub fn is(&self, volume: &VolumeCode, name: &str) -> bool {
        &self.facts.volume == volume && self.inner().name == name
    }

    pub fn size_bytes(&self) -> u64 {
        self.inner().size_bytes
    }

    /// Fragments in the file, whether durable or not, from the `from`th on.
    pub fn fragments_from(&self, from: usize) -> Vec<Fragment> {
        self.inner().fragments.get(from..).unwrap_or_default().to_vec()
    }

    pub fn has_fragments(&self) -> bool {
        !self.inner().fragments.is_empty()
    }

    pub fn is_closed(&self) -> bool {
        self.inner().is_closed
    }

    /// End of what is in the file.
    pub fn end(&self) -> UtcMillis {
        end_of(self.facts.start, &self.inner().fragments)
    }

    /// End of what survives whatever happens: it is durable, and known to the index or found by the next repair.
    pub fn safe_end(&self) -> UtcMillis {
        let inner = self.inner();
        end_of(self.facts.start, inner.fragments.get(..inner.durable).unwrap_or_default())
    }

    /// Nothing more comes, and the index knows all of it.
    pub fn is_settled(&self) -> bool {
        let inner = self.inner();
        inner.is_closed && inner.id.is_some() && inner.indexed == inner.fragments.len()
    }

    /// Takes what the next sync covers and calls the file clean.
    pub fn snapshot(&self) -> Snapshot {
        let mut inner = self.inner();
        inner.is_dirty = false;
        Snapshot {
            id: inner.id,
            name: inner.name.clone(),
            file: inner.file.clone(),
            init_bytes: inner.init_bytes,
            size_bytes: inner.size_bytes,
            total: inner.fragments.len(),
            end: end_of(self.facts.start, &inner.fragments),
            is_closed: inner.is_closed,
            hash: inner.hash,
        }
    }

    /// It is not synced any more: calls the file clean, so that its next change is told.
    pub fn passed_over(&self) {
        self.inner().is_dirty = false;
    }

    /// The first `total` fragments are on the disk to stay.
    pub fn synced(&self, total: usize) {
        self.inner().durable = total;
    }

    /// The last fragment the index knows, and of the first `total` those that it does not.
    pub fn unindexed(&self, total: usize) -> (Option<Fragment>, Vec<Fragment>) {
        let inner = self.inner();
        let last_known = inner.indexed.checked_sub(1).and_then(|last| inner.fragments.get(last).copied());
        (last_known, inner.fragments.get(inner.indexed..total).unwrap_or_default().to_vec())
    }

    /// The index row stands and knows `total` fragments.
    pub fn indexed(&self, id: SegmentId, total: usize) {
        let mut inner = self.inner();
        inner.id = Some(id);
        inner.indexed = total;
        if inner.is_closed && total == inner.fragments.len() {
            // Readers open the file by its name from here on.
            inner.file = None;
        }
    }

    pub fn id(&self) -> Option<SegmentId> {
        self.inner().id
    }

    /// The row a reader sees, with what is in the file now. `None` before the first fragment.
    pub fn as_segment(&self) -> Option<Segment> {
        let inner = self.inner();
        inner.fragments.last()?;
        let facts = &self.facts;
        Some(Segment {
            id: inner.id.unwrap_or(SegmentId(0)),
            path: facts.path.clone(),
            volume: facts.volume.clone(),
            file: inner.name.clone(),
            start: facts.start,
            end: end_of(facts.start, &inner.fragments),
            size_bytes: inner.size_bytes,
            video_codec: facts.video_codec.clone(),
            width: facts.width,
            height: facts.height,
            has_audio: facts.has_audio,
            state: if inner.is_closed { SegmentState::Complete } else { SegmentState::Recording },
            locked: false,
            init_bytes: inner.init_bytes,
        })
    }
}

/// End of the last fragment.
pub fn end_of(start: UtcMillis, fragments: &[Fragment]) -> UtcMillis {
    fragments.last().map_or(start, |f| start.saturating_add_ms(i64::from(f.start_ms) + i64::from(f.duration_ms)))
}
