//! Filled gaps on the wire.

use crate::{error::details, net::RequestId};
use watchwall_api::{GapFillView, NewGapFill};
use watchwall_model::{Problem, StreamPath, UtcMillis};
use watchwall_site::recording::{self, GapFillWish};

pub fn gap_fill_view(view: &recording::GapFillView, request: &RequestId) -> GapFillView {
    let row = &view.row;
    let waits = !row.state.is_over() && !view.is_running;
    GapFillView {
        id: row.id.0,
        path: row.path.to_string(),
        from: row.range.start.0,
        to: row.range.end.0,
        asked_by: Some(row.asked_by.clone()).filter(|name| !name.is_empty()),
        created_at: row.created_at.0,
        state: if view.is_running { "running" } else { row.state.as_str() }.to_owned(),
        attempts: row.attempts,
        next_try_at: waits.then_some(row.next_try_at.0),
        problem: row.problem.as_ref().map(|problem| details(problem, request)),
        filled_ms: row.filled_ms,
        read_bytes: row.read_bytes,
        finished_at: row.finished_at.map(|at| at.0),
    }
}

/// # Errors
/// `stream_path_invalid`.
pub fn gap_fill_wish(new: &NewGapFill) -> Result<GapFillWish, Problem> {
    Ok(GapFillWish { path: StreamPath::parse(&new.path)?, from: UtcMillis(new.from), to: UtcMillis(new.to) })
}
