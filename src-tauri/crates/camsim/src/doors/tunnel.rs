//! RTSP over HTTP: answers and pictures come down an endless GET, requests go up an endless POST in base64. Both carry
//! the same `x-sessioncookie`.

use super::{GREETING, accept};
use crate::{house::House, rtsp::Door};
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::{Bytes, BytesMut};
use std::{
    collections::HashMap,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy},
    net::TcpStream,
    sync::oneshot,
    time::timeout,
};

/// Longest head of a request.
const MAX_HEAD: usize = 8 * 1024;

/// GETs that wait for their POST, by cookie.
type Waiting = Arc<Mutex<HashMap<String, oneshot::Sender<Upward>>>>;

/// A POST: what came behind its head, and the rest.
struct Upward {
    first: Bytes,
    socket: TcpStream,
}

/// Serves until the farm stops.
pub(crate) async fn serve(house: Arc<House>, door: Door, plain: SocketAddr) {
    let waiting = Waiting::default();
    accept(house, door, move |socket| serve_one(socket, waiting.clone(), plain)).await;
}

async fn serve_one(mut socket: TcpStream, waiting: Waiting, plain: SocketAddr) -> io::Result<()> {
    socket.set_nodelay(true)?;
    let (head, first) = timeout(GREETING, read_head(&mut socket)).await??;
    let cookie = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("x-sessioncookie").then(|| value.trim().to_owned())
    });
    let Some(cookie) = cookie else {
        return socket.write_all(b"HTTP/1.0 400 Bad Request\r\nContent-Length: 0\r\n\r\n").await;
    };
    if head.starts_with("POST ") {
        let get = waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&cookie);
        if let Some(get) = get {
            // A GET that has gone needs no requests.
            let _ = get.send(Upward { first, socket });
        }
        return Ok(());
    }
    let (sender, post) = oneshot::channel();
    waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(cookie.clone(), sender);
    let answer = "HTTP/1.0 200 OK\r\nCache-Control: no-cache\r\nContent-Type: application/x-rtsp-tunnelled\r\n\r\n";
    socket.write_all(answer.as_bytes()).await?;
    let post = timeout(GREETING, post).await;
    waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&cookie);
    let Ok(Ok(post)) = post else { return Err(io::ErrorKind::TimedOut.into()) };
    join(socket, post, plain).await
}

/// Joins both halves with the plain port until one of the three ends.
async fn join(mut down: TcpStream, up: Upward, plain: SocketAddr) -> io::Result<()> {
    let inside = TcpStream::connect(plain).await?;
    inside.set_nodelay(true)?;
    let (mut answers, mut requests) = inside.into_split();
    let Upward { first, socket: mut up } = up;
    let upward = async {
        let mut quanta = Quanta::default();
        requests.write_all(&quanta.decode(&first)?).await?;
        let mut buffer = [0; 4096];
        loop {
            match up.read(&mut buffer).await? {
                0 => return Ok(()),
                count => requests.write_all(&quanta.decode(&buffer[..count])?).await?,
            }
        }
    };
    tokio::select! {
        ended = upward => ended,
        ended = copy(&mut answers, &mut down) => ended.map(|_| ()),
    }
}

/// The head of a request as text, and what came behind it.
async fn read_head(socket: &mut TcpStream) -> io::Result<(String, Bytes)> {
    let mut buffer = BytesMut::with_capacity(1024);
    loop {
        if let Some(end) = buffer.windows(4).position(|w| w == b"\r\n\r\n") {
            let head = buffer.split_to(end + 4);
            return Ok((String::from_utf8_lossy(&head).into_owned(), buffer.freeze()));
        }
        if buffer.len() > MAX_HEAD || socket.read_buf(&mut buffer).await? == 0 {
            return Err(io::ErrorKind::InvalidData.into());
        }
    }
}

/// Base64 in pieces of any length. Each request is padded for itself, so padding comes in the middle as well.
#[derive(Default)]
struct Quanta {
    rest: Vec<u8>,
}

impl Quanta {
    fn decode(&mut self, text: &[u8]) -> io::Result<Vec<u8>> {
        self.rest.extend(text.iter().filter(|byte| !byte.is_ascii_whitespace()));
        let whole = self.rest.len() / 4 * 4;
        let mut out = Vec::with_capacity(whole);
        for quantum in self.rest[..whole].chunks_exact(4) {
            BASE64_STANDARD.decode_vec(quantum, &mut out).map_err(|_| io::ErrorKind::InvalidData)?;
        }
        self.rest.drain(..whole);
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_come_in_any_pieces_and_are_padded_one_by_one() {
        let text = [BASE64_STANDARD.encode("OPTIONS *"), BASE64_STANDARD.encode("DESCRIBE x"), "\r\n".into()].concat();
        for size in [1, 3, 4, 7, 100] {
            let mut quanta = Quanta::default();
            let out: Vec<u8> = text.as_bytes().chunks(size).flat_map(|piece| quanta.decode(piece).unwrap()).collect();
            assert_eq!(out, b"OPTIONS *DESCRIBE x", "{size}");
        }
        assert!(Quanta::default().decode(b"RTSP/1.0 ").is_err());
    }
}
