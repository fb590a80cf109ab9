//! What the site says to a node.

mod message;
mod params;
mod start;

pub use message::{Registered, SiteMessage, StopPreview, StopTask};
pub use params::TaskParams;
pub use start::{Preview, StartTask, TaskRange};
