//! The camera tree.

use super::answer::{created, cut, page_request, versioned};
use crate::{
    access::Caller,
    app::{Act, App, as_value},
    error::ApiError,
    extract::{Body, Id, IfMatch, Query, invalid},
    notify::Edited,
    views::group_view,
};
use axum::{Json, extract::State, http::StatusCode, response::Response};
use watchwall_api::{GroupPatch, GroupView, NewGroup, PageOf, PageQuery, ProblemDetails};
use watchwall_model::{ErrorCode, Group, GroupId, Problem};

#[utoipa::path(get, path = "/api/v1/groups", tag = "groups", operation_id = "list_groups", params(PageQuery), responses((status = 200, body = PageOf<GroupView>)))]
pub async fn list(State(app): State<App>, Query(query): Query<PageQuery>) -> Result<Json<PageOf<GroupView>>, ApiError> {
    let request = page_request(query, &["name"])?;
    let groups = app.site.store.groups().all().await?;
    // Names may repeat in different branches; the id keeps the order total.
    let key = |group: &Group| format!("{}\u{1}{:016}", group.name.to_lowercase(), group.id.0);
    Ok(Json(cut(groups, &request, key, |group| group_view(&group))?))
}

#[utoipa::path(post, path = "/api/v1/groups", tag = "groups", operation_id = "create_group", request_body = NewGroup, responses((status = 201, body = GroupView)))]
pub async fn create(State(app): State<App>, caller: Caller, Body(new): Body<NewGroup>) -> Result<Response, ApiError> {
    let parent = match new.parent_id.filter(|id| *id != 0) {
        Some(id) => Some(find(&app, id).await?.id),
        None => None,
    };
    let group = app.site.store.groups().insert(&check_name(&new.name)?, parent).await?;
    let view = group_view(&group);
    app.audit(&caller, Act { action: "group.create", subject: &group.name, old: None, new: as_value(&view) }).await;
    app.edits.note(Edited::Groups);
    Ok(created(&format!("/api/v1/groups/{}", view.id), view.version, view))
}

#[utoipa::path(patch, path = "/api/v1/groups/{id}", tag = "groups", operation_id = "change_group", params(("id" = i64, Path)), request_body = GroupPatch,
    responses((status = 200, body = GroupView), (status = 412, body = ProblemDetails)))]
pub async fn change(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    IfMatch(version): IfMatch,
    Body(patch): Body<GroupPatch>,
) -> Result<Response, ApiError> {
    let old = find(&app, id).await?;
    let mut group = old.clone();
    if let Some(name) = &patch.name {
        group.name = check_name(name)?;
    }
    match patch.parent_id {
        Some(0) => group.parent = None,
        Some(parent) => group.parent = Some(find(&app, parent).await?.id),
        None => {}
    }
    let group = app.site.store.groups().update(&group, version.unwrap_or(old.version)).await?;
    let view = group_view(&group);
    let act =
        Act { action: "group.update", subject: &group.name, old: as_value(&group_view(&old)), new: as_value(&view) };
    app.audit(&caller, act).await;
    app.edits.note(Edited::Groups);
    Ok(versioned(view.version, view))
}

/// Removes a group; what it held moves to the top.
#[utoipa::path(delete, path = "/api/v1/groups/{id}", tag = "groups", operation_id = "remove_group", params(("id" = i64, Path)), responses((status = 204)))]
pub async fn remove(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<StatusCode, ApiError> {
    let group = find(&app, id).await?;
    app.site.store.groups().delete(group.id).await?;
    let old = as_value(&group_view(&group));
    app.audit(&caller, Act { action: "group.delete", subject: &group.name, old, new: None }).await;
    app.edits.note(Edited::Groups);
    app.edits.note(Edited::Cameras);
    Ok(StatusCode::NO_CONTENT)
}

async fn find(app: &App, id: i64) -> Result<Group, Problem> {
    let group = app.site.store.groups().get(GroupId(id)).await?;
    group.ok_or_else(|| Problem::new(ErrorCode::NotFound).with("what", "group"))
}

/// # Errors
/// `request_invalid` for a name that is empty, too long or not printable.
pub fn check_name(name: &str) -> Result<String, Problem> {
    let name = name.trim();
    let chars = name.chars().count();
    if chars == 0 || chars > 100 || name.chars().any(char::is_control) {
        return Err(invalid("name", "not_a_name"));
    }
    Ok(name.to_owned())
}
