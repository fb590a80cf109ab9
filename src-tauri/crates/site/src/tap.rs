//! How recording and the outlet reach a camera's stream: the one place where they meet cameras.

use crate::{
    cameras::Cameras,
    outlet::{OutletSource, OutletTap},
    recording::{StreamSource, StreamTap},
};
use tokio::sync::watch;
use watchwall_media::ingest::InterestKind;
use watchwall_model::StreamPath;

/// The cameras as the recorder and the outlet see them.
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

impl OutletSource for CameraTaps {
    fn open(&self, path: &StreamPath) -> Option<OutletTap> {
        let ingest = self.cameras.ingest(path)?;
        Some(OutletTap { hub: ingest.hub(), interest: Box::new(ingest.interest(InterestKind::Gateway)) })
    }
}
