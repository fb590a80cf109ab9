//! WebSockets the site has open, and how they are refused and closed.

use crate::app::App;
use axum::{
    extract::{
        WebSocketUpgrade,
        ws::{CloseFrame, Message, WebSocket},
    },
    response::Response,
};
use std::{future::Future, time::Duration};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use watchwall_api::LiveServerMessage;
use watchwall_model::{ErrorCode, Problem};

/// A JSON command is short; whatever is longer is not ours.
const MOST_RECEIVED_BYTES: usize = 16 * 1_024;
/// A socket that takes no byte for this long is closed.
pub const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// All open sockets of the site.
#[derive(Clone, Default)]
pub struct Sockets {
    tracker: TaskTracker,
    stopping: CancellationToken,
}

impl Sockets {
    /// Fires when the site stops.
    pub const fn stopping(&self) -> &CancellationToken {
        &self.stopping
    }

    /// Runs `work` on the upgraded socket and keeps track of it.
    pub fn open<F, W>(&self, upgrade: WebSocketUpgrade, work: F) -> Response
    where
        F: FnOnce(WebSocket) -> W + Send + 'static,
        W: Future<Output = ()> + Send + 'static,
    {
        self.open_for(upgrade, MOST_RECEIVED_BYTES, work)
    }

    /// The same for a far end that may send more in one message.
    pub fn open_for<F, W>(&self, upgrade: WebSocketUpgrade, most_bytes: usize, work: F) -> Response
    where
        F: FnOnce(WebSocket) -> W + Send + 'static,
        W: Future<Output = ()> + Send + 'static,
    {
        let tracker = self.tracker.clone();
        upgrade
            .max_message_size(most_bytes)
            .max_frame_size(most_bytes)
            // Each message goes to the system at once: the queue before it is the hub's, which knows key frames.
            .write_buffer_size(0)
            .on_upgrade(move |socket| tracker.track_future(work(socket)))
    }

    pub fn count(&self) -> usize {
        self.tracker.len()
    }

    /// Tells all to close and waits for them.
    pub async fn stop(&self, deadline: Duration) {
        self.stopping.cancel();
        self.tracker.close();
        if tokio::time::timeout(deadline, self.tracker.wait()).await.is_err() {
            tracing::warn!(left = self.tracker.len(), "sockets did not close in time");
        }
    }
}

/// Close codes: 4000 plus the HTTP status of the reason (RFC 6455, section 7.4.2, private use).
pub struct CloseCode;

impl CloseCode {
    pub const GOING_AWAY: u16 = 1001;
    /// A node came again, was switched off, or does not read what it is told.
    pub const LET_GO: u16 = 4409;

    pub const fn of(code: ErrorCode) -> u16 {
        match code {
            ErrorCode::ShuttingDown => Self::GOING_AWAY,
            code => 4_000 + code.status(),
        }
    }
}

/// Says why and closes. Playback and live errors look the same on the wire.
pub async fn close_with(mut socket: WebSocket, problem: &Problem) {
    let error = LiveServerMessage::Error { code: problem.code.as_str().to_owned(), params: problem.params.clone() };
    let text = serde_json::to_string(&error).unwrap_or_default();
    let frame = CloseFrame { code: CloseCode::of(problem.code), reason: problem.code.as_str().into() };
    let farewell = async {
        socket.send(Message::Text(text.into())).await?;
        socket.send(Message::Close(Some(frame))).await?;
        // The far end answers the close, so that what was sent is read before the connection goes.
        while let Some(Ok(_)) = socket.recv().await {}
        Ok::<_, axum::Error>(())
    };
    // A far end that is gone already has nothing to be told.
    let _ = tokio::time::timeout(CLOSE_TIMEOUT, farewell).await;
}

/// Opens a socket only to say why it is refused.
pub fn refuse_socket(app: &App, upgrade: WebSocketUpgrade, problem: Problem) -> Response {
    app.sockets.open(upgrade, |socket| async move { close_with(socket, &problem).await })
}
