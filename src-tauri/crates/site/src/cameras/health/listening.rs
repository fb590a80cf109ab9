//! How one device's events come: its pull point, and in its place the metadata of its streams.

use super::link::LinkShared;
use crate::cameras::events::{EventSourceKind, MetadataOf, MetadataSource};
use std::sync::Arc;
use watchwall_model::{DeviceId, ErrorCode};
use watchwall_onvif::{
    Client,
    events::{EventSource, ListenPhase, ListenWatch, Snapshot},
    operations::Profile,
    soap::Service,
};

/// Heartbeats after which a pull point that refused, or was not there, is looked for again: ten minutes of them.
const LOOK_AGAIN_AFTER: u32 = 20;

/// Both ways of one device. The link's task owns it.
#[derive(Default)]
pub struct Listening {
    pull_point: Option<PullPoint>,
    metadata: Option<MetadataSource>,
    kind: EventSourceKind,
    /// Heartbeats since the pull point was looked for last.
    beats: u32,
}

struct PullPoint {
    source: EventSource,
    watch: ListenWatch,
    /// What was told to others last.
    seen: ListenPhase,
}

/// Whom it listens to.
pub struct ListenTo<'a> {
    pub id: DeviceId,
    pub client: &'a Client,
    pub profiles: &'a Arc<Vec<Profile>>,
    pub shared: &'a LinkShared,
}

/// What others are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heard {
    /// How the pull point stands; `None` without one.
    pub pull_point: Option<ListenPhase>,
    /// Where events come from now; `None` when none do.
    pub via: Option<EventSourceKind>,
    /// The pull point shuts our login out.
    pub refused_login: Option<ErrorCode>,
}

/// Why it is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// The device has just answered its heartbeat.
    Beat,
    /// One of the two ways has changed.
    Change,
}

impl Listening {
    /// Waits until one of the two ways changes.
    pub async fn changed(&mut self) {
        let seen = self.pull_point.as_mut().map(|own| (own.seen, &mut own.watch));
        let pull_point = async {
            match seen {
                Some((phase, watch)) => watch.leaves(phase).await,
                None => std::future::pending().await,
            }
        };
        let streams = async {
            match &mut self.metadata {
                Some(metadata) => metadata.changed().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = pull_point => {}
            () = streams => {}
        }
    }

    /// Starts and ends what the pull point's state asks for.
    pub async fn look(&mut self, to: ListenTo<'_>, occasion: Occasion) -> Heard {
        if self.pull_point.is_none() && to.client.services().has(&Service::Events) {
            self.listen(&to).await;
        }
        let listener = self.pull_point.as_ref().map(|own| own.watch.snapshot());
        let next = self.kind.after(listener.as_ref());
        // Only a device that answers is taken at its word; that its pull point works again is no matter of trust.
        let next = match (next, occasion) {
            (EventSourceKind::Metadata, Occasion::Change) => self.kind,
            _ => next,
        };
        if next != self.kind {
            tracing::debug!(device.id = to.id.0, way = next.word(), "events of a device are looked for another way");
            self.kind = next;
        }
        match self.kind {
            EventSourceKind::PullPoint => self.leave_metadata().await,
            EventSourceKind::Metadata => self.read_metadata(&to),
        }
        if occasion == Occasion::Beat {
            self.beats += 1;
        }
        self.heard(listener)
    }

    /// Whether a pull point that is not there should be asked for once more.
    pub fn should_look_again(&mut self) -> bool {
        let is_due = self.kind == EventSourceKind::Metadata && self.beats >= LOOK_AGAIN_AFTER;
        if is_due {
            self.beats = 0;
        }
        is_due
    }

    /// Tries the pull point again now.
    pub fn retry(&mut self) {
        self.beats = 0;
        if let Some(own) = &self.pull_point {
            own.source.retry();
        }
    }

    pub const fn has_pull_point(&self) -> bool {
        self.pull_point.is_some()
    }

    /// Gives the subscription back and ends.
    pub async fn stop(&mut self) {
        self.leave_metadata().await;
        if let Some(own) = self.pull_point.take() {
            own.source.stop().await;
        }
    }

    async fn listen(&mut self, to: &ListenTo<'_>) {
        let source = EventSource::start(to.client.clone());
        to.shared.intake.take(to.id, Arc::clone(to.profiles), source.listen()).await;
        let watch = source.watch();
        // Its reader asks the pull point's watch before each document: one that was made without is made again.
        self.leave_metadata().await;
        self.pull_point = Some(PullPoint { source, watch, seen: ListenPhase::Idle });
    }

    fn read_metadata(&mut self, to: &ListenTo<'_>) {
        if self.metadata.is_some() {
            return;
        }
        self.beats = 0;
        self.metadata = Some(MetadataSource::start(MetadataOf {
            device: to.id,
            client: to.client.clone(),
            profiles: Arc::clone(to.profiles),
            cameras: to.shared.cameras.clone(),
            intake: to.shared.intake.clone(),
            pull_point: self.pull_point.as_ref().map(|own| own.watch.clone()),
        }));
    }

    async fn leave_metadata(&mut self) {
        if let Some(metadata) = self.metadata.take() {
            metadata.stop().await;
        }
    }

    fn heard(&mut self, listener: Option<Snapshot>) -> Heard {
        if let (Some(own), Some(listener)) = (&mut self.pull_point, &listener) {
            own.seen = listener.phase;
        }
        let streams = self.metadata.as_mut().map_or(0, MetadataSource::look);
        let is_listening = listener.is_some_and(|listener| listener.phase == ListenPhase::Listening);
        let via = match self.kind {
            EventSourceKind::PullPoint => is_listening.then_some(EventSourceKind::PullPoint),
            EventSourceKind::Metadata => (streams > 0).then_some(EventSourceKind::Metadata),
        };
        let reason = listener.filter(|own| own.phase == ListenPhase::NeedsAttention).and_then(|own| own.reason);
        Heard {
            pull_point: listener.map(|listener| listener.phase),
            via,
            refused_login: reason.filter(|code| super::is_login(*code)),
        }
    }
}
