//! A WebSocket of the site, and the binary framing on it.

use crate::{Client, soon};
use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use serde_json::Value;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue},
};

const PATIENCE: Duration = Duration::from_secs(20);

pub struct Socket {
    inner: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

/// One thing the site said.
#[derive(Clone, Debug)]
pub enum Heard {
    Json(Value),
    Binary(Binary),
    Closed(Closed),
}

/// How the site closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    pub code: u16,
    pub reason: String,
}

/// A binary message: 16 bytes of header, then the body.
#[derive(Clone, Debug)]
pub struct Binary {
    pub kind: u8,
    pub flags: u8,
    pub sequence: u32,
    /// UTC microseconds.
    pub captured_at: i64,
    pub body: Bytes,
}

impl Binary {
    pub const INIT: u8 = 1;
    pub const VIDEO: u8 = 2;

    pub const fn is_key(&self) -> bool {
        self.flags & 1 != 0
    }

    pub const fn is_before_target(&self) -> bool {
        self.flags & 8 != 0
    }

    fn read(message: &Bytes) -> Result<Self> {
        ensure!(message.len() >= 16, "a message of {} bytes", message.len());
        let header = &message[..16];
        ensure!(header[2..4] == [0, 0], "reserved bytes are not zero");
        Ok(Self {
            kind: header[0],
            flags: header[1],
            sequence: u32::from_be_bytes(header[4..8].try_into()?),
            captured_at: i64::from_be_bytes(header[8..16].try_into()?),
            body: message.slice(16..),
        })
    }
}

impl Socket {
    /// # Errors
    /// When the handshake is refused.
    pub async fn open(client: &Client, path: &str) -> Result<Self> {
        Self::open_from(client, path, client.cookie().map(|_| client.base())).await
    }

    /// With an `Origin` of choice.
    ///
    /// # Errors
    /// When the handshake is refused.
    pub async fn open_from(client: &Client, path: &str, origin: Option<&str>) -> Result<Self> {
        let url = format!("{}{path}", client.base().replacen("http", "ws", 1));
        let mut request = url.into_client_request()?;
        let headers = request.headers_mut();
        if let Some(token) = client.token() {
            headers.insert("authorization", HeaderValue::from_str(&format!("Bearer {token}"))?);
        }
        if let Some(cookie) = client.cookie() {
            headers.insert("cookie", HeaderValue::from_str(cookie)?);
        }
        if let Some(origin) = origin {
            headers.insert("origin", HeaderValue::from_str(origin)?);
        }
        let (inner, _) = soon("a handshake", PATIENCE, connect_async(request)).await??;
        Ok(Self { inner })
    }

    /// # Errors
    /// When nothing comes in time or the framing is wrong.
    pub async fn hear(&mut self) -> Result<Heard> {
        loop {
            let message = soon("a message", PATIENCE, self.inner.next()).await?;
            return Ok(match message {
                None => Heard::Closed(Closed { code: 0, reason: String::new() }),
                Some(Ok(Message::Text(text))) => Heard::Json(serde_json::from_str(&text)?),
                Some(Ok(Message::Binary(bytes))) => Heard::Binary(Binary::read(&bytes)?),
                Some(Ok(Message::Close(frame))) => {
                    Heard::Closed(frame.map_or(Closed { code: 0, reason: String::new() }, |frame| Closed {
                        code: frame.code.into(),
                        reason: frame.reason.to_string(),
                    }))
                }
                Some(Ok(_)) => continue,
                Some(Err(error)) => bail!("the socket broke: {error}"),
            });
        }
    }

    /// The next JSON message of this type; everything before it is dropped.
    ///
    /// # Errors
    /// When the socket closes first.
    pub async fn json(&mut self, kind: &str) -> Result<Value> {
        loop {
            match self.hear().await? {
                Heard::Json(value) if value["type"] == kind => return Ok(value),
                Heard::Closed(closed) => bail!("closed with {closed:?} while waiting for {kind}"),
                _ => {}
            }
        }
    }

    /// The next binary message.
    ///
    /// # Errors
    /// When the socket closes first.
    pub async fn binary(&mut self) -> Result<Binary> {
        loop {
            match self.hear().await? {
                Heard::Binary(binary) => return Ok(binary),
                Heard::Closed(closed) => bail!("closed with {closed:?} while waiting for a picture"),
                Heard::Json(_) => {}
            }
        }
    }

    /// The next picture.
    ///
    /// # Errors
    /// When the socket closes first.
    pub async fn video(&mut self) -> Result<Binary> {
        loop {
            let binary = self.binary().await?;
            if binary.kind == Binary::VIDEO {
                return Ok(binary);
            }
        }
    }

    /// The error said last and how the socket closed.
    ///
    /// # Errors
    /// When it does not close.
    pub async fn closing(&mut self) -> Result<(Value, Closed)> {
        let mut error = Value::Null;
        loop {
            match self.hear().await? {
                Heard::Json(value) if value["type"] == "error" => error = value,
                Heard::Closed(closed) => return Ok((error, closed)),
                _ => {}
            }
        }
    }

    /// # Errors
    /// When the socket is gone.
    pub async fn say(&mut self, message: &Value) -> Result<()> {
        self.say_raw(Message::text(message.to_string())).await
    }

    /// # Errors
    /// When the socket is gone.
    pub async fn say_raw(&mut self, message: Message) -> Result<()> {
        soon("a write", PATIENCE, self.inner.send(message)).await?.context("the socket is gone")
    }
}
