//! Exports: made in the background, watched, cancelled, taken away.

use super::answer::{page_of, page_request};
use crate::{
    access::Caller,
    app::{Act, App, as_value},
    download,
    error::ApiError,
    extract::{Body, Id, Query},
    net::RequestId,
    views::{export_file, export_folder_view, export_view, export_wish},
};
use axum::{Extension, Json, body, extract::State, http::StatusCode, response::Response};
use watchwall_api::{ExportFolderView, ExportView, NewExport, PageOf, PageQuery, ProblemDetails};
use watchwall_model::ExportId;

/// Newest first.
#[utoipa::path(get, path = "/api/v1/exports", tag = "evidence", operation_id = "list_exports", params(PageQuery),
    responses((status = 200, body = PageOf<ExportView>), (status = 400, body = ProblemDetails)))]
pub async fn list(
    State(app): State<App>,
    Extension(request): Extension<RequestId>,
    Query(query): Query<PageQuery>,
) -> Result<Json<PageOf<ExportView>>, ApiError> {
    let page = app.site.evidence.exports.page(&page_request(query, &[])?).await?;
    Ok(Json(page_of(page, |export| export_view(&export, &request))))
}

/// Begins to make a signed folder, or an encrypted archive, of some recordings.
#[utoipa::path(post, path = "/api/v1/exports", tag = "evidence", operation_id = "start_export", request_body = NewExport,
    responses((status = 202, body = ExportView), (status = 400, body = ProblemDetails), (status = 422, body = ProblemDetails), (status = 429, body = ProblemDetails)))]
pub async fn start(
    State(app): State<App>,
    caller: Caller,
    Extension(request): Extension<RequestId>,
    Body(new): Body<NewExport>,
) -> Result<(StatusCode, Json<ExportView>), ApiError> {
    let export = app.site.evidence.exports.ask(export_wish(new)?, &caller.name).await?;
    let view = export_view(&export, &request);
    app.audit(&caller, Act { action: "export.start", subject: &view.name, old: None, new: as_value(&view) }).await;
    Ok((StatusCode::ACCEPTED, Json(view)))
}

/// Where exports may be written to; the site's own folder comes first.
#[utoipa::path(get, path = "/api/v1/export-folders", tag = "evidence", operation_id = "list_export_folders",
    responses((status = 200, body = Vec<ExportFolderView>)))]
pub async fn folders(State(app): State<App>) -> Result<Json<Vec<ExportFolderView>>, ApiError> {
    Ok(Json(app.site.evidence.exports.folders().await?.iter().map(export_folder_view).collect()))
}

#[utoipa::path(get, path = "/api/v1/exports/{id}", tag = "evidence", operation_id = "read_export", params(("id" = i64, Path)),
    responses((status = 200, body = ExportView), (status = 404, body = ProblemDetails)))]
pub async fn read(
    State(app): State<App>,
    Extension(request): Extension<RequestId>,
    Id(id): Id,
) -> Result<Json<ExportView>, ApiError> {
    Ok(Json(export_view(&app.site.evidence.exports.get(ExportId(id)).await?, &request)))
}

/// Ends one that waits or runs; once this has answered nothing of it is left. One that is over stays as it is.
#[utoipa::path(post, path = "/api/v1/exports/{id}/cancel", tag = "evidence", operation_id = "cancel_export", params(("id" = i64, Path)),
    responses((status = 200, body = ExportView), (status = 404, body = ProblemDetails), (status = 503, body = ProblemDetails)))]
pub async fn cancel(
    State(app): State<App>,
    caller: Caller,
    Extension(request): Extension<RequestId>,
    Id(id): Id,
) -> Result<Json<ExportView>, ApiError> {
    let view = export_view(&app.site.evidence.exports.cancel(ExportId(id)).await?, &request);
    let new = Some(serde_json::json!({ "id": id, "state": view.state }));
    app.audit(&caller, Act { action: "export.cancel", subject: &view.name, old: None, new }).await;
    Ok(Json(view))
}

/// Deletes one that is over, with its files.
#[utoipa::path(delete, path = "/api/v1/exports/{id}", tag = "evidence", operation_id = "remove_export", params(("id" = i64, Path)),
    responses((status = 204), (status = 404, body = ProblemDetails), (status = 409, body = ProblemDetails)))]
pub async fn remove(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<StatusCode, ApiError> {
    let row = app.site.evidence.exports.remove(ExportId(id)).await?;
    let old = Some(serde_json::json!({ "id": id, "result": row.result.display().to_string() }));
    app.audit(&caller, Act { action: "export.delete", subject: &row.wanted.name, old, new: None }).await;
    Ok(StatusCode::NO_CONTENT)
}

/// A finished export as one ZIP: packed on the way, or as it was encrypted.
#[utoipa::path(get, path = "/api/v1/exports/{id}/export.zip", tag = "evidence", operation_id = "download_export", params(("id" = i64, Path)),
    responses((status = 200, content_type = "application/zip", body = Vec<u8>), (status = 404, body = ProblemDetails), (status = 409, body = ProblemDetails)))]
pub async fn download(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<Response, ApiError> {
    let (row, packed) = app.site.evidence.exports.download(ExportId(id)).await?;
    let new = Some(serde_json::json!({ "id": id, "size_bytes": row.size_bytes }));
    app.audit(&caller, Act { action: "export.download", subject: &row.wanted.name, old: None, new }).await;
    let plain = format!("export-{id}.zip");
    Ok(download::zip(body::Body::from_stream(packed.blocks), &plain, &export_file(&row), packed.len))
}

/// Whether a finished export is there, without its bytes.
#[utoipa::path(head, path = "/api/v1/exports/{id}/export.zip", tag = "evidence", operation_id = "measure_export", params(("id" = i64, Path)),
    responses((status = 200), (status = 404), (status = 409)))]
pub async fn download_head(State(app): State<App>, Id(id): Id) -> Result<StatusCode, ApiError> {
    app.site.evidence.exports.is_there(ExportId(id)).await?;
    Ok(StatusCode::OK)
}
