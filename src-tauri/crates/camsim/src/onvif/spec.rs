//! What a virtual device is: its cameras, where it answers, who may come in, and how it misbehaves.

use super::{EdgeStorage, Quirk, SoapFault};
use crate::login::{Account, Lockout};
use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

/// A device that speaks ONVIF for cameras of the farm.
#[derive(Clone, Debug)]
pub struct DeviceSpec {
    /// Its `name` scope.
    pub name: String,
    pub manufacturer: String,
    pub model: String,
    pub firmware: String,
    /// Identity over restarts and addresses: endpoint reference and hardware address follow from it. Made from name and
    /// number when absent.
    pub serial: Option<String>,
    /// Its `location` scope; empty for none.
    pub location: String,
    /// Numbers of the farm's cameras, one channel each, in this order.
    pub cameras: Vec<usize>,
    pub place: DevicePlace,
    /// Further addresses of a device with one of its own, as of a second network card: HTTP, RTSP and discovery. Port 0
    /// is that of the first.
    pub also_at: Vec<SocketAddr>,
    /// Before each answer to discovery.
    pub answers_after: Duration,
    /// Empty: the credentials of its first camera; has that none either, everybody may come in.
    pub accounts: Vec<Account>,
    /// Accounts for SOAP alone. Not empty: those above are strangers there, as with several brands.
    pub onvif_accounts: Vec<Account>,
    pub login: SoapLogin,
    pub lockout: Option<Lockout>,
    /// How far a token's time may be from the device's clock.
    pub token_window: Duration,
    /// Its clock against ours.
    pub clock_offset_ms: i64,
    /// Before each answer to SOAP.
    pub think_time: Duration,
    /// How long a reboot takes.
    pub reboot: Duration,
    pub has_ptz: bool,
    pub relays: usize,
    pub inputs: usize,
    /// Subscriptions at the same time.
    pub pull_points: usize,
    /// What it records by itself (Profile G), all along and also while nobody reaches it; `None` has no storage.
    pub edge_storage: Option<EdgeStorage>,
    /// HTTPS with a certificate it signed itself.
    pub tls: bool,
    pub quirks: Vec<Quirk>,
    pub soap_faults: Vec<SoapFault>,
}

/// Where a device is reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DevicePlace {
    /// The farm's ONVIF port, with a path of its own: `/d/{number}/onvif/device_service`.
    #[default]
    Shared,
    /// An address of its own, as real devices have; port 0 picks a free one. Its cameras of the shared RTSP port are then
    /// reached at this address too, on `rtsp_port` (0 picks a free one). Offline means that nobody listens.
    Own { http: SocketAddr, rtsp_port: u16 },
}

/// How SOAP is logged in to. Pictures are guarded by Digest (or Basic) whatever this says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SoapLogin {
    /// Nobody is asked, whatever accounts there are.
    Open,
    /// HTTP Digest with MD5.
    #[default]
    Digest,
    /// HTTP Digest with SHA-256.
    DigestSha256,
    /// Both algorithms offered, SHA-256 first.
    DigestEither,
    /// WS-UsernameToken; a refusal is a fault with status 400.
    Token,
    /// HTTP Digest is asked for, a token is taken as well.
    DigestOrToken,
    /// The password in the clear.
    Basic,
}

impl DeviceSpec {
    /// A camera of one channel or a recorder of several, on the shared port, with PTZ, two relays and two inputs.
    pub fn new(name: impl Into<String>, cameras: Vec<usize>) -> Self {
        let is_recorder = cameras.len() > 1;
        Self {
            name: name.into(),
            manufacturer: "Camsim".into(),
            model: if is_recorder { "CS-NVR".into() } else { "CS-IPC".into() },
            firmware: "1.0.0 build 1".into(),
            serial: None,
            location: "site/hall".into(),
            cameras,
            place: DevicePlace::Shared,
            also_at: Vec::new(),
            answers_after: Duration::ZERO,
            accounts: Vec::new(),
            onvif_accounts: Vec::new(),
            login: SoapLogin::default(),
            lockout: None,
            token_window: Duration::from_secs(20),
            clock_offset_ms: 0,
            think_time: Duration::ZERO,
            reboot: Duration::from_secs(3),
            has_ptz: true,
            relays: 2,
            inputs: 2,
            pull_points: 10,
            edge_storage: None,
            tls: false,
            quirks: Vec::new(),
            soap_faults: Vec::new(),
        }
    }

    /// At an address of its own.
    #[must_use]
    pub fn at(self, http: SocketAddr) -> Self {
        Self { place: DevicePlace::Own { http, rtsp_port: 0 }, ..self }
    }

    #[must_use]
    pub fn with(mut self, quirk: Quirk) -> Self {
        self.quirks.push(quirk);
        self
    }
}

/// How devices are found.
#[derive(Clone, Debug)]
pub struct DiscoverySpec {
    /// 3702; 0 picks a port that is free at every device's address, for tests.
    pub port: u16,
    /// Where the multicast group of IPv4 is joined. Each device with an address of its own also answers questions sent
    /// to it.
    pub interfaces: Vec<DiscoveryInterface>,
    /// Where the multicast group of IPv6 is joined.
    pub links: Vec<DiscoveryLink>,
}

/// A network card, and which devices answer there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiscoveryInterface {
    pub address: Ipv4Addr,
    /// Devices with an address of their own answer when it is in this network; 0 for all. The others always answer.
    pub prefix: u8,
}

/// A network card by its index: every device with an IPv6 address of its own answers there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiscoveryLink {
    pub index: u32,
}

impl Default for DiscoverySpec {
    fn default() -> Self {
        Self { port: 3702, interfaces: Vec::new(), links: Vec::new() }
    }
}
