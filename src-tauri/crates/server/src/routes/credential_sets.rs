//! User names and passwords to try on new devices. A password goes in and never comes out.

use super::{
    answer::{created, cut, page_request, versioned},
    groups::check_name,
};
use crate::{
    access::Caller,
    app::{Act, App, as_value},
    error::ApiError,
    extract::{Body, Id, IfMatch, Query, invalid},
    views::set_view,
};
use axum::{Json, extract::State, http::StatusCode, response::Response};
use watchwall_api::{CredentialSetPatch, CredentialSetView, NewCredentialSet, PageOf, PageQuery, ProblemDetails};
use watchwall_model::{CredentialSet, CredentialSetId, Credentials, ErrorCode, Problem};

/// In the order they are tried.
#[utoipa::path(get, path = "/api/v1/credential-sets", tag = "devices", operation_id = "list_credential_sets", params(PageQuery), responses((status = 200, body = PageOf<CredentialSetView>)))]
pub async fn list(
    State(app): State<App>,
    Query(query): Query<PageQuery>,
) -> Result<Json<PageOf<CredentialSetView>>, ApiError> {
    let request = page_request(query, &["position"])?;
    let sets = app.site.store.credential_sets().all().await?;
    let key = |set: &CredentialSet| format!("{:012}\u{1}{:016}\u{1}{}", set.position, set.id.0, set.name);
    Ok(Json(cut(sets, &request, key, |set| set_view(&set))?))
}

#[utoipa::path(post, path = "/api/v1/credential-sets", tag = "devices", operation_id = "create_credential_set", request_body = NewCredentialSet,
    responses((status = 201, body = CredentialSetView), (status = 409, body = ProblemDetails)))]
pub async fn create(
    State(app): State<App>,
    caller: Caller,
    Body(new): Body<NewCredentialSet>,
) -> Result<Response, ApiError> {
    let credentials = Credentials { username: check_username(&new.username)?, password: new.password };
    let set = app.site.store.credential_sets().insert(&check_name(&new.name)?, &credentials).await?;
    let view = set_view(&set);
    app.audit(&caller, Act { action: "credential_set.create", subject: &view.name, old: None, new: as_value(&view) })
        .await;
    Ok(created(&format!("/api/v1/credential-sets/{}", view.id), view.version, view))
}

#[utoipa::path(patch, path = "/api/v1/credential-sets/{id}", tag = "devices", operation_id = "change_credential_set", params(("id" = i64, Path)), request_body = CredentialSetPatch,
    responses((status = 200, body = CredentialSetView), (status = 409, body = ProblemDetails), (status = 412, body = ProblemDetails)))]
pub async fn change(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    IfMatch(version): IfMatch,
    Body(patch): Body<CredentialSetPatch>,
) -> Result<Response, ApiError> {
    let old = find(&app, id).await?;
    let mut set = old.clone();
    if let Some(name) = &patch.name {
        set.name = check_name(name)?;
    }
    if let Some(username) = &patch.username {
        set.credentials.username = check_username(username)?;
    }
    if let Some(password) = patch.password {
        set.credentials.password = password;
    }
    set.position = patch.position.unwrap_or(set.position);
    let set = app.site.store.credential_sets().update(&set, version.unwrap_or(old.version)).await?;
    let view = set_view(&set);
    let (old, new) = (as_value(&set_view(&old)), as_value(&view));
    app.audit(&caller, Act { action: "credential_set.update", subject: &view.name, old, new }).await;
    Ok(versioned(view.version, view))
}

#[utoipa::path(delete, path = "/api/v1/credential-sets/{id}", tag = "devices", operation_id = "remove_credential_set", params(("id" = i64, Path)),
    responses((status = 204), (status = 404, body = ProblemDetails)))]
pub async fn remove(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<StatusCode, ApiError> {
    let set = find(&app, id).await?;
    app.site.store.credential_sets().delete(set.id).await?;
    let old = as_value(&set_view(&set));
    app.audit(&caller, Act { action: "credential_set.delete", subject: &set.name, old, new: None }).await;
    Ok(StatusCode::NO_CONTENT)
}

pub async fn find(app: &App, id: i64) -> Result<CredentialSet, Problem> {
    let set = app.site.store.credential_sets().get(CredentialSetId(id)).await?;
    set.ok_or_else(|| Problem::new(ErrorCode::NotFound).with("what", "credential_set"))
}

/// An empty user name is a user name for some devices.
fn check_username(name: &str) -> Result<String, Problem> {
    if name.chars().count() > 100 || name.chars().any(char::is_control) {
        return Err(invalid("username", "not_a_name"));
    }
    Ok(name.trim().to_owned())
}
