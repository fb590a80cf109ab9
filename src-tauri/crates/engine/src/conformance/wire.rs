//! A WebSocket that is listened to with patience.

use crate::node::Stream;
use futures::{SinkExt, StreamExt};
use std::time::Duration;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::{WebSocketStream, tungstenite::Message};

const WRITE_WITHIN: Duration = Duration::from_secs(10);

/// What came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    Text(String),
    Ping,
    Pong,
    /// With its code; zero when it just hung up.
    Closed(u16),
    /// In that time.
    Nothing,
}

pub struct Wire {
    socket: WebSocketStream<Box<dyn Stream>>,
}

impl Wire {
    pub const fn new(socket: WebSocketStream<Box<dyn Stream>>) -> Self {
        Self { socket }
    }

    pub async fn say(&mut self, text: impl Into<String>) -> Result<(), String> {
        self.send(Message::text(text.into())).await
    }

    pub async fn ping(&mut self) -> Result<(), String> {
        self.send(Message::Ping(Vec::new().into())).await
    }

    pub async fn hear(&mut self, within: Duration) -> Heard {
        self.hear_until(Instant::now() + within).await
    }

    /// The next text for which this holds; others are passed over.
    pub async fn find<T>(&mut self, within: Duration, mut is_it: impl FnMut(&str) -> Option<T>) -> Result<T, String> {
        let until = Instant::now() + within;
        loop {
            match self.hear_until(until).await {
                Heard::Text(text) => {
                    if let Some(found) = is_it(&text) {
                        return Ok(found);
                    }
                }
                Heard::Ping | Heard::Pong => {}
                Heard::Closed(code) => return Err(format!("the connection was closed with {code}")),
                Heard::Nothing => return Err(format!("nothing of the kind came within {} s", within.as_secs_f32())),
            }
        }
    }

    async fn hear_until(&mut self, until: Instant) -> Heard {
        loop {
            match timeout_at(until, self.socket.next()).await {
                Err(_) => return Heard::Nothing,
                Ok(Some(Ok(Message::Text(text)))) => return Heard::Text(text.as_str().to_owned()),
                Ok(Some(Ok(Message::Ping(_)))) => {
                    // The answer is queued by the library and leaves with the next flush.
                    let _ = timeout(WRITE_WITHIN, self.socket.flush()).await;
                    return Heard::Ping;
                }
                Ok(Some(Ok(Message::Pong(_)))) => return Heard::Pong,
                Ok(Some(Ok(Message::Close(frame)))) => {
                    return Heard::Closed(frame.map_or(0, |frame| u16::from(frame.code)));
                }
                Ok(Some(Ok(_))) => {}
                Ok(Some(Err(_)) | None) => return Heard::Closed(0),
            }
        }
    }

    async fn send(&mut self, message: Message) -> Result<(), String> {
        match timeout(WRITE_WITHIN, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err("it does not read".to_owned()),
        }
    }
}
