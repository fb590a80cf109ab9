//! Moving cameras: commands, presets, rounds.

use super::{
    answer::{created, versioned},
    groups::check_name,
};
use crate::{
    access::Caller,
    app::{Act, App, as_value},
    error::ApiError,
    extract::{Body, Id, IfMatch, Query},
    views::{action_of, operator_of, patrol_view, preset_view, ptz_answer, ptz_view, steps_of},
};
use axum::{Json, extract::State, http::StatusCode, response::Response};
use watchwall_api::{
    NewPatrol, NewPreset, PatrolView, PresetView, ProblemDetails, PtzAnswer, PtzCommand, PtzView, TokenQuery,
};
use watchwall_model::{CameraId, Patrol, PatrolId};

/// What a camera's motors can do, where it looks, who moves it.
#[utoipa::path(get, path = "/api/v1/cameras/{id}/ptz", tag = "ptz", operation_id = "read_ptz", params(("id" = i64, Path)),
    responses((status = 200, body = PtzView), (status = 404, body = ProblemDetails), (status = 501, body = ProblemDetails)))]
pub async fn read(State(app): State<App>, Id(id): Id) -> Result<Json<PtzView>, ApiError> {
    Ok(Json(ptz_view(&app.site.control.ptz_sight(CameraId(id)).await?)))
}

/// Moves a camera. Control goes to who asks, for 10 s after the last command; an operator of a higher role takes it.
#[utoipa::path(post, path = "/api/v1/cameras/{id}/ptz", tag = "ptz", operation_id = "command_ptz", params(("id" = i64, Path)), request_body = PtzCommand,
    responses((status = 200, body = PtzAnswer), (status = 423, body = ProblemDetails), (status = 501, body = ProblemDetails)))]
pub async fn command(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    Body(command): Body<PtzCommand>,
) -> Result<Json<PtzAnswer>, ApiError> {
    let action = action_of(command)?;
    let outcome = app.site.control.ptz(CameraId(id), operator_of(&caller), caller.ended.clone(), action).await?;
    Ok(Json(ptz_answer(&outcome)))
}

#[utoipa::path(get, path = "/api/v1/cameras/{id}/ptz/presets", tag = "ptz", operation_id = "list_presets", params(("id" = i64, Path)),
    responses((status = 200, body = Vec<PresetView>), (status = 501, body = ProblemDetails)))]
pub async fn presets(State(app): State<App>, Id(id): Id) -> Result<Json<Vec<PresetView>>, ApiError> {
    Ok(Json(app.site.control.presets(CameraId(id)).await?.iter().map(preset_view).collect()))
}

/// Remembers where the camera looks.
#[utoipa::path(post, path = "/api/v1/cameras/{id}/ptz/presets", tag = "ptz", operation_id = "set_preset", params(("id" = i64, Path)), request_body = NewPreset,
    responses((status = 200, body = PresetView), (status = 501, body = ProblemDetails), (status = 502, body = ProblemDetails)))]
pub async fn set_preset(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    Body(new): Body<NewPreset>,
) -> Result<Json<PresetView>, ApiError> {
    let name = check_name(&new.name)?;
    let token = app.site.control.set_preset(CameraId(id), name.clone(), new.token).await?;
    let view = PresetView { token, name, position: None };
    app.audit_camera(&caller, "camera.set_preset", CameraId(id), as_value(&view)).await;
    Ok(Json(view))
}

#[utoipa::path(delete, path = "/api/v1/cameras/{id}/ptz/presets", tag = "ptz", operation_id = "remove_preset", params(("id" = i64, Path), TokenQuery),
    responses((status = 204), (status = 502, body = ProblemDetails)))]
pub async fn remove_preset(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    Query(preset): Query<TokenQuery>,
) -> Result<StatusCode, ApiError> {
    app.site.control.remove_preset(CameraId(id), preset.token.clone()).await?;
    app.audit_camera(&caller, "camera.remove_preset", CameraId(id), as_value(&preset.token)).await;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(get, path = "/api/v1/cameras/{id}/ptz/patrols", tag = "ptz", operation_id = "list_patrols", params(("id" = i64, Path)),
    responses((status = 200, body = Vec<PatrolView>), (status = 404, body = ProblemDetails)))]
