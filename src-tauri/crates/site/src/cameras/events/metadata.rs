//! Reads a device's events from the metadata of its streams, while its pull point does not work.
//!
//! One task per device compares what its streams offer with what is read, whenever a camera changes; one task per stream
//! that is read turns documents into events. Both end with the [`MetadataSource`]. A stream that is read is wanted like one
//! that a task looks at: events come whether or not somebody watches.

use super::{
    handle::Intake,
    keeper::{Told, Via},
    offer::{Offer, pick},
};
use crate::cameras::Cameras;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{Instant, sleep, timeout},
};
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::AbortOnDropHandle,
};
use watchwall_media::ingest::{IngestHandle, InterestKind, MetadataTrack, Tapped};
use watchwall_model::{Camera, CameraId, DeviceId, Phase, StreamPath, UtcMillis};
use watchwall_onvif::{
    Client,
    events::{ListenPhase, ListenWatch, read_metadata},
    operations::Profile,
};
use watchwall_store::StoreError;

/// Looked at this often even when nobody called.
const INTERVAL: Duration = Duration::from_secs(30);
/// Changes are gathered for this long.
const GATHER: Duration = Duration::from_millis(200);
const STOP_WITHIN: Duration = Duration::from_millis(500);
/// Failures in a row after which another stream is tried, and for how long.
const FAILURES: u32 = 3;
const SHUNNED_FOR: Duration = Duration::from_secs(600);
const SAY_EVERY: Duration = Duration::from_secs(60);

/// Whose events, and where they go.
#[derive(Clone)]
pub struct MetadataOf {
    pub device: DeviceId,
    pub client: Client,
    pub profiles: Arc<Vec<Profile>>,
    pub cameras: Cameras,
    pub intake: Intake,
    /// While it listens the metadata says nothing new. `None` without an event service.
    pub pull_point: Option<ListenWatch>,
}

/// A device whose metadata is read.
pub struct MetadataSource {
    streams: watch::Receiver<usize>,
    /// What was looked at last.
    seen: usize,
    /// Dropped without [`MetadataSource::stop`] its tasks end too, a moment later.
    cancel: DropGuard,
    task: JoinHandle<()>,
}

/// One per camera.
#[derive(Default)]
struct Readers {
    running: BTreeMap<CameraId, Reader>,
    /// Streams that could not be opened, and when that was seen.
    shunned: BTreeMap<StreamPath, Instant>,
}

/// A stream that is read; dropped, it is not wanted any more.
struct Reader {
    path: StreamPath,
    task: AbortOnDropHandle<()>,
}

impl MetadataSource {
    pub fn start(of: MetadataOf) -> Self {
        let (sender, streams) = watch::channel(0);
        let cancel = CancellationToken::new();
        let task = tokio::spawn(run(of, sender, cancel.clone()));
        Self { streams, seen: 0, cancel: cancel.drop_guard(), task }
    }

    /// How many streams tell events now.
    pub fn look(&mut self) -> usize {
        self.seen = *self.streams.borrow();
        self.seen
    }

    /// Waits until that is another number than at the last look. Never returns once the task has ended.
    pub async fn changed(&mut self) {
        let seen = self.seen;
        if self.streams.wait_for(|count| *count != seen).await.is_err() {
            std::future::pending().await
        }
    }

    pub async fn stop(self) {
        drop(self.cancel);
        let abort = self.task.abort_handle();
        if timeout(STOP_WITHIN, self.task).await.is_err() {
            abort.abort();
        }
    }
}

async fn run(of: MetadataOf, streams: watch::Sender<usize>, cancel: CancellationToken) {
    let mut changes = of.cameras.changes();
    let mut readers = Readers::default();
    loop {
        changes.mark_unchanged();
        match readers.reconcile(&of).await {
            Ok(taken) => {
                streams.send_if_modified(|count| std::mem::replace(count, taken) != taken);
            }
            Err(error) => {
                tracing::error!(%error, device.id = of.device.0, "the cameras of a device cannot be read; its metadata is read on");
            }
        }
        tokio::select! {
            () = cancel.cancelled() => return,
            Ok(()) = changes.changed() => {}
            () = sleep(INTERVAL) => {}
        }
        tokio::select! {
            () = cancel.cancelled() => return,
            () = sleep(GATHER) => {}
        }
    }
}

