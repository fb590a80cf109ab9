//! How analytics reaches cameras and recordings: the fourth place, beside `tap`, `sense` and `edge`, where domains meet. No
//! task.

use crate::{
    analytics::{PublishPlace, Published, TaskStream, TaskStreams},
    cameras::{Cameras, health::Health},
    outlet::{Granted, Outlet, Publication, Scope, Way},
    recording::Recording,
};
use futures::future::{BoxFuture, FutureExt};
use std::{collections::BTreeSet, sync::Arc};
use tokio::sync::watch;
use watchwall_engine_protocol::StreamAddress;
use watchwall_media::hub::Hub;
use watchwall_model::{AiNode, AiTask, CameraId, ErrorCode, Problem, StreamPath, TaskId, TimeRange};

/// The cameras as AI tasks see them.
pub struct CameraLooks {
    pub cameras: Cameras,
    pub health: Health,
    pub outlet: Outlet,
    pub recording: Recording,
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
                let holder = format!("task {} node {}", task.id, node.id);
                return opened(self.outlet.grant(&stream.path, Scope::Live, way_of(node), &holder));
            }
            let address = stream.url.with_credentials(camera.credentials.as_ref());
            Some(TaskStream { address: StreamAddress::new(address.reveal()), pass: None })
        }
        .boxed()
    }

    fn recorded<'a>(&'a self, task: &'a AiTask, range: TimeRange) -> BoxFuture<'a, Result<StreamPath, Problem>> {
        async move {
            let camera = self.cameras.get(task.camera).await?.camera;
            let mut streams: Vec<_> = camera.streams.iter().collect();
            streams.sort_by_key(|stream| stream.role != task.stream);
            let paths: Vec<StreamPath> = streams.into_iter().map(|stream| stream.path.clone()).collect();
            let tracks = self.recording.timeline(&paths, range, 0).await?;
            let covered = tracks.into_iter().find(|(_, track)| !track.coverage.is_empty());
            covered.map(|(path, _)| path).ok_or_else(|| Problem::new(ErrorCode::NoRecording))
        }
        .boxed()
    }

    /// The site's, whatever a node may see: cameras do not have it.
    fn open_recorded(&self, trial: TaskId, path: &StreamPath, range: TimeRange, node: &AiNode) -> Option<TaskStream> {
        opened(self.outlet.grant(path, Scope::Recorded(range), way_of(node), &format!("trial {trial}")))
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
        let (address, publication) = self.outlet.publication(path, hub, way_of(node))?;
        Some(PublishPlace { address: StreamAddress::new(address.reveal()), publication: Box::new(publication) })
    }
}

impl Published for Publication {
    fn is_live(&self) -> bool {
        Self::is_live(self)
    }
}

/// As tasks and trials hold it.
fn opened(granted: Option<Granted>) -> Option<TaskStream> {
    let Granted { address, pass } = granted?;
    Some(TaskStream { address: StreamAddress::new(address.reveal()), pass: Some(Box::new(pass)) })
}

fn way_of(node: &AiNode) -> Way {
    Way { from: node.facts.address.as_ref().and_then(|ip| ip.parse().ok()), to: node.facts.reached }
}
