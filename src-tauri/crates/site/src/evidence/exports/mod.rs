//! Exports: recordings of several cameras as a signed folder, or as an encrypted archive, for somebody else.
//!
//! [`wish`] checks what is asked and [`place`] where it goes (pure); [`handle`] keeps it in the database; [`queue`]
//! (one task) starts what waits, a bounded number at once; [`maker`] makes one, in an unfinished folder that takes its
//! name in one step at the end; [`burn`] writes time and name into its pictures where that is wished. Whatever ends a making earlier, a stop, a failure, a person, leaves nothing behind.

mod burn;
mod download;
mod handle;
mod maker;
mod place;
mod progress;
mod queue;
mod wish;

pub use download::Packed;
pub use handle::{ExportView, Exports, FolderView};
pub use progress::ExportStep;
pub use queue::ExportParts;
pub use wish::ExportWish;
