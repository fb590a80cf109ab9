//! What users change of themselves.

use super::{answer::versioned, login::user_of, setup::check_language};
use crate::{
    access::Caller,
    app::{Act, App, as_value},
    error::ApiError,
    extract::{Body, invalid},
    net::Peer,
    views::user_view,
};
use axum::{Extension, extract::State, response::Response};
use watchwall_api::{MePatch, UserView};
use watchwall_model::{ErrorCode, Problem};

/// Changes one's own language or password; a new password needs the current one and ends one's other sessions.
#[utoipa::path(patch, path = "/api/v1/me", tag = "access", request_body = MePatch, responses((status = 200, body = UserView)))]
pub async fn change(
    State(app): State<App>,
    Extension(peer): Extension<Peer>,
    caller: Caller,
    Body(patch): Body<MePatch>,
) -> Result<Response, ApiError> {
    let Some(session) = caller.session else {
        return Err(Problem::new(ErrorCode::NotFound).with("what", "user").into());
    };
    let old = user_of(&app, &caller).await?;
    if let Some(new_password) = &patch.new_password {
        let current = patch.current_password.as_ref().ok_or_else(|| invalid("current_password", "missing"))?;
        app.access.login(&old.name, current, peer.ip()).await?;
        app.access.set_password(old.id, new_password).await?;
        app.access.revoke_user(old.id, Some(session)).await?;
    }
    let mut user = user_of(&app, &caller).await?;
    if let Some(language) = &patch.language {
        user.language = if language.is_empty() { None } else { Some(check_language(language)?) };
        user = app.site.store.users().update(&user, user.version).await?;
    }
    app.access.forget_cached();
    let view = user_view(&user);
    let act = Act { action: "me.update", subject: &user.name, old: as_value(&user_view(&old)), new: as_value(&view) };
    app.audit(&caller, act).await;
    Ok(versioned(view.version, view))
}
