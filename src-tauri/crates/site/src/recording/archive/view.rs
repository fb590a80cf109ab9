//! One recording file, opened for reading.

use crate::recording::{
    container::{self, Head},
    shelf::{Shelf, Stored, fault_of},
    volume::SegmentFile,
};
use bytes::Bytes;
use std::{io, sync::Arc};
use watchwall_model::{ErrorCode, Fragment, Problem, Segment, UtcMillis};

/// No fragment is larger; a damaged index row must not make us reserve memory without end.
const MOST_FRAGMENT_BYTES: u32 = 64 * 1024 * 1024;
const MOST_INIT_BYTES: u32 = 1024 * 1024;

/// A segment with its fragments. What it shows of a file that is being written is what was there when it was made.
#[derive(Debug)]
pub struct SegmentView {
    pub segment: Segment,
    pub fragments: Vec<Fragment>,
    pub head: Arc<Head>,
    file: Stored,
    live: Option<Arc<SegmentFile>>,
}

impl SegmentView {
    /// # Errors
    /// `no_recording` when the file is gone or holds nothing, `disk_failed` when it cannot be read, or what an object store
    /// answers.
    pub fn open(segment: Segment, fragments: Vec<Fragment>, shelf: &Shelf) -> Result<Self, Problem> {
        let file = shelf.open(&segment.file).map_err(|e| unreadable(&segment, &e))?;
        Self::with(segment, fragments, file, None)
    }

    /// # Errors
    /// `no_recording` before the first fragment, `disk_failed` when the file cannot be read.
    pub fn live(file: Arc<SegmentFile>, shelf: &Shelf) -> Result<Self, Problem> {
        let segment =
            file.as_segment().ok_or_else(|| Problem::new(ErrorCode::NoRecording).with("path", &file.facts.path))?;
        let handle = match file.handle() {
            Some(handle) => Stored::File(handle),
            // Indexed and closed a moment ago.
            None => shelf.open(&segment.file).map_err(|e| unreadable(&segment, &e))?,
        };
        let fragments = file.fragments_from(0);
        Self::with(segment, fragments, handle, Some(file))
    }

    fn with(
        segment: Segment,
        fragments: Vec<Fragment>,
        file: Stored,
        live: Option<Arc<SegmentFile>>,
    ) -> Result<Self, Problem> {
        if fragments.is_empty() {
            return Err(Problem::new(ErrorCode::NoRecording).with("path", &segment.path).with("file", &segment.file));
        }
        let init_bytes = segment.init_bytes.min(MOST_INIT_BYTES) as usize;
        let init = file.read(0, init_bytes).map_err(|e| unreadable(&segment, &e))?;
        let head = container::head_of(&init).map_err(|problem| problem.with("file", &segment.file))?;
        Ok(Self { segment, fragments, head: Arc::new(head), file, live })
    }

    /// Reads one fragment whole.
    ///
    /// # Errors
    /// `disk_failed` when it cannot be read, `no_recording` when there is no such fragment.
    pub fn read(&self, index: usize) -> Result<Bytes, Problem> {
        let fragment = self.fragments.get(index).filter(|f| f.size_bytes <= MOST_FRAGMENT_BYTES);
        let Some(fragment) = fragment else {
            return Err(Problem::new(ErrorCode::NoRecording).with("file", &self.segment.file));
        };
        self.read_at(fragment.offset, fragment.size_bytes as usize)
    }

    /// # Errors
    /// `disk_failed` when it cannot be read, or what an object store answers.
    pub fn read_at(&self, offset: u64, len: usize) -> Result<Bytes, Problem> {
        self.file.read(offset, len).map_err(|e| unreadable(&self.segment, &e))
    }

    /// As much as there is, for a reader that asks for more than it needs.
    ///
    /// # Errors
    /// Whatever disk or store answers.
    pub fn read_up_to(&self, offset: u64, len: usize) -> io::Result<Bytes> {
        let there = self.segment.size_bytes.saturating_sub(offset);
        self.file.read(offset, len.min(usize::try_from(there).unwrap_or(usize::MAX)))
    }

    pub fn start_of(&self, index: usize) -> UtcMillis {
        self.fragments
            .get(index)
            .map_or(self.segment.end, |f| self.segment.start.saturating_add_ms(i64::from(f.start_ms)))
    }

    pub fn end_of(&self, index: usize) -> UtcMillis {
        let end = |f: &Fragment| self.segment.start.saturating_add_ms(i64::from(f.start_ms) + i64::from(f.duration_ms));
        self.fragments.get(index).map_or(self.segment.end, end)
    }

    /// The fragment that holds `at`: the last that starts at or before it.
    pub fn index_at(&self, at: UtcMillis) -> usize {
        let offset = u32::try_from((at - self.segment.start).max(0)).unwrap_or(u32::MAX);
        self.fragments.partition_point(|fragment| fragment.start_ms <= offset).saturating_sub(1)
    }

    /// Where to go on after another file of the stream that ended at `end`: the beginning, unless both hold the same
    /// pictures. A plan that is changed starts its new file with the GOP that the old one already has.
    pub fn first_after(&self, end: UtcMillis) -> usize {
        if end <= self.segment.start { 0 } else { self.index_at(end) }
    }

    /// The fragment at or before this one that a decoder can start with.
    pub fn key_before(&self, index: usize) -> usize {
        (0..=index.min(self.fragments.len().saturating_sub(1))).rev().find(|n| self.fragments[*n].is_key).unwrap_or(0)
    }

    pub fn key_after(&self, index: usize) -> Option<usize> {
        (index + 1..self.fragments.len()).find(|n| self.fragments[*n].is_key)
    }

    /// Whether more was written since, and how to read it.
    pub fn grown(&self) -> Option<Growth> {
        let live = self.live.as_ref()?;
        (!live.fragments_from(self.fragments.len()).is_empty()).then(|| Growth(Arc::clone(live)))
    }

    /// Nothing more will come into this file.
    pub fn is_finished(&self) -> bool {
        self.live.as_ref().is_none_or(|file| file.is_closed() && file.fragments_from(self.fragments.len()).is_empty())
    }
}

/// A file that has grown since its view was made.
pub struct Growth(Arc<SegmentFile>);

impl Growth {
    /// The view with what is there now.
    ///
    /// # Errors
    /// `no_recording` when the file came to nothing after all.
    pub fn read(&self, before: &SegmentView) -> Result<SegmentView, Problem> {
        let segment =
            self.0.as_segment().ok_or_else(|| Problem::new(ErrorCode::NoRecording).with("path", &self.0.facts.path))?;
        Ok(SegmentView {
            segment,
            fragments: self.0.fragments_from(0),
            head: Arc::clone(&before.head),
            file: before.file.clone(),
            live: Some(Arc::clone(&self.0)),
        })
    }
}

fn unreadable(segment: &Segment, error: &io::Error) -> Problem {
    let code = match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::UnexpectedEof => ErrorCode::NoRecording,
        _ => fault_of(error).unwrap_or(ErrorCode::DiskFailed),
    };
    Problem::new(code).with("path", &segment.path).with("file", &segment.file).at("read_recording").because(error)
}
