//! Events: what cameras notice by themselves, stored and told live.
//!
//! Each link hands in its device's event stream ([`Intake`]); one keeper task reads them all, finds the camera of each
//! event, leaves out what is no news, stores the rest in batches and tells it on a bounded broadcast, of which a slow
//! listener loses the oldest. A queue of 1024 lies between streams and keeper: when it is full the streams wait, and a
//! device's own ring of 256 loses its oldest and says how many. One forwarding task per device; the keeper owns them.
//! `assign`, `news` and `marks` are pure.
//!
//! A second source, the ONVIF metadata track within RTSP, is not read: ingest takes no `application` tracks.

mod assign;
mod handle;
mod keeper;
mod marks;
mod news;

pub use handle::{CameraEvents, Intake};
pub use marks::Mark;
