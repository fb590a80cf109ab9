//! First run: the first administrator.

use super::login::grant;
use crate::{
    access::{Caller, FirstAdministrator, LOCAL_USER, MaybeCaller, SetupProof, Via},
    app::{Act, App, SETTINGS_KEY, as_value},
    error::ApiError,
    extract::{Body, invalid},
    net::Peer,
    views::user_view,
};
use axum::{Extension, extract::State, http::HeaderMap, response::Response};
use watchwall_api::{LoginAnswer, SetupRequest};
use watchwall_model::{Problem, Role};

/// Creates the first administrator and logs in. `code` may be empty for whoever came in with a one-time token.
#[utoipa::path(post, path = "/api/v1/setup", tag = "access", request_body = SetupRequest,
    responses((status = 200, body = LoginAnswer), (status = 403, body = watchwall_api::ProblemDetails), (status = 409, body = watchwall_api::ProblemDetails)))]
pub async fn set_up(
    State(app): State<App>,
    Extension(peer): Extension<Peer>,
    MaybeCaller(caller): MaybeCaller,
    headers: HeaderMap,
    Body(request): Body<SetupRequest>,
) -> Result<Response, ApiError> {
    if request.recording_folder.as_deref().is_some_and(|folder| !folder.is_empty()) {
        // The first volume stands once the site runs; another folder is a matter of the configuration file.
        return Err(invalid("recording_folder", "set recording.folder in watchwall.toml").into());
    }
    let language = request.language.map(|l| check_language(&l)).transpose()?;
    let is_local = caller
        .as_ref()
        .is_some_and(|c| c.role == Role::Administrator && (c.name == LOCAL_USER || c.via == Via::LocalTool));
    let proof = if is_local {
        SetupProof::LocalAdministrator
    } else {
        SetupProof::Code { typed: &request.code, address: peer.ip() }
    };
    let first = FirstAdministrator { name: request.username, password: request.password, language: language.clone() };
    let account = app.access.set_up(proof, first).await?;
    if let Some(language) = language {
        let mut settings = app.settings().await?;
        settings.default_language = language;
        app.site.store.settings().put(SETTINGS_KEY, &settings).await?;
    }
    let who = Caller {
        name: account.name.clone(),
        user: account.id,
        ..caller.unwrap_or_else(|| Caller::local_tool(peer.ip()))
    };
    let new = as_value(&user_view(&account));
    app.audit(&who, Act { action: "site.set_up", subject: &account.name, old: None, new }).await;
    tracing::info!(user = account.name, address = %peer.ip(), "the first administrator was created");
    grant(&app, &account, Via::Cookie, peer, &headers).await
}

/// # Errors
/// `request_invalid` for a language without texts.
pub fn check_language(text: &str) -> Result<String, Problem> {
    if ["en", "zh-CN"].contains(&text) { Ok(text.to_owned()) } else { Err(invalid("language", "unknown")) }
}
