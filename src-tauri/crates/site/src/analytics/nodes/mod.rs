//! The programs that run AI engines, as they are connected.

mod link;
mod speech;

pub(in crate::analytics) use link::LinkParts;
pub use link::{Came, NodeLink, Presented};
pub use speech::Said;
pub(in crate::analytics) use speech::{start_task, start_trial, stop_task};
