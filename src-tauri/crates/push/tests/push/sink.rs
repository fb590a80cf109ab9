//! A server of HTTP that does what the path says, and remembers who asked.

use http_body_util::{BodyExt, Full};
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use std::{
    collections::BTreeMap,
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_rustls::TlsAcceptor;

#[derive(Clone, Debug)]
pub struct Asked {
    pub query: String,
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

#[derive(Default)]
struct Seen {
    asked: Mutex<Vec<Asked>>,
    connections: AtomicUsize,
    /// What `/say` answers.
    says: Mutex<(u16, String)>,
}

pub struct Sink {
    pub address: SocketAddr,
    scheme: &'static str,
    seen: Arc<Seen>,
    task: JoinHandle<()>,
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Sink {
    pub async fn start() -> Self {
        Self::with(None).await
    }

    pub async fn with(tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Seen::default());
        let scheme = if tls.is_some() { "https" } else { "http" };
        let task = tokio::spawn(accept(listener, tls, seen.clone()));
        Self { address, scheme, seen, task }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.address)
    }

    pub fn say(&self, status: u16, body: &str) {
        *self.seen.says.lock().unwrap() = (status, body.to_owned());
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.seen.asked.lock().unwrap().clone()
    }

    pub fn connections(&self) -> usize {
        self.seen.connections.load(Ordering::Relaxed)
    }
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, seen: Arc<Seen>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { return };
        seen.connections.fetch_add(1, Ordering::Relaxed);
        let (tls, seen) = (tls.clone(), seen.clone());
        tokio::spawn(async move {
            let service = service_fn(move |request| answer(request, seen.clone()));
            let server = http1::Builder::new();
            // How a client leaves is its own affair.
            match tls {
                None => drop(server.serve_connection(TokioIo::new(stream), service).await),
                Some(tls) => {
                    let Ok(stream) = tls.accept(stream).await else { return };
                    drop(server.serve_connection(TokioIo::new(stream), service).await);
                }
            }
        });
    }
}

async fn answer(request: Request<Incoming>, seen: Arc<Seen>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let body = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    let headers =
        parts.headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
    let path = parts.uri.path().to_owned();
    let query = parts.uri.query().unwrap_or_default().to_owned();
    seen.asked.lock().unwrap().push(Asked { query: query.clone(), headers, body: body.clone() });
    let part = path.split('/').nth(1).unwrap_or_default();
    let response = Response::builder();
    let response = match part {
        "hang" => std::future::pending().await,
        "huge" => response.body("x".repeat(10 * 1024 * 1024).into()),
        "slow" => response.header("retry-after", "7").status(429).body("slow down".into()),
        "redirect" => response.status(302).header("location", "http://127.0.0.1:1/else?token=abcdef").body("".into()),
        "echo" => response.status(400).body(format!("{path}?{query} {:?} {body}", parts.headers).into()),
        "say" => {
            let (status, says) = seen.says.lock().unwrap().clone();
            response.status(status).body(says.into())
        }
        status => response.status(status.parse::<u16>().unwrap()).body(format!("this is {status}").into()),
    };
    Ok(response.unwrap())
}
