//! One recorder per enabled plan.
//!
//! [`cutter`] decides what becomes a fragment and where files begin and end, [`gate`] whether anything is written at
//! all, [`watchdog`] what a plan is really doing; they are pure. [`actor`] is the one task per recorder, [`duty`] the part
//! of it that obeys the gate: it takes what its hub subscription has gathered five
//! times a second, so that a stream costs a few wake-ups instead of one per frame, and hands fragments to the
//! writers of the volume that [`super::placement`] names for each file. [`kept`] holds what is not safe on the disk yet:
//! when the disk fails, [`rescue`] goes on with it on another one. [`mirror`] is the second copy of a plan that wants
//! one. Channels: the hub's recorder subscription in (bounded there; overflow is a counted gap), the volume's queue out
//! (bounded in bytes; overflow drops the fragment and is a gap with reason disk), a `watch` for the snapshot.

mod actor;
mod cutter;
mod duty;
mod gate;
mod grid;
mod handle;
mod kept;
mod mirror;
mod rescue;
mod watchdog;

pub use actor::RecorderContext;
pub use cutter::{Action, Cutter, Event, Piece};
pub use grid::{Grid, file_name, parse_file_name};
pub use handle::RecorderHandle;
