//! Finished recordings of some age move to an archive, a volume that nothing is recorded on.
//!
//! [`choice`] decides, [`mover`] copies one file, [`Archivist`] (one task) does one after the other: the copy is whole
//! and durable before the index points at it, and the index points at it before the first file goes. Whatever is cut
//! short in between is done again or found by the nightly comparison; no recording is ever in no place. A volume at its
//! high watermark asks through [`Tiering`] for its oldest to be moved early instead of deleted.

mod archivist;
mod choice;
mod mover;
mod state;

pub use archivist::{Archivist, candidates};
pub use choice::ArchiveCandidate;
pub use state::Tiering;
