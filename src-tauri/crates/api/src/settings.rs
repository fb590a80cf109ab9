//! What an administrator changes while the site runs, and the site's own state.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SettingsView {
    pub site_name: String,
    /// `en` or `zh-CN`.
    pub default_language: String,
    pub stale_after_ms: u64,
    pub version: i64,
}

#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct SettingsPatch {
    pub site_name: Option<String>,
    pub default_language: Option<String>,
    /// 500 to 60 000.
    pub stale_after_ms: Option<u64>,
}

/// `GET /api/v1/system`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SystemView {
    pub version: String,
    pub started_at: i64,
    pub now: i64,
    pub time_zone: String,
    pub cameras: u32,
    pub cameras_live: u32,
    pub recording: u32,
    pub not_recording: u32,
    pub viewers: u32,
    pub transcodes: u32,
    /// Things a person should know, by catalogue code (`notice.{code}`), for example `database_rebuilt`.
    pub notices: Vec<NoticeView>,
    /// Missing media elements and the package that brings each.
    pub missing_plugins: Vec<MissingPlugin>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct NoticeView {
    pub code: String,
    pub params: std::collections::BTreeMap<String, String>,
    pub since: i64,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct MissingPlugin {
    pub element: String,
    pub package: String,
}
