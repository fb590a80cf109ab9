//! A device: one box with an ONVIF endpoint, as it was found. Its cameras name it.

use crate::{Credentials, DeviceId, DeviceKey, ErrorCode, Problem, UtcMillis};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where a device is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DeviceEndpoint {
    /// Address or name, lower case, IPv6 without brackets.
    pub host: String,
    pub port: u16,
    pub is_tls: bool,
    /// Path and query of the device service.
    pub path: String,
}

impl DeviceEndpoint {
    /// URL of the device service.
    pub fn url(&self) -> String {
        let scheme = if self.is_tls { "https" } else { "http" };
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        format!("{scheme}://{host}:{}{}", self.port, self.path)
    }

    /// The device's name in the lockout latch: its host, with the port where that is none of the usual ones, because
    /// several devices may share one address.
    pub fn key(&self) -> DeviceKey {
        match self.port {
            80 | 443 => DeviceKey::new(self.host.as_str()),
            port => DeviceKey::new(format!("{}:{port}", self.host)),
        }
    }
}

/// Who a device is, as it tells. Empty where it does not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceFacts {
    pub manufacturer: String,
    pub model: String,
    pub firmware: String,
    pub serial: String,
    pub hardware_id: String,
    /// Name of its preset file, or what it calls its maker.
    pub vendor: Option<String>,
    /// The name a person gave it.
    pub name: Option<String>,
    /// Endpoint reference without `urn:uuid:`: the identity that survives another address.
    pub endpoint: Option<String>,
    /// Lower case with colons.
    pub macs: Vec<String>,
    /// `digest`, `wsse`, `both` or `basic`: how it was seen to log us in.
    pub login: Option<String>,
    /// How far its clock is ahead of ours.
    pub clock_offset_ms: Option<i64>,
    pub services: Vec<DeviceService>,
    pub profiles: Vec<DeviceProfile>,
}

/// A service of a device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceService {
    /// Its XML namespace.
    pub namespace: String,
    /// Where the device says it is.
    pub xaddr: String,
    /// Major and minor.
    pub version: Option<(u32, u32)>,
}

/// A profile that can be chosen for a stream. The token is opaque.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceProfile {
    pub token: String,
    pub name: String,
    /// The channel it shows.
    pub source_token: String,
    /// `h264`, `h265`, `mjpeg` or the device's own word; empty when it does not say.
    pub codec: String,
    pub width: u32,
    pub height: u32,
    pub has_ptz: bool,
}

/// A stored device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    pub id: DeviceId,
    pub at: DeviceEndpoint,
    pub credentials: Option<Credentials>,
    pub facts: DeviceFacts,
    /// Raised by every change; the ETag.
    pub version: i64,
    pub created_at: UtcMillis,
}

/// Why a stream could not be had when it was looked at last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamFailure {
    pub code: ErrorCode,
    /// `STREAM_URIS` or `PROBE_STREAMS`.
    pub step: String,
    /// One English line; holds no secret.
    pub message: String,
    /// `suggestion.{code}` of the catalogue.
    pub suggestion: String,
    /// For the catalogue's sentence.
    pub params: BTreeMap<String, String>,
    pub at: UtcMillis,
}

impl StreamFailure {
    /// The device gave no address: what is stored is a placeholder.
    pub fn is_without_address(&self) -> bool {
        self.step == Self::STREAM_URIS
    }

    pub const STREAM_URIS: &'static str = "STREAM_URIS";
    pub const PROBE_STREAMS: &'static str = "PROBE_STREAMS";

    pub fn problem(&self) -> Problem {
        let step = if self.is_without_address() { Self::STREAM_URIS } else { Self::PROBE_STREAMS };
        Problem { params: self.params.clone(), ..Problem::new(self.code).at(step).because(&self.message) }
    }
}

/// A user name and password to try on new devices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialSet {
    pub id: crate::CredentialSetId,
    pub name: String,
    pub credentials: Credentials,
    /// Lower is tried first.
    pub position: i64,
    pub version: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_a_url_and_a_key() {
        let at = |host: &str, port, is_tls| DeviceEndpoint { host: host.into(), port, is_tls, path: "/onvif/x".into() };
        let check = |at: DeviceEndpoint, url: &str, key: &str| {
            assert_eq!((at.url().as_str(), at.key().as_str()), (url, key));
        };
        check(at("10.0.0.5", 80, false), "http://10.0.0.5:80/onvif/x", "10.0.0.5");
        check(at("fe80::1", 8443, true), "https://[fe80::1]:8443/onvif/x", "fe80::1:8443");
    }
}
