//! A stretch of a plan without recording, and why.

use crate::TimeRange;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GapReason {
    CameraOffline,
    /// The network or the camera sent less than it should.
    Network,
    Disk,
    /// No plan wanted a recording then.
    PlannedOff,
    /// Watchwall itself was stopped, crashed or fell behind.
    Us,
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    pub range: TimeRange,
    pub reason: GapReason,
}
