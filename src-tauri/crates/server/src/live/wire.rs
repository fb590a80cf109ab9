//! Writing to one viewer, within a deadline.

use crate::net::{CloseCode, WRITE_TIMEOUT, close_with};
use axum::extract::ws::{CloseFrame, Message, WebSocket};
use bytes::Bytes;
use futures::SinkExt;
use serde::Serialize;
use std::time::Duration;
use tokio::time::timeout;
use watchwall_model::{ErrorCode, Problem};

/// A viewer's socket.
pub struct Wire {
    socket: WebSocket,
}

/// Why a conversation is over.
#[derive(Debug)]
pub enum End {
    /// The far end closed or vanished.
    Gone,
    /// The session was ended or the site stops.
    Stopping,
    /// To be said before closing.
    Refused(Problem),
}

impl From<Problem> for End {
    fn from(problem: Problem) -> Self {
        Self::Refused(problem)
    }
}

/// What a client said.
#[derive(Debug)]
pub enum Said {
    Text(String),
    /// Something that is no command.
    Noise,
}

impl Wire {
    pub const fn new(socket: WebSocket) -> Self {
        Self { socket }
    }

    /// Puts a message behind those not flushed yet. Waits only when the connection is full.
    ///
    /// # Errors
    /// `client_too_slow` after ten seconds without a byte taken, or that the far end is gone.
    pub async fn feed(&mut self, bytes: Bytes) -> Result<(), End> {
        within(self.socket.feed(Message::Binary(bytes))).await
    }

    /// # Errors
    /// As [`Wire::feed`].
    pub async fn flush(&mut self) -> Result<(), End> {
        within(SinkExt::<Message>::flush(&mut self.socket)).await
    }

    /// # Errors
    /// As [`Wire::feed`].
    pub async fn say<T: Serialize>(&mut self, message: &T) -> Result<(), End> {
        let text =
            serde_json::to_string(message).map_err(|e| Problem::new(ErrorCode::Internal).at("say").because(e))?;
        within(self.socket.send(Message::Text(text.into()))).await
    }

    /// What the client says next. May be dropped at any time without losing a message.
    ///
    /// # Errors
    /// When the far end is gone or broke the protocol.
    pub async fn hear(&mut self) -> Result<Said, End> {
        loop {
            match self.socket.recv().await {
                Some(Ok(Message::Text(text))) => return Ok(Said::Text(text.as_str().to_owned())),
                Some(Ok(Message::Binary(_))) => return Ok(Said::Noise),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(End::Gone),
            }
        }
    }

    /// Says why and closes.
    pub async fn end(mut self, end: End) {
        match end {
            End::Gone => {}
            End::Stopping => {
                let frame = CloseFrame { code: CloseCode::GOING_AWAY, reason: "".into() };
                // Whoever no longer listens needs no farewell.
                let _ = timeout(Duration::from_millis(500), self.socket.send(Message::Close(Some(frame)))).await;
            }
            End::Refused(problem) => close_with(self.socket, &problem).await,
        }
    }
}

async fn within<E>(work: impl Future<Output = Result<(), E>>) -> Result<(), End> {
    match timeout(WRITE_TIMEOUT, work).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(End::Gone),
        Err(_) => Err(End::Refused(Problem::new(ErrorCode::ClientTooSlow).with("seconds", WRITE_TIMEOUT.as_secs()))),
    }
}
