//! Volumes.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct VolumeView {
    pub code: String,
    pub name: String,
    pub root: String,
    /// `local`, `network`, `archive` or `mirror`.
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
    /// Of kind `object`; its root only names it.
    pub object: Option<ObjectPlaceView>,
    /// Other volumes whose folders lie on the same file system: their space is counted twice, and they fail together.
    pub shares_disk_with: Vec<String>,
    /// What its disks say of themselves, where smartmontools are installed; looked at every hour.
    pub disk_warnings: Vec<DiskWarning>,
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

/// A disk that says that something is wrong with it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DiskWarning {
    /// As the system calls it, for example `sda`.
    pub disk: String,
    /// `failing`, `uncorrectable`, `pending`, `reallocated` or `worn`.
    pub sign: String,
    /// How many sectors, or percent of its writes used up; absent for `failing`.
    pub value: Option<u64>,
}

/// `POST /api/v1/volumes`. Absent settings take the defaults.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct NewVolume {
    /// Full path of a folder, made where it is missing. Not of kind `object`.
    #[serde(default)]
    pub root: String,
    /// Of kind `object`, and only of that.
    pub object: Option<NewObjectPlace>,
    pub name: String,
    /// `local` (default), `network`, `archive`, `mirror` or `object`. An archive is never recorded on; a mirror takes the
    /// second copies of plans that ask for one; `object` is an archive in an S3-compatible store.
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

/// Where in an S3-compatible store, and as whom.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct NewObjectPlace {
    /// Scheme, `https` or `http`, and host, with a port where it needs one.
    pub endpoint: String,
    /// Absent: `us-east-1`, which most stores take.
    pub region: Option<String>,
    /// It has to be there.
    pub bucket: String,
    /// Begins the name of every object; absent or empty: none.
    pub prefix: Option<String>,
    pub access_key: String,
    /// Never leaves the server.
    #[schema(value_type = String, format = Password)]
    pub secret_key: watchwall_model::Secret,
    /// No more than this is put there; 1 GiB or more.
    pub limit_bytes: u64,
}

/// Where in an S3-compatible store, without the secret key.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ObjectPlaceView {
    pub endpoint: String,
    pub region: String,
    pub bucket: String,
    pub prefix: String,
    pub access_key: String,
    pub limit_bytes: u64,
}

/// What may change of it.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct ObjectPlacePatch {
    pub access_key: Option<String>,
    #[schema(value_type = Option<String>, format = Password)]
    pub secret_key: Option<watchwall_model::Secret>,
    pub limit_bytes: Option<u64>,
}

/// `POST /api/v1/volumes/look`: a folder, or a place in an object store.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct VolumeFolderRequest {
    #[serde(default)]
    pub root: String,
    pub object: Option<NewObjectPlace>,
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
    /// Of kind `object`: other keys, which are tried first, or another limit.
    pub object: Option<ObjectPlacePatch>,
}

/// `GET /api/v1/recording/{path}/integrity`. Times in UTC milliseconds.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct IntegrityQuery {
    pub from: i64,
    pub to: i64,
    /// `next` of the answer before; absent at the beginning.
    pub after: Option<i64>,
}

/// A portion of a stream's finished recording files, read again and compared with what they were when they were
/// finished. Asked again with `next` until there is none.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct IntegrityView {
    /// Files that were read and are unchanged, and their bytes.
    pub files: u64,
    pub bytes: u64,
    /// Files that retention deleted since they were finished.
    pub deleted: u64,
    pub findings: Vec<IntegrityFinding>,
    pub next: Option<i64>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct IntegrityFinding {
    /// Counts the finished files of the stream.
    pub number: i64,
    pub from: i64,
    pub to: i64,
    /// Relative to the volume's folder; empty when the index has none.
    pub file: String,
    /// `changed`, `missing`, `unread` (nothing is known: its volume is away, or the disk fails) or `chain_broken` (a file
    /// before it was changed, taken out or put in).
    pub flaw: String,
}
