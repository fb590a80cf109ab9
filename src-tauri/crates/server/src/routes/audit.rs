//! Who did what.

use super::answer::{page_of, page_request};
use crate::{app::App, error::ApiError, extract::Query, views::audit_view};
use axum::{Json, extract::State};
use watchwall_api::{AuditView, PageOf, PageQuery};

/// Newest first.
#[utoipa::path(get, path = "/api/v1/audit", tag = "users", operation_id = "list_audit", params(PageQuery), responses((status = 200, body = PageOf<AuditView>)))]
pub async fn list(State(app): State<App>, Query(query): Query<PageQuery>) -> Result<Json<PageOf<AuditView>>, ApiError> {
    let page = app.site.store.audit().page(&page_request(query, &["id"])?).await?;
    Ok(Json(page_of(page, audit_view)))
}
