//! Gaps are filled from the storage of the cameras themselves, in the background.
//!
//! [`find`] says which stretches to ask for, [`retry`] what a try that failed leads to, [`fit`] which pictures go into a
//! file; they are pure. [`edge`] is what this needs of the cameras' domain. [`attempt`] tries one stretch: asks what the
//! camera holds, replays what is missing, and lets [`writer`] put it into files as a recorder does. [`keeper`] (one task,
//! joined by [`GapFill::stop`]) looks for gaps and starts attempts, one task each, of a device never more than one and of
//! the site no more than the configuration says; they share one limit of bandwidth.
//!
//! What is wanted stands in the database; what is recorded says what is still missing. So a stop, a crash or a broken
//! connection costs nothing but the files' last fragments, and the next try goes on there. Live pictures come first: no try begins, and one under
//! way ends, while the camera refuses one of its live streams.

mod attempt;
mod edge;
mod find;
mod fit;
mod handle;
mod keeper;
mod progress;
mod retry;
mod writer;

pub use edge::{EdgeRecording, EdgeStorage};
pub use handle::{GapFill, GapFillView, GapFillWish};
pub use keeper::GapFillParts;
pub use progress::GapFillFigures;
pub(in crate::recording) use writer::FileWriter;
