//! Alarms: something happened that people should see; who is told of it, and what they do about it.
//!
//! `desk` is the one task that raises alarms and changes them, in batches; `rules` says what else is done when something
//! happens; `clips` sees to pictures and recordings of alarms; `push` tells people, one task for each channel. Happenings
//! reach the desk by one bounded channel, news leave it by a bounded broadcast: who is too slow reads the list again.
//! What alarms need of cameras and recordings is asked of an [`AlarmGround`].

mod clips;
mod desk;
mod ground;
mod handle;
mod news;
mod pictures;
pub mod push;
pub mod rules;
pub mod wording;

pub use ground::{AlarmGround, CameraFacts, Deed};
pub use handle::{Alarms, AlarmsParts};
pub use news::AlarmNews;
pub use wording::Told;

#[cfg(test)]
mod tests;
