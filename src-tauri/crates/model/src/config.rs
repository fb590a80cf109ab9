//! The configuration file's shape. Everything an administrator changes while the site runs lives in the database instead.

use serde::{Deserialize, Serialize};
use std::{net::SocketAddr, path::PathBuf};

/// `watchwall.toml`. Every key is optional.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    pub server: ServerConfig,
    pub ingest: IngestConfig,
    pub live: LiveConfig,
    pub recording: RecordingConfig,
    pub log: LogConfig,
}

/// Where the site listens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerConfig {
    /// Address and port. Anything but loopback needs `allow_plain_http`.
    pub listen: SocketAddr,
    /// Serve without TLS beyond loopback, for sites behind their own TLS proxy.
    pub allow_plain_http: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IngestConfig {
    /// Time to open the connection to a camera, in milliseconds.
    pub connect_timeout_ms: u64,
    /// Time a camera may take to answer one request, in milliseconds.
    pub read_timeout_ms: u64,
    /// No access unit for this long means stalled, in milliseconds.
    pub stall_after_ms: u64,
    /// A stream nobody wants any more stays open this long, in milliseconds.
    pub drain_after_ms: u64,
    /// Seconds kept in memory for instant replay and pre-event recording.
    pub ring_seconds: u32,
    /// Bytes kept in memory per stream at most.
    pub ring_bytes: usize,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LiveConfig {
    /// Viewers (tiles) the whole site serves at once.
    pub max_viewers: usize,
    /// Transcodes running at once.
    pub max_transcodes: usize,
    /// A tile older than this is shown as stale, in milliseconds.
    pub stale_after_ms: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RecordingConfig {
    /// Folder of the first volume; `None` is `recordings` in the data folder.
    pub folder: Option<PathBuf>,
    /// Group fdatasync interval per volume, in milliseconds.
    pub sync_interval_ms: u64,
    /// Volume capacity is refreshed this often, in seconds.
    pub volume_refresh_s: u64,
    /// IANA name for file names; `None` is the system's.
    pub time_zone: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// `error`, `warn`, `info`, `debug` or `trace`, or tracing directives.
    pub level: String,
    /// One JSON object per line instead of text.
    pub json: bool,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([127, 0, 0, 1], 8080)), allow_plain_http: false }
    }
}

impl Default for IngestConfig {
    fn default() -> Self {
        Self {
            connect_timeout_ms: 3_000,
            read_timeout_ms: 5_000,
            stall_after_ms: 5_000,
            drain_after_ms: 10_000,
            ring_seconds: 30,
            ring_bytes: 32 * 1024 * 1024,
        }
    }
}

impl Default for LiveConfig {
    fn default() -> Self {
        Self { max_viewers: 512, max_transcodes: 4, stale_after_ms: 2_000 }
    }
}

impl Default for RecordingConfig {
    fn default() -> Self {
        Self { folder: None, sync_interval_ms: 1_000, volume_refresh_s: 15, time_zone: None }
    }
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { level: "info".into(), json: false }
    }
}
