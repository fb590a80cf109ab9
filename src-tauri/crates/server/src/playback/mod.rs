//! Playing recordings back over a socket: one task per viewer, which pulls its session and so paces it.
//!
//! [`Sender`] turns what a session says into messages, and re-encodes for a client that cannot play the codec; live
//! replays use it too. [`group`] is the clock that several viewers share.

mod bridge;
pub mod group;
mod sender;
mod session;

pub use sender::Sender;
pub use session::run;

use crate::live::{ClientCodecs, SoundWish};
use watchwall_api::PlaybackQuery;
use watchwall_model::{StreamPath, UtcMillis};

/// What a viewer asks for.
#[derive(Clone, Debug)]
pub struct Wish {
    pub path: StreamPath,
    pub from: Option<UtcMillis>,
    pub codecs: ClientCodecs,
    pub sound: SoundWish,
}

impl Wish {
    pub fn new(path: StreamPath, query: PlaybackQuery, may_hear: bool) -> Self {
        Self {
            path,
            from: query.from.map(UtcMillis),
            codecs: ClientCodecs::parse(query.codecs.as_deref()),
            sound: SoundWish::of(may_hear, query.audio.unwrap_or(false)),
        }
    }
}
