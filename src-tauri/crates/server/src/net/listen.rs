//! Accepting connections.

use super::{Door, Peer, Reached};
use axum::{
    Router,
    extract::Request,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use std::{io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::timeout,
};
use tokio_rustls::TlsAcceptor;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt;
use watchwall_model::{ErrorCode, Problem};

/// Bounds of the front door.
#[derive(Clone, Copy, Debug)]
pub struct ServeLimits {
    /// Connections open at once; more wait in the system's queue.
    pub connections: usize,
    /// Time a client may take to send its request's head, and before it to agree on TLS.
    pub head_timeout: Duration,
    /// Bytes the system may hold for one slow client. A viewer that never reads costs this much and its queue.
    pub send_buffer_bytes: usize,
}

impl Default for ServeLimits {
    fn default() -> Self {
        Self { connections: 2_048, head_timeout: Duration::from_secs(10), send_buffer_bytes: 512 * 1_024 }
    }
}

/// # Errors
/// `address_in_use`, or `config_invalid` for an address this machine does not have.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, Problem> {
    TcpListener::bind(address).await.map_err(|error| {
        let code = match error.kind() {
            io::ErrorKind::AddrInUse => ErrorCode::AddressInUse,
            _ => ErrorCode::ConfigInvalid,
        };
        Problem::new(code).with("address", address).with("key", "server.listen").at("listen").because(error)
    })
}

/// How the connections of one address are spoken to.
#[derive(Clone)]
pub struct Entry {
    pub door: Door,
    /// `None` is plain HTTP.
    pub tls: Option<TlsAcceptor>,
}

/// The first byte of a TLS record that opens a handshake (RFC 8446, section 5.1).
const TLS_HANDSHAKE: u8 = 22;

/// Serves until `stop`, then lets requests under way finish. Ends when all connections have.
pub async fn serve(listener: TcpListener, entry: Entry, router: Router, limits: ServeLimits, stop: CancellationToken) {
    let permits = Arc::new(Semaphore::new(limits.connections));
    let connections = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = accept(&listener, &permits) => accepted,
        };
        let Some((stream, peer, permit)) = accepted else { continue };
        prepare(&stream, limits);
        let (entry, router, stop) = (entry.clone(), router.clone(), stop.clone());
        connections.spawn(async move {
            let reached = stream.local_addr().ok().map(|own| own.ip().to_canonical());
            let caller = (Peer(peer), Reached(reached), entry.door);
            match entry.tls {
                None => connection(stream, caller, router, limits, stop).await,
                Some(acceptor) => behind_tls(stream, &acceptor, caller, router, limits, stop).await,
            }
            drop(permit);
        });
    }
    drop(listener);
    connections.close();
    connections.wait().await;
}

async fn accept(
    listener: &TcpListener,
    permits: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    let permit = permits.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => Some((stream, peer, permit)),
        Err(error) => {
            // Out of file descriptors, most likely: the next attempt may not come at once.
            tracing::warn!("a connection could not be accepted: {error}");
            tokio::time::sleep(Duration::from_millis(200)).await;
            None
        }
    }
}

fn prepare(stream: &TcpStream, limits: ServeLimits) {
    let socket = socket2::SockRef::from(stream);
    let prepared = stream
        .set_nodelay(true)
        .and_then(|()| socket.set_send_buffer_size(limits.send_buffer_bytes))
        .and_then(|()| socket.set_keepalive(true));
    if let Err(error) = prepared {
        tracing::debug!("a connection keeps the system's settings: {error}");
    }
}

/// Agrees on TLS first. Who speaks plain HTTP to this address is sent to the same address with TLS.
async fn behind_tls(
    stream: TcpStream,
    acceptor: &TlsAcceptor,
    caller: (Peer, Reached, Door),
    router: Router,
    limits: ServeLimits,
    stop: CancellationToken,
) {
    let agree = async {
        let mut first = [0];
        if stream.peek(&mut first).await? == 1 && first[0] != TLS_HANDSHAKE {
            return Ok(Err(stream));
        }
        acceptor.accept(stream).await.map(Ok)
    };
    let agreed = tokio::select! {
        agreed = timeout(limits.head_timeout, agree) => agreed,
        () = stop.cancelled() => return,
    };
    match agreed {
        Ok(Ok(Ok(stream))) => connection(stream, caller, router, limits, stop).await,
        Ok(Ok(Err(plain))) => connection(plain, caller, Router::new().fallback(to_tls), limits, stop).await,
        Ok(Err(error)) => tracing::debug!(peer = %caller.0.0, "no TLS was agreed on: {error}"),
        Err(_) => tracing::debug!(peer = %caller.0.0, "no TLS was agreed on in time"),
    }
}

async fn to_tls(uri: Uri, headers: HeaderMap) -> Response {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    if host.is_empty() || !path.starts_with('/') {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let close = (header::CONNECTION, "close".to_owned());
    (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, format!("https://{host}{path}")), close]).into_response()
}

async fn connection<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    (peer, reached, door): (Peer, Reached, Door),
    router: Router,
    limits: ServeLimits,
    stop: CancellationToken,
) {
    let service = router.map_request(move |request: hyper::Request<Incoming>| {
        let mut request: Request = request.map(axum::body::Body::new);
        request.extensions_mut().insert(peer);
        request.extensions_mut().insert(reached);
        request.extensions_mut().insert(door);
        request
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_timeout)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service))
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = &mut connection => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(peer = %peer.0, "a connection ended: {error}");
    }
}
