//! The picture of now.

use super::playback::jpeg;
use crate::{
    app::App,
    error::ApiError,
    extract::{AtPath, Query},
};
use axum::{extract::State, response::Response};
use serde::Deserialize;
use utoipa::IntoParams;
use watchwall_api::ProblemDetails;

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct SnapshotQuery {
    /// Scales down to this height.
    pub max_height: Option<u32>,
}

/// The newest picture of a stream as JPEG, at most a second old. `x-captured-at` is its moment in UTC milliseconds.
#[utoipa::path(get, path = "/api/v1/live/{path}/snapshot.jpg", tag = "live", operation_id = "read_snapshot", params(("path" = String, Path), SnapshotQuery),
    responses((status = 200, content_type = "image/jpeg", body = Vec<u8>), (status = 404, body = ProblemDetails), (status = 503, body = ProblemDetails)))]
pub async fn snapshot(
    State(app): State<App>,
    AtPath(path): AtPath,
    Query(query): Query<SnapshotQuery>,
) -> Result<Response, ApiError> {
    let picture = app.snapshots.get(&app.site, &path, query.max_height).await?;
    Ok(jpeg(picture.jpeg, picture.at, "no-store"))
}
