//! The task that stores what devices tell.

use super::{
    assign::{Teller, assign, kind_word},
    handle::{HandedIn, Intake},
    news::News,
    remembered::Remembered,
};
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::{
    sync::{broadcast, mpsc},
    task::JoinSet,
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;
use watchwall_model::{Camera, CameraEventRow, CameraId, DeviceId, NewCameraEvent, Plan, TimeRange, UtcMillis};
use watchwall_onvif::{
    events::{CameraEvent, EventStream, Heard},
    operations::Profile,
};
use watchwall_store::{Store, StoreError};

/// What comes together is stored together: live within a fifth of a second, with few writes when a yard comes alive.
const GATHER: Duration = Duration::from_millis(200);
const MOST_AT_ONCE: usize = 256;
const PRUNE_EVERY: Duration = Duration::from_secs(3_600);
/// Rows kept at most, whatever the recordings' retention.
const MOST_ROWS: u32 = 1_000_000;
const DAY_MS: i64 = 86_400_000;
/// The cameras of a device are read again after this.
const CAMERAS_FRESH_FOR: Duration = Duration::from_secs(2);

/// The way an event came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    PullPoint,
    /// In a stream of this camera.
    Metadata(CameraId),
}

pub struct Told {
    pub device: DeviceId,
    pub profiles: Arc<Vec<Profile>>,
    pub event: CameraEvent,
    pub via: Via,
}

struct Keeper {
    store: Store,
    remembered: Arc<Remembered>,
    news: News,
    cameras: HashMap<DeviceId, (Instant, Vec<Camera>)>,
    told: broadcast::Sender<CameraEventRow>,
}

/// Runs until cancelled; what was heard by then is stored. `heard` is the end of what the intake tells.
pub async fn run(
    (store, remembered): (Store, Arc<Remembered>),
    mut handed_in: mpsc::Receiver<HandedIn>,
    (intake, mut heard): (Intake, mpsc::Receiver<Told>),
    told: broadcast::Sender<CameraEventRow>,
    cancel: CancellationToken,
) {
    let mut forwarders = JoinSet::new();
    forwarders.spawn(warm(store.clone(), Arc::clone(&remembered)));
    let mut keeper = Keeper { store, remembered, news: News::default(), cameras: HashMap::new(), told };
    let mut batch = Vec::new();
    let (mut store_at, mut prune_at) = (Instant::now(), Instant::now());
    loop {
        tokio::select! {
            () = cancel.cancelled() => break,
            Some(new) = handed_in.recv() => {
                forwarders.spawn(forward(new.device, new.profiles, new.events, intake.clone()));
            }
            Some(_) = forwarders.join_next() => {}
            Some(one) = heard.recv() => {
                if batch.is_empty() {
                    store_at = Instant::now() + GATHER;
                }
                batch.push(one);
                if batch.len() >= MOST_AT_ONCE {
                    keeper.keep(&mut batch).await;
                }
            }
            () = sleep_until(store_at), if !batch.is_empty() => keeper.keep(&mut batch).await,
            () = sleep_until(prune_at) => {
                keeper.prune().await;
                prune_at = Instant::now() + PRUNE_EVERY;
            }
        }
    }
    forwarders.shutdown().await;
    keeper.keep(&mut batch).await;
}

/// Reads every camera's events, so that no timeline is the first to ask.
async fn warm(store: Store, remembered: Arc<Remembered>) {
    let Ok(cameras) = store.cameras().all().await else { return };
    let moment = TimeRange { start: UtcMillis(0), end: UtcMillis(1) };
    for camera in cameras {
        if let Err(error) = remembered.marks(&store, camera.id, moment, 0).await {
            return tracing::warn!(%error, "the events of cameras could not be read ahead");
        }
    }
}

/// Ends with its device's listener.
async fn forward(device: DeviceId, profiles: Arc<Vec<Profile>>, mut events: EventStream, to: Intake) {
    while let Some(heard) = events.next().await {
        match heard {
            Heard::Event(event) => {
                to.tell(Told { device, profiles: Arc::clone(&profiles), event, via: Via::PullPoint }).await;
            }
            Heard::Lost(count) => tracing::warn!(device.id = device.0, count, "events of a device were lost"),
        }
    }
}

