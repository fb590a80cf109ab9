//! Shapes that many answers share.

use crate::extract::invalid;
use axum::{
    Json,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;
use watchwall_api::{PageOf, PageQuery};
use watchwall_model::Problem;
use watchwall_store::{Page, PageRequest};

/// JSON with its version as `ETag` (RFC 9110, section 8.8.3).
pub fn versioned<T: Serialize>(version: i64, view: T) -> Response {
    let mut response = Json(view).into_response();
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{version}\"")) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// `201` with where it is.
pub fn created<T: Serialize>(location: &str, version: i64, view: T) -> Response {
    let mut response = versioned(version, view);
    *response.status_mut() = axum::http::StatusCode::CREATED;
    if let Ok(location) = HeaderValue::from_str(location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// # Errors
/// `request_invalid` for a limit out of bounds or a sort field that is not among `sortable`.
pub fn page_request(query: PageQuery, sortable: &[&str]) -> Result<PageRequest, Problem> {
    if query.limit.is_some_and(|limit| limit == 0 || limit > PageRequest::MAX_LIMIT) {
        return Err(invalid("limit", "out_of_bounds"));
    }
    let (field, descending) = match query.sort.as_deref() {
        Some(sort) => (Some(sort.trim_start_matches('-')), sort.starts_with('-')),
        None => (None, false),
    };
    if field.is_some_and(|field| !sortable.contains(&field)) {
        return Err(invalid("sort", "unknown"));
    }
    let search = query.search.filter(|text| !text.trim().is_empty());
    Ok(PageRequest { cursor: query.cursor, limit: query.limit, search, descending })
}

pub fn page_of<T, V: ToSchema>(page: Page<T>, view: impl FnMut(T) -> V) -> PageOf<V> {
    PageOf { items: page.items.into_iter().map(view).collect(), next_cursor: page.next_cursor }
}

/// Pages a short list that was read whole.
///
/// # Errors
/// `request_invalid` for a made-up cursor.
pub fn cut<T, V: ToSchema>(
    mut items: Vec<T>,
    request: &PageRequest,
    key: impl Fn(&T) -> String,
    view: impl FnMut(T) -> V,
) -> Result<PageOf<V>, Problem> {
    items.sort_by_key(&key);
    if request.descending {
        items.reverse();
    }
    let wanted = request.search.as_deref().map(str::to_lowercase);
    if let Some(wanted) = wanted {
        items.retain(|item| key(item).to_lowercase().contains(&wanted));
    }
    Ok(page_of(request.cut(items, key)?, view))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_asked_for_within_bounds() {
        let check = |limit, sort: Option<&str>, expect: Option<bool>| {
            let query = PageQuery { limit, sort: sort.map(Into::into), ..PageQuery::default() };
            assert_eq!(page_request(query, &["name"]).ok().map(|r| r.descending), expect);
        };
        check(None, None, Some(false));
        check(Some(500), Some("-name"), Some(true));
        check(Some(501), None, None);
        check(Some(0), None, None);
        check(None, Some("password"), None);
    }
}
