//! What a node says to the site: read there, written here by nodes of ours.

mod keepalive;
mod message;
mod register;
mod schema;
mod write;

pub use keepalive::{TaskKeepalive, TaskState, TaskStatus};
pub use message::NodeMessage;
pub(crate) use message::kind_of;
pub use register::{Load, NodeHeartbeat, NodeRegister};
pub(crate) use schema::{definitions, messages};
