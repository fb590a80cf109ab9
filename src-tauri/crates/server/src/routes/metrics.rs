//! Prometheus.

use crate::{app::App, error::ApiError, metrics};
use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};

/// Prometheus text exposition format 0.0.4.
#[utoipa::path(get, path = "/metrics", tag = "site", operation_id = "metrics", responses((status = 200, content_type = "text/plain", body = String)))]
pub async fn metrics(State(app): State<App>) -> Result<Response, ApiError> {
    let text = metrics::render(&app).await?;
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response())
}
