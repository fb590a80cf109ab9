//! Makes the running links equal to the wanted ones: one for each device that has an enabled camera.

use super::link::{DeviceLink, LinkShared, RunningLink, WantedLink};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};
use tokio::{
    sync::{Notify, watch},
    time::timeout,
};
use tokio_util::sync::CancellationToken;
use watchwall_model::{Camera, Device, DeviceId, DeviceService};
use watchwall_store::StoreError;

/// Runs this often even when nobody called.
const INTERVAL: Duration = Duration::from_secs(30);
/// Changes are gathered for this long.
const GATHER: Duration = Duration::from_millis(300);
/// A subscription is given back within this time, or the device keeps it until it forgets.
const STOP_WITHIN: Duration = Duration::from_millis(1_500);

/// Written by the reconciler only. The lock is never held across a wait.
#[derive(Default)]
pub struct Links {
    running: RwLock<BTreeMap<DeviceId, RunningLink>>,
    /// Counts the links that were made.
    made: watch::Sender<u64>,
}

impl Links {
    pub fn get(&self, id: DeviceId) -> Option<DeviceLink> {
        self.running.read().unwrap_or_else(PoisonError::into_inner).get(&id).map(|running| running.link.clone())
    }

    /// One that is about to be made.
    pub async fn soon(&self, id: DeviceId, within: Duration) -> Option<DeviceLink> {
        let mut made = self.made.subscribe();
        let seen = async {
            loop {
                if let Some(link) = self.get(id) {
                    return Some(link);
                }
                made.changed().await.ok()?;
            }
        };
        timeout(within, seen).await.ok().flatten()
    }

    fn wanted(&self) -> BTreeMap<DeviceId, WantedLink> {
        let links = self.running.read().unwrap_or_else(PoisonError::into_inner);
        links.iter().map(|(id, running)| (*id, running.wanted.clone())).collect()
    }

    /// What the device has told of its services since its link was made.
    fn tell(&self, id: DeviceId, services: Vec<DeviceService>) {
        if let Some(running) = self.running.write().unwrap_or_else(PoisonError::into_inner).get_mut(&id) {
            running.link.learn(&services);
            running.wanted.services = services;
        }
    }

    fn insert(&self, running: RunningLink) {
        self.running.write().unwrap_or_else(PoisonError::into_inner).insert(running.wanted.id, running);
        self.made.send_modify(|count| *count += 1);
    }

    fn remove(&self, id: DeviceId) -> Option<RunningLink> {
        self.running.write().unwrap_or_else(PoisonError::into_inner).remove(&id)
    }

    fn drain(&self) -> Vec<RunningLink> {
        std::mem::take(&mut *self.running.write().unwrap_or_else(PoisonError::into_inner)).into_values().collect()
    }
}

/// Loops until cancelled, then stops them all.
pub async fn run(
    links: Arc<Links>,
    shared: LinkShared,
    mut cameras: watch::Receiver<u64>,
    wake: Arc<Notify>,
    cancel: CancellationToken,
) {
    loop {
        reconcile(&links, &shared).await;
        tokio::select! {
            () = cancel.cancelled() => break,
            () = wake.notified() => {}
            Ok(()) = cameras.changed() => tokio::select! {
                () = cancel.cancelled() => break,
                () = tokio::time::sleep(GATHER) => {}
            },
            () = tokio::time::sleep(INTERVAL) => {}
        }
    }
    futures::future::join_all(links.drain().into_iter().map(|running| running.stop(STOP_WITHIN))).await;
}

async fn reconcile(links: &Links, shared: &LinkShared) {
    let read =
        async { Ok::<_, StoreError>((shared.store.devices().all().await?, shared.store.cameras().all().await?)) };
    let (devices, cameras) = match read.await {
        Ok(read) => read,
        Err(error) => {
            tracing::error!(%error, "cannot read the devices; their links stay as they are");
            return;
        }
    };
    let wanted = wanted(devices, &cameras);
    let running = links.wanted();
    let gone = running.iter().filter(|(id, link)| wanted.get(*id).is_none_or(|wanted| is_other(wanted, link)));
    let stops: Vec<_> = gone.filter_map(|(id, _)| links.remove(*id)).collect();
    let has_stopped = !stops.is_empty();
    // Side by side: a device that does not answer must not hold up the others.
    futures::future::join_all(stops.into_iter().map(|running| running.stop(STOP_WITHIN))).await;
    for (id, link) in wanted {
        if let Some(running) = running.get(&id).filter(|running| !is_other(&link, running)) {
            if running.services != link.services {
                links.tell(id, link.services);
            }
            continue;
        }
        match RunningLink::start(link, shared.clone()) {
            Ok(running) => links.insert(running),
            Err(problem) => tracing::warn!(device.id = id.0, "no link to a device: {problem}"),
        }
    }
    if has_stopped {
        shared.seen.notify_one();
    }
}

/// Devices with an enabled camera. A disabled camera is never contacted.
fn wanted(devices: Vec<Device>, cameras: &[Camera]) -> BTreeMap<DeviceId, WantedLink> {
    let watched: BTreeSet<DeviceId> =
        cameras.iter().filter(|camera| camera.enabled).filter_map(|camera| camera.device).collect();
    let wanted = devices.into_iter().filter(|device| watched.contains(&device.id)).map(|device| {
        let is_plain_allowed = device.facts.login.as_deref() == Some("basic");
        let (id, at, credentials) = (device.id, device.at, device.credentials);
        (id, WantedLink { id, at, credentials, services: device.facts.services, is_plain_allowed })
    });
    wanted.collect()
}

/// Another address or login makes another link; what the device told since is told to the one there is.
fn is_other(wanted: &WantedLink, running: &WantedLink) -> bool {
    (&wanted.at, &wanted.credentials, wanted.is_plain_allowed)
        != (&running.at, &running.credentials, running.is_plain_allowed)
}
