//! Devices: those of the site, and looking at one before it is added.

use super::{
    answer::{page_of, page_request, versioned},
    cameras::{audited, standing},
};
use crate::{
    access::Caller,
    app::{Act, App, as_value},
    error::ApiError,
    extract::{Body, Id, IfMatch, Query, invalid},
    notify::Edited,
    views::{camera_view, device_view, probe_answer, step_view},
};
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use watchwall_api::{
    CameraView, DevicePatch, DeviceProbeAnswer, DeviceProbeRequest, DeviceRefreshAnswer, DeviceView, PageOf, PageQuery,
    ProblemDetails, ProfileChoice,
};
use watchwall_model::{CameraId, DeviceId, StreamRole};
use watchwall_site::cameras::{DeviceEdit, DeviceSnapshot, onboarding::NewRow};

#[utoipa::path(get, path = "/api/v1/devices", tag = "devices", operation_id = "list_devices", params(PageQuery), responses((status = 200, body = PageOf<DeviceView>)))]
pub async fn list(
    State(app): State<App>,
    Query(query): Query<PageQuery>,
) -> Result<Json<PageOf<DeviceView>>, ApiError> {
    let request = page_request(query, &["host"])?;
    let page = app.site.store.devices().page(&request).await?;
    let cameras = app.site.store.cameras().all().await?;
    Ok(Json(page_of(page, |device| device_view(&device, &cameras))))
}

#[utoipa::path(get, path = "/api/v1/devices/{id}", tag = "devices", operation_id = "read_device", params(("id" = i64, Path)),
    responses((status = 200, body = DeviceView), (status = 404, body = ProblemDetails)))]
pub async fn read(State(app): State<App>, Id(id): Id) -> Result<Response, ApiError> {
    let view = view(&app.site.cameras.device(DeviceId(id)).await?);
    Ok(versioned(view.version, view))
}

/// Looks at one device and at each of its streams, and saves nothing. A refusal names the step that failed and what to do.
#[utoipa::path(post, path = "/api/v1/devices/probe", tag = "devices", operation_id = "probe_device", request_body = DeviceProbeRequest,
    responses((status = 200, body = DeviceProbeAnswer), (status = 422, body = ProblemDetails), (status = 502, body = ProblemDetails), (status = 504, body = ProblemDetails)))]
pub async fn probe(
    State(app): State<App>,
    Body(asked): Body<DeviceProbeRequest>,
) -> Result<Json<DeviceProbeAnswer>, ApiError> {
    let row = NewRow {
        address: asked.address,
        port: asked.port,
        username: asked.username,
        password: asked.password,
        vendor: asked.vendor,
        ..NewRow::default()
    };
    let examined = app.site.cameras.examine(row).await.map_err(|refusal| refusal.problem)?;
    Ok(Json(probe_answer(&examined).await))
}

/// Moves a device or changes its login, for all its cameras at once. Their recordings stay.
#[utoipa::path(patch, path = "/api/v1/devices/{id}", tag = "devices", operation_id = "change_device", params(("id" = i64, Path)), request_body = DevicePatch,
    responses((status = 200, body = DeviceView), (status = 404, body = ProblemDetails), (status = 409, body = ProblemDetails), (status = 412, body = ProblemDetails)))]
pub async fn change(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    IfMatch(version): IfMatch,
    Body(patch): Body<DevicePatch>,
) -> Result<Response, ApiError> {
    let old = view(&app.site.cameras.device(DeviceId(id)).await?);
    let edit =
        DeviceEdit { address: patch.address, port: patch.port, username: patch.username, password: patch.password };
    let view = view(&app.site.cameras.change_device(DeviceId(id), version, edit).await?);
    let act = Act { action: "device.update", subject: &view.url, old: as_value(&old), new: as_value(&view) };
    app.audit(&caller, act).await;
    app.edits.note(Edited::Cameras);
    Ok(versioned(view.version, view))
}

