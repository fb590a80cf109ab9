//! What others hold of the outlet.

use super::{
    door,
    figures::{Counters, OutletFigures},
    guesses::Guesses,
    place::{Way, place},
    publish::{Places, Publication},
    source::OutletSource,
    tokens::Tokens,
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
use watchwall_media::hub::Hub;
use watchwall_model::{Secret, StreamPath, config::OutletConfig};

/// How long an address that is told opens its stream. What is open by then goes on.
pub const TOKEN_LIFETIME: Duration = Duration::from_secs(300);
const STOP_WITHIN: Duration = Duration::from_secs(2);

/// The site's RTSP. Cheap to clone.
#[derive(Clone)]
pub struct Outlet {
    shared: Arc<Shared>,
}

/// What the door and all connections share.
pub(super) struct Shared {
    pub source: Arc<dyn OutletSource>,
    pub tokens: Mutex<Tokens>,
    pub guesses: Mutex<Guesses>,
    /// Where nodes may publish.
    pub places: Mutex<Places>,
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
            places: Mutex::default(),
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
        lock(&self.shared.tokens).issue(path, lifetime, Instant::now()).text()
    }

    /// Where a client that came this way finds a stream, with a token of its own. `None` when it cannot reach the outlet.
    pub fn address(&self, path: &StreamPath, way: Way) -> Option<Secret> {
        let place = place(self.listening()?, self.shared.announced.as_deref(), way)?;
        let token = self.token(path, TOKEN_LIFETIME);
        Some(Secret::new(format!("rtsp://{place}/{}/{path}", token.reveal())))
    }

    /// Where a client that came this way may publish pictures for the hub, for as long as the publication lives. `None`
    /// when it cannot reach the outlet, or when too many publish.
    pub fn publication(&self, path: &StreamPath, hub: Arc<Hub>, way: Way) -> Option<(Secret, Publication)> {
        let host = place(self.listening()?, self.shared.announced.as_deref(), way)?;
        let place = lock(&self.shared.places).open(path, hub, TOKEN_LIFETIME, Instant::now())?;
        let address = Secret::new(format!("rtsp://{host}/{}/{path}", place.word().reveal()));
        Some((address, Publication::new(place, Arc::clone(&self.shared))))
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
