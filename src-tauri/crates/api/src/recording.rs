//! Volumes.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

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
