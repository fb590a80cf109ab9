//! A device as a whole: taken through the steps of adding it, and moved without ever running away.

mod connect;
mod control;
mod details;
mod profiles;
mod step;
mod streams;

pub use connect::{Device, Facts, FoundStream, Survey, read_clock};
pub use control::PtzControl;
pub use details::{Details, Identity};
pub use step::{Step, StepError, StepReport, Suggestion};
pub use streams::WantedStream;
