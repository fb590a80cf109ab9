//! What an ingest is asked for, and the limits it keeps.

use super::{lockout::LockoutLatch, pace::Pace, states::Rules};
use crate::hub::BacklogLimits;
use std::time::Duration;
use watchwall_model::{Credentials, IngestEngine, SafeUrl, StreamPath, Transport, config::IngestConfig};

/// Where a stream is and how to reach it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IngestRequest {
    pub path: StreamPath,
    pub url: SafeUrl,
    pub credentials: Option<Credentials>,
    pub engine: IngestEngine,
    pub transport: Transport,
}

impl IngestRequest {
    /// The TCP port of the camera; `None` for a file and other addresses without one.
    pub(crate) fn port(&self) -> Option<u16> {
        let url = self.url.as_url();
        let usual = match (url.scheme(), self.transport) {
            ("rtsps", Transport::Http) => Some(443),
            ("rtsps", _) => Some(322),
            ("rtsp" | "rtspt", Transport::Http) => Some(80),
            ("rtsp" | "rtspt", _) => Some(554),
            ("file", _) => None,
            _ => url.port_or_known_default(),
        };
        url.port().or(usual)
    }

    /// The device for lockouts: host and port.
    pub(crate) fn device(&self) -> String {
        match self.url.port() {
            Some(port) => format!("{}:{port}", self.url.host()),
            None => self.url.host().to_owned(),
        }
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
    pub(crate) fn rules(&self) -> Rules {
        Rules {
            drain_after: self.drain_after,
            stall_after: self.stall_after,
            reconnect_after: self.stall_after / 2,
            key_frame_within: self.key_frame_within,
            // Each engine bounds its own steps; this catches one that does not come back.
            connect_within: 2 * self.connect_timeout + 6 * self.read_timeout + Duration::from_secs(10),
        }
    }
}
