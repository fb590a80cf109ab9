//! Proof of recording: for every day and stream a signed statement of what was recorded, and why not the rest.
//!
//! One task, joined by [`Proofs::stop`]. It looks again and again which days of the last week lack their statements and
//! makes those, each once; what is there never changes. [`day`] knows when a day of the site begins (pure), [`shelf`]
//! how statements lie in the data folder.

mod day;
mod keeper;
mod shelf;

pub use keeper::{ProofParts, Proofs};
pub use shelf::{ProofFilter, ProofView};
