//! What the site wants to be looked for.
//!
//! [`Roster`] holds one `actor` per task: it pulls the stream (`media::ingest`), decodes it, has the `Looker` look at each
//! picture for all scenes of the task, shows that where the site wants it (`preview`) and sends what the `report` makes of
//! it. Pictures also go to the task's `Spotter` when a scene is about what a model sees. A task with a range has an
//! `archive` instead, which reads a recording as fast as it goes and ends with it. `plan` reads a `START_TASK`, `health`
//! says when a stream is told to be gone. A plan reaches its actor through a `watch`: one that comes again changes the
//! task without a gap. What an actor says goes into the node's bounded outbox.

mod actor;
mod archive;
mod health;
mod looker;
mod plan;
mod report;
mod roster;

pub use looker::{Looker, Seen};
pub use plan::{Plan, ScenePlan};
pub use report::Reporter;
pub use roster::Roster;
