//! A connection of our own, plain or with TLS: to mail servers and brokers.

use crate::{
    reach::Reach,
    verdict::{Verdict, why},
};
use lettre::transport::smtp::client::AsyncTokioStream;
use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Instant, timeout_at},
};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{ClientConfig, pki_types::ServerName},
};

/// Reads no more than it was allowed: mail servers may send endless lines.
#[derive(Debug)]
pub struct Line {
    stream: Stream,
    left_bytes: u64,
}

#[derive(Debug)]
enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// Where a line leads and how.
pub struct Way<'a> {
    pub host: &'a str,
    pub port: u16,
    pub tls: Option<ClientConfig>,
    pub reach: Reach,
    pub limit_bytes: u64,
}

impl Line {
    /// Tries the addresses of the host one after the other, each with its share of the time.
    pub async fn open(way: Way<'_>, until: Instant) -> Result<Self, Verdict> {
        let found = way.reach.find(way.host, way.port).await.map_err(|error| Verdict::from(&error))?;
        let mut failure = None;
        for (n, address) in found.iter().enumerate() {
            let left = until.saturating_duration_since(Instant::now());
            let share = left / u32::try_from(found.len() - n).unwrap_or(u32::MAX);
            match timeout_at(Instant::now() + share, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => return Self::over(stream, way).await,
                Ok(Err(error)) => failure = Some(why(&error)),
                Err(_) => failure = Some("the host was not reached in time".to_owned()),
            }
        }
        Err(Verdict::retry(failure.unwrap_or_default()))
    }

    async fn over(stream: TcpStream, way: Way<'_>) -> Result<Self, Verdict> {
        // Only a delay when it fails.
        let _ = stream.set_nodelay(true);
        let stream = match way.tls {
            None => Stream::Plain(stream),
            Some(config) => {
                let name = ServerName::try_from(way.host.to_owned())
                    .map_err(|_| Verdict::refused("no certificate can name that host"))?;
                let secured = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
                Stream::Tls(Box::new(secured.map_err(|error| Verdict::retry(why(&error)))?))
            }
        };
        Ok(Self { stream, left_bytes: way.limit_bytes })
    }
}

impl AsyncRead for Line {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Stream::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        };
        let read = (buf.filled().len() - before) as u64;
        if read > self.left_bytes {
            return Poll::Ready(Err(io::Error::other("the answer is too long")));
        }
        self.left_bytes -= read;
        polled
    }
}

impl AsyncWrite for Line {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Stream::Tls(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

impl AsyncTokioStream for Line {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        match &self.stream {
            Stream::Plain(stream) => stream.peer_addr(),
            Stream::Tls(stream) => stream.get_ref().0.peer_addr(),
        }
    }
}
