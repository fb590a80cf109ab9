//! What nodes show of what they see: a picture with boxes for each task that somebody looks at, and for no other.
//!
//! [`Previews`] holds one hub per task that is looked at; viewers join it as they join a camera's. `course` decides, and is
//! pure: which node is asked, when it is asked again and when it may stop. The supervisor, which knows who runs what and
//! how to reach nodes, calls [`Previews::keep`] and sends what comes of it. No task, no channel: a first viewer nudges
//! the supervisor, which looks twice a second anyway.

mod course;
mod handle;

pub(super) use course::Maker;
pub use course::PreviewStanding;
pub use handle::{PreviewTap, Previews, preview_path};
