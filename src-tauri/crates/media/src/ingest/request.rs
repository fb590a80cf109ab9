//! What an ingest is asked for, and the limits it keeps.

use super::{pace::Pace, states::Rules};
use crate::hub::BacklogLimits;
use std::time::Duration;
use watchwall_model::{
    Credentials, DeviceKey, Door, IngestEngine, LockoutLatch, SafeUrl, StreamPath, Transport, config::IngestConfig,
};

/// Where a stream is and how to reach it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IngestRequest {
    pub path: StreamPath,
    pub url: SafeUrl,
    pub credentials: Option<Credentials>,
    pub engine: IngestEngine,
    pub transport: Transport,
    /// The device in the lockout latch, the same for all its streams and for ONVIF. Without one the host of the URL,
    /// with the port where that is not the usual one.
    pub device_key: Option<DeviceKey>,
}

impl IngestRequest {
    /// The TCP port of the camera; `None` for a file and other addresses without one.
    pub(crate) fn port(&self) -> Option<u16> {
        self.url.port().or_else(|| self.usual_port())
    }

    /// The device for the lockout latch.
    pub(crate) fn device(&self) -> DeviceKey {
        self.device_key.clone().unwrap_or_else(|| device_at(&self.url, self.transport))
    }

    /// Where the camera is asked for the password.
    pub(crate) fn door(&self) -> Door {
        if self.url.scheme().starts_with("http") { Door::Http } else { Door::Rtsp }
    }

    fn usual_port(&self) -> Option<u16> {
        usual_port(&self.url, self.transport)
    }
}

/// The device behind an address that belongs to none the site knows: its host, with the port unless it is the usual one.
pub fn device_at(url: &SafeUrl, transport: Transport) -> DeviceKey {
    let host = url.host().to_ascii_lowercase();
    match url.port().filter(|port| Some(*port) != usual_port(url, transport)) {
        Some(port) => DeviceKey::new(format!("{host}:{port}")),
        None => DeviceKey::new(host),
    }
}

fn usual_port(url: &SafeUrl, transport: Transport) -> Option<u16> {
    match (url.scheme(), transport) {
        ("rtsps", Transport::Http) => Some(443),
        ("rtsps", _) => Some(322),
        ("rtsp" | "rtspt", Transport::Http) => Some(80),
        ("rtsp" | "rtspt", _) => Some(554),
        ("file", _) => None,
        _ => url.as_url().port_or_known_default(),
    }
}

/// Limits of every ingest of a site, and what they share.
#[derive(Clone, Debug)]
pub struct IngestOptions {
    pub connect_timeout: Duration,
    pub read_timeout: Duration,
    pub stall_after: Duration,
    pub drain_after: Duration,
    /// The first key frame must come within this time after PLAY.
    pub key_frame_within: Duration,
    pub backlog: BacklogLimits,
    /// Shared by all streams of the site: clones point at the same memory.
    pub lockout: LockoutLatch,
    /// Likewise shared.
    pub pace: Pace,
}

impl From<&IngestConfig> for IngestOptions {
    fn from(config: &IngestConfig) -> Self {
        Self {
            connect_timeout: Duration::from_millis(config.connect_timeout_ms),
            read_timeout: Duration::from_millis(config.read_timeout_ms),
            stall_after: Duration::from_millis(config.stall_after_ms),
            drain_after: Duration::from_millis(config.drain_after_ms),
            key_frame_within: Duration::from_secs(10),
            backlog: BacklogLimits {
                ring: Duration::from_secs(config.ring_seconds.into()),
                ring_bytes: config.ring_bytes,
                ..BacklogLimits::default()
            },
            lockout: LockoutLatch::default(),
            pace: Pace::default(),
        }
    }
}

impl Default for IngestOptions {
    fn default() -> Self {
        Self::from(&IngestConfig::default())
    }
}

impl IngestOptions {
    /// How long an attempt waits until the logins before it have ended; each of them is bounded likewise.
    pub(crate) fn login_within(&self) -> Duration {
        self.connect_timeout + self.read_timeout
    }

    pub(crate) fn rules(&self) -> Rules {
        Rules {
            drain_after: self.drain_after,
            stall_after: self.stall_after,
            reconnect_after: self.stall_after / 2,
            key_frame_within: self.key_frame_within,
            // Each engine bounds its own steps; this catches one that does not come back.
            connect_within: 2 * self.connect_timeout
                + 6 * self.read_timeout
                + self.login_within()
                + Duration::from_secs(10),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_its_host_unless_the_port_says_more() {
        let check = |url: &str, named: Option<&str>, expect: &str| {
            let request = IngestRequest {
                path: StreamPath::parse("a").unwrap(),
                url: SafeUrl::split(url).unwrap().0,
                credentials: None,
                engine: IngestEngine::Auto,
                transport: Transport::Auto,
                device_key: named.map(DeviceKey::new),
            };
            assert_eq!(request.device().as_str(), expect, "{url}");
        };
        check("rtsp://10.0.0.5/main", None, "10.0.0.5");
        check("rtsp://10.0.0.5:554/main", None, "10.0.0.5");
        check("rtsp://10.0.0.5:8554/main", None, "10.0.0.5:8554");
        check("rtsps://CAM.local/main", None, "cam.local");
        check("http://[fe80::1]/mjpg", None, "fe80::1");
        check("rtsp://10.0.0.5:8554/main", Some("10.0.0.5"), "10.0.0.5");
    }
}
