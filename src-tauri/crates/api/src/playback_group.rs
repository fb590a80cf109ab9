//! Playback group endpoint `GET /api/v1/playback-groups/{group}` (WebSocket): several pages, displays or programs that
//! show the same recorded moment. The group's clock is the site's; pictures come over sockets of their own (`playback`).
//!
//! Whoever joins is told the clock at once, and again after every change. A member tells what it can show
//! (`footing`), so that time starts for all together and gaps that nobody has recorded are passed over.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};

#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct PlaybackGroupQuery {
    /// Where a group that does not exist yet shall stand, UTC milliseconds; absent: now. One that exists stays where it is.
    pub at: Option<i64>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum PlaybackGroupClientMessage {
    /// Everybody plays, from `at` when given, at `speed` (1/8 to 16, negative: backwards) when given.
    Play { at: Option<i64>, speed: Option<f64> },
    /// Everybody stands, at `at` when given: a frame step of one is a pause of all at its moment.
    Pause { at: Option<i64> },
    /// Everybody goes to a moment, playing on if they played.
    Seek { at: i64 },
    /// For the next play, or at once while playing.
    Speed { speed: f64 },
    /// What this member can show of an epoch.
    Footing { epoch: u64, footing: GroupFooting },
    /// UTC microseconds of the client, for the clock offset.
    Ping { client_at: i64 },
}

/// What a member can show where the clock stands.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum GroupFooting {
    /// Nothing yet.
    Preparing,
    /// Pictures, and more ahead.
    Ready,
    /// All that came has been shown, up to this moment; more is awaited.
    Dry { reach: i64 },
    /// Nothing is recorded here; its next picture is there.
    Apart { next: i64 },
    /// Nothing more comes in this direction.
    Ended,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum PlaybackGroupServerMessage {
    Clock(GroupClockView),
    /// Both in UTC microseconds; the site's stands on the steady clock that `since` is told by.
    Pong {
        client_at: i64,
        server_at: i64,
    },
    Error {
        code: String,
        params: BTreeMap<String, String>,
    },
}

/// Where the group stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct GroupClockView {
    /// Raised whenever everybody begins anew at `at`; within an epoch what was received stays good.
    pub epoch: u64,
    /// `paused`, `waiting` (time starts when all have something to show) or `running`.
    pub phase: String,
    /// The recorded moment, UTC milliseconds; while running the one at `since`.
    pub at: i64,
    /// When `at` was on screen, UTC microseconds of the site's steady clock.
    pub since: i64,
    pub speed: f64,
    /// `[from, to]` of the last stretch that was jumped over because nobody recorded it, in this epoch.
    pub skipped: Option<[i64; 2]>,
    /// How many are in the group, this one included.
    pub members: u32,
}
