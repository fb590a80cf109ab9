//! AI engines: what they are to look for, who of them does it, and what becomes of what they find.
//!
//! `tasks` says who looks for what; `nodes` is the connections; `previews` what nodes show of it; `results` takes what
//! nodes send: a fast path to the screens, a bounded slow path to disk and alarms. `trials` are tasks looked at on
//! recordings, beside all of that. [`Analytics::start`] spawns the supervisor, which owns the board of tasks and nodes and
//! is begun again when it fails (`supervision`), two writers of results and what removes old ones. Connections reach the
//! supervisor by one bounded channel and are told by one each.

mod handle;
pub mod nodes;
mod owners;
mod previews;
pub mod results;
pub mod said;
pub mod scenes;
mod sink;
mod streams;
mod supervision;
mod supervisor;
pub mod tasks;
pub mod trials;

pub use watchwall_engine_protocol::AiResult;

pub use handle::{Analytics, AnalyticsParts, MOST_NODES, Place};
pub use previews::{PreviewStanding, PreviewTap, Previews, preview_path};
pub use sink::AlarmSink;
pub use streams::{PublishPlace, Published, TaskStream, TaskStreams};
pub use supervision::SupervisorFigures;
pub use supervisor::{NodePicture, Picture, TaskPicture};

#[cfg(test)]
mod tests;
