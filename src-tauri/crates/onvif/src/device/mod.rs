//! A device as a whole: taken through the steps of adding it, and moved without ever running away.

mod connect;
mod control;
mod profiles;
mod step;

pub use connect::{Device, Facts, FoundStream, Survey};
pub use control::PtzControl;
pub use step::{Step, StepError, StepReport, Suggestion};
