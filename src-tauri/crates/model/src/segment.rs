//! One recording file and the fragments inside it.

use crate::{SegmentId, StreamPath, TimeRange, UtcMillis, VolumeCode};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SegmentState {
    /// Being written, or left so by a crash.
    Recording,
    Complete,
    /// Its tail was cut back to the last whole fragment after a crash.
    Recovered,
    /// The row stands, the file is gone.
    Missing,
}

/// How a recording came to the site.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SegmentOrigin {
    /// Recorded while it happened, or found on a volume.
    #[default]
    Live,
    /// Fetched afterwards from the camera's own storage.
    Camera,
}

impl SegmentOrigin {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Camera => "camera",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    pub id: SegmentId,
    pub path: StreamPath,
    pub volume: VolumeCode,
    /// Relative to the volume's root, always with `/`.
    pub file: String,
    pub start: UtcMillis,
    /// Equal to `start` until the first fragment is on disk.
    pub end: UtcMillis,
    pub size_bytes: u64,
    pub video_codec: String,
    pub width: u32,
    pub height: u32,
    pub has_audio: bool,
    pub state: SegmentState,
    pub locked: bool,
    /// Bytes of `ftyp` and `moov` at the start of the file.
    pub init_bytes: u32,
}

/// By which function a file was hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HashKind {
    Sha256,
    Blake3,
}

/// The hash of a whole file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileHash {
    pub kind: HashKind,
    pub bytes: [u8; 32],
}

/// What a finished recording file was, and how it is tied to those before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileChecksum {
    pub path: StreamPath,
    /// Counts the finished files of a stream, from one.
    pub number: i64,
    pub segment: SegmentId,
    pub start: UtcMillis,
    pub end: UtcMillis,
    pub size_bytes: u64,
    /// Of the whole file.
    pub hash: FileHash,
    /// Of this file and all before it.
    pub chain: [u8; 32],
}

impl Segment {
    pub fn range(&self) -> Option<TimeRange> {
        TimeRange::new(self.start, self.end)
    }
}

/// One `moof` and its `mdat`. Times are relative to the segment's start so that they pack small.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fragment {
    /// Byte offset of the `moof` in the file.
    pub offset: u64,
    /// Bytes of `moof` and `mdat` together.
    pub size_bytes: u32,
    pub start_ms: u32,
    pub duration_ms: u32,
    /// Begins with a key frame.
    pub is_key: bool,
}
