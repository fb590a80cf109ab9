//! Live view.

use crate::{
    access::Caller,
    app::App,
    error::ApiError,
    extract::{AtPath, Query},
    live,
};
use axum::{
    extract::{State, WebSocketUpgrade},
    response::Response,
};
use watchwall_api::{LiveQuery, ProblemDetails};
use watchwall_model::Right;

/// WebSocket: one JSON `hello`, then binary messages. See the live messages for what is said on it.
#[utoipa::path(get, path = "/api/v1/live/{path}", tag = "live", operation_id = "watch", params(("path" = String, Path), LiveQuery),
    responses((status = 101, description = "a WebSocket"), (status = 403, body = ProblemDetails)))]
pub async fn watch(
    State(app): State<App>,
    caller: Caller,
    AtPath(path): AtPath,
    Query(query): Query<LiveQuery>,
    upgrade: WebSocketUpgrade,
) -> Result<Response, ApiError> {
    if query.replay_s.is_some() {
        caller.require(Right::Playback)?;
    }
    let wish = live::Wish::new(path, &query, caller.role.has(Right::Audio));
    let held = app.access.open_socket(&caller);
    let (sockets, ended) = (app.sockets.clone(), caller.ended.clone());
    Ok(sockets.open(upgrade, move |socket| async move {
        live::run(app, socket, wish, ended).await;
        drop(held);
    }))
}
