//! What begins a recording of an event: noticed by a camera, or asked for through the API.
//!
//! [`windows`] holds the stretches that triggers ask for, pure; [`board`] holds those of every stream, where recorders
//! look; [`trigger`] is a trigger as it is asked for and kept among the recording events; [`intake`] takes them in. Nothing
//! here spawns a task.

mod board;
mod intake;
mod trigger;
mod windows;

pub use board::{Board, Desk};
pub use intake::Intake;
pub use trigger::{Accepted, Asked, CameraTrigger, Kept, TriggerMark, Withdrawn, mark_of};
pub use windows::{Cause, Window, Windows};
