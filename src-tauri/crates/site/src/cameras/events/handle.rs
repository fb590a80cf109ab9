//! What others hold of the cameras' events.

use super::{
    keeper::{self, Told},
    marks::Mark,
    remembered::Remembered,
};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{Mutex, broadcast, mpsc},
    task::JoinHandle,
    time::timeout,
};
use tokio_util::sync::CancellationToken;
use watchwall_model::{CameraEventRow, CameraId, DeviceId, Problem, TimeRange};
use watchwall_onvif::{events::EventStream, operations::Profile};
use watchwall_store::{Page, PageRequest, Store};

/// Stored events a live listener may be behind.
const TOLD: usize = 512;
/// Events that wait for the keeper.
const HEARD: usize = 1024;
/// Devices waiting for their forwarder.
const HANDED_IN: usize = 64;
const STOP_WITHIN: Duration = Duration::from_secs(1);

/// All events of all cameras. Cheap to clone.
#[derive(Clone)]
pub struct CameraEvents {
    store: Store,
    remembered: Arc<Remembered>,
    told: broadcast::Sender<CameraEventRow>,
    intake: Intake,
    task: Arc<Mutex<Option<JoinHandle<()>>>>,
    cancel: CancellationToken,
}

/// Where links hand in what their devices tell.
#[derive(Clone)]
pub struct Intake {
    devices: mpsc::Sender<HandedIn>,
    events: mpsc::Sender<Told>,
}

pub(super) struct HandedIn {
    pub device: DeviceId,
    /// For events that name a configuration or a profile instead of a source.
    pub profiles: Arc<Vec<Profile>>,
    pub events: EventStream,
}

impl Intake {
    pub async fn take(&self, device: DeviceId, profiles: Arc<Vec<Profile>>, events: EventStream) {
        // The keeper has ended: so does the site.
        let _ = self.devices.send(HandedIn { device, profiles, events }).await;
    }

    /// One event that was read elsewhere than in a pull point. Waits while the keeper is behind.
    pub(super) async fn tell(&self, told: Told) {
        // As above.
        let _ = self.events.send(told).await;
    }
}

impl CameraEvents {
    /// Starts the keeper.
    pub fn start(store: Store) -> Self {
        let (sender, handed_in) = mpsc::channel(HANDED_IN);
        let told = broadcast::Sender::new(TOLD);
        let cancel = CancellationToken::new();
        let (events, heard) = mpsc::channel(HEARD);
        let intake = Intake { devices: sender, events };
        let remembered = Arc::new(Remembered::default());
        let memory = (store.clone(), Arc::clone(&remembered));
        let work = keeper::run(memory, handed_in, (intake.clone(), heard), told.clone(), cancel.clone());
        let task = tokio::spawn(work);
        Self { store, remembered, told, intake, task: Arc::new(Mutex::new(Some(task))), cancel }
    }

    pub async fn stop(&self) {
        self.cancel.cancel();
        if let Some(task) = self.task.lock().await.take()
            && timeout(STOP_WITHIN, task).await.is_err()
        {
            tracing::warn!("the keeper of events did not stop in time");
        }
    }

    pub fn intake(&self) -> Intake {
        self.intake.clone()
    }

    /// Every event as it is stored.
    pub fn listen(&self) -> broadcast::Receiver<CameraEventRow> {
        self.told.subscribe()
    }

    /// Of one camera in a range, newest first.
    ///
    /// # Errors
    /// `request_invalid` for a made-up cursor.
    pub async fn page(
        &self,
        camera: CameraId,
        range: TimeRange,
        kind: Option<&str>,
        request: &PageRequest,
    ) -> Result<Page<CameraEventRow>, Problem> {
        self.store.camera_events().page(camera, range, kind, request).await
    }

    /// What a timeline draws for a camera.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn marks(&self, camera: CameraId, range: TimeRange, resolution_ms: i64) -> Result<Vec<Mark>, Problem> {
        Ok(self.remembered.marks(&self.store, camera, range, resolution_ms).await?)
    }
}
