//! What belongs to a device as a whole: relays, inputs, clock, accounts, restart.

use crate::{
    access::Caller,
    app::{Act, App, as_value},
    error::ApiError,
    extract::{Body, Id, Query},
    views::{account_of, clock_of, clock_view, device_user_view, input_view, relay_view},
};
use axum::{Json, extract::State, http::StatusCode};
use serde_json::{Value, json};
use watchwall_api::{
    ClockChange, ClockView, DeviceUserOrder, DeviceUserView, InputView, NameQuery, ProblemDetails, RelaySwitch,
    RelayView,
};
use watchwall_model::{DeviceId, ErrorCode, Problem};

#[utoipa::path(get, path = "/api/v1/devices/{id}/relays", tag = "control", operation_id = "list_relays", params(("id" = i64, Path)),
    responses((status = 200, body = Vec<RelayView>), (status = 404, body = ProblemDetails), (status = 502, body = ProblemDetails)))]
pub async fn relays(State(app): State<App>, Id(id): Id) -> Result<Json<Vec<RelayView>>, ApiError> {
    Ok(Json(app.site.control.relays(DeviceId(id)).await?.iter().map(relay_view).collect()))
}

/// Switches a relay. One that is monostable falls back by itself.
#[utoipa::path(post, path = "/api/v1/devices/{id}/relays", tag = "control", operation_id = "switch_relay", params(("id" = i64, Path)), request_body = RelaySwitch,
    responses((status = 204), (status = 404, body = ProblemDetails), (status = 502, body = ProblemDetails)))]
pub async fn switch_relay(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    Body(switch): Body<RelaySwitch>,
) -> Result<StatusCode, ApiError> {
    let new = json!({ "token": switch.token, "active": switch.active });
    app.site.control.switch_relay(DeviceId(id), switch.token, switch.active).await?;
    note(&app, &caller, "device.switch_relay", id, Some(new)).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(get, path = "/api/v1/devices/{id}/inputs", tag = "control", operation_id = "list_inputs", params(("id" = i64, Path)),
    responses((status = 200, body = Vec<InputView>), (status = 404, body = ProblemDetails), (status = 502, body = ProblemDetails)))]
pub async fn inputs(State(app): State<App>, Id(id): Id) -> Result<Json<Vec<InputView>>, ApiError> {
    Ok(Json(app.site.control.inputs(DeviceId(id)).await?.iter().map(input_view).collect()))
}

#[utoipa::path(get, path = "/api/v1/devices/{id}/clock", tag = "control", operation_id = "read_clock", params(("id" = i64, Path)),
    responses((status = 200, body = ClockView), (status = 404, body = ProblemDetails), (status = 502, body = ProblemDetails)))]
pub async fn clock(State(app): State<App>, Id(id): Id) -> Result<Json<ClockView>, ApiError> {
    Ok(Json(clock_view(&app.site.control.clock(DeviceId(id)).await?)))
}

/// Sets the clock to our time, or hands it to time servers.
#[utoipa::path(put, path = "/api/v1/devices/{id}/clock", tag = "control", operation_id = "set_clock", params(("id" = i64, Path)), request_body = ClockChange,
    responses((status = 200, body = ClockView), (status = 404, body = ProblemDetails), (status = 502, body = ProblemDetails)))]
pub async fn set_clock(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    Body(change): Body<ClockChange>,
) -> Result<Json<ClockView>, ApiError> {
    let view = clock_view(&app.site.control.set_clock(DeviceId(id), clock_of(change)).await?);
    note(&app, &caller, "device.set_clock", id, as_value(&view)).await?;
    Ok(Json(view))
}

/// Accounts of the device. Some devices tell them to administrators only.
#[utoipa::path(get, path = "/api/v1/devices/{id}/users", tag = "control", operation_id = "list_device_users", params(("id" = i64, Path)),
    responses((status = 200, body = Vec<DeviceUserView>), (status = 404, body = ProblemDetails), (status = 502, body = ProblemDetails)))]
pub async fn users(State(app): State<App>, Id(id): Id) -> Result<Json<Vec<DeviceUserView>>, ApiError> {
    let (users, own) = app.site.control.accounts(DeviceId(id)).await?;
    Ok(Json(users.iter().map(|user| device_user_view(user, own.as_deref())).collect()))
}

#[utoipa::path(post, path = "/api/v1/devices/{id}/users", tag = "control", operation_id = "create_device_user", params(("id" = i64, Path)), request_body = DeviceUserOrder,
    responses((status = 204), (status = 404, body = ProblemDetails), (status = 502, body = ProblemDetails)))]
pub async fn create_user(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    Body(order): Body<DeviceUserOrder>,
) -> Result<StatusCode, ApiError> {
    let new = json!({ "name": order.name, "level": order.level });
    app.site.control.create_account(DeviceId(id), account_of(order)).await?;
    note(&app, &caller, "device.create_user", id, Some(new)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Changes password and level. Of the account the site logs in with, what is stored changes in the same act; when that
/// fails, the device gets its old password back.
#[utoipa::path(put, path = "/api/v1/devices/{id}/users", tag = "control", operation_id = "change_device_user", params(("id" = i64, Path)), request_body = DeviceUserOrder,
    responses((status = 204), (status = 404, body = ProblemDetails), (status = 500, body = ProblemDetails), (status = 502, body = ProblemDetails)))]
pub async fn change_user(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    Body(order): Body<DeviceUserOrder>,
) -> Result<StatusCode, ApiError> {
    let new = json!({ "name": order.name, "level": order.level, "password": "changed" });
    app.site.control.change_account(DeviceId(id), account_of(order)).await?;
    note(&app, &caller, "device.change_user", id, Some(new)).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(delete, path = "/api/v1/devices/{id}/users", tag = "control", operation_id = "remove_device_user", params(("id" = i64, Path), NameQuery),
    responses((status = 204), (status = 400, body = ProblemDetails), (status = 502, body = ProblemDetails)))]
pub async fn remove_user(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    Query(user): Query<NameQuery>,
) -> Result<StatusCode, ApiError> {
    app.site.control.delete_account(DeviceId(id), user.name.clone()).await?;
    note(&app, &caller, "device.remove_user", id, Some(json!({ "name": user.name }))).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Restarts the device. Its cameras are away for as long as that takes.
#[utoipa::path(post, path = "/api/v1/devices/{id}/reboot", tag = "control", operation_id = "reboot_device", params(("id" = i64, Path)),
    responses((status = 204), (status = 404, body = ProblemDetails), (status = 502, body = ProblemDetails)))]
pub async fn reboot(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<StatusCode, ApiError> {
    app.site.control.reboot(DeviceId(id)).await?;
    note(&app, &caller, "device.reboot", id, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn note(app: &App, caller: &Caller, action: &'static str, id: i64, new: Option<Value>) -> Result<(), ApiError> {
    let device = app.site.store.devices().get(DeviceId(id)).await?;
    let device = device.ok_or_else(|| Problem::new(ErrorCode::DeviceNotFound).with("id", id))?;
    let subject = device.facts.name.as_deref().unwrap_or(&device.at.host);
    app.audit(caller, Act { action, subject, old: None, new }).await;
    Ok(())
}
