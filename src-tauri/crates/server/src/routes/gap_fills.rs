//! Gaps filled from the camera's own storage: watched, asked for, cancelled.

use super::answer::{page_of, page_request};
use crate::{
    access::Caller,
    app::{Act, App, as_value},
    error::ApiError,
    extract::{Body, Id, Query},
    net::RequestId,
    views::{gap_fill_view, gap_fill_wish},
};
use axum::{Extension, Json, extract::State, http::StatusCode};
use watchwall_api::{GapFillView, NewGapFill, PageOf, PageQuery, ProblemDetails};
use watchwall_model::GapFillId;

/// Newest first.
#[utoipa::path(get, path = "/api/v1/gap-fills", tag = "recording", operation_id = "list_gap_fills", params(PageQuery),
    responses((status = 200, body = PageOf<GapFillView>), (status = 400, body = ProblemDetails)))]
pub async fn list(
    State(app): State<App>,
    Extension(request): Extension<RequestId>,
    Query(query): Query<PageQuery>,
) -> Result<Json<PageOf<GapFillView>>, ApiError> {
    let page = app.site.gap_fill.page(&page_request(query, &[])?).await?;
    Ok(Json(page_of(page, |fill| gap_fill_view(&fill, &request))))
}

/// Fetches what is missing of a range from the camera's own storage, in the background.
#[utoipa::path(post, path = "/api/v1/gap-fills", tag = "recording", operation_id = "start_gap_fill", request_body = NewGapFill,
    responses((status = 202, body = GapFillView), (status = 400, body = ProblemDetails), (status = 404, body = ProblemDetails),
    (status = 422, body = ProblemDetails), (status = 429, body = ProblemDetails), (status = 501, body = ProblemDetails)))]
pub async fn start(
    State(app): State<App>,
    caller: Caller,
    Extension(request): Extension<RequestId>,
    Body(new): Body<NewGapFill>,
) -> Result<(StatusCode, Json<GapFillView>), ApiError> {
    let fill = app.site.gap_fill.ask(gap_fill_wish(&new)?, &caller.name).await?;
    let view = gap_fill_view(&fill, &request);
    app.audit(&caller, Act { action: "gap_fill.start", subject: &view.path, old: None, new: as_value(&view) }).await;
    Ok((StatusCode::ACCEPTED, Json(view)))
}

#[utoipa::path(get, path = "/api/v1/gap-fills/{id}", tag = "recording", operation_id = "read_gap_fill", params(("id" = i64, Path)),
    responses((status = 200, body = GapFillView), (status = 404, body = ProblemDetails)))]
pub async fn read(
    State(app): State<App>,
    Extension(request): Extension<RequestId>,
    Id(id): Id,
) -> Result<Json<GapFillView>, ApiError> {
    Ok(Json(gap_fill_view(&app.site.gap_fill.get(GapFillId(id)).await?, &request)))
}

/// Ends one that waits or runs; what it has brought stays. One that is over stays as it is.
#[utoipa::path(post, path = "/api/v1/gap-fills/{id}/cancel", tag = "recording", operation_id = "cancel_gap_fill", params(("id" = i64, Path)),
    responses((status = 200, body = GapFillView), (status = 404, body = ProblemDetails), (status = 503, body = ProblemDetails)))]
pub async fn cancel(
    State(app): State<App>,
    caller: Caller,
    Extension(request): Extension<RequestId>,
    Id(id): Id,
) -> Result<Json<GapFillView>, ApiError> {
    let view = gap_fill_view(&app.site.gap_fill.cancel(GapFillId(id)).await?, &request);
    let new = Some(serde_json::json!({ "id": id, "state": view.state }));
    app.audit(&caller, Act { action: "gap_fill.cancel", subject: &view.path, old: None, new }).await;
    Ok(Json(view))
}
