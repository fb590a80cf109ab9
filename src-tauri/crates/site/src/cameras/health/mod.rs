//! Health: how each camera stands as a whole, and the times it was away.
//!
//! A device with ONVIF is asked for its clock at intervals over a link of its own ([`DeviceLink`]), which control and
//! events share; whether a picture moves comes from the streams alone. A device that answers while its wanted streams
//! stand still has no video; it is never online. A camera without a device is judged by its streams.
//!
//! `listening` decides which way a device's events come.
//!
//! Tasks: one reconciler of links (`links`), one heartbeat per link (`link`), one judge (`board`), all joined by
//! [`Health::stop`]. Channels: each link's `watch` of what it saw, one `Notify` that wakes the judge, a `watch` of all
//! verdicts with a counter, and a bounded broadcast of cameras that were away too long. `states`, `offline` and `report`
//! are pure. Not here: alarms, and anything about pictures.

mod board;
mod handle;
mod link;
mod links;
mod listening;
mod offline;
mod report;
mod states;

pub use handle::{Health, OfflineAlarm};
pub use link::{DeviceLink, LinkSnapshot};
pub use report::{Asked as ReportAsked, ReportBy, ReportRow, offline_report};
pub use states::{DeviceSeen, is_login};
