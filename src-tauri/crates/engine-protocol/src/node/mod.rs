//! What a node says to the site.

mod keepalive;
mod message;
mod register;

pub use keepalive::{TaskKeepalive, TaskState, TaskStatus};
pub use message::NodeMessage;
pub(crate) use message::kind_of;
pub use register::{Load, NodeHeartbeat, NodeRegister};
