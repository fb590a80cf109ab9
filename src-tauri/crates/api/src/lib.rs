//! Wire types of the HTTP and WebSocket API: the one source of the OpenAPI document and of the UI's TypeScript.
//!
//! Serde and utoipa only; no axum, no I/O. Times are UTC milliseconds unless a name says otherwise.
//! Versions double as ETags: read `version`, send it back in `If-Match`.

mod access;
mod alarm_rules;
mod alarms;
mod analytics;
mod camera;
mod device;
mod device_control;
mod doctor;
mod evidence;
mod gap_fill;
mod health;
mod layout;
mod live;
mod notify;
mod onboarding;
mod page;
mod plan;
mod playback;
mod playback_group;
mod problem;
mod ptz;
mod push;
mod recording;
mod settings;
mod site_report;

pub use access::*;
pub use alarm_rules::*;
pub use alarms::*;
pub use analytics::*;
pub use camera::*;
pub use device::*;
pub use device_control::*;
pub use doctor::*;
pub use evidence::*;
pub use gap_fill::*;
pub use health::*;
pub use layout::*;
pub use live::*;
pub use notify::*;
pub use onboarding::*;
pub use page::*;
pub use plan::*;
pub use playback::*;
pub use playback_group::*;
pub use problem::*;
pub use ptz::*;
pub use push::*;
pub use recording::*;
pub use settings::*;
pub use site_report::*;
