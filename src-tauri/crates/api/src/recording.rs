//! Plans and volumes.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PlanView {
    pub path: String,
    pub enabled: bool,
    /// `continuous`.
    pub mode: String,
    /// Volume code; absent is `auto`.
    pub volume: Option<String>,
    pub retention_days: u32,
    pub segment_minutes: u32,
    pub audio: bool,
    pub version: i64,
    pub applied_at: Option<i64>,
    /// `off`, `starting`, `recording` or `not_recording`.
    pub running: String,
    pub running_code: Option<String>,
    pub last_fragment_at: Option<i64>,
}

/// `PUT /api/v1/plans/{path}`. Absent fields take the defaults, or stay when the plan exists.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct PlanPatch {
    pub enabled: Option<bool>,
    /// 1 to 3650.
    pub retention_days: Option<u32>,
    /// 1 to 60.
    pub segment_minutes: Option<u32>,
    pub audio: Option<bool>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct VolumeView {
    pub code: String,
    pub name: String,
    pub root: String,
    /// `local`, `network` or `archive`.
    pub kind: String,
    /// `read_write`, `read_only` or `offline`.
    pub state: String,
    /// Why it is not writable.
    pub code_reason: Option<String>,
    pub total_bytes: u64,
    pub free_bytes: u64,
    /// Bytes of recordings of this site on it.
    pub recorded_bytes: u64,
    pub high_watermark_percent: f64,
    pub low_watermark_percent: f64,
    pub oldest_at: Option<i64>,
    /// Days until full at the rate of the last 24 hours; absent while unknown.
    pub full_in_days: Option<f64>,
}

#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct VolumePatch {
    pub name: Option<String>,
    pub high_watermark_percent: Option<f64>,
    pub low_watermark_percent: Option<f64>,
}
