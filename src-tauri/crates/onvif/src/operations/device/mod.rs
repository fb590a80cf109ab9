//! The device service: who the device is, its clock, network, users and relays.

mod clock;
mod identity;
mod network;
mod power;
mod relays;
mod services;
mod users;

pub use clock::{GetNtp, GetSystemDateAndTime, NtpServers, SetNtp, SetSystemDateAndTime, SystemClock, TimeSource};
pub use identity::{
    DeviceInformation, GetDeviceInformation, GetEndpointReference, GetScopes, Scope, Scopes, SetScopes,
};
pub(crate) use network::mac as hardware_address;
pub use network::{
    GetHostname, GetNetworkInterfaces, GetNetworkProtocols, NetworkInterface, NetworkProtocol, SetHostname,
};
pub use power::{FactoryDefault, SetSystemFactoryDefault, SystemReboot};
pub(in crate::operations) use relays::read_relay;
pub use relays::{GetRelayOutputs, RelayMode, RelayOutput, RelayState, SetRelayOutputSettings, SetRelayOutputState};
pub use services::{GetCapabilities, GetServices, ServiceAddress, Services};
pub use users::{CreateUsers, DeleteUsers, DeviceUser, GetUsers, SetUser, UserLevel};
