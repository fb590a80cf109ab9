//! Other ways in: RTSP over TLS and RTSP over HTTP.
//!
//! Both are fronts of the shared RTSP port: they take the wrapping off and pass the bytes on over loopback, so every
//! camera on that port is behind them with all its faults. One task per port and one per connection, owned by the
//! farm's tracker; they end with the farm's token or with either side of the connection.

mod tls;
mod tunnel;

pub(crate) use tls::{acceptor, serve as serve_tls};
pub(crate) use tunnel::serve as serve_tunnel;

use crate::{house::House, rtsp::Door};
use std::{future::Future, sync::Arc, time::Duration};
use tokio::net::TcpStream;

/// Whatever a client does before its RTSP begins ends within this time.
const GREETING: Duration = Duration::from_secs(10);

/// Serves each connection in a task of its own until the farm stops.
async fn accept<F>(house: Arc<House>, door: Door, serve: impl Fn(TcpStream) -> F)
where
    F: Future<Output = std::io::Result<()>> + Send + 'static,
{
    let listener = door.into_listener();
    loop {
        let accepted = tokio::select! {
            () = house.stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((socket, peer)) => {
                let (stop, served) = (house.stop.clone(), serve(socket));
                house.tasks.spawn(async move {
                    let ended = tokio::select! {
                        () = stop.cancelled() => Ok(()),
                        ended = served => ended,
                    };
                    if let Err(error) = ended {
                        tracing::debug!(%peer, %error, "a wrapped connection broke");
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}
