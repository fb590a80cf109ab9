//! What analytics needs to know of cameras.

use futures::future::BoxFuture;
use std::{any::Any, collections::BTreeSet, sync::Arc};
use tokio::sync::watch;
use watchwall_engine_protocol::StreamAddress;
use watchwall_media::hub::Hub;
use watchwall_model::{AiNode, AiTask, CameraId, Problem, StreamPath, TaskId, TimeRange};

/// Where a node finds the pictures of a task.
pub struct TaskStream {
    pub address: StreamAddress,
    /// The right to open it: held for as long as the node runs something of the task, or its trial. `None` where it is not
    /// ours to take back.
    pub pass: Option<Box<dyn Any + Send + Sync>>,
}

/// The cameras, as tasks see them.
pub trait TaskStreams: Send + Sync {
    /// Where a node finds the pictures; the same as before while the pass of before is held and the stream is the same.
    /// `None` when the camera has no such stream, or the node cannot reach it.
    fn open<'a>(&'a self, task: &'a AiTask, node: &'a AiNode) -> BoxFuture<'a, Option<TaskStream>>;
    /// Which stream of a task's camera has recordings of a range: its own, before another one.
    ///
    /// # Errors
    /// `no_recording`, `camera_not_found`, or when the index cannot be read.
    fn recorded<'a>(&'a self, task: &'a AiTask, range: TimeRange) -> BoxFuture<'a, Result<StreamPath, Problem>>;
    /// Where the node of a trial finds recorded pictures; `None` when it cannot reach the site for them.
    fn open_recorded(&self, trial: TaskId, path: &StreamPath, range: TimeRange, node: &AiNode) -> Option<TaskStream>;
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
