//! `manifest.json` of an export: what it holds, where it comes from, and the hash of every file.

use serde::{Deserialize, Serialize};
use watchwall_model::{GapReason, UtcMillis};

/// The signed document. Times are UTC milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Always [`Manifest::FORMAT`].
    pub format: String,
    pub export: Exporter,
    pub site: SiteFacts,
    pub recordings: Vec<Recording>,
    /// Every file of the folder but the manifest itself, its signature and the key.
    pub files: Vec<ExportedFile>,
}

impl Manifest {
    pub const FORMAT: &str = "watchwall-export-1";
}

/// Who exported what, when and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exporter {
    pub name: String,
    pub note: String,
    pub exported_by: String,
    pub asked_at: UtcMillis,
    pub made_at: UtcMillis,
    /// Program and version.
    pub product: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteFacts {
    pub name: String,
    /// IANA name, for reading the times below on a clock.
    pub time_zone: String,
    pub key_fingerprint: String,
}

/// One camera's stretch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recording {
    pub camera: String,
    pub path: String,
    /// What was asked for.
    pub asked: Span,
    /// In the order of time; more than one where the camera's coding changed. Empty when nothing was recorded.
    pub videos: Vec<Video>,
    pub gaps: Vec<ExportedGap>,
    /// The recording files it was cut from, as they lay on the site's disks.
    pub sources: Vec<Source>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    pub from: UtcMillis,
    pub to: UtcMillis,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Video {
    pub file: String,
    /// What it really holds: it begins at the key frame at or before what was asked.
    pub held: Span,
    pub codec: String,
    pub width: u32,
    pub height: u32,
    pub has_audio: bool,
    /// Which moments stand where: gaps take no time in the file.
    pub pieces: Vec<ClipPiece>,
    /// Absent: the pictures are the camera's own, bit for bit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transcoded: Option<Transcoded>,
}

/// The pictures are not the camera's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transcoded {
    /// Always [`Transcoded::NOTE`], for whoever reads the manifest without this program.
    pub note: String,
    pub original_codec: String,
    /// What was burnt into every picture, in words.
    pub burnt_in: String,
    /// What stands across every picture; nothing when empty.
    pub watermark: String,
}

impl Transcoded {
    pub const NOTE: &str = "transcoded, not original";
    pub const BURNT_IN: &str = "date, time and UTC offset by the site's clock, and the camera's name";
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClipPiece {
    pub from: UtcMillis,
    pub to: UtcMillis,
    /// Where `from` stands in the file, milliseconds from its beginning.
    pub at_ms: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportedGap {
    pub from: UtcMillis,
    pub to: UtcMillis,
    pub reason: GapReason,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    pub volume: String,
    /// Relative to the volume.
    pub file: String,
    pub from: UtcMillis,
    pub to: UtcMillis,
    /// Bytes the hash covers: all of it, or what was written so far.
    pub size_bytes: u64,
    pub sha256: String,
    /// It was still being written.
    pub is_open: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportedFile {
    pub name: String,
    pub size_bytes: u64,
    pub sha256: String,
}
