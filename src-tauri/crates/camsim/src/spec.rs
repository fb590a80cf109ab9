//! What a virtual camera is: its streams, codecs, credentials and how it is reached.

use crate::{DeviceSpec, DiscoverySpec, Fault};
use serde::{Deserialize, Serialize};
use std::{net::SocketAddr, path::PathBuf, time::Duration};
use watchwall_model::{Secret, StreamRole};

/// A whole farm of cameras.
#[derive(Clone, Debug)]
pub struct FarmOptions {
    pub cameras: Vec<CameraSpec>,
    /// Shared RTSP port; port 0 picks a free one.
    pub rtsp_listen: SocketAddr,
    /// The cameras of the shared port over TLS with a self-signed certificate (`rtsps`); `None` for none.
    pub tls_listen: Option<SocketAddr>,
    /// The same tunnelled through HTTP; `None` for none.
    pub tunnel_listen: Option<SocketAddr>,
    /// Where the faults are commanded over HTTP; `None` for library calls only.
    pub control_listen: Option<SocketAddr>,
    /// Devices that speak ONVIF for the cameras. A camera without one is reached by RTSP alone.
    pub devices: Vec<DeviceSpec>,
    /// ONVIF port of the devices without an address of their own; opened when there are any.
    pub onvif_listen: SocketAddr,
    /// Answers WS-Discovery for the devices; `None` keeps silent.
    pub discovery: Option<DiscoverySpec>,
    /// Keeps encoded clips between runs. `None` encodes them anew.
    pub cache_folder: Option<PathBuf>,
    /// How long a session lives without a request or an RTCP packet.
    pub session_timeout: Duration,
}

impl FarmOptions {
    /// Loopback, free ports, no cache folder, 60 s session timeout.
    pub fn new(cameras: Vec<CameraSpec>) -> Self {
        Self {
            cameras,
            rtsp_listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            tls_listen: None,
            tunnel_listen: None,
            control_listen: None,
            devices: Vec::new(),
            onvif_listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            discovery: None,
            cache_folder: None,
            session_timeout: Duration::from_secs(60),
        }
    }
}

#[derive(Clone, Debug)]
pub struct CameraSpec {
    /// Shown in the picture and in the SDP.
    pub name: String,
    pub main: StreamSpec,
    pub sub: Option<StreamSpec>,
    /// User name and password; `None` lets everybody in.
    pub credentials: Option<(String, Secret)>,
    pub auth: AuthScheme,
    pub port: PortChoice,
    /// In force from the first moment.
    pub faults: Vec<Fault>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AuthScheme {
    #[default]
    Digest,
    Basic,
    /// Offers both challenges, Digest first.
    Both,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PortChoice {
    /// The farm's RTSP port, one path per camera. Offline means 503 and cut sessions.
    #[default]
    Shared,
    /// A port of its own. Offline means that nobody listens.
    Own,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamSpec {
    pub codec: Codec,
    /// Even.
    pub width: u32,
    /// Even.
    pub height: u32,
    pub fps: u32,
    pub bitrate_kbps: u32,
    /// Distance of two key frames.
    pub gop_ms: u32,
    pub mode: StreamMode,
    pub audio: Audio,
    pub look: Look,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Codec {
    H264,
    H265,
    Mjpeg,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StreamMode {
    /// Drawn and encoded while it is watched; every frame carries the wall clock.
    Live,
    /// A loop encoded once; nothing but headers is touched while it plays.
    Replay,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Audio {
    None,
    Aac,
    Pcma,
    Pcmu,
    /// 32 kbit/s.
    G726,
    Opus,
}

/// How a replayed picture looks. A live picture is always the camera's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Look {
    /// Noise that fills the bit rate; shared by all streams of one profile, so hundreds cost one encode.
    Shared,
    /// The camera's own colour and name: one encode per camera.
    Own,
}

impl CameraSpec {
    pub fn stream(&self, role: StreamRole) -> Option<&StreamSpec> {
        match role {
            StreamRole::Main => Some(&self.main),
            StreamRole::Sub => self.sub.as_ref(),
        }
    }

    /// The reason why this camera cannot exist, if any.
    pub(crate) fn fault_in_spec(&self) -> Option<String> {
        [Some(&self.main), self.sub.as_ref()].into_iter().flatten().find_map(StreamSpec::fault_in_spec)
    }
}

impl StreamSpec {
    fn fault_in_spec(&self) -> Option<String> {
        let Self { width, height, fps, .. } = *self;
        if width % 2 != 0 || height % 2 != 0 || !(32..=8192).contains(&width) || !(32..=8192).contains(&height) {
            return Some(format!("a picture of {width}x{height}; both must be even and between 32 and 8192"));
        }
        if self.codec == Codec::Mjpeg && (width > 2040 || height > 2040) {
            return Some(format!("MJPEG over RTP ends at 2040x2040 (RFC 2435 3.1.5), not {width}x{height}"));
        }
        (!(1..=120).contains(&fps)).then(|| format!("{fps} frames per second; 1 to 120 are possible"))
    }
}
