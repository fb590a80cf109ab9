//! The end of an ingest that others hold.

use super::{
    actor,
    demand::Demand,
    metadata::{MetadataPort, MetadataTap},
    request::{IngestOptions, IngestRequest},
    snapshot::IngestSnapshot,
};
use crate::hub::Hub;
use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{Mutex, Notify, watch},
    task::JoinHandle,
    time::timeout,
};
use tokio_util::sync::{CancellationToken, DropGuard};
use watchwall_model::{IngestEngine, LockoutLatch, StreamPath};

/// An actor that does not end within this time is abandoned: its camera did not answer the TEARDOWN.
const STOP_WITHIN: Duration = Duration::from_secs(4);

/// One stream's ingest. Cloning shares it; when the last handle goes, the actor stops by itself.
#[derive(Clone, Debug)]
pub struct IngestHandle {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    path: StreamPath,
    hub: Arc<Hub>,
    holders: Arc<Holders>,
    remembered: Arc<OnceLock<IngestEngine>>,
    request: watch::Sender<Wanted>,
    lockout: LockoutLatch,
    snapshot: watch::Receiver<IngestSnapshot>,
    task: Mutex<Option<JoinHandle<()>>>,
    cancel: CancellationToken,
    _cancel_on_drop: DropGuard,
}

/// The request in force. The count tells "try again" from "nothing changed".
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub request: IngestRequest,
    pub retries: u64,
}

/// Who wants a stream, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InterestKind {
    /// A person watches: waits between attempts stay below 5 s.
    Viewer,
    /// A plan records: waits between attempts stay below 10 s.
    Recorder,
    Task,
    Gateway,
}

/// How many hold an interest.
#[derive(Debug, Default)]
pub(super) struct Holders {
    viewers: AtomicU32,
    recorders: AtomicU32,
    others: AtomicU32,
    pauses: AtomicU32,
    pub metadata: MetadataPort,
    /// Wakes the actor: somebody came or went.
    pub changed: Notify,
}

/// Keeps the stream pulled for as long as it lives.
#[derive(Debug)]
pub struct Interest {
    holders: Arc<Holders>,
    kind: InterestKind,
}

/// Keeps the stream closed for as long as it lives, whoever wants it.
#[derive(Debug)]
pub struct Pause {
    holders: Arc<Holders>,
}

/// Starts the actor of a stream. It does nothing until somebody takes an interest.
/// Must be called within a tokio runtime.
pub fn start_ingest(request: IngestRequest, options: IngestOptions) -> IngestHandle {
    let path = request.path.clone();
    let hub = Hub::new(options.backlog);
    let holders: Arc<Holders> = Arc::default();
    let (snapshot_sender, snapshot) = watch::channel(IngestSnapshot::new(path.clone()));
    let (request, requests) = watch::channel(Wanted { request, retries: 0 });
    let cancel = CancellationToken::new();
    let remembered: Arc<OnceLock<IngestEngine>> = Arc::default();
    let lockout = options.lockout.clone();
    let actor = actor::Seat {
        options,
        hub: Arc::clone(&hub),
        holders: Arc::clone(&holders),
        remembered: Arc::clone(&remembered),
        requests,
        snapshot: snapshot_sender,
        cancel: cancel.clone(),
    };
    let task = tokio::spawn(actor::run(actor));
    IngestHandle {
        shared: Arc::new(Shared {
            path,
            hub,
            holders,
            remembered,
            request,
            lockout,
            snapshot,
            task: Mutex::new(Some(task)),
            cancel: cancel.clone(),
            _cancel_on_drop: cancel.drop_guard(),
        }),
    }
}

impl IngestHandle {
    pub fn path(&self) -> &StreamPath {
        &self.shared.path
    }

    pub fn hub(&self) -> Arc<Hub> {
        Arc::clone(&self.shared.hub)
    }

    /// How it stands. Phase changes wake the receiver; plain counters are kept fresh without waking it.
    pub fn snapshot(&self) -> watch::Receiver<IngestSnapshot> {
        self.shared.snapshot.clone()
    }

    /// Wants the stream until the returned value is dropped. The first one starts the pull; after the last one the
    /// stream stays open for `drain_after`.
    #[must_use]
    pub fn interest(&self, kind: InterestKind) -> Interest {
        let holders = Arc::clone(&self.shared.holders);
        holders.count(kind).fetch_add(1, Ordering::SeqCst);
        holders.changed.notify_one();
        Interest { holders, kind }
    }

