//! What filling gaps needs of the cameras' domain.

use futures::future::BoxFuture;
use watchwall_media::ingest::{IngestOptions, ReplayRequest};
use watchwall_model::{DeviceId, Problem, StreamPath, TimeRange};

/// The storage of cameras. The cameras implement it; tests may have their own.
pub trait EdgeStorage: Send + Sync + 'static {
    /// Streams whose device says that it can be searched and replayed, with that device.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn streams(&self) -> BoxFuture<'_, Result<Vec<(StreamPath, DeviceId)>, Problem>>;

    /// Asks the stream's device what it holds of it.
    ///
    /// # Errors
    /// `no_recording` when it holds nothing that is this stream's, `onvif_missing` without such a device, or what the
    /// device answers.
    fn recording<'a>(&'a self, path: &'a StreamPath) -> BoxFuture<'a, Result<EdgeRecording, Problem>>;

    /// Whether the camera gives all live streams that somebody wants, so that one more session takes nothing away.
    fn is_clear(&self, path: &StreamPath) -> bool;

    /// Limits of connections, and the memory of refused passwords.
    fn options(&self) -> &IngestOptions;
}

/// What a device holds of a stream.
#[derive(Clone, Debug)]
pub struct EdgeRecording {
    /// By our clock. Holes inside show when they are replayed.
    pub range: TimeRange,
    /// How to replay it; its range is to be set.
    pub request: ReplayRequest,
}
