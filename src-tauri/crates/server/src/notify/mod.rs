//! `/ws/web-notify`: what changed. One task per socket; state is read when something changed, never queued.
//!
//! [`Edits`] is a bounded broadcast from handlers to sockets: a socket that lags is told that everything was edited.

mod alarms;
mod board;
mod edits;
mod jobs;
mod results;
mod session;

pub use board::Board;
pub use edits::{Edited, Edits};
pub use session::run;
