//! `/ws/ai-engine`.

use crate::{
    access::{MaybeCaller, Token, Via, bearer},
    app::App,
    engine,
    net::{Peer, Reached, refuse_socket},
};
use axum::{
    Extension,
    extract::{State, WebSocketUpgrade},
    http::HeaderMap,
    response::Response,
};
use watchwall_api::{AiEngineQuery, ProblemDetails};
use watchwall_model::{ErrorCode, Problem};
use watchwall_site::analytics::nodes::{Came, NodeLink, Presented};

/// WebSocket of an AI node. It shows its own token; from this machine the local administrator's token will do. A wrong one
/// is closed with 4401. Nodes of this machine may be let in without any (`analytics.open_to_this_machine`). See the protocol page for what is said on it.
#[utoipa::path(get, path = "/ws/ai-engine", tag = "analytics", operation_id = "ai_engine", params(AiEngineQuery),
    responses((status = 101, description = "a WebSocket"), (status = 400, body = ProblemDetails)))]
pub async fn connect(
    State(app): State<App>,
    MaybeCaller(caller): MaybeCaller,
    Extension(peer): Extension<Peer>,
    Extension(Reached(reached)): Extension<Reached>,
    crate::extract::Query(query): crate::extract::Query<AiEngineQuery>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    let is_local = caller.is_some_and(|caller| caller.via == Via::LocalTool);
    let presented = match (is_local, shown(&headers, &query)) {
        (true, _) => Ok(Presented::Local),
        (false, Some(token)) if peer.is_loopback() && app.access.is_local_token(&token) => Ok(Presented::Local),
        (false, Some(token)) => app.site.analytics.admit(&token.hash()).await.map(Presented::Node),
        (false, None) if peer.is_loopback() && app.site.config.analytics.open_to_this_machine => Ok(Presented::Local),
        (false, None) => Err(Problem::new(ErrorCode::NodeTokenWrong)),
    };
    let came = Came { from: peer.ip(), to: reached };
    let connected = presented.and_then(|presented| app.site.analytics.connect(presented, came));
    match connected {
        Ok((link, place)) => open(&app, upgrade, link, place),
        Err(problem) => refuse_socket(&app, upgrade, problem),
    }
}

fn open(app: &App, upgrade: WebSocketUpgrade, link: NodeLink, place: watchwall_site::analytics::Place) -> Response {
    let (sockets, app) = (app.sockets.clone(), app.clone());
    sockets.open_for(upgrade, engine::MOST_RECEIVED_BYTES, move |socket| async move {
        engine::run(app, socket, link).await;
        drop(place);
    })
}

/// What the node shows: its header stands before its address.
fn shown(headers: &HeaderMap, query: &AiEngineQuery) -> Option<Token> {
    bearer(headers).or_else(|| query.token.as_deref().map(Token::received))
}
