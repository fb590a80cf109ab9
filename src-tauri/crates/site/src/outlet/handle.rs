//! What others hold of the outlet.

use super::{
    door,
    figures::{Counters, OutletFigures},
    guesses::Guesses,
    place::{Way, place},
    source::OutletSource,
    tokens::{Pass, Tokens},
};
use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use watchwall_model::{Secret, StreamPath, config::OutletConfig};

const STOP_WITHIN: Duration = Duration::from_secs(2);

/// The site's RTSP. Cheap to clone.
#[derive(Clone)]
pub struct Outlet {
    shared: Arc<Shared>,
}

/// Where a stream is found, and the right to open it.
pub struct Granted {
    pub address: Secret,
    pub pass: Arc<Pass>,
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

    /// Where a client that came this way finds a stream. The address is good while its pass is held; the same holder is
    /// told the same address meanwhile. `None` when the client cannot reach the outlet.
    pub fn grant(&self, path: &StreamPath, way: Way, holder: &str) -> Option<Granted> {
        let place = place(self.listening()?, self.shared.announced.as_deref(), way)?;
        let pass = lock(&self.shared.tokens).issue(path, holder);
        let address = Secret::new(format!("rtsp://{place}/{}/{path}", pass.token().text().reveal()));
        Some(Granted { address, pass })
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
