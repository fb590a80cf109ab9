//! The cameras' ONVIF side: devices that answer SOAP over HTTP, tell events, give pictures and answer WS-Discovery.
//!
//! A [`DeviceSpec`] puts cameras of the farm behind one address: one of them is a camera, sixteen are a recorder. State is
//! real: what is set is what is shown afterwards, a password set here is the one that RTSP asks for, an encoder set here is
//! what the stream then sends, and a reboot takes the streams along. Misbehaviour of real devices is a [`Quirk`] each;
//! [`SoapFault`] spoils single operations.
//!
//! `serve` carries HTTP, `login` decides about logins, `soap` reads requests and writes envelopes, `answers` holds one file
//! per service, `events` the pull points, `metadata` the same events for the streams, `storage` what a device records by itself, `discovery` the UDP side, `picture` the snapshots.
//!
//! Tasks: one per door, one per connection, one per discovery socket, one per pulse of a relay; all in the farm's tracker
//! and ended by its token. A pull waits in its connection's task. No thread of its own, so hundreds of devices cost little.

mod address;
mod answers;
mod call;
mod control;
mod dates;
mod device;
mod discovery;
mod doors;
mod element;
mod events;
mod http;
mod login;
mod metadata;
mod motion;
mod notification;
mod odd_text;
mod picture;
mod plan;
mod quirk;
mod serve;
mod soap;
mod soap_fault;
mod spec;
mod state;
mod storage;
mod tally;

pub(crate) use control::routes as control_routes;
pub(crate) use dates::parse_clock;
pub(crate) use device::Device;
pub use device::DeviceTime;
pub(crate) use discovery::{DiscoveryDoor, farewell, serve as serve_discovery};
pub(crate) use doors::{serve_device, serve_shared};
pub(crate) use events::Message;
pub use events::{DeviceEvent, EventTopic};
pub(crate) use metadata::MetadataFeed;
pub(crate) use plan::Plan;
pub use quirk::{Quirk, UnknownQuirk, quirk_help};
pub use soap_fault::{SoapAnswer, SoapFault};
pub use spec::{DevicePlace, DeviceSpec, DiscoveryInterface, DiscoveryLink, DiscoverySpec, SoapLogin};
pub use storage::EdgeStorage;
pub(crate) use storage::ReplayManner;
pub use tally::DeviceCounters;
