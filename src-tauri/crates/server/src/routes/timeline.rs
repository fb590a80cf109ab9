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
    let store = &app.site.store;
    let mut marks =
        Marks { camera_of: store.cameras().ids_of(&paths).await?, of_camera: HashMap::new(), range, resolution_ms };
    let bookmarks = by_path(store.bookmarks().in_range(&paths, range).await?, |bookmark| &bookmark.path);
    let locks = by_path(store.evidence_locks().in_range(&paths, range).await?, |lock| &lock.paths[0]);
    let triggers = app.site.recording.triggers(&paths, range).await?;
    let mut views = Vec::with_capacity(tracks.len());
    for (path, track) in &tracks {
        let on = TrackMarks {
            marks: marks.of(&app, path).await?,
            triggers: triggers.get(path).map_or(&[], Vec::as_slice),
            bookmarks: bookmarks.get(path).map_or(&[], Vec::as_slice),
            locks: locks.get(path).map_or(&[], Vec::as_slice),
        };
        views.push(track_view(path, track, &on));
    }
    Ok(Json(TimelineView { from: range.start.0, to: range.end.0, tracks: views }))
}

fn by_path<T>(all: Vec<T>, path_of: impl Fn(&T) -> &StreamPath) -> HashMap<StreamPath, Vec<T>> {
    let mut sorted: HashMap<StreamPath, Vec<T>> = HashMap::new();
    for one in all {
        sorted.entry(path_of(&one).clone()).or_default().push(one);
    }
    sorted
}

/// What cameras noticed: asked once for each camera, whose streams share it.
struct Marks {
    camera_of: HashMap<StreamPath, CameraId>,
    of_camera: HashMap<CameraId, Vec<Mark>>,
    range: TimeRange,
    resolution_ms: i64,
}

impl Marks {
    /// Nothing for a path whose camera is gone.
    async fn of(&mut self, app: &App, path: &StreamPath) -> Result<&[Mark], Problem> {
        let Some(camera) = self.camera_of.get(path) else { return Ok(&[]) };
        if !self.of_camera.contains_key(camera) {
            let marks = app.site.events.marks(*camera, self.range, self.resolution_ms).await?;
            self.of_camera.insert(*camera, marks);
        }
        Ok(self.of_camera.get(camera).map_or(&[], Vec::as_slice))
    }
}

/// # Errors
/// `range_invalid` when it is empty, reversed or too long.
pub fn range_of(from: i64, to: i64, longest_ms: i64) -> Result<TimeRange, Problem> {
    let range = TimeRange::new(UtcMillis(from), UtcMillis(to)).filter(|range| range.duration_ms() <= longest_ms);
    range.ok_or_else(|| Problem::new(ErrorCode::RangeInvalid).with("from", from).with("to", to))
}
