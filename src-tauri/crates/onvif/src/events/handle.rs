//! What others hold of a device's listener.

use super::{
    actor::Actor,
    kind::CameraEvent,
    states::{ListenPhase, Snapshot, State},
};
use crate::Client;
use tokio::{
    sync::{broadcast, mpsc, watch},
    task::JoinHandle,
};

/// Commands waiting for a busy actor.
const COMMANDS: usize = 8;
/// Events a listener may be behind.
const EVENTS: usize = 256;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Retry,
    Stop,
}

/// A device that is listened to. Dropped without [`EventSource::stop`] its task ends too, a moment later.
#[derive(Debug)]
pub struct EventSource {
    commands: mpsc::Sender<Command>,
    snapshot: watch::Receiver<Snapshot>,
    events: broadcast::Sender<CameraEvent>,
    task: JoinHandle<()>,
}

/// Events from now on.
#[derive(Debug)]
pub struct EventStream(broadcast::Receiver<CameraEvent>);

/// How a device is listened to, for others than its owner.
#[derive(Clone, Debug)]
pub struct ListenWatch(watch::Receiver<Snapshot>);

/// What an [`EventStream`] gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    Event(CameraEvent),
    /// So many were lost because nobody read for too long.
    Lost(u64),
}

/// What the actor tells others through.
pub(super) struct Shared {
    snapshot: watch::Sender<Snapshot>,
    events: broadcast::Sender<CameraEvent>,
    count: u64,
}

impl EventSource {
    /// Begins to listen.
    pub fn start(client: Client) -> Self {
        let idle = Snapshot { phase: ListenPhase::Idle, attempt: 0, reason: None, events: 0 };
        let (sender, snapshot) = watch::channel(idle);
        let (events, _) = broadcast::channel(EVENTS);
        let (commands, receiver) = mpsc::channel(COMMANDS);
        let shared = Shared { snapshot: sender, events: events.clone(), count: 0 };
        let task = tokio::spawn(Actor::new(client, shared).run(receiver));
        Self { commands, snapshot, events, task }
    }

    pub fn listen(&self) -> EventStream {
        EventStream(self.events.subscribe())
    }

    pub fn snapshot(&self) -> Snapshot {
        *self.snapshot.borrow()
    }

    pub fn watch(&self) -> ListenWatch {
        ListenWatch(self.snapshot.clone())
    }

    /// Waits until a snapshot is as wanted; `None` when the listener ended before.
    pub async fn wait_for(&self, wanted: impl FnMut(&Snapshot) -> bool) -> Option<Snapshot> {
        self.snapshot.clone().wait_for(wanted).await.ok().map(|snapshot| *snapshot)
    }

    /// Tries again now: credentials changed, or a person asked for it.
    pub fn retry(&self) {
        // Full: it is about to act anyway.
        let _ = self.commands.try_send(Command::Retry);
    }

    /// Gives the subscription back and ends.
    pub async fn stop(self) {
        let _ = self.commands.send(Command::Stop).await;
        let _ = self.task.await;
    }
}

impl ListenWatch {
    pub fn snapshot(&self) -> Snapshot {
        *self.0.borrow()
    }

    /// Waits until the phase is another than this one. Never returns once the listener has ended.
    pub async fn leaves(&mut self, phase: ListenPhase) {
        if self.0.wait_for(|snapshot| snapshot.phase != phase).await.is_err() {
            std::future::pending().await
        }
    }
}

impl EventStream {
    /// The next event; `None` when the listener has ended.
    pub async fn next(&mut self) -> Option<Heard> {
        match self.0.recv().await {
            Ok(event) => Some(Heard::Event(event)),
            Err(broadcast::error::RecvError::Lagged(count)) => Some(Heard::Lost(count)),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}

impl Shared {
    pub fn tell(&self, state: &State) {
        let snapshot = state.snapshot(self.count);
        self.snapshot.send_if_modified(|known| std::mem::replace(known, snapshot) != snapshot);
    }

    pub fn publish(&mut self, event: CameraEvent) {
        self.count += 1;
        // Nobody listens: nobody misses it.
        let _ = self.events.send(event);
        let count = self.count;
        self.snapshot.send_modify(|snapshot| snapshot.events = count);
    }
}
