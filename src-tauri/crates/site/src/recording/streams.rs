//! What recording needs of the cameras' domain.

use std::{any::Any, sync::Arc};
use tokio::sync::watch;
use watchwall_media::hub::Hub;
use watchwall_model::{Phase, StreamPath};

/// Gives streams by path. The cameras implement it; tests have their own.
pub trait StreamSource: Send + Sync + 'static {
    /// `None` while no camera has this stream.
    fn stream(&self, path: &StreamPath) -> Option<StreamTap>;

    /// Raised whenever streams come, go or change.
    fn changed(&self) -> watch::Receiver<u64>;
}

/// One stream, held open.
pub struct StreamTap {
    pub hub: Arc<Hub>,
    /// Where its ingest stands right now.
    pub phase: Box<dyn Fn() -> Phase + Send + Sync>,
    /// The stream is pulled for as long as this is held.
    pub interest: Box<dyn Any + Send + Sync>,
}