impl Keeper {
    async fn keep(&mut self, batch: &mut Vec<Told>) {
        let mut events = Vec::new();
        for told in batch.drain(..) {
            match self.read(&told).await {
                Ok(event) => events.extend(event),
                Err(error) => tracing::error!(%error, device.id = told.device.0, "an event could not be looked at"),
            }
        }
        if events.is_empty() {
            return;
        }
        match self.store.camera_events().insert(&events).await {
            Ok(stored) => {
                self.remembered.add(&stored).await;
                for row in stored {
                    // Without a listener there is nobody to tell.
                    let _ = self.told.send(row);
                }
            }
            Err(error) => tracing::error!(%error, count = events.len(), "events of cameras could not be stored"),
        }
    }

    async fn read(&mut self, told: &Told) -> Result<Option<NewCameraEvent>, StoreError> {
        let event = &told.event;
        let cameras = self.cameras_of(told.device).await?;
        let teller = match told.via {
            Via::PullPoint => Teller::Device,
            Via::Metadata(camera) => Teller::Camera(camera),
        };
        let Some(camera) = assign(event, cameras, &told.profiles, teller) else {
            tracing::debug!(device.id = told.device.0, source = ?event.source, topic = event.topic, "an event of no camera");
            return Ok(None);
        };
        if !self.news.knows(camera) {
            let since = UtcMillis::now().saturating_add_ms(-DAY_MS);
            let stored = self.store.camera_events().last_states(camera, since).await?;
            self.news.remember(camera, &stored);
        }
        let kind = kind_word(&event.kind);
        let Some((state, at)) = self.news.take(camera, kind, event, told.via) else { return Ok(None) };
        Ok(Some(NewCameraEvent {
            camera,
            kind: kind.to_owned(),
            state,
            source: clipped(event.source.as_deref().unwrap_or_default()),
            rule: clipped(event.rule.as_deref().unwrap_or_default()),
            topic: clipped(&event.topic),
            value: event.value.as_ref().map(|(name, value)| clipped(&format!("{name}={value}"))).unwrap_or_default(),
            at,
        }))
    }

    async fn cameras_of(&mut self, device: DeviceId) -> Result<&[Camera], StoreError> {
        let is_fresh = self.cameras.get(&device).is_some_and(|(at, _)| at.elapsed() < CAMERAS_FRESH_FOR);
        if !is_fresh {
            let mut cameras = self.store.cameras().of_device(device).await?;
            cameras.retain(|camera| camera.enabled);
            self.cameras.insert(device, (Instant::now(), cameras));
        }
        Ok(self.cameras.get(&device).map_or(&[], |(_, cameras)| cameras.as_slice()))
    }

    /// Events stay as long as the recordings they belong to.
    async fn prune(&mut self) {
        let work = async {
            let plans = self.store.plans().all().await?;
            let longest = plans.iter().map(|plan| plan.retention_days).max().unwrap_or(0);
            let days = i64::from(longest.max(Plan::DEFAULT_RETENTION_DAYS));
            let before = UtcMillis::now().saturating_add_ms(-days.saturating_mul(DAY_MS));
            let cameras = self.store.cameras().all().await?;
            Ok::<_, StoreError>((self.store.camera_events().prune(before, MOST_ROWS).await?, cameras))
        };
        match work.await {
            Ok((forgotten, cameras)) => {
                tracing::debug!(forgotten, "old events of cameras were forgotten");
                self.news.keep(|id| cameras.iter().any(|camera| camera.id == id));
                self.cameras.clear();
                if forgotten > 0 {
                    self.remembered.clear().await;
                }
            }
            Err(error) => tracing::warn!(%error, "old events of cameras could not be forgotten"),
        }
    }
}

/// Texts of a device are as long as it likes; rows are not.
fn clipped(text: &str) -> String {
    text.chars().take(200).collect()
}
