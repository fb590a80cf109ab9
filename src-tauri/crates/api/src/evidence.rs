//! Evidence: locks, bookmarks, cases, exports, proofs of recording.

use crate::{GapView, ProblemDetails};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A stretch of recordings that nothing deletes.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct EvidenceLockView {
    pub id: i64,
    pub paths: Vec<String>,
    pub from: i64,
    pub to: i64,
    pub reason: String,
    pub locked_by: String,
    pub created_at: i64,
    /// When it ends by itself; absent stays until somebody unlocks.
    pub until: Option<i64>,
    pub ended_at: Option<i64>,
    /// Who unlocked; absent also when it ended by itself.
    pub ended_by: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct NewEvidenceLock {
    /// 1 to 64 stream paths.
    pub paths: Vec<String>,
    pub from: i64,
    /// May lie ahead: what is recorded inside the range later is locked too.
    pub to: i64,
    /// Up to 500 characters.
    pub reason: String,
    pub until: Option<i64>,
}

#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct EvidenceLockQuery {
    pub cursor: Option<String>,
    /// 1 to 500; 100 when absent.
    pub limit: Option<u32>,
    /// `active` (default) or `all`.
    pub state: Option<String>,
}

/// A remark about a moment or a stretch of one stream.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct BookmarkView {
    pub id: i64,
    pub path: String,
    pub from: i64,
    /// Equal to `from` for a moment.
    pub to: i64,
    pub text: String,
    pub tags: Vec<String>,
    pub created_by: String,
    pub created_at: i64,
    pub version: i64,
}

#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct NewBookmark {
    pub path: String,
    pub from: i64,
    /// Absent for a moment.
    pub to: Option<i64>,
    /// Up to 1000 characters.
    pub text: String,
    /// Up to 16 of up to 40 characters.
    #[serde(default)]
    pub tags: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct BookmarkQuery {
    pub cursor: Option<String>,
    /// 1 to 500; 100 when absent.
    pub limit: Option<u32>,
    /// Keeps those whose text contains this.
    pub search: Option<String>,
    pub tag: Option<String>,
    pub path: Option<String>,
    /// Keeps those that touch the range; both or neither.
    pub from: Option<i64>,
    pub to: Option<i64>,
}

/// Clips of several cameras that belong together.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct CaseView {
    pub id: i64,
    pub name: String,
    pub notes: String,
    pub clips: Vec<CaseClipView>,
    pub created_by: String,
    pub created_at: i64,
    pub version: i64,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct CaseClipView {
    pub path: String,
    pub from: i64,
    pub to: i64,
    /// Up to 1000 characters.
    #[serde(default)]
    pub note: String,
}

/// A new case, or all that an existing one shall hold.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct NewCase {
    /// Up to 120 characters.
    pub name: String,
    #[serde(default)]
    pub notes: String,
    /// Up to 200.
    #[serde(default)]
    pub clips: Vec<CaseClipView>,
}

/// Recordings handed out, or on the way.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ExportView {
    pub id: i64,
    pub name: String,
    pub note: String,
    pub clips: Vec<ExportClipView>,
    pub encrypted: bool,
    pub burn_in: Option<BurnInView>,
    pub created_by: String,
    pub created_at: i64,
    /// `queued`, `running`, `done`, `failed` or `cancelled`.
    pub state: String,
    /// What is being done: `measuring`, `copying`, `burning`, `hashing` or `packing`.
    pub step: Option<String>,
    /// 0 to 100, while it runs.
    pub percent: Option<f64>,
    /// Why it failed.
    pub problem: Option<ProblemDetails>,
    /// The folder, or the encrypted file, on the site's machine.
    pub result: String,
    /// What to save its download as.
    pub file_name: String,
    pub size_bytes: u64,
    pub finished_at: Option<i64>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ExportClipView {
    pub path: String,
    pub from: i64,
    pub to: i64,
}

#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct NewExport {
    /// Up to 120 characters.
    pub name: String,
    /// Why, up to 2000 characters; the manifest says it.
    #[serde(default)]
    pub note: String,
    /// 1 to 64, each up to a day long.
    pub clips: Vec<ExportClipView>,
    /// Makes it an encrypted ZIP (AES-256). At least 8 characters.
    #[schema(value_type = Option<String>)]
    pub password: Option<watchwall_model::Secret>,
    /// A folder on the site's machine; it must lie in one that the configuration allows. Absent: the site's own.
    pub folder: Option<String>,
    /// Burns date and time by the site's clock and the camera's name into the pictures. They are coded anew for it, and
    /// the manifest says so. Absent: the cameras' own pictures, untouched.
    pub burn_in: Option<BurnInView>,
}

/// What is burnt into pictures besides date, time and the camera's name.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct BurnInView {
    /// Stands faintly across every picture, up to 100 characters.
    #[serde(default)]
    pub watermark: String,
}

/// A folder on the site's machine that exports may be written to.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ExportFolderView {
    pub folder: String,
    /// Absent when it is not there, such as a drive that is not plugged in.
    pub free_bytes: Option<u64>,
}

/// What tells whether this site signed.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct EvidenceKeyView {
    /// SHA-256 of the public key (SubjectPublicKeyInfo), hexadecimal.
    pub fingerprint: String,
    /// Ed25519, as OpenSSL reads it.
    pub pem: String,
}

#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct ProofQuery {
    pub cursor: Option<String>,
    /// 1 to 500; 100 when absent.
    pub limit: Option<u32>,
    pub path: Option<String>,
    /// The site's day, `YYYY-MM-DD`.
    pub day: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct ProofFileQuery {
    /// The site's day, `YYYY-MM-DD`.
    pub day: String,
}

/// The signed statement of what one stream has of one day.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ProofView {
    pub path: String,
    pub camera: String,
    /// The site's day, `YYYY-MM-DD`.
    pub day: String,
    pub from: i64,
    pub to: i64,
    pub covered_ms: i64,
    pub gaps: u64,
    pub stated_at: i64,
    /// Of `statement.json`.
    pub sha256: String,
    /// The files that lie there are what this site signed with the key that it has now.
    pub verified: bool,
}

/// A statement in full.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ProofDetailView {
    #[serde(flatten)]
    pub proof: ProofView,
    /// `[from, to]`, in the order of time.
    pub coverage: Vec<[i64; 2]>,
    pub missing: Vec<GapView>,
    /// What does not fit, in one English sentence each; none when it is verified.
    pub findings: Vec<String>,
}

/// A bookmark on the timeline.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct BookmarkMark {
    pub id: i64,
    pub from: i64,
    pub to: i64,
    pub text: String,
}
