//! What AI engines and the site say to each other over `/ws/ai-engine`: JSON text messages with a `type`.
//!
//! Shared by the site, the reference engine and the conformance kit. What comes in is untrusted: [`NodeMessage::parse`]
//! and [`SiteMessage::parse`] check every length and range, so that what they return can be stored and drawn as it is.
//! No I/O, no task, no channel.
//!
//! Units: times are UTC milliseconds; positions and sizes are fractions of the frame, from its top left corner.

mod bounded;
mod frame;
mod lenient;
mod node;
mod refusal;
mod result;
mod schema;
mod task;

pub use frame::{BBox, FrameSize};
pub use node::{Load, NodeHeartbeat, NodeMessage, NodeRegister, TaskKeepalive, TaskState, TaskStatus};
pub use refusal::Refusal;
pub use result::{AiResult, Counts, DetectedObject, Repairs, SceneResult, Snapshot, TIMES};
pub use schema::{asyncapi, json_schema};
pub use task::{
    Preview, Registered, SiteMessage, StartTask, StopPreview, StopTask, StreamAddress, TaskParams, TaskRange,
};

/// The version this crate speaks. A node that says none speaks 1.
pub const PROTOCOL: u32 = 1;
/// A longer message ends the connection.
pub const MOST_MESSAGE_BYTES: usize = 1024 * 1024;
