//! What the site says to a node.

mod address;
mod message;
mod params;
mod schema;
mod start;

pub use address::StreamAddress;
pub use message::{Registered, SiteMessage, StopPreview, StopTask};
pub use params::TaskParams;
pub(crate) use schema::{definitions, messages};
pub use start::{Preview, StartTask, TaskRange};
