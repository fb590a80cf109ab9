//! What the outlet needs to know of cameras.

use std::{any::Any, sync::Arc};
use watchwall_media::hub::Hub;
use watchwall_model::StreamPath;

/// The streams, as the outlet sees them.
pub trait OutletSource: Send + Sync {
    /// `None` while nobody pulls cameras by that path: it is unknown, or its camera is switched off.
    fn open(&self, path: &StreamPath) -> Option<OutletTap>;
}

/// A stream that is wanted for as long as this lives.
pub struct OutletTap {
    pub hub: Arc<Hub>,
    pub interest: Box<dyn Any + Send + Sync>,
}
