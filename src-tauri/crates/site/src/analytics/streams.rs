//! What analytics needs to know of cameras.

use futures::future::BoxFuture;
use std::{collections::BTreeSet, sync::Arc};
use tokio::sync::watch;
use watchwall_engine_protocol::StreamAddress;
use watchwall_media::hub::Hub;
use watchwall_model::{AiNode, AiTask, CameraId, StreamPath};

/// The cameras, as tasks see them.
pub trait TaskStreams: Send + Sync {
    /// Where a node finds the pictures; `None` when the camera has no such stream.
    fn address<'a>(&'a self, task: &'a AiTask, node: &'a AiNode) -> BoxFuture<'a, Option<StreamAddress>>;
    /// Cameras that give no picture now.
    fn offline(&self) -> BoxFuture<'_, BTreeSet<CameraId>>;
    /// Counts changes of it.
    fn changes(&self) -> watch::Receiver<u64>;
    /// Where the node may publish pictures for the hub; `None` when it cannot reach that place.
    fn publication(&self, path: &StreamPath, hub: Arc<Hub>, node: &AiNode) -> Option<PublishPlace>;
}

/// Where something may be published for as long as this lives; without it the address leads nowhere.
pub struct PublishPlace {
    pub address: StreamAddress,
    pub publication: Box<dyn Published>,
}

/// How it goes there.
pub trait Published: Send + Sync {
    /// Pictures come.
    fn is_live(&self) -> bool;
}
