//! Moving cameras, so that they stop.
//!
//! `lock` says who may move, `aim` where a click leads, `patrol` which preset comes next: pure. `seat` is the actor of one
//! camera, `desk` owns the actors.

mod aim;
mod desk;
mod lock;
mod patrol;
mod seat;

pub use desk::Desk;
pub use lock::{LockFacts, Operator};
pub use patrol::PatrolFacts;
pub use seat::{Action, PtzFacts, PtzOutcome, PtzSight};
