//! Listens to one device: a pull point that is made, pulled, kept alive and made again.
//!
//! `states` decides, with no clock and no I/O. `actor` is the one task per device that asks. `handle` is what others hold:
//! commands go in by a channel of 8 (when it is full the actor is busy with as many already, and the newest is left
//! out), a [`Snapshot`] comes out, and events by a ring of 256 of which a slow listener loses the oldest and is told how
//! many. `kind` says what a notification means, and `metadata` finds the same notifications in documents of a metadata
//! stream, which somebody else receives.

mod actor;
mod handle;
mod kind;
mod metadata;
mod states;

pub use handle::{EventSource, EventStream, Heard, ListenWatch};
pub use kind::{CameraEvent, EventKind, EventState};
pub use metadata::{LARGEST_DOCUMENT, MetadataError, read_metadata};
pub use states::{ListenPhase, Snapshot};
