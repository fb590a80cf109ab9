//! For service managers and load balancers.

use crate::app::App;
use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use std::time::Duration;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
pub struct Health {
    /// `ok`, `stopping`, `database`, or `analytics` while nobody looks after AI tasks.
    pub status: &'static str,
}

const PATIENCE: Duration = Duration::from_secs(2);

/// The process answers.
#[utoipa::path(get, path = "/healthz", tag = "site", operation_id = "healthz", responses((status = 200, body = Health)))]
pub async fn alive() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// The site can work: its database answers, its AI tasks are looked after, and it is not stopping.
#[utoipa::path(get, path = "/readyz", tag = "site", operation_id = "readyz", responses((status = 200, body = Health), (status = 503, body = Health)))]
pub async fn ready(State(app): State<App>) -> Response {
    let status = if app.sockets.stopping().is_cancelled() {
        "stopping"
    } else {
        match tokio::time::timeout(PATIENCE, app.site.store.users().count()).await {
            Ok(Ok(_)) if app.site.analytics.supervisor().is_failing => "analytics",
            Ok(Ok(_)) => "ok",
            _ => "database",
        }
    };
    let code = if status == "ok" { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (code, Json(Health { status })).into_response()
}
