//! One node's socket.

use crate::{
    app::App,
    net::{CloseCode, WRITE_TIMEOUT, close_with},
};
use axum::extract::ws::{CloseFrame, Message, WebSocket};
use std::time::{Duration, Instant};
use tokio::time::{MissedTickBehavior, interval, timeout};
use watchwall_model::{ErrorCode, Problem};
use watchwall_site::analytics::nodes::{NodeLink, Said};

/// A message may have a megabyte; one that is a little longer is told so, and what is longer than this ends the
/// connection.
pub const MOST_RECEIVED_BYTES: usize = 2 * 1024 * 1024;
const PING_EVERY: Duration = Duration::from_secs(15);
const SILENT_FOR: Duration = Duration::from_secs(45);

/// Why it is over.
enum End {
    Gone,
    Stopping,
    /// Another connection of the same node, or it may not be here any more.
    LetGo,
    Refused(Problem),
}

/// Serves one node until either side ends it.
pub async fn run(app: App, mut socket: WebSocket, mut link: NodeLink) {
    let stopping = app.sockets.stopping().clone();
    let end = tokio::select! {
        end = converse(&mut socket, &mut link) => end,
        () = stopping.cancelled() => End::Stopping,
    };
    // Its scenes go to others at once, and not only when the far end has answered the close.
    drop(link);
    let frame = match end {
        End::Gone => return,
        End::Refused(problem) => return close_with(socket, &problem).await,
        End::Stopping => CloseFrame { code: CloseCode::GOING_AWAY, reason: "".into() },
        End::LetGo => CloseFrame { code: CloseCode::LET_GO, reason: "let_go".into() },
    };
    // Whoever no longer listens needs no farewell.
    let _ = timeout(Duration::from_millis(500), socket.send(Message::Close(Some(frame)))).await;
}

async fn converse(socket: &mut WebSocket, link: &mut NodeLink) -> End {
    let mut ping = interval(PING_EVERY);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut heard_at = Instant::now();
    loop {
        let outcome = tokio::select! {
            biased;
            said = link.next() => match said {
                Some(said) => say(socket, &said).await,
                None => Err(End::LetGo),
            },
            message = socket.recv() => {
                heard_at = Instant::now();
                match message {
                    Some(Ok(message)) => hear(socket, link, message).await,
                    Some(Err(_)) | None => Err(End::Gone),
                }
            }
            _ = ping.tick() => {
                if heard_at.elapsed() > SILENT_FOR {
                    Err(End::Gone)
                } else {
                    within(socket.send(Message::Ping(Vec::new().into()))).await
                }
            }
        };
        if let Err(end) = outcome {
            return end;
        }
    }
}

async fn hear(socket: &mut WebSocket, link: &mut NodeLink, message: Message) -> Result<(), End> {
    let answer = match message {
        Message::Text(text) => link.hear(text.as_str()).await.map_err(End::Refused)?,
        // Engines that send JSON as bytes mean the same.
        Message::Binary(bytes) => match std::str::from_utf8(&bytes) {
            Ok(text) => link.hear(text).await.map_err(End::Refused)?,
            Err(_) => link.hear("").await.map_err(End::Refused)?,
        },
        Message::Ping(_) | Message::Pong(_) => None,
        Message::Close(_) => return Err(End::Gone),
    };
    match answer {
        Some(answer) => say(socket, &answer).await,
        None => Ok(()),
    }
}

async fn say(socket: &mut WebSocket, said: &Said) -> Result<(), End> {
    let text = said.text().map_err(|error| End::Refused(Problem::new(ErrorCode::Internal).at("say").because(error)))?;
    within(socket.send(Message::Text(text.into()))).await
}

async fn within<E>(work: impl Future<Output = Result<(), E>>) -> Result<(), End> {
    match timeout(WRITE_TIMEOUT, work).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(End::Gone),
    }
}
