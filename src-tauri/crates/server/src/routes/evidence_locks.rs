//! Evidence locks: stretches that no retention takes.

use super::answer::{created, page_of, page_request};
use crate::{
    access::Caller,
    app::{Act, App, as_value},
    error::ApiError,
    extract::{Body, Id, Query, invalid},
    views::{lock_view, lock_wish},
};
use axum::{Json, extract::State, http::StatusCode, response::Response};
use watchwall_api::{EvidenceLockQuery, EvidenceLockView, NewEvidenceLock, PageOf, PageQuery, ProblemDetails};
use watchwall_model::{EvidenceLock, EvidenceLockId};
use watchwall_store::LockFilter;

/// Newest first.
#[utoipa::path(get, path = "/api/v1/evidence-locks", tag = "evidence", operation_id = "list_evidence_locks", params(EvidenceLockQuery),
    responses((status = 200, body = PageOf<EvidenceLockView>), (status = 400, body = ProblemDetails)))]
pub async fn list(
    State(app): State<App>,
    Query(query): Query<EvidenceLockQuery>,
) -> Result<Json<PageOf<EvidenceLockView>>, ApiError> {
    let filter = match query.state.as_deref() {
        None | Some("active") => LockFilter::Active,
        Some("all") => LockFilter::All,
        Some(_) => return Err(invalid("state", "active_or_all").into()),
    };
    let request = page_request(PageQuery { cursor: query.cursor, limit: query.limit, ..PageQuery::default() }, &[])?;
    let page = app.site.evidence.locks.page(filter, &request).await?;
    Ok(Json(page_of(page, |lock| lock_view(&lock))))
}

/// Locks a stretch of some streams: from now on nothing deletes it but an unlock, or the date given.
#[utoipa::path(post, path = "/api/v1/evidence-locks", tag = "evidence", operation_id = "create_evidence_lock", request_body = NewEvidenceLock,
    responses((status = 201, body = EvidenceLockView), (status = 400, body = ProblemDetails), (status = 422, body = ProblemDetails)))]
pub async fn create(
    State(app): State<App>,
    caller: Caller,
    Body(new): Body<NewEvidenceLock>,
) -> Result<Response, ApiError> {
    let lock = app.site.evidence.locks.lock(lock_wish(new)?, &caller.name).await?;
    let view = lock_view(&lock);
    app.audit(&caller, Act { action: "evidence.lock", subject: &subject(&lock), old: None, new: as_value(&view) })
        .await;
    Ok(created(&format!("/api/v1/evidence-locks/{}", view.id), 1, view))
}

/// Ends a lock; its recordings follow their retention again.
#[utoipa::path(delete, path = "/api/v1/evidence-locks/{id}", tag = "evidence", operation_id = "end_evidence_lock", params(("id" = i64, Path)),
    responses((status = 204), (status = 404, body = ProblemDetails)))]
pub async fn end(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<StatusCode, ApiError> {
    let lock = app.site.evidence.locks.unlock(EvidenceLockId(id), &caller.name).await?;
    let old = as_value(&lock_view(&lock));
    app.audit(&caller, Act { action: "evidence.unlock", subject: &subject(&lock), old, new: None }).await;
    Ok(StatusCode::NO_CONTENT)
}

fn subject(lock: &EvidenceLock) -> String {
    lock.paths.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
