//! Virtual cameras: RTSP servers on loopback (or any address) with faults on command.
//!
//! A [`Farm`] serves cameras made from [`CameraSpec`]s. A stream is either *live* (drawn and encoded while it is
//! watched, with the machine-readable clock of [`clock_pattern`] in every frame) or *replayed* (encoded once,
//! packetised once, so that hundreds cost little). Faults are entered by [`Farm::fault`] or over HTTP (see
//! `control`), and [`Farm::counters`] tells what the clients did.
//!
//! By hand: `watchwall camsim --cameras 16` prints every stream, the doors and the control address;
//! `watchwall camsim --help` lists all faults with the order for each ([`fault_help`]).
//!
//! Folders: `picture` draws, `content` encodes, `rtp` packetises, `stream` keeps time, `rtsp` talks, `doors` wraps it in
//! TLS or HTTP. ONVIF gets a
//! folder of its own beside `rtsp`; it will read [`CameraSpec`] and the house as `rtsp` does.
//!
//! Tasks: one per port, one per connection, one for the control port, one that encodes the loops at the start, one
//! per reboot in progress; all in the farm's tracker and ended by its token. One thread, the studio, for live
//! pictures. What a client does not read is bounded and then cuts it off.

mod cli;
pub mod clock_pattern;
mod content;
mod control;
mod counters;
mod doors;
mod error;
mod farm;
mod fault;
mod fault_help;
mod house;
mod picture;
mod presets;
mod rtp;
mod rtsp;
mod spec;
mod stream;

pub use cli::{CliOptions, Listing, run_cli, usage};
pub use counters::{CameraCounters, StreamCounters};
pub use error::{CamsimError, CamsimErrorKind};
pub use farm::Farm;
pub use fault::{ContentFaults, Fault, FaultSet, Skew};
pub use fault_help::fault_help;
pub use spec::{Audio, AuthScheme, CameraSpec, Codec, FarmOptions, Look, PortChoice, StreamMode, StreamSpec};
