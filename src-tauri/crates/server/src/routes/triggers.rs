//! Recordings that are asked for.

use crate::{
    access::Caller,
    app::{Act, App, as_value},
    error::ApiError,
    extract::{AtPath, Body},
    views::{asked_of, trigger_view},
};
use axum::{Json, extract::State, http::StatusCode};
use watchwall_api::{ProblemDetails, TriggerRequest, TriggerView};

/// Records a stream around a moment, whatever its plan's mode and schedule say. Its plan must be enabled.
#[utoipa::path(post, path = "/api/v1/recording/{path}/trigger", tag = "recording", operation_id = "trigger_recording", params(("path" = String, Path)),
    request_body = TriggerRequest, responses((status = 200, body = TriggerView), (status = 404, body = ProblemDetails),
    (status = 409, body = ProblemDetails), (status = 422, body = ProblemDetails)))]
pub async fn trigger(
    State(app): State<App>,
    caller: Caller,
    AtPath(path): AtPath,
    Body(request): Body<TriggerRequest>,
) -> Result<Json<TriggerView>, ApiError> {
    let reason = request.reason.clone();
    let accepted = app.site.recording.trigger(&path, asked_of(request, &caller.name)).await?;
    let view = trigger_view(&accepted);
    let new = as_value(&serde_json::json!({ "from": view.from, "until": view.until, "reason": reason }));
    app.audit(&caller, Act { action: "recording.trigger", subject: path.as_str(), old: None, new }).await;
    Ok(Json(view))
}

/// Ends the recording of a stream that was asked for, and forgets what was asked for ahead. What its plan, or what a
/// camera noticed, records goes on. Nothing happens when nothing was asked for.
#[utoipa::path(delete, path = "/api/v1/recording/{path}/trigger", tag = "recording", operation_id = "withdraw_trigger", params(("path" = String, Path)),
    responses((status = 204)))]
pub async fn withdraw(State(app): State<App>, caller: Caller, AtPath(path): AtPath) -> Result<StatusCode, ApiError> {
    if app.site.recording.withdraw_triggers(&path).await? {
        let act = Act { action: "recording.withdraw", subject: path.as_str(), old: None, new: None };
        app.audit(&caller, act).await;
    }
    Ok(StatusCode::NO_CONTENT)
}
