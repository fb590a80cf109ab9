//! Moving a camera. Every call takes the token of a profile that has a PTZ configuration.

mod configuration;
mod moves;
mod node;
mod presets;
mod status;

pub use configuration::{GetPtzConfigurationOptions, GetPtzConfigurations, PtzConfiguration, PtzConfigurationOptions};
pub use moves::{AbsoluteMove, ContinuousMove, PtzSpeed, PtzVector, RelativeMove, SendAuxiliaryCommand, StopMove};
pub use node::{GetNode, GetNodes, PtzNode, PtzSpace, PtzSpaces};
pub use presets::{GetPresets, GotoHomePosition, GotoPreset, Preset, RemovePreset, SetHomePosition, SetPreset};
pub use status::{GetPtzStatus, MoveStatus, PtzStatus};
