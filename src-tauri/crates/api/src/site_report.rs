//! The report that is handed over with a site.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// `GET /api/v1/reports/site`
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SiteReportQuery {
    /// `json` (when absent) or `pdf`.
    pub format: Option<String>,
    /// `en` or `zh-CN` of the sentences; the site's own when absent.
    pub language: Option<String>,
}

/// Everything that is handed over. It holds no secret.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SiteReport {
    pub site_name: String,
    pub made_at: i64,
    /// Of the sentences.
    pub language: String,
    pub machine: ReportMachine,
    /// What is open, worst first, as sentences.
    pub findings: Vec<ReportFinding>,
    pub cameras: Vec<ReportCamera>,
    pub volumes: Vec<ReportVolume>,
    /// Absent for who may not see users.
    pub users: Option<Vec<ReportUser>>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ReportMachine {
    pub host_name: String,
    pub version: String,
    pub operating_system: String,
    pub architecture: String,
    pub processors: usize,
    pub memory_bytes: Option<u64>,
    pub time_zone: String,
    pub started_at: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReportFinding {
    /// `bad` or `warning`.
    pub verdict: String,
    pub camera_id: Option<i64>,
    pub text: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ReportCamera {
    pub id: i64,
    pub name: String,
    /// Names from the top, with ` / ` between; empty without a group.
    pub group: String,
    pub manufacturer: String,
    pub model: String,
    pub firmware: String,
    pub serial: String,
    pub mac: String,
    pub address: String,
    pub enabled: bool,
    pub streams: Vec<ReportStream>,
    /// `online`, `no_video`, `auth_failed`, `unreachable` or `unknown`.
    pub health: String,
    /// Share of the last 30 days, or of its life where that is shorter, from 0 to 1.
    pub offline_rate: f64,
    pub recording: ReportRecording,
    /// Absent while nobody examined it.
    pub doctor: Option<ReportDoctor>,
}

/// Zero or empty where nothing was received yet.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ReportStream {
    pub path: String,
    /// `main` or `sub`.
    pub role: String,
    pub codec: String,
    pub width: u32,
    pub height: u32,
    pub frame_rate: f32,
    pub bitrate_kbps: Option<u32>,
    pub gop_ms: Option<u32>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ReportRecording {
    /// `continuous`; absent without a plan in force.
    pub plan: Option<String>,
    pub retention_days: Option<u32>,
    pub first_at: Option<i64>,
    pub last_at: Option<i64>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ReportDoctor {
    pub examined_at: i64,
    pub bad: usize,
    pub warning: usize,
    /// Sentences of what is bad or worth a warning.
    pub findings: Vec<ReportFinding>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ReportVolume {
    pub name: String,
    pub root: String,
    /// `read_write`, `read_only` or `offline`.
    pub state: String,
    pub total_bytes: u64,
    pub free_bytes: u64,
    pub recorded_bytes: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ReportUser {
    pub name: String,
    pub role: String,
    pub enabled: bool,
}
