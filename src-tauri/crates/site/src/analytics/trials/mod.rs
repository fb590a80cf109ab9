//! Trials: a task as it is kept, looked at by a node on a range of its camera's recordings. What it finds is shown to whoever
//! asked and is nobody's alarm: it goes neither to the results nor to their latest states.
//!
//! [`Trials`] is what connections, the API and the supervisor share; behind it the `board` decides, pure: which trial a
//! node is given, whose word counts, and when one is lost. `trial` is one of them, `finds` joins its results to events. All
//! of it is in memory, bounded, and gone with the site. No task, no channel: the supervisor asks what is to be done.
//!
//! A trial's number is a task's number to its node ([`TaskId::FIRST_TRIAL`](watchwall_model::TaskId::FIRST_TRIAL) and above),
//! so that nothing of it can be taken for that of a task that is kept.

mod board;
mod finds;
mod shared;
mod trial;

pub use board::{KEPT, TrialAction, TrialNode, Unable, able};
pub use finds::{Find, Finds, MOST_FINDS};
pub use shared::Trials;
pub use trial::{Trial, TrialScene, TrialState, TrialWish};
