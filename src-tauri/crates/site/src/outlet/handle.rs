//! What others hold of the outlet.

use super::{
    door,
    figures::{Counters, OutletFigures},
    guesses::Guesses,
    place::{Way, place},
    source::OutletSource,
    tokens::{Scope, Token, Tokens},
};
use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use watchwall_model::{Secret, StreamPath, TimeRange, config::OutletConfig};

/// How long an address that is told opens its stream. What is open by then goes on.
pub const TOKEN_LIFETIME: Duration = Duration::from_secs(300);
/// A recording is opened as long as its pass lives, and no longer than this.
const PASS_LIFETIME: Duration = Duration::from_secs(12 * 3_600);
const STOP_WITHIN: Duration = Duration::from_secs(2);

/// The site's RTSP. Cheap to clone.
#[derive(Clone)]
pub struct Outlet {
    shared: Arc<Shared>,
}

/// Where a stretch of a recording is handed on.
pub struct RecordedAddress {
    pub address: Secret,
    pub pass: Pass,
}

/// Opens a recording. Dropped, its address opens nothing more; what is open by then goes on to its end.
pub struct Pass {
    shared: Arc<Shared>,
    token: Token,
}

impl Drop for Pass {
    fn drop(&mut self) {
        lock(&self.shared.tokens).revoke(self.token);
    }
}

/// What the door and all connections share.
pub(super) struct Shared {
    pub source: Arc<dyn OutletSource>,
    pub tokens: Mutex<Tokens>,
    pub guesses: Mutex<Guesses>,
    pub counters: Counters,
    pub sessions: AtomicUsize,
    /// `None` while the address cannot be listened on.
    pub listening: Mutex<Option<SocketAddr>>,
    pub stop: CancellationToken,
    pub tasks: TaskTracker,
    announced: Option<String>,
}

impl Outlet {
    /// Starts to listen, within a tokio runtime. An address that cannot be had now is tried again for as long as the site runs: nothing else waits
    /// for that.
    pub fn start(config: &OutletConfig, source: Arc<dyn OutletSource>) -> Self {
        let shared = Arc::new(Shared {
            source,
            tokens: Mutex::default(),
            guesses: Mutex::default(),
            counters: Counters::default(),
            sessions: AtomicUsize::new(0),
            listening: Mutex::default(),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
            announced: config.announced_host.clone(),
        });
        let listener = door::open(&shared, config.listen);
        shared.tasks.spawn(door::serve(Arc::clone(&shared), config.listen, listener));
        Self { shared }
    }

    /// Ends all sessions and joins all tasks.
    pub async fn stop(&self) {
        self.shared.stop.cancel();
        self.shared.tasks.close();
        if tokio::time::timeout(STOP_WITHIN, self.shared.tasks.wait()).await.is_err() {
            tracing::warn!("streams handed on by RTSP did not end in time");
        }
    }

    /// A word that opens this stream for a while.
    pub fn token(&self, path: &StreamPath, lifetime: Duration) -> Secret {
        let now = Instant::now();
        lock(&self.shared.tokens).issue(path, Scope::Live, now + lifetime, now).text()
    }

    /// Where a client that came this way finds what was recorded of a stream. `None` when it cannot reach the outlet.
    pub fn recorded(&self, path: &StreamPath, range: TimeRange, way: Way) -> Option<RecordedAddress> {
        let place = place(self.listening()?, self.shared.announced.as_deref(), way)?;
        let now = Instant::now();
        let token = lock(&self.shared.tokens).issue(path, Scope::Recorded(range), now + PASS_LIFETIME, now);
        let address = Secret::new(format!("rtsp://{place}/{}/{path}", token.text().reveal()));
        Some(RecordedAddress { address, pass: Pass { shared: Arc::clone(&self.shared), token } })
    }

    /// Where a client that came this way finds a stream, with a token of its own. `None` when it cannot reach the outlet.
    pub fn address(&self, path: &StreamPath, way: Way) -> Option<Secret> {
        let place = place(self.listening()?, self.shared.announced.as_deref(), way)?;
        let token = self.token(path, TOKEN_LIFETIME);
        Some(Secret::new(format!("rtsp://{place}/{}/{path}", token.reveal())))
    }

    /// Where it listens; `None` while it cannot.
    pub fn listening(&self) -> Option<SocketAddr> {
        *lock(&self.shared.listening)
    }

    pub fn figures(&self) -> OutletFigures {
        self.shared.counters.figures(self.shared.sessions.load(SeqCst))
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
