//! Playing recordings back.
//!
//! [`PlaybackSession`] belongs to one viewer and is pulled by its connection; it spawns nothing. [`speed`] and [`pace`]
//! are pure: where a frame stands in play time, and when it may leave. [`source`] reads chunks from the archive or
//! from the ring of a live hub.

mod message;
mod pace;
mod ring;
mod session;
mod source;
mod speed;

pub use message::{GapMode, PlaybackMessage, PlaybackOptions, SoundMode, StartMode};
pub(super) use ring::Ring;
pub use session::PlaybackSession;
pub(super) use source::{Chunk, Source, StoredUnit};
pub use speed::Speed;
