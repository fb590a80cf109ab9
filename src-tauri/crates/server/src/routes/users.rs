//! Users, for administrators.

use super::{
    answer::{created, cut, page_request, versioned},
    setup::check_language,
};
use crate::{
    access::Caller,
    app::{Act, App, as_value},
    error::ApiError,
    extract::{Body, Id, IfMatch, Query, invalid},
    views::{role_of, user_view},
};
use axum::{Json, extract::State, http::StatusCode, response::Response};
use watchwall_api::{NewUser, PageOf, PageQuery, UserPatch, UserView};
use watchwall_model::{ErrorCode, Problem, User, UserId};

#[utoipa::path(get, path = "/api/v1/users", tag = "users", operation_id = "list_users", params(PageQuery), responses((status = 200, body = PageOf<UserView>)))]
pub async fn list(State(app): State<App>, Query(query): Query<PageQuery>) -> Result<Json<PageOf<UserView>>, ApiError> {
    let request = page_request(query, &["name"])?;
    let users = app.site.store.users().all().await?;
    Ok(Json(cut(users, &request, |user| user.name.to_lowercase(), |user| user_view(&user))?))
}

#[utoipa::path(post, path = "/api/v1/users", tag = "users", operation_id = "create_user", request_body = NewUser, responses((status = 201, body = UserView)))]
pub async fn create(State(app): State<App>, caller: Caller, Body(new): Body<NewUser>) -> Result<Response, ApiError> {
    let role = role_of(&new.role)?;
    let language = new.language.as_deref().map(check_language).transpose()?;
    let user = app.access.new_user(&new.name, role, language, &new.password).await?;
    app.access.refresh_setup().await?;
    let view = user_view(&user);
    app.audit(&caller, Act { action: "user.create", subject: &user.name, old: None, new: as_value(&view) }).await;
    Ok(created(&format!("/api/v1/users/{}", view.id), view.version, view))
}

#[utoipa::path(get, path = "/api/v1/users/{id}", tag = "users", operation_id = "read_user", params(("id" = i64, Path)), responses((status = 200, body = UserView)))]
pub async fn read(State(app): State<App>, Id(id): Id) -> Result<Response, ApiError> {
    let view = user_view(&find(&app, id).await?);
    Ok(versioned(view.version, view))
}

/// Changes a user. A new password, a new role or disabling ends the user's sessions, except the one that asks.
#[utoipa::path(patch, path = "/api/v1/users/{id}", tag = "users", operation_id = "change_user", params(("id" = i64, Path)), request_body = UserPatch,
    responses((status = 200, body = UserView), (status = 412, body = watchwall_api::ProblemDetails)))]
pub async fn change(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    IfMatch(version): IfMatch,
    Body(patch): Body<UserPatch>,
) -> Result<Response, ApiError> {
    let old = find(&app, id).await?;
    let mut user = old.clone();
    if let Some(name) = patch.name {
        user.name = check_name(&name)?;
    }
    if let Some(role) = &patch.role {
        user.role = role_of(role)?;
    }
    user.enabled = patch.enabled.unwrap_or(user.enabled);
    if let Some(language) = &patch.language {
        user.language = if language.is_empty() { None } else { Some(check_language(language)?) };
    }
    let mut user = app.site.store.users().update(&user, version.unwrap_or(old.version)).await?;
    if let Some(password) = &patch.password {
        app.access.set_password(user.id, password).await?;
        user = find(&app, id).await?;
    }
    if patch.password.is_some() || user.role != old.role || !user.enabled {
        app.access.revoke_user(user.id, caller.session).await?;
    }
    app.access.forget_cached();
    app.access.refresh_setup().await?;
    let view = user_view(&user);
    let act = Act { action: "user.update", subject: &user.name, old: as_value(&user_view(&old)), new: as_value(&view) };
    app.audit(&caller, act).await;
    Ok(versioned(view.version, view))
}

#[utoipa::path(delete, path = "/api/v1/users/{id}", tag = "users", operation_id = "remove_user", params(("id" = i64, Path)), responses((status = 204), (status = 409, body = watchwall_api::ProblemDetails)))]
pub async fn remove(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<StatusCode, ApiError> {
    let user = find(&app, id).await?;
    app.site.store.users().delete(user.id).await?;
    app.access.revoke_user(user.id, None).await?;
    let old = as_value(&user_view(&user));
    app.audit(&caller, Act { action: "user.delete", subject: &user.name, old, new: None }).await;
    Ok(StatusCode::NO_CONTENT)
}

async fn find(app: &App, id: i64) -> Result<User, Problem> {
    let user = app.site.store.users().get(UserId(id)).await?;
    user.ok_or_else(|| Problem::new(ErrorCode::NotFound).with("what", "user"))
}

fn check_name(name: &str) -> Result<String, Problem> {
    let name = name.trim();
    let chars = name.chars().count();
    if chars == 0 || chars > 64 || name.chars().any(char::is_control) {
        return Err(invalid("name", "not_a_name"));
    }
    Ok(name.to_owned())
}
