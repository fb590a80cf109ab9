//! The port: opened, and opened again when it could not be; one task for each connection.

use super::{
    connection::Connection,
    handle::{Shared, lock},
};
use std::{io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::Semaphore,
};

/// Streams handed out at once.
pub const MOST_SESSIONS: usize = 64;
/// Connections at once. One beyond these is closed at once; one that shows no token does not stay.
const MOST_CONNECTIONS: usize = 2 * MOST_SESSIONS;
const BACKLOG: u32 = 64;
/// What the system holds for one client that does not read; the rest waits in its session, where it is bounded.
const SEND_BUFFER_BYTES: u32 = 512 * 1_024;
const OPEN_AGAIN: Duration = Duration::from_secs(10);
/// Before the next is accepted when one could not be.
const REST: Duration = Duration::from_millis(200);

/// `None` (told once in the log) when the address cannot be had now.
pub(super) fn open(shared: &Shared, address: SocketAddr) -> Option<TcpListener> {
    match bind(address) {
        Ok((listener, own)) => {
            tracing::info!(address = %own, "streams are handed on by RTSP");
            *lock(&shared.listening) = Some(own);
            Some(listener)
        }
        Err(error) => {
            tracing::error!(%address, %error, "streams cannot be handed on by RTSP; it is tried again (outlet.listen)");
            None
        }
    }
}

/// Runs until the outlet stops.
pub(super) async fn serve(shared: Arc<Shared>, address: SocketAddr, mut listener: Option<TcpListener>) {
    let stop = shared.stop.clone();
    let work = async {
        loop {
            match listener.take() {
                Some(listener) => accept(&shared, &listener).await,
                None => {
                    tokio::time::sleep(OPEN_AGAIN).await;
                    if let Ok((again, own)) = bind(address) {
                        tracing::info!(address = %own, "streams are handed on by RTSP now");
                        *lock(&shared.listening) = Some(own);
                        listener = Some(again);
                    }
                }
            }
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = work => {}
    }
    *lock(&shared.listening) = None;
}

/// Connections take over what is set here.
fn bind(address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // As `TcpListener::bind` does it: elsewhere the option lets two programs have one port.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.set_send_buffer_size(SEND_BUFFER_BYTES)?;
    socket.set_keepalive(true)?;
    socket.bind(address)?;
    let listener = socket.listen(BACKLOG)?;
    let own = listener.local_addr()?;
    Ok((listener, own))
}

async fn accept(shared: &Arc<Shared>, listener: &TcpListener) {
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    loop {
        match listener.accept().await {
            Ok((socket, _)) => {
                let Ok(place) = Arc::clone(&places).try_acquire_owned() else { continue };
                let Some(connection) = connect(socket, shared) else { continue };
                shared.tasks.spawn(async move {
                    connection.run().await;
                    drop(place);
                });
            }
            Err(error) => {
                // Out of file descriptors, most likely.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(REST).await;
            }
        }
    }
}

/// `None` when the client has left already.
fn connect(socket: TcpStream, shared: &Arc<Shared>) -> Option<Connection> {
    Connection::new(socket, Arc::clone(shared)).ok()
}
