//! `/ws/web-notify`.

use crate::{access::Caller, app::App, notify};
use axum::{
    extract::{State, WebSocketUpgrade},
    response::Response,
};
use watchwall_api::ProblemDetails;

/// WebSocket: what changed. See the notify messages for what is said on it.
#[utoipa::path(get, path = "/ws/web-notify", tag = "live", operation_id = "notify",
    responses((status = 101, description = "a WebSocket"), (status = 403, body = ProblemDetails)))]
pub async fn notify(State(app): State<App>, caller: Caller, upgrade: WebSocketUpgrade) -> Response {
    let held = app.access.open_socket(&caller);
    let (sockets, ended) = (app.sockets.clone(), caller.ended.clone());
    let role = caller.role;
    sockets.open(upgrade, move |socket| async move {
        notify::run(app, socket, role, ended).await;
        drop(held);
    })
}