impl Readers {
    /// Reads the streams that should be read and no others. Answers how many of them tell events now.
    async fn reconcile(&mut self, of: &MetadataOf) -> Result<usize, StoreError> {
        let mut cameras = of.cameras.shared.store.cameras().of_device(of.device).await?;
        cameras.retain(|camera| camera.enabled);
        let known: BTreeSet<CameraId> = cameras.iter().map(|camera| camera.id).collect();
        self.running.retain(|id, _| known.contains(id));
        self.shun_failing(of);
        let mut telling = 0;
        for camera in &cameras {
            let offers = self.offers(of, camera);
            let Some(ingest) = pick(&offers).and_then(|path| of.cameras.ingest(path)) else {
                self.running.remove(&camera.id);
                continue;
            };
            telling += usize::from(tells(&ingest));
            let reader = self.running.get(&camera.id);
            if reader.is_none_or(|reader| reader.path != *ingest.path() || reader.task.is_finished()) {
                // The one before first: two streams of a camera tell the same.
                self.running.remove(&camera.id);
                self.running.insert(camera.id, Reader::start(of.clone(), camera.id, ingest));
            }
        }
        Ok(telling)
    }

    fn shun_failing(&mut self, of: &MetadataOf) {
        self.shunned.retain(|_, seen_at| seen_at.elapsed() < SHUNNED_FOR);
        for reader in self.running.values() {
            let phase = of.cameras.ingest(&reader.path).map(|ingest| ingest.snapshot().borrow().phase.clone());
            let is_failing = match phase {
                Some(Phase::NeedsAttention { .. }) => true,
                Some(Phase::Waiting { attempt, .. }) => attempt >= FAILURES,
                _ => false,
            };
            if is_failing {
                self.shunned.entry(reader.path.clone()).or_insert_with(Instant::now);
            }
        }
    }

    fn offers(&self, of: &MetadataOf, camera: &Camera) -> Vec<Offer> {
        let streams = camera.streams.iter().filter_map(|stream| {
            let ingest = of.cameras.ingest(&stream.path)?;
            let has_metadata = |token: &str| of.profiles.iter().any(|own| own.token == token && own.has_metadata);
            Some(Offer {
                path: stream.path.clone(),
                role: stream.role,
                is_announced: stream.profile.as_deref().is_some_and(has_metadata),
                track: ingest.snapshot().borrow().metadata,
                is_shunned: self.shunned.contains_key(&stream.path),
            })
        });
        streams.collect()
    }
}

/// Whether its documents come.
fn tells(ingest: &IngestHandle) -> bool {
    let snapshot = ingest.snapshot();
    let snapshot = snapshot.borrow();
    snapshot.metadata == MetadataTrack::Taken && snapshot.phase == Phase::Live
}

impl Reader {
    fn start(of: MetadataOf, camera: CameraId, ingest: IngestHandle) -> Self {
        let path = ingest.path().clone();
        Self { path, task: AbortOnDropHandle::new(tokio::spawn(read(of, camera, ingest))) }
    }
}

/// Said once a minute at most: a track that is damaged is so for long.
#[derive(Default)]
struct Losses {
    count: u64,
    said_at: Option<Instant>,
}

impl Losses {
    fn note(&mut self, count: u64, ingest: &IngestHandle) {
        self.count += count;
        if self.said_at.is_none_or(|at| at.elapsed() >= SAY_EVERY) {
            tracing::warn!(path = %ingest.path(), count = self.count, "metadata of a stream was lost");
            (self.count, self.said_at) = (0, Some(Instant::now()));
        }
    }
}

/// Ends with the stream's ingest.
async fn read(of: MetadataOf, camera: CameraId, ingest: IngestHandle) {
    let mut tap = ingest.metadata();
    let _interest = ingest.interest(InterestKind::Task);
    let mut losses = Losses::default();
    while let Some(tapped) = tap.next().await {
        let document = match tapped {
            Tapped::Document(document) => document,
            Tapped::Lost(count) => {
                losses.note(count, &ingest);
                continue;
            }
        };
        if of.pull_point.as_ref().is_some_and(|pull_point| pull_point.snapshot().phase == ListenPhase::Listening) {
            continue;
        }
        let offset_ms = of.client.clock_offset_ms().unwrap_or(0);
        match read_metadata(&document, UtcMillis::now(), offset_ms) {
            Ok(events) => {
                for event in events {
                    let (device, profiles) = (of.device, Arc::clone(&of.profiles));
                    of.intake.tell(Told { device, profiles, event, via: Via::Metadata(camera) }).await;
                }
            }
            Err(error) => tracing::debug!(path = %ingest.path(), %error, "a document of metadata is not read"),
        }
    }
}
