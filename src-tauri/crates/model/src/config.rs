//! The configuration file: its shape, its manual, how it is read. Everything an administrator changes while the site
//! runs lives in the database instead.
//!
//! One table below is the source of it all: the structs, the defaults, the limits, the commented example, the reference
//! page and the environment variables. Add a key there and nowhere else. Nothing here opens a file: callers hand in text.

mod key;
mod load;
mod manual;
mod nearest;

pub use key::{Key, KeyKind, Section};
pub use load::{ConfigError, ConfigSource};

use key::KeyValue;
use serde::{Deserialize, Serialize};
use std::{net::SocketAddr, path::PathBuf};

/// Defines the sections once: as structs, as [`Default`]s and as [`Config::SECTIONS`].
macro_rules! sections {
    ($(
        $(#[doc = $about:literal])+
        $section:ident: $type:ident {
            $(
                $(#[doc = $doc:literal])+
                $name:ident: $kind:ty = $default:expr $(, $min:literal to $max:literal)?;
            )+
        }
    )+) => {
        /// `watchwall.toml`. Every key is optional.
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct Config { $( $(#[doc = $about])+ pub $section: $type, )+ }

        $(
            $(#[doc = $about])+
            #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
            #[serde(default, deny_unknown_fields)]
            pub struct $type { $( $(#[doc = $doc])+ pub $name: $kind, )+ }

            impl Default for $type {
                fn default() -> Self {
                    Self { $($name: $default,)+ }
                }
            }
        )+

        impl Config {
            /// Every section and key, in the order of the file.
            pub const SECTIONS: &'static [Section] = &[$(Section {
                name: stringify!($section),
                about: &[$($about),+],
                keys: &[$(Key {
                    section: stringify!($section),
                    name: stringify!($name),
                    about: &[$($doc),+],
                    kind: <$kind as KeyValue>::KIND,
                    limits: sections!(@limits $($min to $max)?),
                },)+],
            },)+];

            /// The value of a key as it stands in the file. `None` for a key that does not exist.
            fn value(&self, key: &Key) -> Option<toml::Value> {
                match (key.section, key.name) {
                    $($((stringify!($section), stringify!($name)) => Some(self.$section.$name.show()),)+)+
                    _ => None,
                }
            }

            /// Reads an empty text as "not set" where a key may be absent.
            fn tidy(&mut self) {
                $($(self.$section.$name.tidy();)+)+
            }
        }
    };
    (@limits) => { None };
    (@limits $min:literal to $max:literal) => { Some(($min, $max)) };
}

sections! {
    /// Where the site listens.
    server: ServerConfig {
        /// Address and port. Beyond loopback the site speaks TLS, with a certificate of its own unless one is given.
        listen: SocketAddr = SocketAddr::from(([127, 0, 0, 1], 8080));
        /// Serve without TLS beyond loopback, for sites behind their own TLS proxy.
        allow_plain_http: bool = false;
        /// PEM file of the certificate, with those of its authorities after it. Empty: the site makes its own. A renewed
        /// file is taken within the hour, without a restart.
        tls_certificate: Option<PathBuf> = None;
        /// PEM file of the certificate's key.
        tls_key: Option<PathBuf> = None;
    }

    /// How cameras are pulled.
    ingest: IngestConfig {
        /// Time to open the connection to a camera, in milliseconds.
        connect_timeout_ms: u64 = 3_000, 100 to 60_000;
        /// Time a camera may take to answer one request, in milliseconds.
        read_timeout_ms: u64 = 5_000, 100 to 120_000;
        /// No access unit for this long means stalled, in milliseconds.
        stall_after_ms: u64 = 5_000, 500 to 120_000;
        /// A stream nobody wants any more stays open this long, in milliseconds.
        drain_after_ms: u64 = 10_000, 0 to 600_000;
        /// Seconds kept in memory for instant replay and pre-event recording.
        ring_seconds: u32 = 30, 1 to 600;
        /// Bytes kept in memory per stream at most.
        ring_bytes: usize = 32 * 1024 * 1024, 1_048_576 to 1_073_741_824;
    }

    /// How cameras are watched.
    health: HealthConfig {
        /// Each device is asked for its clock this often, in milliseconds.
        interval_ms: u64 = 30_000, 500 to 3_600_000;
        /// The first time so long after a start, in milliseconds.
        first_after_ms: u64 = 10_000, 0 to 600_000;
        /// A camera that is away for longer is told as an alarm, in milliseconds.
        offline_alarm_ms: u64 = 180_000, 1_000 to 86_400_000;
    }

    /// Live view.
    live: LiveConfig {
        /// Viewers (tiles) the whole site serves at once.
        max_viewers: usize = 512, 1 to 100_000;
        /// Transcodes running at once.
        max_transcodes: usize = 4, 0 to 256;
        /// A tile older than this is shown as stale, in milliseconds.
        stale_after_ms: u64 = 2_000, 500 to 60_000;
    }

    /// Recording.
    recording: RecordingConfig {
        /// Folder of the first volume. Empty: `recordings` in the data folder.
        folder: Option<PathBuf> = None;
        /// Written recordings are on the disk after this long, in milliseconds.
        sync_interval_ms: u64 = 1_000, 100 to 2_000;
        /// The capacity of volumes is refreshed this often, in seconds.
        volume_refresh_s: u64 = 15, 1 to 3_600;
        /// Recordings move to an archive volume no faster than this, in megabits per second.
        archive_limit_mbit_s: u64 = 400, 8 to 100_000;
        /// The program that asks disks for their health (smartmontools). Empty: where it usually lies.
        smartctl: Option<PathBuf> = None;
        /// IANA time zone for file names, for example `Asia/Shanghai`. Empty: the system's.
        time_zone: Option<String> = None;
        /// Fill gaps by themselves from the storage of cameras that have one (ONVIF Profile G). By hand they can be filled
        /// whatever stands here.
        gap_fill: bool = true;
        /// Gaps up to so many days old are filled.
        gap_fill_days: u32 = 3, 1 to 31;
        /// What is read from all cameras together for that, in kilobits per second.
        gap_fill_kbps: u32 = 8_000, 64 to 1_000_000;
        /// Cameras asked for it at once; of one device never more than one.
        gap_fill_at_once: usize = 2, 1 to 16;
    }

    /// Evidence.
    evidence: EvidenceConfig {
        /// A folder besides `exports` in the data folder that exports may be written to, for example a mounted drive; its
        /// subfolders too. Empty: none.
        export_folder: Option<PathBuf> = None;
        /// Exports made at once.
        max_exports: usize = 2, 1 to 16;
    }

    /// AI engines.
    analytics: AnalyticsConfig {
        /// Of results that are no alarm, one of each task and scene is kept in this time, in milliseconds; 0 keeps all.
        sample_ms: u32 = 1_000, 0 to 3_600_000;
        /// Results and their pictures are kept for so many days.
        keep_days: u32 = 30, 1 to 3_650;
        /// Nodes on this machine come in without a token.
        open_to_this_machine: bool = false;
        /// The site's own node looks for what needs no model: motion, tampering, lines and regions.
        built_in_engine: bool = true;
    }

    /// How alarms reach people.
    push: PushConfig {
        /// Channels may lead to this machine itself. Off, so that an address somebody types cannot ask its other programs.
        allow_this_machine: bool = false;
    }

    /// Streams handed on by RTSP, to AI nodes.
    outlet: OutletConfig {
        /// Address and port. Loopback serves nodes on this machine, and port 0 is any that is free. For nodes on other
        /// machines: an address they reach, for example `0.0.0.0:8554`. Who pulls a stream shows a token, but the pictures
        /// are not encrypted on their way.
        listen: SocketAddr = SocketAddr::from(([127, 0, 0, 1], 0));
        /// Name or address that nodes are told where it is not the one by which they came to the site: behind a proxy or in
        /// a container. Empty: that one.
        announced_host: Option<String> = None;
    }

    /// The log.
    log: LogConfig {
        /// `error`, `warn`, `info`, `debug` or `trace`, or tracing directives.
        level: String = "info".to_owned();
        /// One JSON object per line instead of text.
        json: bool = false;
    }
}
