//! A camera and its streams, as configured and as found by the probe.

use crate::{
    AudioCodec, CameraId, DeviceId, GroupId, SafeUrl, Secret, StreamFailure, StreamPath, StreamRole, UtcMillis,
    VideoCodec,
};
use serde::{Deserialize, Serialize};

/// User name and password for a device. The password never leaves the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    pub username: String,
    pub password: Secret,
}

/// One picture source: one channel of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Camera {
    pub id: CameraId,
    pub name: String,
    /// Host as typed: address or name.
    pub host: String,
    /// From 1; the next free number of the same host.
    pub channel: u32,
    pub group: Option<GroupId>,
    /// A disabled camera is never contacted.
    pub enabled: bool,
    pub credentials: Option<Credentials>,
    /// The device it belongs to; `None` without ONVIF.
    pub device: Option<DeviceId>,
    /// The channel as the device names it.
    pub source_token: Option<String>,
    /// Token of a profile that can move the camera.
    pub ptz_profile: Option<String>,
    /// Main first.
    pub streams: Vec<Stream>,
    /// Raised by every change; the ETag.
    pub version: i64,
    pub created_at: UtcMillis,
}

impl Camera {
    pub fn stream(&self, role: StreamRole) -> Option<&Stream> {
        self.streams.iter().find(|s| s.role == role)
    }
}

/// One encoding of a camera.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    pub path: StreamPath,
    pub role: StreamRole,
    pub url: SafeUrl,
    pub engine: IngestEngine,
    pub transport: Transport,
    /// What the last successful probe saw; `None` before the first.
    pub facts: Option<StreamFacts>,
    /// Who pulled it last: never [`IngestEngine::Auto`].
    pub engine_in_use: Option<IngestEngine>,
    /// Token of the profile it shows; `None` without ONVIF.
    pub profile: Option<String>,
    /// Why it could not be had when it was looked at last.
    pub failure: Option<StreamFailure>,
    /// Its address is to be asked for again after the device restarted.
    pub is_invalid_after_reboot: bool,
}

impl Stream {
    /// Whether there is anything to pull: a device that gave no address leaves a placeholder.
    pub fn has_address(&self) -> bool {
        self.failure.as_ref().is_none_or(|failure| !failure.is_without_address())
    }
}

/// Who pulls the stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IngestEngine {
    /// retina over TCP, GStreamer when the scheme or the server needs it.
    #[default]
    Auto,
    Retina,
    Gstreamer,
}

/// How RTP reaches us.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    #[default]
    Auto,
    Tcp,
    Udp,
    Multicast,
    /// RTSP tunnelled over HTTP.
    Http,
}

/// What a stream turned out to be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StreamFacts {
    pub video: Option<VideoCodec>,
    /// RFC 6381 codec string, for example `avc1.4d401f`.
    pub video_codec_string: Option<String>,
    pub width: u32,
    pub height: u32,
    pub frame_rate: f32,
    pub gop_ms: Option<u32>,
    pub has_b_frames: bool,
    pub audio: Option<AudioCodec>,
    pub audio_sample_rate: Option<u32>,
}

impl Eq for StreamFacts {}
