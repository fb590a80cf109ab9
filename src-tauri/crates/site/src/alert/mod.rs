//! What the rest of the site tells alarms, and what it does for them: the fifth place, beside `tap`, `sense`, `edge` and
//! `looks`, where domains meet.
//!
//! [`Alert`] is one task that listens to cameras, recordings, volumes and nodes; it is joined by [`Alert::stop`]. What it is
//! too slow for it reads from the list of events (`backlog`).

mod backlog;
mod ground;
mod kinds;
mod sink;
mod standing;
mod watch;

pub use backlog::AlertFigures;
pub use ground::SiteGround;
pub use kinds::of_camera_event;
pub use sink::EngineAlarms;
pub use watch::{Alert, AlertParts};
