//! What analytics needs to know of cameras.

use futures::future::BoxFuture;
use std::collections::BTreeSet;
use tokio::sync::watch;
use watchwall_engine_protocol::StreamAddress;
use watchwall_model::{AiNode, AiTask, CameraId};

/// The cameras, as tasks see them.
pub trait TaskStreams: Send + Sync {
    /// Where a node finds the pictures; `None` when the camera has no such stream.
    fn address<'a>(&'a self, task: &'a AiTask, node: &'a AiNode) -> BoxFuture<'a, Option<StreamAddress>>;
    /// Cameras that give no picture now.
    fn offline(&self) -> BoxFuture<'_, BTreeSet<CameraId>>;
    /// Counts changes of it.
    fn changes(&self) -> watch::Receiver<u64>;
}
