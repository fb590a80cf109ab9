//! Coverage and gaps.

use crate::{
    app::App,
    error::ApiError,
    extract::{Query, invalid},
    views::{TrackMarks, track_view},
};
use axum::{Json, extract::State};
use std::collections::HashMap;
use watchwall_api::{ProblemDetails, TimelineQuery, TimelineView};
use watchwall_model::{CameraId, ErrorCode, Problem, StreamPath, TimeRange, UtcMillis};
use watchwall_site::cameras::events::Mark;

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
    let resolution_ms = query.resolution_ms.unwrap_or(0).max(0);
    let tracks = app.site.recording.timeline(&paths, range, resolution_ms).await?;
    let mut marks = Marks { of_camera: HashMap::new(), range, resolution_ms };
    let mut views = Vec::with_capacity(tracks.len());
    for (path, track) in &tracks {
        let bookmarks = app.site.store.bookmarks().in_range(path, range).await?;
        let locks = app.site.store.evidence_locks().in_range(path, range).await?;
        let triggers = app.site.recording.triggers(path, range).await?;
        let marks = marks.of(&app, path).await?;
        let on = TrackMarks { marks, triggers: &triggers, bookmarks: &bookmarks, locks: &locks };
        views.push(track_view(path, track, &on));
    }
    Ok(Json(TimelineView { from: range.start.0, to: range.end.0, tracks: views }))
}

/// What cameras noticed: asked once for each camera, whose streams share it.
struct Marks {
    of_camera: HashMap<CameraId, Vec<Mark>>,
    range: TimeRange,
    resolution_ms: i64,
}

impl Marks {
    /// Nothing for a path whose camera is gone.
    async fn of(&mut self, app: &App, path: &StreamPath) -> Result<&[Mark], Problem> {
        let Some(camera) = app.site.store.cameras().by_path(path).await? else { return Ok(&[]) };
        if !self.of_camera.contains_key(&camera.id) {
            let marks = app.site.events.marks(camera.id, self.range, self.resolution_ms).await?;
            self.of_camera.insert(camera.id, marks);
        }
        Ok(self.of_camera.get(&camera.id).map_or(&[], Vec::as_slice))
    }
}

/// # Errors
/// `range_invalid` when it is empty, reversed or too long.
pub fn range_of(from: i64, to: i64, longest_ms: i64) -> Result<TimeRange, Problem> {
    let range = TimeRange::new(UtcMillis(from), UtcMillis(to)).filter(|range| range.duration_ms() <= longest_ms);
    range.ok_or_else(|| Problem::new(ErrorCode::RangeInvalid).with("from", from).with("to", to))
}
