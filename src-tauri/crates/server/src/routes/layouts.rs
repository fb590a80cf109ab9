//! Saved layouts: private, or shared with everyone who may watch.

use super::{
    answer::{created, cut, page_request, versioned},
    groups::check_name,
};
use crate::{
    access::Caller,
    app::{Act, App, as_value},
    error::ApiError,
    extract::{Body, Id, IfMatch, Query},
    notify::Edited,
    views::{grid_of, layout_view},
};
use axum::{Json, extract::State, http::StatusCode, response::Response};
use watchwall_api::{LayoutView, NewLayout, PageOf, PageQuery, ProblemDetails};
use watchwall_model::{ErrorCode, Layout, LayoutId, Problem, Right, UserId};

#[utoipa::path(get, path = "/api/v1/layouts", tag = "layouts", operation_id = "list_layouts", params(PageQuery), responses((status = 200, body = PageOf<LayoutView>)))]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Result<Json<PageOf<LayoutView>>, ApiError> {
    let request = page_request(query, &["name"])?;
    let layouts = app.site.store.layouts().visible_to(owner(&app, &caller).await?).await?;
    let key = |layout: &Layout| format!("{}\u{1}{:016}", layout.name.to_lowercase(), layout.id.0);
    Ok(Json(cut(layouts, &request, key, |layout| layout_view(&layout))?))
}

#[utoipa::path(post, path = "/api/v1/layouts", tag = "layouts", operation_id = "create_layout", request_body = NewLayout,
    responses((status = 201, body = LayoutView), (status = 422, body = ProblemDetails)))]
pub async fn create(State(app): State<App>, caller: Caller, Body(new): Body<NewLayout>) -> Result<Response, ApiError> {
    let (name, grid) = (check_name(&new.name)?, grid_of(&new.grid)?);
    let owner = owner(&app, &caller).await?;
    let layout = app.site.store.layouts().insert(&name, owner, new.shared, &grid).await?;
    let view = layout_view(&layout);
    app.audit(&caller, Act { action: "layout.create", subject: &layout.name, old: None, new: as_value(&view) }).await;
    app.edits.note(Edited::Layouts);
    Ok(created(&format!("/api/v1/layouts/{}", view.id), view.version, view))
}

#[utoipa::path(get, path = "/api/v1/layouts/{id}", tag = "layouts", operation_id = "read_layout", params(("id" = i64, Path)), responses((status = 200, body = LayoutView)))]
pub async fn read(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<Response, ApiError> {
    let view = layout_view(&find(&app, &caller, id).await?);
    Ok(versioned(view.version, view))
}

#[utoipa::path(put, path = "/api/v1/layouts/{id}", tag = "layouts", operation_id = "replace_layout", params(("id" = i64, Path)), request_body = NewLayout,
    responses((status = 200, body = LayoutView), (status = 403, body = ProblemDetails), (status = 412, body = ProblemDetails)))]
pub async fn replace(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    IfMatch(version): IfMatch,
    Body(new): Body<NewLayout>,
) -> Result<Response, ApiError> {
    let old = find_own(&app, &caller, id).await?;
    let changed = Layout { name: check_name(&new.name)?, shared: new.shared, grid: grid_of(&new.grid)?, ..old.clone() };
    let layout = app.site.store.layouts().update(&changed, version.unwrap_or(old.version)).await?;
    let view = layout_view(&layout);
    let act =
        Act { action: "layout.update", subject: &layout.name, old: as_value(&layout_view(&old)), new: as_value(&view) };
    app.audit(&caller, act).await;
    app.edits.note(Edited::Layouts);
    Ok(versioned(view.version, view))
}

#[utoipa::path(delete, path = "/api/v1/layouts/{id}", tag = "layouts", operation_id = "remove_layout", params(("id" = i64, Path)), responses((status = 204)))]
pub async fn remove(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<StatusCode, ApiError> {
    let layout = find_own(&app, &caller, id).await?;
    app.site.store.layouts().delete(layout.id).await?;
    let old = as_value(&layout_view(&layout));
    app.audit(&caller, Act { action: "layout.delete", subject: &layout.name, old, new: None }).await;
    app.edits.note(Edited::Layouts);
    Ok(StatusCode::NO_CONTENT)
}

/// Tools with the local token own what the local user owns.
async fn owner(app: &App, caller: &Caller) -> Result<UserId, Problem> {
    match caller.session {
        Some(_) => Ok(caller.user),
        None => Ok(app.access.local_user().await?.id),
    }
}

/// Others' private layouts do not exist for one who is not an administrator.
async fn find(app: &App, caller: &Caller, id: i64) -> Result<Layout, Problem> {
    let layout = app.site.store.layouts().get(LayoutId(id)).await?;
    let visible = |layout: &Layout| layout.shared || layout.owner == caller.user || caller.role.has(Right::Users);
    layout.filter(visible).ok_or_else(|| Problem::new(ErrorCode::NotFound).with("what", "layout"))
}

async fn find_own(app: &App, caller: &Caller, id: i64) -> Result<Layout, Problem> {
    let layout = find(app, caller, id).await?;
    if layout.owner != caller.user {
        caller.require(Right::Users)?;
    }
    Ok(layout)
}
