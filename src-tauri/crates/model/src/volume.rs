//! Where recordings lie: a folder on a disk, or a bucket of an object store.

use crate::Secret;
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
    /// An archive in an S3-compatible object store.
    Object,
}

impl VolumeKind {
    /// Recorders choose among these.
    pub const fn is_recorded_on(self) -> bool {
        matches!(self, Self::Local | Self::Network)
    }

    /// Old recordings move to these.
    pub const fn is_archive(self) -> bool {
        matches!(self, Self::Archive | Self::Object)
    }
}

/// Where in an S3-compatible store, and as whom. Serialised without the secret key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectPlace {
    /// `http` or `https` and a host, as the store is reached: `https://s3.example.com:9000`.
    pub endpoint: String,
    pub region: String,
    pub bucket: String,
    /// Begins the name of every object, without slashes around it; may be empty.
    pub prefix: String,
    pub access_key: String,
    #[serde(skip)]
    pub secret_key: Secret,
    /// A store does not say how much it takes: no more than this is put there.
    pub limit_bytes: u64,
}

impl ObjectPlace {
    /// Most stores know no other.
    pub const DEFAULT_REGION: &'static str = "us-east-1";

    /// Shown where a folder's path would be. Two places of the same root hold the same objects.
    pub fn root(&self) -> String {
        let (_, host) = self.endpoint.split_once("://").unwrap_or(("", &self.endpoint));
        let prefix = if self.prefix.is_empty() { String::new() } else { format!("/{}", self.prefix) };
        format!("s3://{host}/{}{prefix}", self.bucket)
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
    /// Of kind [`VolumeKind::Object`]; the root then only names it.
    pub object: Option<ObjectPlace>,
}

impl Volume {
    pub const DEFAULT_HIGH_WATERMARK_PERCENT: f64 = 90.0;
    pub const DEFAULT_LOW_WATERMARK_PERCENT: f64 = 75.0;
    pub const DEFAULT_ARCHIVE_AFTER_DAYS: u32 = 2;
    /// Name of the marker file in the volume's root.
    pub const MARKER_FILE: &'static str = ".watchwall-volume.json";
    /// Made there and taken away again, to see whether it takes writes.
    pub const PROBE_FILE: &'static str = ".watchwall-probe";
}
