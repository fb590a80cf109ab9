//! Re-encoding a recording while it plays: a hub of its own in front of a transcode.

use crate::{app::App, live::transcode_height};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use watchwall_media::{
    AccessUnit,
    hub::{BacklogLimits, Hub, Received, SubscriberClass, Subscription},
    pixels::{VariantLease, VariantSpec},
};
use watchwall_model::{Problem, StreamPath};

pub struct Bridge {
    source: Arc<Hub>,
    pictures: Subscription,
    _variant: VariantLease,
}

impl Bridge {
    /// # Errors
    /// `too_many_transcodes`, `transcode_failed`.
    pub async fn start(app: &App) -> Result<Self, Problem> {
        // Transcodes are shared by name, and this one belongs to one viewer.
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let name = StreamPath::parse(&format!("playback-{}", COUNT.fetch_add(1, Ordering::Relaxed)))?;
        let source = Hub::new(BacklogLimits::default());
        let spec = VariantSpec::for_height(transcode_height(None));
        let variant = app.site.transcodes.acquire(&name, Arc::clone(&source), spec).await?;
        let pictures = variant.hub().subscribe(SubscriberClass::Live);
        Ok(Self { source, pictures, _variant: variant })
    }

    pub fn push(&self, unit: &AccessUnit) {
        self.source.push((**unit).clone());
    }

    /// The next re-encoded unit; waits for ever once the transcode is over.
    pub async fn next(&mut self) -> Arc<AccessUnit> {
        loop {
            match self.pictures.recv().await {
                Received::Unit(unit) => return unit,
                Received::Lost { .. } => {}
                Received::Closed => std::future::pending().await,
            }
        }
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        self.source.close();
    }
}
