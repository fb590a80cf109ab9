//! A stretch of a stream to be had from the camera's own storage.

use crate::{GapFillId, Problem, StreamPath, TimeRange, UtcMillis};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GapFillState {
    /// To be tried, for the first time or again.
    Waiting,
    /// All of the stretch that the camera has is recorded.
    Done,
    /// The camera has nothing of it.
    Empty,
    /// Given up.
    Failed,
    Cancelled,
}

impl GapFillState {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Done => "done",
            Self::Empty => "empty",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Nothing more happens to it.
    pub const fn is_over(self) -> bool {
        !matches!(self, Self::Waiting)
    }
}

/// One such stretch as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GapFillRow {
    pub id: GapFillId,
    pub path: StreamPath,
    pub range: TimeRange,
    /// Empty when the site found the gap by itself.
    pub asked_by: String,
    pub created_at: UtcMillis,
    pub state: GapFillState,
    /// Tries in a row that brought nothing.
    pub attempts: u32,
    /// Not tried before.
    pub next_try_at: UtcMillis,
    /// What the last try met, and why it was given up.
    pub problem: Option<Problem>,
    /// Recorded so far.
    pub filled_ms: i64,
    /// Read from the camera so far.
    pub read_bytes: u64,
    pub finished_at: Option<UtcMillis>,
}
