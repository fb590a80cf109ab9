//! Pictures that come in: an AI node publishes what it sees (RTSP `ANNOUNCE` and `RECORD`), over its connection, as H.264.
//!
//! `place` is where something may be published: a word of its own, a hub to fill, and who fills it now. Whoever asked for
//! it holds a [`Publication`]; when that goes, the word opens nothing and the publisher is sent away. `publisher` is one
//! connection's side of it, `methods` its requests. No task: the connection's own reads.

mod methods;
mod place;
mod publisher;

pub use place::Publication;
pub(super) use place::{Place, Places};
pub(super) use publisher::{Publisher, dismissed};
