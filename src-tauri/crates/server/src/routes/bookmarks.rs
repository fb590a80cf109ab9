//! Bookmarks: remarks about moments.

use super::{
    answer::{created, page_of, page_request, versioned},
    timeline::range_of,
};
use crate::{
    access::Caller,
    app::{Act, App, as_value},
    error::ApiError,
    extract::{Body, Id, IfMatch, Query, invalid},
    views::{bookmark_view, bookmark_wish},
};
use axum::{Json, extract::State, http::StatusCode, response::Response};
use watchwall_api::{BookmarkQuery, BookmarkView, NewBookmark, PageOf, PageQuery, ProblemDetails};
use watchwall_model::{BookmarkId, StreamPath};
use watchwall_store::BookmarkFilter;

/// Latest moment first.
#[utoipa::path(get, path = "/api/v1/bookmarks", tag = "evidence", operation_id = "list_bookmarks", params(BookmarkQuery),
    responses((status = 200, body = PageOf<BookmarkView>), (status = 400, body = ProblemDetails)))]
pub async fn list(
    State(app): State<App>,
    Query(query): Query<BookmarkQuery>,
) -> Result<Json<PageOf<BookmarkView>>, ApiError> {
    let range = match (query.from, query.to) {
        (Some(from), Some(to)) => Some(range_of(from, to, i64::MAX)?),
        (None, None) => None,
        _ => return Err(invalid("from", "both_or_neither").into()),
    };
    let path = query.path.as_deref().map(StreamPath::parse).transpose()?;
    let filter = BookmarkFilter { path, range, tag: query.tag.filter(|tag| !tag.is_empty()) };
    let plain = PageQuery { cursor: query.cursor, limit: query.limit, search: query.search, ..PageQuery::default() };
    let page = app.site.evidence.bookmarks.page(&filter, &page_request(plain, &[])?).await?;
    Ok(Json(page_of(page, |bookmark| bookmark_view(&bookmark))))
}

#[utoipa::path(post, path = "/api/v1/bookmarks", tag = "evidence", operation_id = "create_bookmark", request_body = NewBookmark,
    responses((status = 201, body = BookmarkView), (status = 400, body = ProblemDetails), (status = 422, body = ProblemDetails)))]
pub async fn create(
    State(app): State<App>,
    caller: Caller,
    Body(new): Body<NewBookmark>,
) -> Result<Response, ApiError> {
    let bookmark = app.site.evidence.bookmarks.put(bookmark_wish(new)?, &caller.name).await?;
    let view = bookmark_view(&bookmark);
    let act = Act { action: "bookmark.create", subject: bookmark.path.as_str(), old: None, new: as_value(&view) };
    app.audit(&caller, act).await;
    Ok(created(&format!("/api/v1/bookmarks/{}", view.id), view.version, view))
}

#[utoipa::path(put, path = "/api/v1/bookmarks/{id}", tag = "evidence", operation_id = "replace_bookmark", params(("id" = i64, Path)), request_body = NewBookmark,
    responses((status = 200, body = BookmarkView), (status = 404, body = ProblemDetails), (status = 412, body = ProblemDetails)))]
pub async fn replace(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    IfMatch(version): IfMatch,
    Body(new): Body<NewBookmark>,
) -> Result<Response, ApiError> {
    let (old, bookmark) = app.site.evidence.bookmarks.change(BookmarkId(id), bookmark_wish(new)?, version).await?;
    let (old, view) = (as_value(&bookmark_view(&old)), bookmark_view(&bookmark));
    let act = Act { action: "bookmark.update", subject: bookmark.path.as_str(), old, new: as_value(&view) };
    app.audit(&caller, act).await;
    Ok(versioned(view.version, view))
}

#[utoipa::path(delete, path = "/api/v1/bookmarks/{id}", tag = "evidence", operation_id = "remove_bookmark", params(("id" = i64, Path)),
    responses((status = 204), (status = 404, body = ProblemDetails)))]
pub async fn remove(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<StatusCode, ApiError> {
    let bookmark = app.site.evidence.bookmarks.remove(BookmarkId(id)).await?;
    let old = as_value(&bookmark_view(&bookmark));
    let act = Act { action: "bookmark.delete", subject: bookmark.path.as_str(), old, new: None };
    app.audit(&caller, act).await;
    Ok(StatusCode::NO_CONTENT)
}
