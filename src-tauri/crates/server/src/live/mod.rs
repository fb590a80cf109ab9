//! Live view: one task per socket, from the hub's queue straight to the connection.
//!
//! [`run`] is that task (spawned by the upgrade, tracked by `net::Sockets`). Between hub and socket stands nothing but
//! the hub's own bounded queue, which drops to the next key frame when the viewer is slow; a viewer that takes no byte
//! for ten seconds is closed. [`pick`] decides what is sent and is pure; [`feed`] holds a stream open; [`session`] is
//! the conversation; [`wire`] writes. Replays run through `replay` on a playback session.

mod feed;
mod pick;
mod replay;
mod session;
mod viewers;
mod wire;
mod wish;

pub use pick::{ClientCodecs, Coding, coding, transcode_height};
pub use session::run;
pub use viewers::Viewers;
pub use wire::{End, Said, Wire};
pub use wish::{SoundWish, Wish};
