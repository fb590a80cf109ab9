//! Playing recordings back: the socket, one frame, thumbnails.

use crate::{access::Caller, app::App, error::ApiError, extract::OfStream, playback};
use axum::{
    body::Bytes,
    extract::{State, WebSocketUpgrade},
    http::header,
    response::{IntoResponse, Response},
};
use watchwall_api::{FrameQuery, PlaybackQuery, ProblemDetails};
use watchwall_model::{Right, UtcMillis};

/// WebSocket: see the playback messages for what is said on it. Binary framing as in live view.
#[utoipa::path(get, path = "/api/v1/playback/{path}", tag = "playback", operation_id = "play", params(("path" = String, Path), PlaybackQuery),
    responses((status = 101, description = "a WebSocket"), (status = 403, body = ProblemDetails)))]
pub async fn play(
    State(app): State<App>,
    caller: Caller,
    OfStream { path, query }: OfStream<PlaybackQuery>,
    upgrade: WebSocketUpgrade,
) -> Response {
    let wish = playback::Wish::new(path, query, caller.role.has(Right::Audio));
    let held = app.access.open_socket(&caller);
    let (sockets, ended) = (app.sockets.clone(), caller.ended.clone());
    sockets.open(upgrade, move |socket| async move {
        playback::run(app, socket, wish, ended).await;
        drop(held);
    })
}

/// The picture of a recorded moment. `x-captured-at` says whose moment it really is, in UTC milliseconds.
#[utoipa::path(get, path = "/api/v1/playback/{path}/frame.jpg", tag = "playback", operation_id = "read_frame", params(("path" = String, Path), FrameQuery),
    responses((status = 200, content_type = "image/jpeg", body = Vec<u8>), (status = 404, body = ProblemDetails)))]
pub async fn frame(
    State(app): State<App>,
    OfStream { path, query }: OfStream<FrameQuery>,
) -> Result<Response, ApiError> {
    let picture = app.site.recording.frame_jpeg(&path, UtcMillis(query.at), query.max_height).await?;
    Ok(jpeg(picture.jpeg, picture.at, "private, no-cache"))
}

/// A small picture near a recorded moment, for scrubbing: one per ten seconds.
#[utoipa::path(get, path = "/api/v1/playback/{path}/thumbnail.jpg", tag = "playback", operation_id = "read_thumbnail", params(("path" = String, Path), FrameQuery),
    responses((status = 200, content_type = "image/jpeg", body = Vec<u8>), (status = 404, body = ProblemDetails)))]
pub async fn thumbnail(
    State(app): State<App>,
    OfStream { path, query }: OfStream<FrameQuery>,
) -> Result<Response, ApiError> {
    let bytes = app.site.recording.thumbnail(&path, UtcMillis(query.at)).await?;
    Ok(jpeg(bytes, UtcMillis(query.at), "private, max-age=3600"))
}

/// A JPEG and the moment it shows.
pub fn jpeg(bytes: Bytes, at: UtcMillis, cache: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "image/jpeg".to_owned()),
        (header::CACHE_CONTROL, cache.to_owned()),
        (header::HeaderName::from_static("x-captured-at"), at.0.to_string()),
    ];
    (headers, bytes).into_response()
}
