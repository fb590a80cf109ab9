//! First run: the first administrator and the folder for recordings.

use super::login::grant;
use crate::{
    access::{Caller, FirstAdministrator, LOCAL_USER, MaybeCaller, SetupProof, Via},
    app::{Act, App, SETTINGS_KEY, as_value},
    error::ApiError,
    extract::{Body, invalid},
    net::{Door, Peer},
    notify::Edited,
    views::{folder_view, user_view},
};
use axum::{Extension, Json, extract::State, http::HeaderMap, response::Response};
use watchwall_api::{LoginAnswer, ProblemDetails, SetupFolder, SetupFolderRequest, SetupRequest};
use watchwall_model::{Problem, Role};

/// Creates the first administrator and logs in. `code` may be empty for whoever came in with a one-time token.
///
/// A folder for recordings is set in the same act: when it cannot be, nobody is created.
#[utoipa::path(post, path = "/api/v1/setup", tag = "access", request_body = SetupRequest,
    responses((status = 200, body = LoginAnswer), (status = 403, body = ProblemDetails), (status = 409, body = ProblemDetails), (status = 422, body = ProblemDetails)))]
pub async fn set_up(
    State(app): State<App>,
    Extension(peer): Extension<Peer>,
    Extension(door): Extension<Door>,
    MaybeCaller(caller): MaybeCaller,
    headers: HeaderMap,
    Body(request): Body<SetupRequest>,
) -> Result<Response, ApiError> {
    let language = request.language.map(|l| check_language(&l)).transpose()?;
    let proof = proof(caller.as_ref(), &request.code, peer);
    let first = FirstAdministrator { name: request.username, password: request.password, language: language.clone() };
    let set_up = app.access.begin_set_up(proof, first).await?;
    let folder = request.recording_folder.filter(|folder| !folder.trim().is_empty());
    let (account, moved) = match folder {
        Some(folder) => {
            let (moved, account) = app.site.recording.move_first_volume(&folder, set_up.finish()).await?;
            (account, Some(moved).filter(|moved| !moved.is_needless()))
        }
        None => (set_up.finish().await?, None),
    };
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
    if let Some(moved) = moved {
        let root = |volume: &watchwall_model::Volume| as_value(&serde_json::json!({ "root": volume.root }));
        let (old, new) = (root(&moved.from), root(&moved.to));
        app.audit(&who, Act { action: "volume.move", subject: &moved.to.code.0, old, new }).await;
        app.edits.note(Edited::Volumes);
    }
    tracing::info!(user = account.name, address = %peer.ip(), "the first administrator was created");
    grant(&app, &account, Via::Cookie, (peer, door), &headers).await
}

/// Looks at a folder that recordings may go to: where it is, how much room there is, and what the default would be.
#[utoipa::path(post, path = "/api/v1/setup/folder", tag = "access", request_body = SetupFolderRequest,
    responses((status = 200, body = SetupFolder), (status = 403, body = ProblemDetails), (status = 409, body = ProblemDetails), (status = 422, body = ProblemDetails)))]
pub async fn folder(
    State(app): State<App>,
    Extension(peer): Extension<Peer>,
    MaybeCaller(caller): MaybeCaller,
    Body(request): Body<SetupFolderRequest>,
) -> Result<Json<SetupFolder>, ApiError> {
    app.access.check_set_up(&proof(caller.as_ref(), &request.code, peer))?;
    Ok(Json(folder_view(&app.site.recording.look_at_folder(&request.folder).await?)))
}

fn proof<'a>(caller: Option<&Caller>, typed: &'a str, peer: Peer) -> SetupProof<'a> {
    let is_local =
        caller.is_some_and(|c| c.role == Role::Administrator && (c.name == LOCAL_USER || c.via == Via::LocalTool));
    if is_local { SetupProof::LocalAdministrator } else { SetupProof::Code { typed, address: peer.ip() } }
}

/// # Errors
/// `request_invalid` for a language without texts.
pub fn check_language(text: &str) -> Result<String, Problem> {
    if ["en", "zh-CN"].contains(&text) { Ok(text.to_owned()) } else { Err(invalid("language", "unknown")) }
}
