//! The connection to the site: it is called until it answers, told who this node is, and obeyed.
//!
//! [`run`] owns everything: one connection after the other (`session`) and the tasks the site wants (`task::Roster`).
//! What tasks have to say goes into one bounded [`Outbox`], which lives longer than a connection: alarms wait there until
//! the site is back. `socket` opens connections, `backoff` says when, `load` how busy this machine is.

mod backoff;
mod load;
mod outbox;
mod run;
mod session;
mod socket;

pub use outbox::{Letter, Outbox, Urgency};
pub use run::run;
pub(crate) use socket::{Dialler, Stream};
