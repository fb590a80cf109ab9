//! A camera's streams at run time: the media clock, positions in loops, live feeds and the studio that fills them.
//!
//! One thread, the studio, draws and feeds all live encoders; it ends with the farm. Units reach the sessions
//! through a broadcast of 64 units per stream: a session that falls behind goes on at the next key frame.

mod cursor;
mod media_clock;
mod runtime;
mod studio;

pub(crate) use cursor::LoopCursor;
pub(crate) use media_clock::{MediaClock, ticks};
pub(crate) use runtime::{Feed, LiveUnit, StreamRuntime, Timeline, VIDEO_HZ};
pub(crate) use studio::Studio;
