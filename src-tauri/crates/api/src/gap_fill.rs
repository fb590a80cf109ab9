//! Gaps of recordings that are filled from the camera's own storage.

use crate::ProblemDetails;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A stretch of a stream that is, was or is to be fetched from the camera's own storage (ONVIF Profile G).
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct GapFillView {
    pub id: i64,
    pub path: String,
    pub from: i64,
    pub to: i64,
    /// Absent when the site found the gap by itself.
    pub asked_by: Option<String>,
    pub created_at: i64,
    /// `waiting`, `running`, `done`, `empty` (the camera has nothing of it), `failed` or `cancelled`.
    pub state: String,
    /// Tries in a row that brought nothing.
    pub attempts: u32,
    /// When it is tried next, while it waits.
    pub next_try_at: Option<i64>,
    /// What the last try met, or why it was given up.
    pub problem: Option<ProblemDetails>,
    /// Recorded so far.
    pub filled_ms: i64,
    /// Read from the camera so far.
    pub read_bytes: u64,
    pub finished_at: Option<i64>,
}

#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct NewGapFill {
    pub path: String,
    pub from: i64,
    /// Up to 31 days after `from`; the future is left out.
    pub to: i64,
}
