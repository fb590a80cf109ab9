//! How analytics reaches cameras: the fourth place, beside `tap`, `sense` and `edge`, where two domains meet. No task.

use crate::{
    analytics::{TaskStream, TaskStreams},
    cameras::{Cameras, health::Health},
    outlet::{Outlet, Way},
};
use futures::future::{BoxFuture, FutureExt};
use std::{any::Any, collections::BTreeSet};
use tokio::sync::watch;
use watchwall_engine_protocol::StreamAddress;
use watchwall_model::{AiNode, AiTask, CameraId};

/// The cameras as AI tasks see them.
pub struct CameraLooks {
    pub cameras: Cameras,
    pub health: Health,
    pub outlet: Outlet,
}

impl TaskStreams for CameraLooks {
    /// The camera's own only for nodes that may see cameras; the others pull the site's.
    fn open<'a>(&'a self, task: &'a AiTask, node: &'a AiNode) -> BoxFuture<'a, Option<TaskStream>> {
        async move {
            let camera = self.cameras.get(task.camera).await.ok()?.camera;
            let wanted = camera.streams.iter().find(|stream| stream.role == task.stream);
            // A camera with one stream is looked at by that.
            let stream = wanted.or_else(|| camera.streams.first())?;
            if !node.sees_cameras {
                let way =
                    Way { from: node.facts.address.as_ref().and_then(|ip| ip.parse().ok()), to: node.facts.reached };
                let granted = self.outlet.grant(&stream.path, way, &format!("task {} node {}", task.id, node.id))?;
                let pass: Box<dyn Any + Send + Sync> = Box::new(granted.pass);
                return Some(TaskStream { address: StreamAddress::new(granted.address.reveal()), pass: Some(pass) });
            }
            let address = stream.url.with_credentials(camera.credentials.as_ref());
            Some(TaskStream { address: StreamAddress::new(address.reveal()), pass: None })
        }
        .boxed()
    }

    fn offline(&self) -> BoxFuture<'_, BTreeSet<CameraId>> {
        async move {
            let health = self.health.all();
            let mut away: BTreeSet<CameraId> =
                health.iter().filter(|(_, health)| health.state.is_away()).map(|(camera, _)| *camera).collect();
            match self.cameras.all().await {
                Ok(all) => away.extend(all.iter().filter(|one| !one.camera.enabled).map(|one| one.camera.id)),
                Err(problem) => tracing::warn!(%problem, "which cameras are switched off could not be read"),
            }
            away
        }
        .boxed()
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.health.changes()
    }
}
