//! How one camera stands, the times it was away, what it noticed.

use super::{
    answer::{page_of, page_request},
    timeline::range_of,
};
use crate::{
    access::Caller,
    app::{Act, App},
    error::ApiError,
    extract::{Id, Query},
    views::{camera_event_view, device_health_view, health_view, offline_event_view},
};
use axum::{Json, extract::State, http::StatusCode};
use watchwall_api::{
    CameraEventView, CameraEventsQuery, CameraHealthView, OfflineEventView, PageOf, PageQuery, ProblemDetails,
};
use watchwall_model::{CameraId, UtcMillis};

const DAY_MS: i64 = 86_400_000;
/// A year and a day.
const LONGEST_MS: i64 = 367 * DAY_MS;

#[utoipa::path(get, path = "/api/v1/cameras/{id}/health", tag = "health", operation_id = "read_camera_health", params(("id" = i64, Path)),
    responses((status = 200, body = CameraHealthView), (status = 404, body = ProblemDetails)))]
pub async fn health(State(app): State<App>, Id(id): Id) -> Result<Json<CameraHealthView>, ApiError> {
    let camera = app.site.cameras.get(CameraId(id)).await?.camera;
    let open = app.site.store.offline_events().open().await?;
    let away_since = open.iter().find(|event| event.camera == camera.id).map(|event| event.started_at.0);
    let link = |device| app.site.health.link(device).map(|link| link.snapshot());
    let device = camera.device.map(|device| device_health_view(device, link(device).as_ref()));
    let health = health_view(&app.site.health.get(camera.id));
    Ok(Json(CameraHealthView { camera_id: id, health, away_since, device }))
}

/// Asks a camera again now: its device for an answer, its streams for a picture. What the device refused before is
/// forgotten, because a person says that something has changed.
#[utoipa::path(post, path = "/api/v1/cameras/{id}/retry", tag = "health", operation_id = "retry_camera", params(("id" = i64, Path)),
    responses((status = 204), (status = 404, body = ProblemDetails)))]
pub async fn retry(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<StatusCode, ApiError> {
    let camera = app.site.cameras.get(CameraId(id)).await?.camera;
    app.site.health.retry(&camera).await?;
    app.audit(&caller, Act { action: "camera.retry", subject: &camera.name, old: None, new: None }).await;
    Ok(StatusCode::NO_CONTENT)
}

/// Newest first.
#[utoipa::path(get, path = "/api/v1/cameras/{id}/offline-events", tag = "health", operation_id = "list_offline_events", params(("id" = i64, Path), PageQuery),
    responses((status = 200, body = PageOf<OfflineEventView>), (status = 404, body = ProblemDetails)))]
pub async fn offline_events(
    State(app): State<App>,
    Id(id): Id,
    Query(query): Query<PageQuery>,
) -> Result<Json<PageOf<OfflineEventView>>, ApiError> {
    let camera = app.site.cameras.get(CameraId(id)).await?.camera;
    let page = app.site.store.offline_events().page(camera.id, &page_request(query, &[])?).await?;
    let now = UtcMillis::now();
    Ok(Json(page_of(page, |event| offline_event_view(&event, now))))
}

/// Newest first.
#[utoipa::path(get, path = "/api/v1/cameras/{id}/events", tag = "health", operation_id = "list_camera_events", params(("id" = i64, Path), CameraEventsQuery),
    responses((status = 200, body = PageOf<CameraEventView>), (status = 404, body = ProblemDetails)))]
pub async fn events(
    State(app): State<App>,
    Id(id): Id,
    Query(query): Query<CameraEventsQuery>,
) -> Result<Json<PageOf<CameraEventView>>, ApiError> {
    let camera = app.site.cameras.get(CameraId(id)).await?.camera;
    // The device's clock may be a moment ahead of ours.
    let to = query.to.unwrap_or_else(|| UtcMillis::now().0.saturating_add(60_000));
    let range = range_of(query.from.unwrap_or_else(|| to.saturating_sub(DAY_MS)), to, LONGEST_MS)?;
    let request = page_request(PageQuery { cursor: query.cursor, limit: query.limit, ..PageQuery::default() }, &[])?;
    let page = app.site.events.page(camera.id, range, query.kind.as_deref(), &request).await?;
    Ok(Json(page_of(page, |row| camera_event_view(&row))))
}
