//! How recording reaches a camera's stream: the one place where the two domains meet.

use crate::{
    cameras::Cameras,
    recording::{StreamSource, StreamTap},
};
use tokio::sync::watch;
use watchwall_media::ingest::InterestKind;
use watchwall_model::StreamPath;

/// The cameras as the recorder sees them.
pub struct CameraTaps {
    cameras: Cameras,
}

impl CameraTaps {
    pub const fn new(cameras: Cameras) -> Self {
        Self { cameras }
    }
}

impl StreamSource for CameraTaps {
    fn stream(&self, path: &StreamPath) -> Option<StreamTap> {
        let ingest = self.cameras.ingest(path)?;
        let snapshot = ingest.snapshot();
        Some(StreamTap {
            hub: ingest.hub(),
            phase: Box::new(move || snapshot.borrow().phase.clone()),
            interest: Box::new(ingest.interest(InterestKind::Recorder)),
        })
    }

    fn changed(&self) -> watch::Receiver<u64> {
        self.cameras.changes()
    }
}
