//! Evidence: what is kept from deletion, remarked, gathered, handed out and proven.
//!
//! [`Evidence`] is the handle everybody else holds. [`locks`], [`bookmarks`] and [`cases`] check what is asked and keep
//! it; they spawn nothing. [`exports`] makes folders for others: one queue task, and one task per export that runs,
//! joined by [`Evidence::stop`]; exports wait in the database, a notification wakes the queue. [`proofs`] (one task)
//! signs what was recorded each day. The forms of it all on disk are those of the crate `watchwall-evidence`.

mod blocking;
mod bookmarks;
mod cases;
mod exports;
mod facts;
mod handle;
mod key;
mod locks;
mod proofs;
mod wording;

pub use bookmarks::{BookmarkWish, Bookmarks};
pub use cases::{CaseWish, Cases};
pub use exports::{ExportStep, ExportView, ExportWish, Exports, FolderView, Packed};
pub use handle::{Evidence, EvidenceParts};
pub use key::EvidenceKey;
pub use locks::{LockWish, Locks};
pub use proofs::{ProofFilter, ProofView, Proofs};
