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
    /// It reached its high watermark and is not below the low one again: plans without a volume of their own go
    /// elsewhere while another one has room.
    pub is_full: bool,
    /// Plans that are being recorded on it now.
    pub recorders: u64,
    /// Of several volumes with room, the one of the highest priority is recorded on.
    pub priority: i32,
    /// Of an archive: finished recordings of the other volumes come here once they are so many days old.
    pub archive_after_days: Option<u32>,
    /// Other volumes whose folders lie on the same file system: their space is counted twice, and they fail together.
    pub shares_disk_with: Vec<String>,
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

/// `POST /api/v1/volumes`. Absent settings take the defaults.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct NewVolume {
    /// Full path of a folder, made where it is missing.
    pub root: String,
    pub name: String,
    /// `local` (default), `network` or `archive`. An archive is never recorded on.
    pub kind: Option<String>,
    /// 5 to 99, default 90.
    pub high_watermark_percent: Option<f64>,
    /// 1 to below the high one, default 75.
    pub low_watermark_percent: Option<f64>,
    /// -1000 to 1000, default 0.
    pub priority: Option<i32>,
    /// 0 to 3650, default 2; of an archive only.
    pub archive_after_days: Option<u32>,
    /// The folder may be a volume already, of this site before or of another one: it becomes this site's, and its
    /// recordings with it.
    pub take_over: Option<bool>,
}

/// `POST /api/v1/volumes/look`.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct VolumeFolderRequest {
    pub root: String,
}

/// A folder that may become a volume.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct VolumeFolder {
    pub total_bytes: u64,
    pub free_bytes: u64,
    /// It was a volume before; adding it takes it over.
    pub is_volume: bool,
    /// Volumes whose folders lie on the same file system.
    pub shares_disk_with: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct VolumePatch {
    pub name: Option<String>,
    pub high_watermark_percent: Option<f64>,
    pub low_watermark_percent: Option<f64>,
    /// -1000 to 1000.
    pub priority: Option<i32>,
    /// 0 to 3650; of an archive only.
    pub archive_after_days: Option<u32>,
}
