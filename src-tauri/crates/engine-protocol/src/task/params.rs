//! How a task is to be run.

use serde::{Deserialize, Serialize};
use watchwall_model::{Quality, SnapshotPolicy};

/// In `START_TASK`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TaskParams {
    /// Pictures a second to look at.
    pub input_fps: u32,
    /// Size to look at, pixels.
    pub in_w: u32,
    pub in_h: u32,
    /// Results a second, at most; alarms at once.
    pub result_fps: u32,
    pub quality: Quality,
    /// Without it nothing is an alarm.
    pub alarm_enabled: bool,
    pub snapshot_policy: SnapshotPolicy,
    /// Of a JPEG, 1 to 100.
    pub snapshot_quality: u8,
}

impl Default for TaskParams {
    fn default() -> Self {
        Self {
            input_fps: 15,
            in_w: 1280,
            in_h: 720,
            result_fps: 15,
            quality: Quality::Medium,
            alarm_enabled: true,
            snapshot_policy: SnapshotPolicy::Alarm,
            snapshot_quality: 80,
        }
    }
}
