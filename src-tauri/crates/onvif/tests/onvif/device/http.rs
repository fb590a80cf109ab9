//! As much of an HTTP server as a camera has.

use super::Shared;
use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
    task::JoinSet,
};

#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    /// Path with query.
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Local name of the body's element; the method for a GET.
    pub fn operation(&self) -> String {
        let Some(body) = self.body.split("<s:Body><").nth(1) else { return self.method.clone() };
        body.split([' ', '>', '/']).next().unwrap_or_default().to_owned()
    }

    pub fn is(&self, operation: &str) -> bool {
        self.operation() == operation
    }
}

#[derive(Clone, Debug)]
pub enum Reply {
    Whole {
        status: u16,
        headers: Vec<(String, String)>,
        body: Vec<u8>,
    },
    /// No byte, and the connection is gone.
    Close,
    /// No byte, and the connection stays.
    Hang,
    /// The body, one byte at a time.
    Drip {
        body: Vec<u8>,
        gap: Duration,
    },
    /// The body under a length it does not have.
    WrongLength {
        body: Vec<u8>,
        length: usize,
    },
    Late {
        after: Duration,
        reply: Box<Reply>,
    },
}

impl Reply {
    pub fn soap(status: u16, body: &str) -> Self {
        Self::Whole { status, headers: vec![], body: super::answers::envelope(body).into_bytes() }
    }

    pub fn raw(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self::Whole { status, headers: vec![], body: body.into() }
    }

    pub fn fault(status: u16, subcodes: &[&str], reason: &str) -> Self {
        Self::soap(status, &super::answers::fault(subcodes, reason))
    }

    pub fn with(self, name: &str, value: &str) -> Self {
        match self {
            Self::Whole { status, mut headers, body } => {
                headers.push((name.to_owned(), value.to_owned()));
                Self::Whole { status, headers, body }
            }
            other => other,
        }
    }
}

pub async fn serve(listener: TcpListener, shared: Arc<Shared>, tls: bool) {
    let acceptor = tls.then(own_certificate);
    let mut connections = JoinSet::new();
    while let Ok((socket, _)) = listener.accept().await {
        shared.seen.connections.fetch_add(1, Ordering::SeqCst);
        let (shared, acceptor) = (Arc::clone(&shared), acceptor.clone());
        connections.spawn(async move {
            match acceptor {
                None => talk(socket, &shared).await,
                Some(acceptor) => match acceptor.accept(socket).await {
                    Ok(socket) => talk(socket, &shared).await,
                    Err(_) => None,
                },
            }
        });
    }
}

/// Signed by nobody, for a name nobody asks for.
fn own_certificate() -> tokio_rustls::TlsAcceptor {
    use tokio_rustls::rustls::{ServerConfig, crypto::ring, pki_types::PrivateKeyDer};
    let own = rcgen::generate_simple_self_signed(vec!["camera.invalid".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(own.key_pair.serialize_der()).unwrap();
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = builder
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![own.cert.der().clone()], key)
        .unwrap();
    tokio_rustls::TlsAcceptor::from(Arc::new(config))
}

async fn talk(mut socket: impl AsyncRead + AsyncWrite + Unpin, shared: &Shared) -> Option<()> {
    let mut buffer = Vec::new();
    loop {
        let request = read(&mut socket, &mut buffer).await?;
        let now = shared.seen.open_now.fetch_add(1, Ordering::SeqCst) + 1;
        shared.seen.most_at_once.fetch_max(now, Ordering::SeqCst);
        let reply = shared.answer(&request);
        let written = write(&mut socket, reply).await;
        shared.seen.open_now.fetch_sub(1, Ordering::SeqCst);
        written?;
    }
}

async fn read(socket: &mut (impl AsyncRead + Unpin), buffer: &mut Vec<u8>) -> Option<Request> {
    let head_end = loop {
        if let Some(at) = buffer.windows(4).position(|end| end == b"\r\n\r\n") {
            break at;
        }
        if socket.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&buffer[..head_end]).into_owned();
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect();
    let mut request = Request { method, target, headers, body: String::new() };
    let length: usize = request.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    while buffer.len() < head_end + 4 + length {
        if socket.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
    request.body = String::from_utf8_lossy(&buffer[head_end + 4..head_end + 4 + length]).into_owned();
    buffer.drain(..head_end + 4 + length);
    Some(request)
}

async fn write(socket: &mut (impl AsyncWrite + AsyncRead + Unpin), reply: Reply) -> Option<()> {
    let head = |status: u16, length: usize, headers: &[(String, String)]| {
        let own: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        format!("HTTP/1.1 {status} X\r\nContent-Type: application/soap+xml\r\nContent-Length: {length}\r\n{own}\r\n")
    };
    match reply {
        Reply::Whole { status, headers, body } => {
            socket.write_all(head(status, body.len(), &headers).as_bytes()).await.ok()?;
            socket.write_all(&body).await.ok()?;
        }
        Reply::Close => return None,
        Reply::Hang => {
            // Until the other side gives up.
            let mut nothing = [0; 64];
            while socket.read(&mut nothing).await.ok()? > 0 {}
            return None;
        }
        Reply::Drip { body, gap } => {
            socket.write_all(head(200, body.len(), &[]).as_bytes()).await.ok()?;
            for byte in body {
                socket.write_all(&[byte]).await.ok()?;
                tokio::time::sleep(gap).await;
            }
        }
        Reply::WrongLength { body, length } => {
            socket.write_all(head(200, length, &[]).as_bytes()).await.ok()?;
            socket.write_all(&body).await.ok()?;
            return None;
        }
        Reply::Late { after, reply } => {
            tokio::time::sleep(after).await;
            return Box::pin(write(socket, *reply)).await;
        }
    }
    socket.flush().await.ok()
}
