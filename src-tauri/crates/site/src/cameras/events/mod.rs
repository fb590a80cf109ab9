//! Events: what cameras notice by themselves, stored and told live.
//!
//! Each link hands in what its device tells ([`Intake`]): the events of its pull point and, where there is none that works,
//! those in the ONVIF metadata of its streams ([`MetadataSource`]). One keeper task reads them all, finds the camera of each
//! event, leaves out what is no news, stores the rest in batches and tells it on a bounded broadcast, of which a slow
//! listener loses the oldest. A queue of 1024 lies between streams and keeper: when it is full the streams wait, and a
//! device's own ring of 256 loses its oldest and says how many. One forwarding task per device; the keeper owns them.
//! Tasks of a metadata source are named there; its link owns them. `assign`, `news`, `marks`, `source` and `offer` are
//! pure.
//!
//! Metadata is read by the engine that speaks plain RTSP; a stream that goes through GStreamer tells none.

mod assign;
mod handle;
mod keeper;
mod marks;
mod metadata;
mod news;
mod offer;
mod remembered;
mod source;

pub use handle::{CameraEvents, Intake};
pub use marks::Mark;
pub use metadata::{MetadataOf, MetadataSource};
pub use source::EventSourceKind;
