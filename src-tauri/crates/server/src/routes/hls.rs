//! HLS for any player: a list of byte ranges (RFC 8216), and the recording files they lie in.

use super::timeline::range_of;
use crate::{
    access::{Caller, TICKET_LIFE},
    app::{Act, App},
    byte_range::{Asked, asked_range},
    error::ApiError,
    extract::{AtPath, Query, invalid},
    playlist,
};
use axum::{
    Json,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures::StreamExt;
use watchwall_api::{PlaybackTicket, PlaylistQuery, ProblemDetails};
use watchwall_model::{Problem, SegmentId, StreamPath, UtcMillis};
use watchwall_site::recording::{Outlook, RecordedFile};

const LONGEST_MS: i64 = 86_400_000;

/// An HLS list (fMP4, byte ranges) of a recorded range, begun at the key frame before `from`; it grows while it is recorded.
#[utoipa::path(get, path = "/api/v1/playback/{path}/index.m3u8", tag = "playback", operation_id = "read_playlist", params(("path" = String, Path), PlaylistQuery),
    responses((status = 200, content_type = "application/vnd.apple.mpegurl", body = String), (status = 404, body = ProblemDetails)))]
pub async fn playlist(
    State(app): State<App>,
    AtPath(path): AtPath,
    Query(query): Query<PlaylistQuery>,
) -> Result<Response, ApiError> {
    let to = query.to.unwrap_or_else(|| query.from.saturating_add(LONGEST_MS));
    let list = app.site.recording.playlist(&path, range_of(query.from, to, LONGEST_MS)?).await?;
    let behind = query.ticket.map(|ticket| format!("?ticket={}", escaped(&ticket))).unwrap_or_default();
    let cache = match list.outlook {
        Outlook::Complete => "private, max-age=10",
        Outlook::Growing => "private, no-cache",
    };
    let headers = [(header::CONTENT_TYPE, "application/vnd.apple.mpegurl"), (header::CACHE_CONTROL, cache)];
    Ok((headers, playlist::write(&list, &behind)).into_response())
}

/// A recording file as it stands, in ranges: what a list refers to.
#[utoipa::path(get, path = "/api/v1/playback/{path}/segments/{file}", tag = "playback", operation_id = "read_segment", params(("path" = String, Path), ("file" = String, Path, description = "`{id}.mp4`")),
    responses((status = 200, content_type = "video/mp4", body = Vec<u8>), (status = 206, content_type = "video/mp4", body = Vec<u8>),
        (status = 404, body = ProblemDetails), (status = 416, description = "the range lies outside")))]
pub async fn file(
    State(app): State<App>,
    Path((path, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let file = open(&app, &path, &name).await?;
    let if_range = headers.get(header::IF_RANGE).and_then(|v| v.to_str().ok());
    let range = headers
        .get(header::RANGE)
        .and_then(|v| v.to_str().ok())
        .filter(|_| if_range.is_none_or(|tag| tag == file.etag));
    let (status, part) = match asked_range(range, file.len) {
        Asked::Whole => (StatusCode::OK, 0..file.len),
        Asked::Part(part) => (StatusCode::PARTIAL_CONTENT, part),
        Asked::Outside => {
            let outside = [(header::CONTENT_RANGE, format!("bytes */{}", file.len))];
            return Ok((StatusCode::RANGE_NOT_SATISFIABLE, outside).into_response());
        }
    };
    let mut head = head(&file, part.end - part.start);
    if status == StatusCode::PARTIAL_CONTENT
        && let Ok(value) = HeaderValue::from_str(&format!("bytes {}-{}/{}", part.start, part.end - 1, file.len))
    {
        head.insert(header::CONTENT_RANGE, value);
    }
    let bytes = file.read(part).inspect(|block| {
        if let Err(problem) = block {
            tracing::warn!("a recording file broke off: {problem}");
        }
    });
    Ok((status, head, Body::from_stream(bytes)).into_response())
}

/// Size and tag of a recording file, without its bytes.
#[utoipa::path(head, path = "/api/v1/playback/{path}/segments/{file}", tag = "playback", operation_id = "measure_segment", params(("path" = String, Path), ("file" = String, Path)),
    responses((status = 200), (status = 404)))]
pub async fn file_head(
    State(app): State<App>,
    Path((path, name)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let file = open(&app, &path, &name).await?;
    Ok((StatusCode::OK, head(&file, file.len)).into_response())
}

/// A ticket for players that can send neither cookie nor header: it opens this stream's lists and files, nothing else.
#[utoipa::path(post, path = "/api/v1/playback/{path}/tickets", tag = "playback", operation_id = "create_playback_ticket", params(("path" = String, Path)),
    responses((status = 201, body = PlaybackTicket), (status = 403, body = ProblemDetails)))]
pub async fn ticket(
    State(app): State<App>,
    caller: Caller,
    AtPath(path): AtPath,
) -> Result<(StatusCode, Json<PlaybackTicket>), ApiError> {
    let ticket = app.access.ticket(&caller, &path).reveal().to_owned();
    let lives_ms = i64::try_from(TICKET_LIFE.as_millis()).unwrap_or(i64::MAX);
    let act = Act { action: "playback.ticket", subject: path.as_str(), old: None, new: None };
    app.audit(&caller, act).await;
    let playlist = format!("/api/v1/playback/{path}/index.m3u8?ticket={ticket}");
    let expires_at = UtcMillis::now().saturating_add_ms(lives_ms).0;
    Ok((StatusCode::CREATED, Json(PlaybackTicket { ticket, expires_at, playlist })))
}

async fn open(app: &App, path: &str, name: &str) -> Result<RecordedFile, Problem> {
    let path = StreamPath::parse(path)?;
    let id = name.strip_suffix(".mp4").and_then(|id| id.parse().ok()).map(SegmentId);
    app.site.recording.file(&path, id.ok_or_else(|| invalid("file", "not_a_segment"))?).await
}

fn head(file: &RecordedFile, len: u64) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("video/mp4"));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(len));
    if let Ok(tag) = HeaderValue::from_str(&file.etag) {
        headers.insert(header::ETAG, tag);
    }
    headers
}

/// Ours need no escaping; whatever else somebody wrote must not become a line of the list.
fn escaped(ticket: &str) -> String {
    ticket.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).take(64).collect()
}
