//! How analytics reaches cameras and recordings: the fourth place, beside `tap`, `sense` and `edge`, where domains meet. No
//! task.

use crate::{
    analytics::{RecordedStream, TaskStreams},
    cameras::{Cameras, health::Health},
    outlet::{Outlet, Way},
    recording::Recording,
};
use futures::future::{BoxFuture, FutureExt};
use std::collections::BTreeSet;
use tokio::sync::watch;
use watchwall_engine_protocol::StreamAddress;
use watchwall_model::{AiNode, AiTask, CameraId, ErrorCode, Problem, StreamPath, TimeRange};

/// The cameras as AI tasks see them.
pub struct CameraLooks {
    pub cameras: Cameras,
    pub health: Health,
    pub outlet: Outlet,
    pub recording: Recording,
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
                let address = self.outlet.address(&stream.path, way_of(node))?;
                return Some(StreamAddress::new(address.reveal()));
            }
            let address = stream.url.with_credentials(camera.credentials.as_ref());
            Some(StreamAddress::new(address.reveal()))
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
    fn recorded_address(&self, path: &StreamPath, range: TimeRange, node: &AiNode) -> Option<RecordedStream> {
        let recorded = self.outlet.recorded(path, range, way_of(node))?;
        let address = StreamAddress::new(recorded.address.reveal());
        Some(RecordedStream { address, pass: Box::new(recorded.pass) })
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

fn way_of(node: &AiNode) -> Way {
    Way { from: node.facts.address.as_ref().and_then(|ip| ip.parse().ok()), to: node.facts.reached }
}
