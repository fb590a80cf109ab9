//! `clip.mp4`: a stretch of a recording as one file, with ranges (RFC 9110, section 14).

use super::timeline::range_of;
use crate::{
    access::Caller,
    app::{Act, App},
    byte_range::{Asked, asked_range},
    download::disposition,
    error::ApiError,
    extract::{AtPath, Query},
};
use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures::StreamExt;
use watchwall_api::{ProblemDetails, RangeQuery};
use watchwall_model::{Problem, StreamPath};
use watchwall_site::recording::Clip;

const LONGEST_MS: i64 = 86_400_000;

/// One continuous MP4 of a recorded range, begun at the key frame before `from`. Range requests work.
#[utoipa::path(get, path = "/api/v1/playback/{path}/clip.mp4", tag = "playback", operation_id = "read_clip", params(("path" = String, Path), RangeQuery),
    responses((status = 200, content_type = "video/mp4", body = Vec<u8>), (status = 206, content_type = "video/mp4", body = Vec<u8>),
        (status = 404, body = ProblemDetails), (status = 416, description = "the range lies outside")))]
pub async fn clip(
    State(app): State<App>,
    caller: Caller,
    AtPath(path): AtPath,
    Query(query): Query<RangeQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let clip = build(&app, &path, &query).await?;
    answer(&app, &caller, &clip, &path, query.name.as_deref(), &headers).await
}

/// A clip, or what is asked of it.
///
/// # Errors
/// None yet; a clip that breaks off ends the body.
pub async fn answer(
    app: &App,
    caller: &Caller,
    clip: &Clip,
    path: &StreamPath,
    name: Option<&str>,
    headers: &HeaderMap,
) -> Result<Response, ApiError> {
    let if_range = headers.get(header::IF_RANGE).and_then(|v| v.to_str().ok());
    let range = headers
        .get(header::RANGE)
        .and_then(|v| v.to_str().ok())
        .filter(|_| if_range.is_none_or(|tag| tag == clip.etag));
    if headers.get(header::IF_NONE_MATCH).is_some_and(|tag| tag.as_bytes() == clip.etag.as_bytes()) {
        return Ok((StatusCode::NOT_MODIFIED, head(clip, &file_name(clip, path, name))).into_response());
    }
    let asked = asked_range(range, clip.len);
    if !matches!(asked, Asked::Part(ref part) if part.start > 0) {
        let new = serde_json::json!({ "from": clip.range.start.0, "to": clip.range.end.0, "size_bytes": clip.len });
        app.audit(caller, Act { action: "clip.download", subject: path.as_str(), old: None, new: Some(new) }).await;
    }
    let (status, part) = match asked {
        Asked::Whole => (StatusCode::OK, 0..clip.len),
        Asked::Part(part) => (StatusCode::PARTIAL_CONTENT, part),
        Asked::Outside => {
            let outside = [(header::CONTENT_RANGE, format!("bytes */{}", clip.len))];
            return Ok((StatusCode::RANGE_NOT_SATISFIABLE, outside).into_response());
        }
    };
    let mut head = head(clip, &file_name(clip, path, name));
    head.insert(header::CONTENT_LENGTH, HeaderValue::from(part.end - part.start));
    if status == StatusCode::PARTIAL_CONTENT
        && let Ok(value) = HeaderValue::from_str(&format!("bytes {}-{}/{}", part.start, part.end - 1, clip.len))
    {
        head.insert(header::CONTENT_RANGE, value);
    }
    let bytes = clip.read(part).inspect(|block| {
        if let Err(problem) = block {
            tracing::warn!("a clip broke off: {problem}");
        }
    });
    Ok((status, head, Body::from_stream(bytes)).into_response())
}

/// Size and tag of a clip, without its bytes.
#[utoipa::path(head, path = "/api/v1/playback/{path}/clip.mp4", tag = "playback", operation_id = "measure_clip", params(("path" = String, Path), RangeQuery),
    responses((status = 200), (status = 404)))]
pub async fn clip_head(
    State(app): State<App>,
    AtPath(path): AtPath,
    Query(query): Query<RangeQuery>,
) -> Result<Response, ApiError> {
    let clip = build(&app, &path, &query).await?;
    let mut head = head(&clip, &file_name(&clip, &path, query.name.as_deref()));
    head.insert(header::CONTENT_LENGTH, HeaderValue::from(clip.len));
    Ok((StatusCode::OK, head).into_response())
}

async fn build(app: &App, path: &StreamPath, query: &RangeQuery) -> Result<Clip, Problem> {
    app.site.recording.clip(path, range_of(query.from, query.to, LONGEST_MS)?).await
}

fn file_name(clip: &Clip, path: &StreamPath, wished: Option<&str>) -> String {
    disposition(&format!("{path}_{}.mp4", clip.range.start.0), wished)
}

fn head(clip: &Clip, file_name: &str) -> HeaderMap {
    let range = format!("{}-{}", clip.range.start.0, clip.range.end.0);
    let pairs = [
        (header::CONTENT_TYPE, "video/mp4"),
        (header::ACCEPT_RANGES, "bytes"),
        (header::CACHE_CONTROL, "private, no-cache"),
        (header::ETAG, clip.etag.as_str()),
        (header::CONTENT_DISPOSITION, file_name),
        (header::HeaderName::from_static("x-recorded-range"), range.as_str()),
    ];
    pairs.into_iter().filter_map(|(name, value)| Some((name, HeaderValue::from_str(value).ok()?))).collect()
}
