//! What is kept and handed out for proof: locks, bookmarks, cases, exports.

use crate::{BookmarkId, CaseId, EvidenceLockId, ExportId, Problem, StreamPath, TimeRange, UtcMillis};
use serde::{Deserialize, Serialize};

/// A stretch of some streams that no retention deletes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidenceLock {
    pub id: EvidenceLockId,
    /// Ascending, at least one.
    pub paths: Vec<StreamPath>,
    /// May end in the future: what is recorded inside it later is locked too.
    pub range: TimeRange,
    pub reason: String,
    pub locked_by: String,
    pub created_at: UtcMillis,
    /// When it ends by itself; `None` stays until somebody unlocks.
    pub until: Option<UtcMillis>,
    pub ended_at: Option<UtcMillis>,
    /// Who unlocked; `None` also when it ended by itself.
    pub ended_by: Option<String>,
}

/// A remark about a moment, or a stretch, of one stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bookmark {
    pub id: BookmarkId,
    pub path: StreamPath,
    pub from: UtcMillis,
    /// Equal to `from` for a moment.
    pub to: UtcMillis,
    pub text: String,
    /// Ascending, each once.
    pub tags: Vec<String>,
    pub created_by: String,
    pub created_at: UtcMillis,
    pub version: i64,
}

/// Clips of several cameras that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    pub id: CaseId,
    pub name: String,
    pub notes: String,
    pub clips: Vec<CaseClip>,
    pub created_by: String,
    pub created_at: UtcMillis,
    pub version: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseClip {
    pub path: StreamPath,
    pub from: UtcMillis,
    pub to: UtcMillis,
    pub note: String,
}

/// One camera's stretch of an export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportClip {
    pub path: StreamPath,
    pub range: TimeRange,
}

/// What an export shall hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportWanted {
    pub name: String,
    /// Why, in the words of whoever asked.
    pub note: String,
    pub clips: Vec<ExportClip>,
    pub is_encrypted: bool,
    /// Absent: the pictures stay as the cameras coded them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub burn: Option<BurnIn>,
}

/// Date, time and the camera's name are burnt into the pictures, which are coded anew for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BurnIn {
    /// Faintly across every picture; nothing when empty.
    pub watermark: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExportState {
    Queued,
    Running,
    Done,
    Failed,
    Cancelled,
}

impl ExportState {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Nothing more happens to it.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }
}

/// An export as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportRow {
    pub id: ExportId,
    pub wanted: ExportWanted,
    /// The folder it comes to, or the encrypted file; absolute.
    pub result: std::path::PathBuf,
    pub created_by: String,
    pub created_at: UtcMillis,
    pub state: ExportState,
    pub problem: Option<Problem>,
    /// Of the finished result.
    pub size_bytes: u64,
    pub finished_at: Option<UtcMillis>,
}
