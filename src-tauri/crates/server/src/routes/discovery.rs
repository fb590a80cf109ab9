//! Searching for devices. Results come in while a search runs; `/ws/web-notify` tells them, topic `discovery`.

use crate::{
    access::Caller,
    app::{Act, App},
    error::ApiError,
    extract::{Body, Id},
    views::discovery_view,
};
use axum::{Json, extract::State, http::StatusCode};
use watchwall_api::{DiscoveryView, NewDiscovery, ProblemDetails};
use watchwall_site::cameras::{discovery::DiscoveryWish, onboarding::JobId};

/// Begins to search the networks this machine is on, or ranges of addresses.
#[utoipa::path(post, path = "/api/v1/discovery", tag = "devices", operation_id = "start_discovery", request_body = NewDiscovery,
    responses((status = 202, body = DiscoveryView), (status = 400, body = ProblemDetails), (status = 429, body = ProblemDetails)))]
pub async fn start(
    State(app): State<App>,
    caller: Caller,
    Body(new): Body<NewDiscovery>,
) -> Result<(StatusCode, Json<DiscoveryView>), ApiError> {
    let subject = if new.ranges.is_empty() { "*".to_owned() } else { new.ranges.join(" ") };
    let wish = DiscoveryWish { ranges: new.ranges, port: new.port };
    let job = app.site.cameras.start_discovery(&wish)?;
    app.audit(&caller, Act { action: "discovery.start", subject: &subject, old: None, new: None }).await;
    Ok((StatusCode::ACCEPTED, Json(discovery_view(&job))))
}

/// What was found so far. The last eight searches are kept.
#[utoipa::path(get, path = "/api/v1/discovery/{id}", tag = "devices", operation_id = "read_discovery", params(("id" = i64, Path)),
    responses((status = 200, body = DiscoveryView), (status = 404, body = ProblemDetails)))]
pub async fn read(State(app): State<App>, Id(id): Id) -> Result<Json<DiscoveryView>, ApiError> {
    Ok(Json(discovery_view(&*app.site.cameras.discovery(job_id(id))?)))
}

/// Ends a search that runs, or forgets one that is over.
#[utoipa::path(delete, path = "/api/v1/discovery/{id}", tag = "devices", operation_id = "cancel_discovery", params(("id" = i64, Path)),
    responses((status = 204), (status = 404, body = ProblemDetails)))]
pub async fn cancel(State(app): State<App>, Id(id): Id) -> Result<StatusCode, ApiError> {
    app.site.cameras.cancel_discovery(job_id(id))?;
    Ok(StatusCode::NO_CONTENT)
}

/// A negative number is no job's.
pub fn job_id(id: i64) -> JobId {
    JobId(u64::try_from(id).unwrap_or(0))
}
