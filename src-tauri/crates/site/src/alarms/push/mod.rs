//! Telling people: one task for each channel takes what waits for it from the outbox, oldest first, and keeps at it until
//! it is sent, refused, or a day old. A dead target delays nobody else.
//!
//! [`PushKeeper`] starts and stops the workers; `flood` says what may go now and what is told together.

mod flood;
mod keeper;
mod message;
mod worker;

pub(super) use keeper::KeeperParts;
pub use keeper::{ChannelHealth, HealthState, PushFigures, PushKeeper, check};
pub use message::{rule_message, test_message};
