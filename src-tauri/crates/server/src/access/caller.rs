//! Who is asking.

use crate::error::ApiError;
use axum::{extract::FromRequestParts, http::request::Parts};
use std::net::IpAddr;
use tokio_util::sync::CancellationToken;
use watchwall_model::{ErrorCode, Problem, Right, Role, SessionId, UserId};

/// How credentials came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// A browser: origin checks apply.
    Cookie,
    Bearer,
    /// The local token of a tool on this machine.
    LocalTool,
}

impl Via {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cookie => "cookie",
            Self::Bearer => "bearer",
            Self::LocalTool => "local",
        }
    }
}

/// A request's identity, put into it by the guard.
#[derive(Clone, Debug)]
pub struct Caller {
    pub user: UserId,
    pub name: String,
    pub role: Role,
    pub via: Via,
    pub session: Option<SessionId>,
    pub address: IpAddr,
    /// Fires when the session ends; sockets close on it.
    pub ended: CancellationToken,
}

impl Caller {
    /// A tool on this machine that could read the local token. It has no row among the users.
    pub fn local_tool(address: IpAddr) -> Self {
        Self {
            user: UserId(0),
            name: "local-token".into(),
            role: Role::Administrator,
            via: Via::LocalTool,
            session: None,
            address,
            ended: CancellationToken::new(),
        }
    }

    /// For rights that depend on a request's parameters; the route's own right is checked by the guard.
    ///
    /// # Errors
    /// `right_missing` with the right's name.
    pub fn require(&self, right: Right) -> Result<(), Problem> {
        if self.role.has(right) { Ok(()) } else { Err(missing(right)) }
    }
}

pub(super) fn missing(right: Right) -> Problem {
    Problem::new(ErrorCode::RightMissing).with("right", crate::views::right_name(right))
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let caller = parts.extensions.get::<Self>().cloned();
        caller.ok_or_else(|| ApiError(Problem::new(ErrorCode::LoginRequired)))
    }
}

/// On public routes: whoever asks, if known.
pub struct MaybeCaller(pub Option<Caller>);

impl<S: Send + Sync> FromRequestParts<S> for MaybeCaller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Ok(Self(parts.extensions.get::<Caller>().cloned()))
    }
}
