//! Playback groups.

use crate::{
    access::Caller,
    app::App,
    error::ApiError,
    extract::{Query, Segment},
    playback::group::{self, GroupName},
};
use axum::{
    extract::{State, WebSocketUpgrade},
    response::Response,
};
use watchwall_api::{PlaybackGroupQuery, ProblemDetails};
use watchwall_model::UtcMillis;

/// WebSocket: a clock that several viewers share. See the playback group messages for what is said on it.
#[utoipa::path(get, path = "/api/v1/playback-groups/{group}", tag = "playback", operation_id = "join_playback_group", params(("group" = String, Path), PlaybackGroupQuery),
    responses((status = 101, description = "a WebSocket"), (status = 400, body = ProblemDetails), (status = 403, body = ProblemDetails)))]
pub async fn join(
    State(app): State<App>,
    caller: Caller,
    Segment(name): Segment,
    Query(query): Query<PlaybackGroupQuery>,
    upgrade: WebSocketUpgrade,
) -> Result<Response, ApiError> {
    let name = GroupName::parse(&name)?;
    let at = query.at.unwrap_or_else(|| UtcMillis::now().0);
    let held = app.access.open_socket(&caller);
    let (sockets, ended) = (app.sockets.clone(), caller.ended.clone());
    Ok(sockets.open(upgrade, move |socket| async move {
        group::run(app, socket, name, at, ended).await;
        drop(held);
    }))
}
