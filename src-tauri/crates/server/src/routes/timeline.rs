//! Coverage and gaps.

use crate::{
    app::App,
    error::ApiError,
    extract::{Query, invalid},
    views::track_view,
};
use axum::{Json, extract::State};
use watchwall_api::{ProblemDetails, TimelineQuery, TimelineView};
use watchwall_model::{ErrorCode, Problem, StreamPath, TimeRange, UtcMillis};

const MOST_PATHS: usize = 64;
/// A year and a day.
const LONGEST_MS: i64 = 367 * 86_400_000;

#[utoipa::path(get, path = "/api/v1/timeline", tag = "playback", operation_id = "read_timeline", params(TimelineQuery),
    responses((status = 200, body = TimelineView), (status = 400, body = ProblemDetails)))]
pub async fn timeline(
    State(app): State<App>,
    Query(query): Query<TimelineQuery>,
) -> Result<Json<TimelineView>, ApiError> {
    let names = query.paths.split(',').map(str::trim).filter(|name| !name.is_empty());
    let paths = names.map(StreamPath::parse).collect::<Result<Vec<_>, _>>()?;
    if paths.is_empty() || paths.len() > MOST_PATHS {
        return Err(invalid("paths", "1 to 64").into());
    }
    let range = range_of(query.from, query.to, LONGEST_MS)?;
    let tracks = app.site.recording.timeline(&paths, range, query.resolution_ms.unwrap_or(0).max(0)).await?;
    let tracks = tracks.iter().map(|(path, track)| track_view(path, track)).collect();
    Ok(Json(TimelineView { from: range.start.0, to: range.end.0, tracks }))
}

/// # Errors
/// `range_invalid` when it is empty, reversed or too long.
pub fn range_of(from: i64, to: i64, longest_ms: i64) -> Result<TimeRange, Problem> {
    let range = TimeRange::new(UtcMillis(from), UtcMillis(to)).filter(|range| range.duration_ms() <= longest_ms);
    range.ok_or_else(|| Problem::new(ErrorCode::RangeInvalid).with("from", from).with("to", to))
}
