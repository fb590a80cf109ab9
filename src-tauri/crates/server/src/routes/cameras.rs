//! Cameras.

use super::answer::{created, page_of, page_request, versioned};
use crate::{
    access::Caller,
    app::{Act, App, as_value},
    error::ApiError,
    extract::{Body, Id, IfMatch, Query},
    notify::Edited,
    views::{Standing, camera_view, edit_of, new_camera},
};
use axum::{Json, extract::State, http::StatusCode, response::Response};
use watchwall_api::{CameraPatch, CameraView, NewCamera, PageOf, PageQuery, ProblemDetails};
use watchwall_model::{CameraId, Plan, Problem, StreamRole};
use watchwall_site::cameras::CameraSnapshot;

#[utoipa::path(get, path = "/api/v1/cameras", tag = "cameras", operation_id = "list_cameras", params(PageQuery), responses((status = 200, body = PageOf<CameraView>)))]
pub async fn list(
    State(app): State<App>,
    Query(query): Query<PageQuery>,
) -> Result<Json<PageOf<CameraView>>, ApiError> {
    let request = page_request(query, &["name"])?;
    let page = app.site.store.cameras().page(&request).await?;
    let standing = standing(&app).await?;
    Ok(Json(page_of(page, |camera| camera_view(&app.site.cameras.snapshot(camera), &standing))))
}

/// Adds a camera. It is probed first; with `force` it is saved whatever the probe says.
#[utoipa::path(post, path = "/api/v1/cameras", tag = "cameras", operation_id = "create_camera", request_body = NewCamera,
    responses((status = 201, body = CameraView), (status = 409, body = ProblemDetails), (status = 422, body = ProblemDetails), (status = 502, body = ProblemDetails), (status = 504, body = ProblemDetails)))]
pub async fn create(State(app): State<App>, caller: Caller, Body(new): Body<NewCamera>) -> Result<Response, ApiError> {
    let (force, record) = (new.force, new.record.unwrap_or(true));
    let new = new_camera(new)?;
    let outcome = app.metrics.onboarding.timed(add(&app, new, force)).await;
    let camera = outcome?;
    let id = camera.camera.id;
    if record && let Some(main) = camera.camera.stream(StreamRole::Main) {
        // The camera stands whether or not its plan could be started; the plan says so itself.
        if let Err(problem) = app.site.recording.put_plan(Plan::continuous(main.path.clone())).await {
            tracing::warn!(camera.id = id.0, "a new camera's plan was not applied: {problem}");
        }
    }
    let view = camera_view(&app.site.cameras.get(id).await?, &standing(&app).await?);
    app.audit(&caller, Act { action: "camera.create", subject: &view.name, old: None, new: audited(&view) }).await;
    app.edits.note(Edited::Cameras);
    app.edits.note(Edited::Plans);
    Ok(created(&format!("/api/v1/cameras/{}", view.id), view.version, view))
}

async fn add(app: &App, new: watchwall_site::cameras::NewCamera, force: bool) -> Result<CameraSnapshot, Problem> {
    // What is wrong with the words is said before a camera is disturbed.
    new.clone().draft()?;
    if !force {
        super::probe::look(app, super::probe::request_of(&new)?).await?;
    }
    app.site.cameras.add(new).await
}

#[utoipa::path(get, path = "/api/v1/cameras/{id}", tag = "cameras", operation_id = "read_camera", params(("id" = i64, Path)),
    responses((status = 200, body = CameraView), (status = 404, body = ProblemDetails)))]
pub async fn read(State(app): State<App>, Id(id): Id) -> Result<Response, ApiError> {
    let view = camera_view(&app.site.cameras.get(CameraId(id)).await?, &standing(&app).await?);
    Ok(versioned(view.version, view))
}

#[utoipa::path(patch, path = "/api/v1/cameras/{id}", tag = "cameras", operation_id = "change_camera", params(("id" = i64, Path)), request_body = CameraPatch,
    responses((status = 200, body = CameraView), (status = 412, body = ProblemDetails)))]
pub async fn change(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    IfMatch(version): IfMatch,
    Body(patch): Body<CameraPatch>,
) -> Result<Response, ApiError> {
    let standing = standing(&app).await?;
    let old = camera_view(&app.site.cameras.get(CameraId(id)).await?, &standing);
    let changed = app.site.cameras.update(CameraId(id), version, edit_of(patch)?).await?;
    let view = camera_view(&changed, &standing);
    app.audit(&caller, Act { action: "camera.update", subject: &view.name, old: audited(&old), new: audited(&view) })
        .await;
    app.edits.note(Edited::Cameras);
    Ok(versioned(view.version, view))
}

/// Forgets a camera and its plans. Its recordings stay until retention takes them.
#[utoipa::path(delete, path = "/api/v1/cameras/{id}", tag = "cameras", operation_id = "remove_camera", params(("id" = i64, Path)),
    responses((status = 204), (status = 404, body = ProblemDetails)))]
pub async fn remove(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<StatusCode, ApiError> {
    let old = camera_view(&app.site.cameras.get(CameraId(id)).await?, &Standing::default());
    let camera = app.site.cameras.remove(CameraId(id)).await?;
    for plan in app.site.recording.plans().await? {
        if camera.streams.iter().any(|stream| stream.path == plan.plan.path) {
            app.site.recording.delete_plan(&plan.plan.path).await?;
        }
    }
    app.audit(&caller, Act { action: "camera.delete", subject: &camera.name, old: audited(&old), new: None }).await;
    app.edits.note(Edited::Cameras);
    app.edits.note(Edited::Plans);
    Ok(StatusCode::NO_CONTENT)
}

pub async fn standing(app: &App) -> Result<Standing, Problem> {
    Ok(Standing::new(app.site.recording.plans().await?, app.site.health.all()))
}

/// The configuration only: how a stream stands is no act of anybody.
pub fn audited(view: &CameraView) -> Option<serde_json::Value> {
    let mut value = as_value(view)?;
    value.as_object_mut()?.remove("health");
    for stream in value.get_mut("streams")?.as_array_mut()? {
        if let Some(stream) = stream.as_object_mut() {
            stream.remove("status");
            stream.remove("facts");
        }
    }
    Some(value)
}
