//! Devices that are added and still asked for the rest. Who changes a device's password waits for that: an old password
//! that is used once more counts as an attempt.

use std::{collections::BTreeSet, sync::Arc, time::Duration};
use tokio::{sync::watch, time::timeout};
use watchwall_model::DeviceId;

#[derive(Clone, Debug, Default)]
pub struct Unfinished(Arc<watch::Sender<BTreeSet<DeviceId>>>);

/// A device is finished when this is dropped.
#[derive(Debug)]
pub struct UnfinishedDevice {
    all: Unfinished,
    id: DeviceId,
}

impl Unfinished {
    pub fn begin(&self, id: DeviceId) -> UnfinishedDevice {
        self.0.send_modify(|ids| {
            ids.insert(id);
        });
        UnfinishedDevice { all: self.clone(), id }
    }

    /// Waits until a device is finished, or for as long as given.
    pub async fn settled(&self, id: DeviceId, within: Duration) {
        let mut ids = self.0.subscribe();
        if timeout(within, ids.wait_for(|ids| !ids.contains(&id))).await.is_err() {
            tracing::warn!(device.id = id.0, "a device that was added is still telling the rest");
        }
    }
}

impl Drop for UnfinishedDevice {
    fn drop(&mut self) {
        self.all.0.send_modify(|ids| {
            ids.remove(&self.id);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_asks_waits_for_its_device_only() {
        let all = Unfinished::default();
        let (first, _second) = (all.begin(DeviceId(1)), all.begin(DeviceId(2)));
        let waiting = all.settled(DeviceId(1), Duration::from_secs(30));
        tokio::pin!(waiting);
        assert!(futures::poll!(&mut waiting).is_pending());
        drop(first);
        waiting.await;
        all.settled(DeviceId(3), Duration::ZERO).await;
    }
}
