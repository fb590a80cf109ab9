//! What the outlet needs to know of cameras and recordings.

use futures::future::BoxFuture;
use std::{any::Any, sync::Arc};
use watchwall_media::{AccessUnit, hub::Hub};
use watchwall_model::{Problem, StreamPath, TimeRange};

/// The streams, as the outlet sees them.
pub trait OutletSource: Send + Sync {
    /// `None` while nobody pulls cameras by that path: it is unknown, or its camera is switched off.
    fn open(&self, path: &StreamPath) -> Option<OutletTap>;

    /// What was recorded of a stream; `None` where nothing is.
    fn reel(&self, _path: &StreamPath, _stretch: Stretch) -> Option<Box<dyn Reel>> {
        None
    }
}

/// A stream that is wanted for as long as this lives.
pub struct OutletTap {
    pub hub: Arc<Hub>,
    pub interest: Box<dyn Any + Send + Sync>,
}

/// Which part of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The end is exclusive.
    pub range: TimeRange,
    pub begin: Begin,
}

/// With which picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begin {
    /// With the key frame at or before the start, so that the picture of the start can be decoded.
    Covering,
    /// With the first key frame that is not before the start: what comes before it is had already.
    After,
}

/// Reads a recording, picture by picture, as fast as it is asked.
pub trait Reel: Send {
    /// The next picture, the first one a key frame; `None` at the end. Presentation times run on evenly over gaps, where
    /// capture times jump. Not asked again after it was dropped half-way.
    fn next(&mut self) -> BoxFuture<'_, Result<Option<Arc<AccessUnit>>, Problem>>;
}