pub async fn patrols(State(app): State<App>, Id(id): Id) -> Result<Json<Vec<PatrolView>>, ApiError> {
    let camera = app.site.cameras.get(CameraId(id)).await?.camera;
    Ok(Json(app.site.store.patrols().of_camera(camera.id).await?.iter().map(patrol_view).collect()))
}

#[utoipa::path(post, path = "/api/v1/cameras/{id}/ptz/patrols", tag = "ptz", operation_id = "create_patrol", params(("id" = i64, Path)), request_body = NewPatrol,
    responses((status = 201, body = PatrolView), (status = 409, body = ProblemDetails)))]
pub async fn create_patrol(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    Body(new): Body<NewPatrol>,
) -> Result<Response, ApiError> {
    let (name, steps) = (check_name(&new.name)?, steps_of(&new)?);
    let camera = app.site.cameras.get(CameraId(id)).await?.camera;
    let view = patrol_view(&app.site.store.patrols().insert(camera.id, &name, &steps).await?);
    app.audit(&caller, Act { action: "patrol.create", subject: &view.name, old: None, new: as_value(&view) }).await;
    Ok(created(&format!("/api/v1/patrols/{}", view.id), view.version, view))
}

/// A round that is under way goes on as it was until it is started again.
#[utoipa::path(put, path = "/api/v1/patrols/{id}", tag = "ptz", operation_id = "replace_patrol", params(("id" = i64, Path)), request_body = NewPatrol,
    responses((status = 200, body = PatrolView), (status = 412, body = ProblemDetails)))]
pub async fn replace_patrol(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    IfMatch(version): IfMatch,
    Body(new): Body<NewPatrol>,
) -> Result<Response, ApiError> {
    let old = app.site.control.patrol(PatrolId(id)).await?;
    let patrol = Patrol { name: check_name(&new.name)?, steps: steps_of(&new)?, ..old.clone() };
    let view = patrol_view(&app.site.store.patrols().update(&patrol, version.unwrap_or(old.version)).await?);
    let act =
        Act { action: "patrol.update", subject: &view.name, old: as_value(&patrol_view(&old)), new: as_value(&view) };
    app.audit(&caller, act).await;
    Ok(versioned(view.version, view))
}

/// A round that is under way ends.
#[utoipa::path(delete, path = "/api/v1/patrols/{id}", tag = "ptz", operation_id = "remove_patrol", params(("id" = i64, Path)),
    responses((status = 204), (status = 404, body = ProblemDetails)))]
pub async fn remove_patrol(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<StatusCode, ApiError> {
    let patrol = app.site.control.patrol(PatrolId(id)).await?;
    // A camera that is not there makes no round.
    if let Err(problem) = app.site.control.stop_patrol(patrol.id, operator_of(&caller)).await
        && problem.code == watchwall_model::ErrorCode::PtzBusy
    {
        return Err(problem.into());
    }
    app.site.store.patrols().delete(patrol.id).await?;
    let old = as_value(&patrol_view(&patrol));
    app.audit(&caller, Act { action: "patrol.delete", subject: &patrol.name, old, new: None }).await;
    Ok(StatusCode::NO_CONTENT)
}

/// The site sends the camera from preset to preset. A move by hand makes the round wait for a minute.
#[utoipa::path(post, path = "/api/v1/patrols/{id}/start", tag = "ptz", operation_id = "start_patrol", params(("id" = i64, Path)),
    responses((status = 204), (status = 423, body = ProblemDetails)))]
pub async fn start_patrol(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<StatusCode, ApiError> {
    let patrol = app.site.control.start_patrol(PatrolId(id), operator_of(&caller)).await?;
    app.audit(&caller, Act { action: "patrol.start", subject: &patrol.name, old: None, new: None }).await;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(post, path = "/api/v1/patrols/{id}/stop", tag = "ptz", operation_id = "stop_patrol", params(("id" = i64, Path)),
    responses((status = 204), (status = 423, body = ProblemDetails)))]
pub async fn stop_patrol(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<StatusCode, ApiError> {
    let patrol = app.site.control.stop_patrol(PatrolId(id), operator_of(&caller)).await?;
    app.audit(&caller, Act { action: "patrol.stop", subject: &patrol.name, old: None, new: None }).await;
    Ok(StatusCode::NO_CONTENT)
}
