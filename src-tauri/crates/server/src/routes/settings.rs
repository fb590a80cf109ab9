//! What an administrator changes while the site runs.

use super::{answer::versioned, groups::check_name, setup::check_language};
use crate::{
    access::Caller,
    app::{Act, App, SETTINGS_KEY, as_value},
    error::ApiError,
    extract::{Body, IfMatch, invalid},
    notify::Edited,
};
use axum::{extract::State, response::Response};
use watchwall_api::{ProblemDetails, SettingsPatch, SettingsView};
use watchwall_model::{ErrorCode, Problem};

#[utoipa::path(get, path = "/api/v1/settings", tag = "site", operation_id = "read_settings", responses((status = 200, body = SettingsView)))]
pub async fn read(State(app): State<App>) -> Result<Response, ApiError> {
    let view = app.settings().await?;
    Ok(versioned(view.version, view))
}

#[utoipa::path(patch, path = "/api/v1/settings", tag = "site", operation_id = "change_settings", request_body = SettingsPatch,
    responses((status = 200, body = SettingsView), (status = 412, body = ProblemDetails)))]
pub async fn change(
    State(app): State<App>,
    caller: Caller,
    IfMatch(version): IfMatch,
    Body(patch): Body<SettingsPatch>,
) -> Result<Response, ApiError> {
    let old = app.settings().await?;
    if version.is_some_and(|version| version != old.version) {
        return Err(Problem::new(ErrorCode::VersionConflict).with("what", "settings").into());
    }
    let mut new = old.clone();
    if let Some(name) = &patch.site_name {
        new.site_name = check_name(name)?;
    }
    if let Some(language) = &patch.default_language {
        new.default_language = check_language(language)?;
    }
    if let Some(ms) = patch.stale_after_ms {
        if !(500..=60_000).contains(&ms) {
            return Err(invalid("stale_after_ms", "500 to 60000").into());
        }
        new.stale_after_ms = ms;
    }
    new.version += 1;
    app.site.store.settings().put(SETTINGS_KEY, &new).await?;
    app.viewers.set_stale_after_ms(new.stale_after_ms);
    app.audit(&caller, Act { action: "settings.update", subject: "site", old: as_value(&old), new: as_value(&new) })
        .await;
    app.edits.note(Edited::Settings);
    Ok(versioned(new.version, new))
}
