//! Rules: what else is done when something happens. Pure but for the trial on what has happened, which reads.

mod judge;
mod trial;

pub use judge::{RuleBook, Ruling};
pub use trial::{Past, Trial, TrialExample, run};
