//! What others hold of the cameras' health.

use super::{
    board,
    link::{DeviceLink, LinkShared},
    links::{self, Links},
};
use crate::cameras::{Cameras, events::Intake};
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::{
    sync::{Mutex, Notify, broadcast, watch},
    task::JoinHandle,
    time::timeout,
};
use tokio_util::sync::CancellationToken;
use watchwall_model::{Camera, CameraHealth, CameraId, DeviceId, ErrorCode, Problem, UtcMillis, config::HealthConfig};
use watchwall_store::Store;

/// Alarms a listener may be behind; the oldest are dropped, the events stay stored.
const ALARMS: usize = 256;
const STOP_WITHIN: Duration = Duration::from_secs(2);
/// Links of other devices may have to end first.
const MADE_WITHIN: Duration = Duration::from_secs(4);

/// A camera has been away for longer than it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfflineAlarm {
    pub camera: CameraId,
    pub since: UtcMillis,
    pub code: Option<ErrorCode>,
}

/// The health of all cameras, and the links to their devices. Cheap to clone.
#[derive(Clone)]
pub struct Health {
    shared: Arc<Shared>,
    wake_links: Arc<Notify>,
    tasks: Arc<Mutex<Vec<JoinHandle<()>>>>,
    cancel: CancellationToken,
}

pub(super) struct Shared {
    pub store: Store,
    pub cameras: Cameras,
    pub links: Arc<Links>,
    pub board: watch::Sender<Arc<HashMap<CameraId, CameraHealth>>>,
    pub changes: watch::Sender<u64>,
    pub alarms: broadcast::Sender<OfflineAlarm>,
    pub seen: Arc<Notify>,
    pub alarm_after_ms: i64,
}

impl Health {
    /// Starts watching.
    pub fn start(store: Store, cameras: Cameras, config: &HealthConfig, intake: Intake) -> Self {
        let (cancel, seen, wake_links) = (CancellationToken::new(), Arc::new(Notify::new()), Arc::new(Notify::new()));
        let links = Arc::new(Links::default());
        let link = LinkShared {
            store: store.clone(),
            cameras: cameras.clone(),
            intake,
            seen: Arc::clone(&seen),
            interval: Duration::from_millis(config.interval_ms),
            first_after: Duration::from_millis(config.first_after_ms),
        };
        let changes = cameras.changes();
        let shared = Arc::new(Shared {
            store,
            cameras,
            links: Arc::clone(&links),
            board: watch::Sender::default(),
            changes: watch::Sender::new(0),
            alarms: broadcast::Sender::new(ALARMS),
            seen,
            alarm_after_ms: i64::try_from(config.offline_alarm_ms).unwrap_or(i64::MAX),
        });
        let tasks = vec![
            tokio::spawn(links::run(links, link, changes, Arc::clone(&wake_links), cancel.clone())),
            tokio::spawn(board::run(Arc::clone(&shared), cancel.clone())),
        ];
        Self { shared, wake_links, tasks: Arc::new(Mutex::new(tasks)), cancel }
    }

    /// Ends every link and joins all tasks.
    pub async fn stop(&self) {
        self.cancel.cancel();
        for task in self.tasks.lock().await.drain(..) {
            if timeout(STOP_WITHIN, task).await.is_err() {
                tracing::warn!("the cameras' health was not given up in time");
            }
        }
    }

    /// How a camera stands; unknown for one that was added this moment.
    pub fn get(&self, camera: CameraId) -> CameraHealth {
        self.shared.board.borrow().get(&camera).copied().unwrap_or_default()
    }

    pub fn all(&self) -> Arc<HashMap<CameraId, CameraHealth>> {
        self.shared.board.borrow().clone()
    }

    /// Rises with every change of a camera's state.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.shared.changes.subscribe()
    }

    pub fn alarms(&self) -> broadcast::Receiver<OfflineAlarm> {
        self.shared.alarms.subscribe()
    }

    /// The link to a device that has an enabled camera.
    pub fn link(&self, device: DeviceId) -> Option<DeviceLink> {
        self.shared.links.get(device)
    }

    /// The same for a device that may have been stored, or switched on, this moment: its link is made at once.
    pub async fn link_soon(&self, device: DeviceId) -> Option<DeviceLink> {
        if let Some(link) = self.link(device) {
            return Some(link);
        }
        self.reconcile();
        self.shared.links.soon(device, MADE_WITHIN).await
    }

    /// Asks a camera again now, device and streams; what the device refused is forgotten because a person says so.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn retry(&self, camera: &Camera) -> Result<(), Problem> {
        if let Some(id) = camera.device
            && let Some(device) = self.shared.store.devices().get(id).await?
        {
            self.shared.cameras.lockout().clear(&device.at.key());
            if let Some(link) = self.link(id) {
                link.retry();
            }
        }
        for stream in &camera.streams {
            if let Some(ingest) = self.shared.cameras.ingest(&stream.path) {
                ingest.retry();
            }
        }
        Ok(())
    }

    /// Devices were edited: links follow at once.
    pub fn reconcile(&self) {
        self.wake_links.notify_one();
    }
}
