//! How analytics reaches cameras: the fourth place, beside `tap`, `sense` and `edge`, where two domains meet. No task.

use crate::{
    analytics::{PublishPlace, Published, TaskStreams},
    cameras::{Cameras, health::Health},
    outlet::{Outlet, Publication, Way},
};
use futures::future::{BoxFuture, FutureExt};
use std::{collections::BTreeSet, sync::Arc};
use tokio::sync::watch;
use watchwall_engine_protocol::StreamAddress;
use watchwall_media::hub::Hub;
use watchwall_model::{AiNode, AiTask, CameraId, StreamPath};

/// The cameras as AI tasks see them.
pub struct CameraLooks {
    pub cameras: Cameras,
    pub health: Health,
    pub outlet: Outlet,
}

impl TaskStreams for CameraLooks {
    /// The camera's own only for nodes that may see cameras; the others pull the site's.
    fn address<'a>(&'a self, task: &'a AiTask, node: &'a AiNode) -> BoxFuture<'a, Option<StreamAddress>> {
        async move {
            let camera = self.cameras.get(task.camera).await.ok()?.camera;
            let wanted = camera.streams.iter().find(|stream| stream.role == task.stream);
            // A camera with one stream is looked at by that.
            let stream = wanted.or_else(|| camera.streams.first())?;
            if !node.sees_cameras {
                let address = self.outlet.address(&stream.path, way(node))?;
                return Some(StreamAddress::new(address.reveal()));
            }
            let address = stream.url.with_credentials(camera.credentials.as_ref());
            Some(StreamAddress::new(address.reveal()))
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

    fn publication(&self, path: &StreamPath, hub: Arc<Hub>, node: &AiNode) -> Option<PublishPlace> {
        let (address, publication) = self.outlet.publication(path, hub, way(node))?;
        Some(PublishPlace { address: StreamAddress::new(address.reveal()), publication: Box::new(publication) })
    }
}

impl Published for Publication {
    fn is_live(&self) -> bool {
        Self::is_live(self)
    }
}

/// How the node came to the site.
fn way(node: &AiNode) -> Way {
    Way { from: node.facts.address.as_ref().and_then(|ip| ip.parse().ok()), to: node.facts.reached }
}
