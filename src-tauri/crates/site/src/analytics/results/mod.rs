//! The way of a result: from a node's message to the screens at once, and to disk and alarms in batches.
//!
//! [`ResultIntake::take`] runs in the task of the node's connection and is the only thing that may make a node wait: when
//! the queue holds nothing but alarms. Two tasks empty the queue, one for alarms, one for everything else.

mod figures;
mod intake;
mod latest;
mod overlay;
mod picture;
mod queue;
mod recent;
mod retention;
mod writer;

#[cfg(test)]
mod tests;
#[cfg(test)]
pub use tests::Nowhere;

pub use figures::{InsertHistogram, ResultFigures};
pub use intake::{ResultIntake, ResultOptions, Taken};
pub use latest::{LatestResult, LatestResults};
pub use overlay::Overlays;
pub use queue::{Lane, Pending, Pushed, ResultQueue};
pub use retention::ResultRetention;
pub use writer::ResultWriter;
