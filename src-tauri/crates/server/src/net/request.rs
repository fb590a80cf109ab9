//! What is known about a request besides its content.

use axum::http::{HeaderMap, header};
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// The far end of the connection. Forwarding headers are not believed.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

impl Default for Peer {
    /// Nobody in particular, and never loopback.
    fn default() -> Self {
        Self(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)))
    }
}

impl Peer {
    pub fn ip(self) -> IpAddr {
        self.0.ip().to_canonical()
    }

    pub fn is_loopback(self) -> bool {
        self.ip().is_loopback()
    }
}

/// Our own address that the connection came to, where the system tells.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reached(pub Option<IpAddr>);

/// What is known about the way a request came in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Door {
    pub scheme: Scheme,
    /// Only names of loopback are answered: others are an attack by a foreign name that leads here.
    pub names: Names,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scheme {
    /// Perhaps behind a proxy that speaks TLS.
    #[default]
    Http,
    Https,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Names {
    #[default]
    Any,
    Loopback,
}

/// Appears in logs, in `x-request-id` and in problems.
#[derive(Clone, Debug)]
pub struct RequestId(pub Arc<str>);

impl RequestId {
    pub fn next() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(1);
        let salt = u64::from(std::process::id());
        Self(format!("{salt:x}-{:06x}", COUNT.fetch_add(1, Ordering::Relaxed)).into())
    }
}

/// The client's own name.
pub fn agent(headers: &HeaderMap) -> String {
    headers.get(header::USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned()
}
