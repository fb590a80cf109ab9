//! The one place where every route and socket asks: who is this, and may they?

use super::{caller::missing, origin};
use crate::{
    app::App,
    error::ApiError,
    net::{Door, Names, Peer, RequestId, refuse_socket},
};
use axum::{
    Extension,
    extract::{FromRequestParts, RawPathParams, Request, State, WebSocketUpgrade},
    http::{header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use watchwall_model::{ErrorCode, Problem, Right};

/// What a route asks of its caller. Each entry of `routes::table` carries one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Anybody, also without a login.
    Public,
    LoggedIn,
    Right(Right),
    /// The same, or a ticket for the stream in the address: players send no login of ours.
    RightOrTicket(Right),
}

impl Need {
    /// # Errors
    /// `login_required` or `right_missing`.
    fn check(self, caller: Option<&super::Caller>) -> Result<(), Problem> {
        match (self, caller) {
            (Self::Public, _) | (Self::LoggedIn, Some(_)) => Ok(()),
            (Self::Right(right) | Self::RightOrTicket(right), Some(caller)) if caller.role.has(right) => Ok(()),
            (Self::Right(right) | Self::RightOrTicket(right), Some(_)) => Err(missing(right)),
            (_, None) => Err(Problem::new(ErrorCode::LoginRequired)),
        }
    }
}

/// Layer of one route. Forged requests are refused with a status; a WebSocket without login or right is opened, told
/// why in words, and closed, because a browser shows no page the status of a refused handshake.
pub async fn guard(State((app, need)): State<(App, Need)>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let peer = parts.extensions.get::<Peer>().copied().unwrap_or_default();
    let door = parts.extensions.get::<Door>().copied().unwrap_or_default();
    let mut caller = match app.access.identify(&parts.headers, peer).await {
        Ok(caller) => caller,
        Err(problem) => return ApiError(problem).into_response(),
    };
    if let (Need::RightOrTicket(_), None) = (need, &caller) {
        caller = ticket_holder(&app, &mut parts).await;
    }
    let by_cookie = caller.as_ref().is_some_and(|c| c.via == super::Via::Cookie);
    if let Err(problem) = origin::check(&parts.headers, &parts.method, door.scheme, by_cookie) {
        return ApiError(problem).into_response();
    }
    if let Err(problem) = need.check(caller.as_ref()) {
        if parts.headers.contains_key(header::SEC_WEBSOCKET_KEY)
            && let Ok(upgrade) = WebSocketUpgrade::from_request_parts(&mut parts, &()).await
        {
            return refuse_socket(&app, upgrade, problem);
        }
        return ApiError(problem).into_response();
    }
    if let Some(caller) = caller {
        parts.extensions.insert(caller);
    }
    next.run(Request::from_parts(parts, body)).await
}

/// Whoever gave this request's ticket out, when it is one for the stream in its address.
async fn ticket_holder(app: &App, parts: &mut Parts) -> Option<super::Caller> {
    let names = RawPathParams::from_request_parts(parts, &()).await.ok()?;
    let path = names.iter().find(|(name, _)| *name == "path").map(|(_, value)| value.to_owned())?;
    let ticket = parts.uri.query()?.split('&').find_map(|pair| pair.strip_prefix("ticket="))?;
    app.access.ticket_holder(ticket, &path)
}

/// Gives each request its id, for logs and problems.
pub async fn with_id(mut request: Request, next: Next) -> Response {
    let id = RequestId::next();
    request.extensions_mut().insert(id.clone());
    let mut response = next.run(request).await;
    if let Ok(value) = header::HeaderValue::from_str(&id.0) {
        response.headers_mut().insert("x-request-id", value);
    }
    response.extensions_mut().insert(id);
    response
}

/// Where only names of loopback are answered, others are refused.
pub async fn host(Extension(_): Extension<RequestId>, request: Request, next: Next) -> Response {
    let door = request.extensions().get::<Door>().copied().unwrap_or_default();
    if door.names == Names::Loopback
        && let Err(problem) = origin::check_host(request.headers())
    {
        return ApiError(problem).into_response();
    }
    next.run(request).await
}
