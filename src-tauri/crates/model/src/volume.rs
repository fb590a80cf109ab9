//! A folder on a disk that recordings are written to.

use serde::{Deserialize, Serialize};
use std::{fmt, path::PathBuf};

/// Short name of a volume, also written in its marker file.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VolumeCode(pub String);

impl fmt::Display for VolumeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VolumeKind {
    Local,
    Network,
    Archive,
    /// Holds the second copies of streams whose plans ask for one.
    Mirror,
}

impl VolumeKind {
    /// Recorders choose among these.
    pub const fn is_recorded_on(self) -> bool {
        matches!(self, Self::Local | Self::Network)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VolumeState {
    ReadWrite,
    ReadOnly,
    Offline,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Volume {
    pub code: VolumeCode,
    /// Random id, also in the marker file: a missing mount is never mistaken for an empty disk.
    pub marker: String,
    pub name: String,
    pub root: PathBuf,
    pub kind: VolumeKind,
    /// Percent of the disk at which the oldest segments go.
    pub high_watermark_percent: f64,
    /// Percent below which a full volume is writable again.
    pub low_watermark_percent: f64,
    pub priority: i32,
    /// Of an archive: finished recordings of the other volumes come here once they are so many days old.
    pub archive_after_days: Option<u32>,
}

impl Volume {
    pub const DEFAULT_HIGH_WATERMARK_PERCENT: f64 = 90.0;
    pub const DEFAULT_LOW_WATERMARK_PERCENT: f64 = 75.0;
    pub const DEFAULT_ARCHIVE_AFTER_DAYS: u32 = 2;
    /// Name of the marker file in the volume's root.
    pub const MARKER_FILE: &'static str = ".watchwall-volume.json";
}
