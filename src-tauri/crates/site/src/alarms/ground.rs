//! What alarms need of the rest of the site.

use super::wording::Told;
use bytes::Bytes;
use futures::future::BoxFuture;
use watchwall_model::{CameraId, ErrorCode, GroupId, Problem, StreamPath, TimeRange, UtcMillis};

/// A camera as alarms see it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CameraFacts {
    pub name: String,
    /// Its group and all above.
    pub groups: Vec<GroupId>,
    /// The stream its clips are taken from: a recorded one where there is one.
    pub clip_path: Option<StreamPath>,
    /// Others of its group, at most eight.
    pub beside: Vec<CameraId>,
}

/// What rules have done elsewhere.
#[derive(Clone, Debug, PartialEq)]
pub enum Deed {
    Record {
        path: StreamPath,
        seconds: u32,
        reason: String,
    },
    Preset {
        camera: CameraId,
        preset: String,
    },
    Relay {
        camera: CameraId,
        relay: String,
        on: bool,
    },
    Bookmark {
        path: StreamPath,
        at: UtcMillis,
        text: String,
    },
    Http {
        url: String,
        told: Box<Told>,
    },
    /// For spot displays.
    Show {
        camera: CameraId,
        seconds: u32,
    },
}

/// The cameras and recordings around alarms.
pub trait AlarmGround: Send + Sync {
    /// `None` when it is gone.
    fn camera(&self, camera: CameraId) -> BoxFuture<'_, Option<CameraFacts>>;

    /// Sees to it that this stretch gets on disk: asks the recorder for it, or writes it where nothing is recorded.
    /// Returns when that is done, or no more can be done.
    fn secure<'a>(&'a self, path: &'a StreamPath, range: TimeRange) -> BoxFuture<'a, Result<(), Problem>>;

    /// How much of it is on disk, as the stretch from the first picture to the last; `None` when nothing is.
    fn on_disk<'a>(
        &'a self,
        path: &'a StreamPath,
        range: TimeRange,
    ) -> BoxFuture<'a, Result<Option<TimeRange>, Problem>>;

    /// Why nothing of a stream gets on disk now, as whoever records it says; `None` while something does, or nobody is to.
    fn refusal<'a>(&'a self, path: &'a StreamPath) -> BoxFuture<'a, Option<ErrorCode>>;

    /// The picture of that moment as JPEG, from memory or from disk.
    fn picture<'a>(&'a self, path: &'a StreamPath, at: UtcMillis) -> BoxFuture<'a, Result<Bytes, Problem>>;

    fn perform(&self, deed: Deed) -> BoxFuture<'_, Result<(), Problem>>;
}
