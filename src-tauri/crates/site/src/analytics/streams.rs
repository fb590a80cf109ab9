//! What analytics needs to know of cameras.

use futures::future::BoxFuture;
use std::{any::Any, collections::BTreeSet};
use tokio::sync::watch;
use watchwall_engine_protocol::StreamAddress;
use watchwall_model::{AiNode, AiTask, CameraId};

/// Where a node finds the pictures of a task.
pub struct TaskStream {
    pub address: StreamAddress,
    /// The right to open it: held for as long as the node runs something of the task. `None` where it is not ours to take
    /// back.
    pub pass: Option<Box<dyn Any + Send + Sync>>,
}

/// The cameras, as tasks see them.
pub trait TaskStreams: Send + Sync {
    /// Where a node finds the pictures; the same as before while the pass of before is held and the stream is the same.
    /// `None` when the camera has no such stream, or the node cannot reach it.
    fn open<'a>(&'a self, task: &'a AiTask, node: &'a AiNode) -> BoxFuture<'a, Option<TaskStream>>;
    /// Cameras that give no picture now.
    fn offline(&self) -> BoxFuture<'_, BTreeSet<CameraId>>;
    /// Counts changes of it.
    fn changes(&self) -> watch::Receiver<u64>;
}
