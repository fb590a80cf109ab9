//! A camera on a loopback port: reads real HTTP, checks real logins, and can be told to misbehave.

mod answers;
mod http;
mod logins;

pub use http::{Reply, Request};
pub use logins::Guard;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicU32, Ordering},
    },
};
use tokio::{net::TcpListener, task::JoinHandle};

/// Answers a request in place of the usual answer.
pub type Hook = Arc<dyn Fn(&Request) -> Option<Reply> + Send + Sync>;

pub struct Camera {
    shared: Arc<Shared>,
    task: JoinHandle<()>,
    port: u16,
}

/// What the camera is like, and what it has seen.
pub struct Shared {
    pub port: u16,
    pub guard: Guard,
    pub username: String,
    pub password: Mutex<String>,
    /// Its clock against ours.
    pub clock_ms: AtomicI64,
    /// The clock its login checks, where that is another one.
    pub login_clock_ms: Option<i64>,
    pub hook: Option<Hook>,
    pub nonce_uses: u32,
    pub seen: Seen,
}

#[derive(Default)]
pub struct Seen {
    /// Requests with a login that was wrong.
    pub wrong: AtomicU32,
    pub right: AtomicU32,
    pub connections: AtomicU32,
    pub open_now: AtomicU32,
    pub most_at_once: AtomicU32,
    pub operations: Mutex<Vec<String>>,
    pub requests: Mutex<Vec<Request>>,
    pub nonces: Mutex<HashMap<String, u32>>,
}

pub struct Setup {
    pub guard: Guard,
    pub username: &'static str,
    pub password: &'static str,
    pub clock_ms: i64,
    pub login_clock_ms: Option<i64>,
    pub hook: Option<Hook>,
    /// How often a nonce may be used.
    pub nonce_uses: u32,
    pub tls: bool,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            guard: Guard::Digest(&["MD5"]),
            username: "admin",
            password: "right",
            clock_ms: 0,
            login_clock_ms: None,
            hook: None,
            nonce_uses: u32::MAX,
            tls: false,
        }
    }
}

impl Camera {
    pub async fn start(setup: Setup) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            port,
            guard: setup.guard,
            username: setup.username.to_owned(),
            password: Mutex::new(setup.password.to_owned()),
            clock_ms: AtomicI64::new(setup.clock_ms),
            login_clock_ms: setup.login_clock_ms,
            hook: setup.hook,
            nonce_uses: setup.nonce_uses,
            seen: Seen::default(),
        });
        let task = tokio::spawn(http::serve(listener, Arc::clone(&shared), setup.tls));
        Self { shared, task, port }
    }

    /// With usual manners but for what the hook answers.
    pub async fn hooked(guard: Guard, hook: impl Fn(&Request) -> Option<Reply> + Send + Sync + 'static) -> Self {
        Self::start(Setup { guard, hook: Some(Arc::new(hook)), ..Setup::default() }).await
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Switches it off. Its port is closed when this returns.
    pub async fn off(mut self) {
        self.task.abort();
        let _ = (&mut self.task).await;
    }

    pub fn wrong(&self) -> u32 {
        self.shared.seen.wrong.load(Ordering::SeqCst)
    }

    pub fn right(&self) -> u32 {
        self.shared.seen.right.load(Ordering::SeqCst)
    }

    pub fn connections(&self) -> u32 {
        self.shared.seen.connections.load(Ordering::SeqCst)
    }

    pub fn most_at_once(&self) -> u32 {
        self.shared.seen.most_at_once.load(Ordering::SeqCst)
    }

    pub fn operations(&self) -> Vec<String> {
        self.shared.seen.operations.lock().unwrap().clone()
    }

    pub fn count(&self, operation: &str) -> usize {
        self.operations().iter().filter(|name| *name == operation).count()
    }

    pub fn requests(&self) -> Vec<Request> {
        self.shared.seen.requests.lock().unwrap().clone()
    }

    pub fn set_password(&self, password: &str) {
        *self.shared.password.lock().unwrap() = password.to_owned();
    }

    pub fn set_clock(&self, ms: i64) {
        self.shared.clock_ms.store(ms, Ordering::SeqCst);
    }
}

impl Drop for Camera {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shared {
    /// The whole camera: one request, one reply.
    fn answer(&self, request: &Request) -> Reply {
        self.seen.operations.lock().unwrap().push(request.operation());
        self.seen.requests.lock().unwrap().push(request.clone());
        if let Some(reply) = self.hook.as_ref().and_then(|hook| hook(request)) {
            return reply;
        }
        if let Some(refusal) = logins::refuse(self, request) {
            return refusal;
        }
        answers::usual(self, request)
    }
}
