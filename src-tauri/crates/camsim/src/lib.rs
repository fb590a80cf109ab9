//! Virtual cameras: RTSP servers and ONVIF devices on loopback (or any address) with faults on command.
//!
//! A [`Farm`] serves cameras made from [`CameraSpec`]s. A stream is either *live* (drawn and encoded while it is
//! watched, with the machine-readable clock of [`clock_pattern`] in every frame and the [`walker`] at a place that follows from it) or *replayed* (encoded once,
//! packetised once, so that hundreds cost little). Faults are entered by [`Farm::fault`] or over HTTP (see
//! `control`), and [`Farm::counters`] tells what the clients did. A [`DeviceSpec`] lets cameras speak ONVIF, alone or as
//! the channels of a recorder, with the habits of real devices ([`Quirk`]).
//!
//! By hand: `watchwall camsim --cameras 16` prints every stream, the doors and the control address;
//! `watchwall camsim --help` lists all faults with the order for each ([`fault_help`]).
//!
//! Folders: `picture` draws, `content` encodes, `rtp` packetises, `stream` keeps time, `rtsp` talks, `doors` wraps it in
//! TLS or HTTP, `onvif` answers SOAP and discovery, `login` knows the accounts of both.
//!
//! Tasks: one per port, one per connection, one per discovery socket, one for the control port, one that encodes the loops at the start, one
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
mod login;
mod onvif;
mod picture;
mod presets;
mod rtp;
mod rtsp;
mod spec;
mod stream;
pub mod walker;

pub use cli::{CliOptions, DeviceListing, Listing, OnvifOptions, device_listings, run_cli, usage};
pub use counters::{CameraCounters, StreamCounters};
pub use error::{CamsimError, CamsimErrorKind};
pub use farm::Farm;
pub use fault::{ContentFaults, EncoderSettings, Fault, FaultSet, Skew};
pub use fault_help::fault_help;
pub use login::{Account, AccountLevel, Lockout, LoginAttempts};
pub use onvif::{
    DeviceCounters, DeviceEvent, DevicePlace, DeviceSpec, DeviceTime, DiscoveryInterface, DiscoveryLink, DiscoverySpec,
    EdgeStorage, EventTopic, Quirk, SoapAnswer, SoapFault, SoapLogin, UnknownQuirk, quirk_help,
};
pub use spec::{Audio, AuthScheme, CameraSpec, Codec, FarmOptions, Look, PortChoice, StreamMode, StreamSpec};
