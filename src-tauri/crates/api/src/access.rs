//! Setup, login, users, sessions, audit.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What the UI asks first: `GET /api/v1/session`. Answered without a login.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SessionState {
    /// No administrator exists yet; the UI shows the first run.
    pub setup_needed: bool,
    /// Present when logged in.
    pub user: Option<UserView>,
    pub site_name: String,
    pub version: String,
    /// Server clock now, UTC milliseconds.
    pub now: i64,
    /// Milliseconds after which a tile is stale.
    pub stale_after_ms: u64,
    /// IANA name of the site's time zone.
    pub time_zone: String,
    pub default_language: String,
}

/// `POST /api/v1/setup`. `code` is the set-up code printed by a headless start, or the desktop's one-time token.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct SetupRequest {
    pub code: String,
    pub username: String,
    #[schema(value_type = String, format = Password)]
    pub password: watchwall_model::Secret,
    pub language: Option<String>,
    /// Absolute path of the folder for recordings; absent or empty keeps the default.
    pub recording_folder: Option<String>,
}

/// `POST /api/v1/setup/folder`: looks at a folder before it is chosen. Nothing is left there.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct SetupFolderRequest {
    /// As in `SetupRequest`.
    pub code: String,
    /// Absolute path; empty asks about the default.
    pub folder: String,
}

/// A folder that can hold the recordings.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SetupFolder {
    /// The path as it will be used.
    pub root: String,
    /// Of the disk it lies on.
    pub total_bytes: u64,
    pub free_bytes: u64,
    /// False when set-up will make it.
    pub exists: bool,
    /// Recordings go there already.
    pub is_volume: bool,
    pub default_folder: String,
}

/// `POST /api/v1/login`: sets the session cookie; programs take `token` as bearer.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct LoginRequest {
    pub username: String,
    #[schema(value_type = String, format = Password)]
    pub password: watchwall_model::Secret,
    /// Ask for a bearer token instead of a cookie.
    #[serde(default)]
    pub bearer: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct LoginAnswer {
    pub user: UserView,
    /// Only when `bearer` was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct UserView {
    pub id: i64,
    pub name: String,
    /// `administrator`, `installer`, `operator`, `viewer` or `service`.
    pub role: String,
    /// Of `live`, `playback`, `export`, `ptz`, `audio`, `alarms`, `configure`, `users`.
    pub rights: Vec<String>,
    pub enabled: bool,
    pub language: Option<String>,
    pub created_at: i64,
    pub version: i64,
}

#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct NewUser {
    pub name: String,
    pub role: String,
    #[schema(value_type = String, format = Password)]
    pub password: watchwall_model::Secret,
    pub language: Option<String>,
}

/// Absent fields stay as they are.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct UserPatch {
    pub name: Option<String>,
    pub role: Option<String>,
    pub enabled: Option<bool>,
    pub language: Option<String>,
    #[schema(value_type = Option<String>, format = Password)]
    pub password: Option<watchwall_model::Secret>,
}

/// `PATCH /api/v1/me`: what users change of themselves. A new password needs the current one.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct MePatch {
    pub language: Option<String>,
    #[schema(value_type = Option<String>, format = Password)]
    pub current_password: Option<watchwall_model::Secret>,
    #[schema(value_type = Option<String>, format = Password)]
    pub new_password: Option<watchwall_model::Secret>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SessionView {
    pub id: i64,
    pub user_id: i64,
    pub user_name: String,
    pub address: String,
    pub agent: String,
    pub created_at: i64,
    pub last_seen_at: i64,
    /// The session that asks.
    pub is_current: bool,
    /// `cookie` or `bearer`.
    pub kind: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AuditView {
    pub id: i64,
    pub at: i64,
    pub user: String,
    pub address: String,
    /// For example `camera.update`.
    pub action: String,
    pub subject: String,
    pub old: Option<serde_json::Value>,
    pub new: Option<serde_json::Value>,
}

/// `POST /api/v1/one-time-tokens`: opens one window within a minute, as `/?token=...` or `POST /api/v1/token-login`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct OneTimeToken {
    pub token: String,
    /// UTC milliseconds.
    pub expires_at: i64,
}

/// `POST /api/v1/token-login`: sets the session cookie of the local administrator.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct TokenLogin {
    #[schema(value_type = String, format = Password)]
    pub token: watchwall_model::Secret,
}
