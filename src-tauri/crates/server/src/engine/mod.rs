//! `/ws/ai-engine`: the conversation with one AI node. One task per socket, tracked with the others.
//!
//! What is said is decided in `site::analytics`; here are the socket, its limits and its deadlines.

mod session;

pub use session::{MOST_RECEIVED_BYTES, run};
