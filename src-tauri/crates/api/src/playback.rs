//! Playback endpoint `GET /api/v1/playback/{path}` (WebSocket). Binary framing as in `live`; capture time is the recorded wall clock.

use crate::{BookmarkMark, MarkView, TriggerMarkView};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};

#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct PlaybackQuery {
    /// Where to start, UTC milliseconds.
    pub from: Option<i64>,
    pub codecs: Option<String>,
    pub audio: Option<bool>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum PlaybackClientMessage {
    /// Play, from `at` when given, at `speed` (1/8 to 16; negative: backwards by key frames).
    Play {
        at: Option<i64>,
        speed: Option<f64>,
    },
    Pause,
    Seek {
        at: i64,
    },
    /// +1 or -1 frame.
    Step {
        frames: i32,
    },
    /// Jump over stretches without recording (default true).
    SkipGaps {
        on: bool,
    },
    Ping {
        client_at: i64,
    },
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum PlaybackServerMessage {
    /// Before the first picture and after each change of coding.
    Hello {
        mime: String,
        codec: String,
        width: u32,
        height: u32,
        has_audio: bool,
        server_at: i64,
        transcoded: bool,
    },
    /// The frames that follow belong to this seek; drop what is buffered. `at` is where the picture will be.
    Seeked {
        at: i64,
        seek_id: u64,
    },
    Gap {
        from: i64,
        to: i64,
        reason: String,
    },
    /// Caught up with now; more comes as it is recorded.
    LiveEdge {
        at: i64,
    },
    /// No recording after this.
    End {
        at: i64,
    },
    Pong {
        client_at: i64,
        server_at: i64,
    },
    Error {
        code: String,
        params: BTreeMap<String, String>,
    },
}

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RangeQuery {
    /// UTC milliseconds.
    pub from: i64,
    pub to: i64,
    /// What the file shall be called where it is saved, for example `Gate 2026-11-25 21-47-37.mp4`; absent names it
    /// after path and time.
    pub name: Option<String>,
}

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PlaylistQuery {
    /// UTC milliseconds.
    pub from: i64,
    /// Absent: a day after `from`, as far as it is recorded; the list grows while recording goes on.
    pub to: Option<i64>,
    /// Instead of a login, from `POST .../tickets`; the list carries it on.
    pub ticket: Option<String>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PlaybackTicket {
    /// For `ticket=` in the addresses of this stream's list and files.
    pub ticket: String,
    /// UTC milliseconds; it ends with its user's session too.
    pub expires_at: i64,
    /// Address of the list, to be completed by `&from=` and perhaps `&to=`.
    pub playlist: String,
}

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FrameQuery {
    /// UTC milliseconds.
    pub at: i64,
    pub max_height: Option<u32>,
}

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TimelineQuery {
    /// Comma-separated stream paths, at most 64.
    pub paths: String,
    pub from: i64,
    pub to: i64,
    /// Gaps and pieces shorter than this are merged, milliseconds.
    pub resolution_ms: Option<i64>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TimelineView {
    pub from: i64,
    pub to: i64,
    pub tracks: Vec<TimelineTrack>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TimelineTrack {
    pub path: String,
    /// `[start, end]` pairs, UTC milliseconds, ascending.
    pub coverage: Vec<[i64; 2]>,
    pub gaps: Vec<GapView>,
    /// `[start, end]` of what was fetched afterwards from the camera's own storage, ascending; a part of `coverage`.
    pub filled: Vec<[i64; 2]>,
    /// What the camera noticed, by start; the same for all streams of a camera.
    pub marks: Vec<MarkView>,
    /// What began recordings of events, by time.
    pub triggers: Vec<TriggerMarkView>,
    /// By start; at most a thousand.
    pub bookmarks: Vec<BookmarkMark>,
    /// `[from, to]` of the evidence locks in force, by start; they may overlap.
    pub locks: Vec<[i64; 2]>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct GapView {
    pub from: i64,
    pub to: i64,
    /// `camera_offline`, `network`, `disk`, `planned_off`, `us` or `unknown`.
    pub reason: String,
}
