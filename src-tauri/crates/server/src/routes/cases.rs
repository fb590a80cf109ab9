//! Cases: clips of several cameras that belong together, with notes.

use super::answer::{created, page_of, page_request, versioned};
use crate::{
    access::Caller,
    app::{Act, App, as_value},
    error::ApiError,
    extract::{Body, Id, IfMatch, Query},
    views::{case_view, case_wish},
};
use axum::{Json, extract::State, http::StatusCode, response::Response};
use watchwall_api::{CaseView, NewCase, PageOf, PageQuery, ProblemDetails};
use watchwall_model::CaseId;

/// Newest first.
#[utoipa::path(get, path = "/api/v1/cases", tag = "evidence", operation_id = "list_cases", params(PageQuery),
    responses((status = 200, body = PageOf<CaseView>), (status = 400, body = ProblemDetails)))]
pub async fn list(State(app): State<App>, Query(query): Query<PageQuery>) -> Result<Json<PageOf<CaseView>>, ApiError> {
    let page = app.site.evidence.cases.page(&page_request(query, &[])?).await?;
    Ok(Json(page_of(page, |case| case_view(&case))))
}

#[utoipa::path(post, path = "/api/v1/cases", tag = "evidence", operation_id = "create_case", request_body = NewCase,
    responses((status = 201, body = CaseView), (status = 400, body = ProblemDetails), (status = 422, body = ProblemDetails)))]
pub async fn create(State(app): State<App>, caller: Caller, Body(new): Body<NewCase>) -> Result<Response, ApiError> {
    let case = app.site.evidence.cases.open(case_wish(new)?, &caller.name).await?;
    let view = case_view(&case);
    app.audit(&caller, Act { action: "case.create", subject: &case.name, old: None, new: as_value(&view) }).await;
    Ok(created(&format!("/api/v1/cases/{}", view.id), view.version, view))
}

#[utoipa::path(get, path = "/api/v1/cases/{id}", tag = "evidence", operation_id = "read_case", params(("id" = i64, Path)),
    responses((status = 200, body = CaseView), (status = 404, body = ProblemDetails)))]
pub async fn read(State(app): State<App>, Id(id): Id) -> Result<Response, ApiError> {
    let view = case_view(&app.site.evidence.cases.get(CaseId(id)).await?);
    Ok(versioned(view.version, view))
}

#[utoipa::path(put, path = "/api/v1/cases/{id}", tag = "evidence", operation_id = "replace_case", params(("id" = i64, Path)), request_body = NewCase,
    responses((status = 200, body = CaseView), (status = 404, body = ProblemDetails), (status = 412, body = ProblemDetails)))]
pub async fn replace(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    IfMatch(version): IfMatch,
    Body(new): Body<NewCase>,
) -> Result<Response, ApiError> {
    let (old, case) = app.site.evidence.cases.change(CaseId(id), case_wish(new)?, version).await?;
    let (old, view) = (as_value(&case_view(&old)), case_view(&case));
    app.audit(&caller, Act { action: "case.update", subject: &case.name, old, new: as_value(&view) }).await;
    Ok(versioned(view.version, view))
}

/// Forgets a case; its recordings stay as long as their retention and their locks say.
#[utoipa::path(delete, path = "/api/v1/cases/{id}", tag = "evidence", operation_id = "remove_case", params(("id" = i64, Path)),
    responses((status = 204), (status = 404, body = ProblemDetails)))]
pub async fn remove(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<StatusCode, ApiError> {
    let case = app.site.evidence.cases.remove(CaseId(id)).await?;
    let old = as_value(&case_view(&case));
    app.audit(&caller, Act { action: "case.delete", subject: &case.name, old, new: None }).await;
    Ok(StatusCode::NO_CONTENT)
}