    /// Wants the stream's ONVIF metadata, where it has such a track, until the returned value is dropped. A connection
    /// that plays without it is opened anew for it. A track that cannot be had never costs the stream:
    /// `IngestSnapshot::metadata` says what became of it.
    #[must_use]
    pub fn metadata(&self) -> MetadataTap {
        MetadataTap::new(Arc::clone(&self.shared.holders))
    }

    /// Tells which engine worked when this stream was pulled last (`IngestSnapshot::engine_in_use` of then), so that
    /// `auto` need not be refused by retina again first. Counts before the first interest only, and once; an engine
    /// that no longer manages is forgotten.
    pub fn remember(&self, engine: IngestEngine) {
        // Told twice: the first word stands.
        let _ = self.shared.remembered.set(engine);
    }

    /// Changes where the stream is and how to reach it. The hub and its subscribers stay; the path cannot change.
    pub fn update(&self, request: IngestRequest) {
        self.shared.request.send_if_modified(|wanted| {
            let is_new = wanted.request != request;
            if is_new {
                self.shared.holders.metadata.forgive();
            }
            wanted.request = request;
            is_new
        });
    }

    /// Tries again at once, also after a failure that waits for a person. A person says so: the device may have been
    /// unlocked, and what it refused before is forgotten, for this stream's device as a whole.
    pub fn retry(&self) {
        // Here and not in the actor: a click that retries all streams of a device must not grant each of them new tries
        // after the first of them has been refused again.
        self.shared.lockout.clear(&self.shared.request.borrow().request.device());
        self.shared.holders.metadata.forgive();
        self.shared.request.send_modify(|wanted| wanted.retries += 1);
    }

    /// Closes the connection with a TEARDOWN and leaves it closed until the returned value is dropped. Hub, subscribers and
    /// interests stay. Returns when the goodbye was said, at the latest after four seconds. What is updated meanwhile
    /// counts for the next connection.
    #[must_use]
    pub async fn pause(&self) -> Pause {
        let holders = Arc::clone(&self.shared.holders);
        holders.pauses.fetch_add(1, Ordering::SeqCst);
        holders.changed.notify_one();
        let pause = Pause { holders };
        let mut snapshot = self.shared.snapshot.clone();
        // An actor that has ended holds no connection either.
        if timeout(STOP_WITHIN, snapshot.wait_for(|snapshot| snapshot.is_paused)).await.is_err() {
            tracing::warn!(path = %self.shared.path, "the stream did not close in time");
        }
        pause
    }

    /// Ends the stream with a TEARDOWN and joins the actor, within four seconds. Subscribers read `Closed`.
    pub async fn stop(&self) {
        self.shared.cancel.cancel();
        if let Some(task) = self.shared.task.lock().await.take() {
            let abort = task.abort_handle();
            if timeout(STOP_WITHIN, task).await.is_err() {
                tracing::warn!(path = %self.shared.path, "the ingest did not stop in time");
                abort.abort();
            }
        }
        self.shared.hub.close();
    }
}

impl Holders {
    /// The most urgent of all.
    pub fn demand(&self) -> Demand {
        let has = |count: &AtomicU32| count.load(Ordering::SeqCst) > 0;
        match () {
            () if has(&self.viewers) => Demand::Watched,
            () if has(&self.recorders) => Demand::Recorded,
            () if has(&self.others) => Demand::Background,
            () => Demand::Nobody,
        }
    }

    pub fn is_paused(&self) -> bool {
        self.pauses.load(Ordering::SeqCst) > 0
    }

    const fn count(&self, kind: InterestKind) -> &AtomicU32 {
        match kind {
            InterestKind::Viewer => &self.viewers,
            InterestKind::Recorder => &self.recorders,
            InterestKind::Task | InterestKind::Gateway => &self.others,
        }
    }
}

impl Drop for Pause {
    fn drop(&mut self) {
        self.holders.pauses.fetch_sub(1, Ordering::SeqCst);
        self.holders.changed.notify_one();
    }
}

impl Interest {
    pub const fn kind(&self) -> InterestKind {
        self.kind
    }
}

impl Drop for Interest {
    fn drop(&mut self) {
        self.holders.count(self.kind).fetch_sub(1, Ordering::SeqCst);
        self.holders.changed.notify_one();
    }
}
