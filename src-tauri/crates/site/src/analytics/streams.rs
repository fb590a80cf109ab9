//! What analytics needs to know of cameras.

use futures::future::BoxFuture;
use std::{any::Any, collections::BTreeSet};
use tokio::sync::watch;
use watchwall_engine_protocol::StreamAddress;
use watchwall_model::{AiNode, AiTask, CameraId, Problem, StreamPath, TimeRange};

/// The cameras, as tasks see them.
pub trait TaskStreams: Send + Sync {
    /// Where a node finds the pictures; `None` when the camera has no such stream.
    fn address<'a>(&'a self, task: &'a AiTask, node: &'a AiNode) -> BoxFuture<'a, Option<StreamAddress>>;
    /// Which stream of a task's camera has recordings of a range: its own, before another one.
    ///
    /// # Errors
    /// `no_recording`, `camera_not_found`, or when the index cannot be read.
    fn recorded<'a>(&'a self, task: &'a AiTask, range: TimeRange) -> BoxFuture<'a, Result<StreamPath, Problem>>;
    /// Where a node finds recorded pictures; `None` when it cannot reach the site for them.
    fn recorded_address(&self, path: &StreamPath, range: TimeRange, node: &AiNode) -> Option<RecordedStream>;
    /// Cameras that give no picture now.
    fn offline(&self) -> BoxFuture<'_, BTreeSet<CameraId>>;
    /// Counts changes of it.
    fn changes(&self) -> watch::Receiver<u64>;
}

/// A recording that may be opened for as long as this lives.
pub struct RecordedStream {
    pub address: StreamAddress,
    pub pass: Box<dyn Any + Send + Sync>,
}
