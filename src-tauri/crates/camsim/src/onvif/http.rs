//! As much of HTTP/1.1 as a camera has, and some ways to break it.

use bytes::{Buf, BytesMut};
use std::{io, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    time::sleep,
};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Request {
    pub method: String,
    /// Path with query, as sent.
    pub target: String,
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// What goes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reply {
    Whole(Page),
    /// In chunks of some hundred bytes.
    Chunked(Page),
    /// One byte at a time.
    Drip {
        page: Page,
        gap: Duration,
    },
    /// Nothing, and the connection stays until the client leaves.
    Nothing,
    /// Nothing, and the connection is gone.
    Close,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Page {
    pub status: u16,
    pub kind: &'static str,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

const MAX_HEAD: usize = 32 * 1024;
const MAX_BODY: usize = 1024 * 1024;

impl Request {
    /// The first header of this name, whatever its case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Whether a header is there in exactly this spelling.
    pub fn has_header_spelt(&self, name: &str) -> bool {
        self.headers.iter().any(|(key, _)| key == name)
    }

    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    pub fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }
}

impl Page {
    pub fn new(status: u16, kind: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Self { status, kind, headers: Vec::new(), body: body.into() }
    }

    pub fn html(status: u16, title: &str) -> Self {
        let page =
            format!("<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>");
        Self::new(status, "text/html", page)
    }

    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    fn head(&self, length: &str) -> String {
        let mut head = format!(
            "HTTP/1.1 {} {}\r\nServer: camsim\r\nContent-Type: {}\r\n{length}",
            self.status,
            reason(self.status),
            if self.kind.is_empty() { "text/plain" } else { self.kind }
        );
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head + "\r\n"
    }

    fn with_length(&self) -> String {
        self.head(&format!("Content-Length: {}\r\n", self.body.len()))
    }
}

/// Reads one request; `None` at the end of the connection or what is no HTTP.
pub(super) async fn read(socket: &mut (impl AsyncRead + Unpin), inbox: &mut BytesMut) -> io::Result<Option<Request>> {
    let end = loop {
        if let Some(at) = inbox.windows(4).position(|w| w == b"\r\n\r\n") {
            break at;
        }
        if inbox.len() > MAX_HEAD || socket.read_buf(inbox).await? == 0 {
            return Ok(None);
        }
    };
    let head = String::from_utf8_lossy(&inbox[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let mut first = lines.next().unwrap_or_default().split(' ');
    let (Some(method), Some(target), Some(version)) = (first.next(), first.next(), first.next()) else {
        return Ok(None);
    };
    if !version.starts_with("HTTP/1.") {
        return Ok(None);
    }
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect();
    let mut request = Request { method: method.to_owned(), target: target.to_owned(), headers, body: Vec::new() };
    let size: usize = request.header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    if size > MAX_BODY || request.header("transfer-encoding").is_some() {
        return Ok(None);
    }
    inbox.advance(end + 4);
    while inbox.len() < size {
        if socket.read_buf(inbox).await? == 0 {
            return Ok(None);
        }
    }
    request.body = inbox.split_to(size).to_vec();
    Ok(Some(request))
}

/// Writes a reply; `false` when the connection has ended with it.
pub(super) async fn write(socket: &mut (impl AsyncRead + AsyncWrite + Unpin), reply: &Reply) -> io::Result<bool> {
    match reply {
        Reply::Whole(page) => {
            let mut bytes = page.with_length().into_bytes();
            bytes.extend_from_slice(&page.body);
            socket.write_all(&bytes).await?;
        }
        Reply::Chunked(page) => {
            socket.write_all(page.head("Transfer-Encoding: chunked\r\n").as_bytes()).await?;
            for chunk in page.body.chunks(700) {
                socket.write_all(format!("{:x}\r\n", chunk.len()).as_bytes()).await?;
                socket.write_all(chunk).await?;
                socket.write_all(b"\r\n").await?;
            }
            socket.write_all(b"0\r\n\r\n").await?;
        }
        Reply::Drip { page, gap } => {
            socket.write_all(page.with_length().as_bytes()).await?;
            for byte in &page.body {
                socket.write_all(&[*byte]).await?;
                socket.flush().await?;
                sleep(*gap).await;
            }
        }
        Reply::Nothing => {
            let mut nothing = [0; 256];
            while socket.read(&mut nothing).await? > 0 {}
            return Ok(false);
        }
        Reply::Close => return Ok(false),
    }
    socket.flush().await?;
    Ok(true)
}

const fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "Status",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn requests_follow_each_other_in_one_connection() {
        let text = b"POST /a?b=1 HTTP/1.1\r\nHost: x\r\ncontent-length: 3\r\n\r\nabcGET /c HTTP/1.1\r\n\r\n";
        let (mut near, mut far) = tokio::io::duplex(64);
        let sent = async { near.write_all(text).await.map(|()| drop(near)) };
        let mut inbox = BytesMut::new();
        let read_all = async {
            let first = read(&mut far, &mut inbox).await.unwrap().unwrap();
            assert_eq!((first.path(), first.query(), first.body.as_slice()), ("/a", "b=1", &b"abc"[..]));
            assert!(first.has_header_spelt("Host") && !first.has_header_spelt("host"));
            assert_eq!(read(&mut far, &mut inbox).await.unwrap().unwrap().target, "/c");
            assert_eq!(read(&mut far, &mut inbox).await.unwrap(), None);
        };
        let (sent, ()) = tokio::join!(sent, read_all);
        sent.unwrap();
    }

    #[tokio::test]
    async fn chunks_end_with_an_empty_one() {
        let (mut near, mut far) = tokio::io::duplex(4096);
        let reply = Reply::Chunked(Page::new(200, "text/plain", vec![b'a'; 800]));
        assert!(write(&mut near, &reply).await.unwrap());
        drop(near);
        let mut text = String::new();
        far.read_to_string(&mut text).await.unwrap();
        assert!(text.contains("\r\n2bc\r\n") && text.contains("\r\n64\r\n") && text.ends_with("\r\n0\r\n\r\n"));
    }
}