/// Forgets a device, its cameras and their plans. Their recordings stay until retention takes them.
#[utoipa::path(delete, path = "/api/v1/devices/{id}", tag = "devices", operation_id = "remove_device", params(("id" = i64, Path)),
    responses((status = 204), (status = 404, body = ProblemDetails)))]
pub async fn remove(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<StatusCode, ApiError> {
    let old = app.site.cameras.remove_device(DeviceId(id)).await?;
    let paths: Vec<_> = old.cameras.iter().flat_map(|camera| &camera.camera.streams).map(|s| &s.path).collect();
    for plan in app.site.recording.plans().await? {
        if paths.contains(&&plan.plan.path) {
            app.site.recording.delete_plan(&plan.plan.path).await?;
        }
    }
    let view = view(&old);
    app.audit(&caller, Act { action: "device.delete", subject: &view.url, old: as_value(&view), new: None }).await;
    app.edits.note(Edited::Cameras);
    app.edits.note(Edited::Plans);
    Ok(StatusCode::NO_CONTENT)
}

/// Asks a device again, and receives again the streams that failed.
#[utoipa::path(post, path = "/api/v1/devices/{id}/refresh", tag = "devices", operation_id = "refresh_device", params(("id" = i64, Path)),
    responses((status = 200, body = DeviceRefreshAnswer), (status = 404, body = ProblemDetails), (status = 502, body = ProblemDetails), (status = 504, body = ProblemDetails)))]
pub async fn refresh(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
) -> Result<Json<DeviceRefreshAnswer>, ApiError> {
    let (refreshed, steps) = app.site.cameras.refresh_device(DeviceId(id)).await?;
    let standing = standing(&app).await?;
    let answer = DeviceRefreshAnswer {
        device: view(&refreshed),
        cameras: refreshed.cameras.iter().map(|camera| camera_view(camera, &standing)).collect(),
        steps: steps.iter().map(step_view).collect(),
    };
    let new = as_value(&answer.device);
    app.audit(&caller, Act { action: "device.refresh", subject: &answer.device.url, old: None, new }).await;
    app.edits.note(Edited::Cameras);
    Ok(Json(answer))
}

/// Shows another profile of the device in a camera's main or sub stream. It is received before anything changes.
#[utoipa::path(put, path = "/api/v1/cameras/{id}/streams/{role}/profile", tag = "cameras", operation_id = "choose_profile",
    params(("id" = i64, Path), ("role" = String, Path, description = "`main` or `sub`")), request_body = ProfileChoice,
    responses((status = 200, body = CameraView), (status = 404, body = ProblemDetails), (status = 412, body = ProblemDetails), (status = 422, body = ProblemDetails), (status = 502, body = ProblemDetails)))]
pub async fn choose_profile(
    State(app): State<App>,
    caller: Caller,
    path: Result<Path<(i64, String)>, axum::extract::rejection::PathRejection>,
    IfMatch(version): IfMatch,
    Body(choice): Body<ProfileChoice>,
) -> Result<Response, ApiError> {
    let Path((id, role)) = path.map_err(|error| invalid("path", &error.body_text()))?;
    let role = match role.as_str() {
        "main" => StreamRole::Main,
        "sub" => StreamRole::Sub,
        _ => return Err(invalid("role", "unknown").into()),
    };
    let standing = standing(&app).await?;
    let old = camera_view(&app.site.cameras.get(CameraId(id)).await?, &standing);
    let changed = app.site.cameras.choose_profile(CameraId(id), role, &choice.profile, version).await?;
    let view = camera_view(&changed, &standing);
    let act = Act { action: "camera.update", subject: &view.name, old: audited(&old), new: audited(&view) };
    app.audit(&caller, act).await;
    app.edits.note(Edited::Cameras);
    Ok(versioned(view.version, view))
}

fn view(snapshot: &DeviceSnapshot) -> DeviceView {
    device_view(&snapshot.device, snapshot.cameras.iter().map(|camera| &camera.camera))
}
