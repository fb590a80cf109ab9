//! Live endpoint `GET /api/v1/live/{path}` (WebSocket).
//!
//! The server sends one JSON [`LiveServerMessage::Hello`], then binary messages: a 16-byte header
//! {kind u8, flags u8, reserved u16, sequence u32, capture time i64 in UTC microseconds}, all big-endian, followed by the body.
//! kind: 1 initialisation segment, 2 video fragment, 3 audio fragment, 4 JPEG picture.
//! flags: bit 0 key, bit 1 discontinuity, bit 2 audio, bit 3 before the seek target (decode, do not show).
//! JSON messages may come between binary ones at any time; unknown ones are to be ignored.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};

#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct LiveQuery {
    /// What the client really decodes, comma-separated: `h264,h265,mjpeg,aac,flac,opus`. Absent: `h264,aac,flac,opus`.
    pub codecs: Option<String>,
    /// Tile height in device pixels; picks main or sub and caps a transcode.
    pub max_height: Option<u32>,
    /// Send audio too.
    pub audio: Option<bool>,
    /// Server-side choice: `auto` (default: main or sub of the same camera by `max_height`) or `exact` (this very path).
    pub select: Option<String>,
    /// Start this many seconds back from the ring instead of at the live edge (instant replay, at most 60).
    pub replay_s: Option<u32>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum LiveServerMessage {
    /// First message, and again after every change of variant or parameters.
    Hello(LiveHello),
    /// Answer to `ping`; both in UTC microseconds, for the clock offset.
    Pong { client_at: i64, server_at: i64 },
    /// The stream's phase changed while the socket stays open.
    Status { phase: String, code: Option<String>, retry_at: Option<i64> },
    /// Nothing more will come; a close code follows.
    Error { code: String, params: BTreeMap<String, String> },
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct LiveHello {
    /// The path really sent.
    pub path: String,
    /// `main` or `sub`.
    pub role: String,
    /// For `MediaSource`, for example `video/mp4; codecs="avc1.4d401f"`; `image/jpeg` for stills.
    pub mime: String,
    pub codec: String,
    pub width: u32,
    pub height: u32,
    pub frame_rate: f32,
    pub has_audio: bool,
    /// Server clock, UTC microseconds.
    pub server_at: i64,
    /// Why this variant: `as_asked`, `sub_by_height`, `main_by_height`, `only_stream`, `transcoded_codec`, `fallback_offline`.
    pub reason: String,
    pub transcoded: bool,
    pub stale_after_ms: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum LiveClientMessage {
    Ping {
        client_at: i64,
    },
    /// Stop sending; the socket and its place stay.
    Pause,
    /// Send again, from the GOP cache.
    Resume,
    /// `main`, `sub` or `auto` with the tile height.
    Select {
        role: String,
        max_height: Option<u32>,
    },
    Audio {
        on: bool,
    },
    /// The client's own measurements, at most one a second.
    Stats {
        live_age_ms: f64,
        dropped_frames: u64,
        is_stale: bool,
        step: Option<String>,
    },
}
