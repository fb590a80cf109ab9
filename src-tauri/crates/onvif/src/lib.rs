//! ONVIF: finds cameras, asks them, listens to them. The only crate that knows SOAP.
//!
//! What flows through: a [`DeviceAddress`] and credentials make a [`Client`]; an operation (`operations`) is written as
//! XML (`soap`), signed and carried over HTTP (`transport`), and its answer read leniently (`tree`). [`Device::connect`]
//! takes a device through all that adding a camera needs to know, and says how each step went.
//! `discovery` finds devices by UDP, `events` keeps one pull point per device and reads metadata streams, `snapshot` fetches pictures.
//!
//! Not here: anything that is stored, RTSP, decisions about the site. No type of another crate but the model's appears in
//! what others see. Tasks: one reader per socket while a discovery runs, one actor per device whose events are wanted;
//! both are joined by their handles.

mod channels;
mod dates;
mod device;
mod error;
mod scopes;
mod snapshot;
mod vendor;

pub mod discovery;
pub mod events;
pub mod operations;
pub mod soap;
pub mod transport;
pub mod tree;

pub use channels::{Channel, channels};
pub use dates::{CivilTime, format_utc, parse_duration_ms, parse_utc};
pub use device::{
    Details, Device, Facts, FoundStream, Identity, PtzControl, Step, StepError, StepReport, Suggestion, Survey,
    WantedStream, read_clock,
};
pub use discovery::{AddressRange, Discovery, DiscoveryOptions, FoundDevice, Targets};
pub use error::{ErrorKind, OnvifError};
pub use snapshot::{Picture, PictureFormat};
pub use transport::{AuthMode, Client, ClientOptions, DeviceAddress, Endpoint, HttpPool, LoginSeen, PlainPassword};
pub use vendor::Vendor;

/// A random UUID in its usual form.
pub(crate) fn random_uuid() -> String {
    let mut bytes: [u8; 16] = rand::random();
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}
