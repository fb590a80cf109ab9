//! How recording and the outlet reach a camera's stream: the one place where they meet cameras, and each other.

use crate::{
    cameras::Cameras,
    outlet::{Begin, OutletSource, OutletTap, Reel, Stretch},
    recording::{RecordedReel, Recording, ReelStart, StreamSource, StreamTap},
};
use futures::future::{BoxFuture, FutureExt};
use std::sync::Arc;
use tokio::sync::watch;
use watchwall_media::{AccessUnit, ingest::InterestKind};
use watchwall_model::{Problem, StreamPath};

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

/// The cameras and their recordings as the outlet sees them.
pub struct HandedOn {
    pub cameras: Cameras,
    pub recording: Recording,
}

impl OutletSource for HandedOn {
    fn open(&self, path: &StreamPath) -> Option<OutletTap> {
        let ingest = self.cameras.ingest(path)?;
        Some(OutletTap { hub: ingest.hub(), interest: Box::new(ingest.interest(InterestKind::Gateway)) })
    }

    fn reel(&self, path: &StreamPath, stretch: Stretch) -> Option<Box<dyn Reel>> {
        let start = match stretch.begin {
            Begin::Covering => ReelStart::Covering,
            Begin::After => ReelStart::After,
        };
        Some(Box::new(Played(self.recording.open_reel(path, stretch.range, start))))
    }
}

struct Played(RecordedReel);

impl Reel for Played {
    fn next(&mut self) -> BoxFuture<'_, Result<Option<Arc<AccessUnit>>, Problem>> {
        self.0.next().boxed()
    }
}
