//! The catalogue of errors a user can meet: a stable code, an HTTP status, parameters and a next step.
//!
//! The sentence for each code and its suggestion stand in `assets/i18n/{en,zh-CN}.json` under
//! `error.{code}` and `error.{code}.next`; a tidy test says when one is missing.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{collections::BTreeMap, fmt};

macro_rules! catalogue {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $status:literal;)*) => {
        /// What went wrong. The text form is part of the API and never changes its meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum ErrorCode { $($(#[$doc])* $variant,)* }

        impl ErrorCode {
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// The HTTP status it is answered with.
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)* }
            }
        }
    };
}

catalogue! {
    // Requests
    RequestInvalid = "request_invalid", 400;
    BodyTooLarge = "body_too_large", 413;
    NotFound = "not_found", 404;
    MethodNotAllowed = "method_not_allowed", 405;
    VersionConflict = "version_conflict", 412;
    NameTaken = "name_taken", 409;
    RangeInvalid = "range_invalid", 400;
    OriginRefused = "origin_refused", 403;
    // Access
    LoginRequired = "login_required", 401;
    LoginFailed = "login_failed", 401;
    LoginThrottled = "login_throttled", 429;
    RightMissing = "right_missing", 403;
    SetupNeeded = "setup_needed", 409;
    SetupDone = "setup_done", 409;
    SetupCodeWrong = "setup_code_wrong", 403;
    PasswordTooShort = "password_too_short", 422;
    LastAdministrator = "last_administrator", 409;
    // Addresses
    UrlInvalid = "url_invalid", 422;
    UrlSchemeUnsupported = "url_scheme_unsupported", 422;
    UrlHostMissing = "url_host_missing", 422;
    AddressLinkLocal = "address_link_local", 422;
    StreamPathInvalid = "stream_path_invalid", 422;
    // Cameras
    CameraNotFound = "camera_not_found", 404;
    CameraExists = "camera_exists", 409;
    HostUnknown = "host_unknown", 502;
    HostUnreachable = "host_unreachable", 502;
    PortRefused = "port_refused", 502;
    ConnectTimeout = "connect_timeout", 504;
    CredentialsWrong = "credentials_wrong", 502;
    CredentialsMissing = "credentials_missing", 502;
    NotOnvif = "not_onvif", 502;
    AnswerTimeout = "answer_timeout", 504;
    AnswerInvalid = "answer_invalid", 502;
    DeviceRefused = "device_refused", 502;
    OperationUnsupported = "operation_unsupported", 501;
    AccountLocked = "account_locked", 502;
    LoginUnsafe = "login_unsafe", 502;
    LoginPending = "login_pending", 503;
    CameraBusy = "camera_busy", 502;
    CameraUnavailable = "camera_unavailable", 502;
    StreamPathUnknown = "stream_path_unknown", 502;
    NotRtsp = "not_rtsp", 502;
    RtspError = "rtsp_error", 502;
    CodecUnsupported = "codec_unsupported", 422;
    NoVideo = "no_video", 502;
    NoKeyFrame = "no_key_frame", 504;
    StreamStalled = "stream_stalled", 504;
    StreamEnded = "stream_ended", 502;
    DeviceNotFound = "device_not_found", 404;
    DeviceExists = "device_exists", 409;
    DeviceMoved = "device_moved", 409;
    ProfileUnknown = "profile_unknown", 422;
    CredentialsExhausted = "credentials_exhausted", 502;
    RowInvalid = "row_invalid", 422;
    RowDuplicate = "row_duplicate", 409;
    CsvInvalid = "csv_invalid", 422;
    TooManyRows = "too_many_rows", 413;
    JobNotFound = "job_not_found", 404;
    JobCancelled = "job_cancelled", 409;
    TooManyJobs = "too_many_jobs", 429;
    DiscoveryFailed = "discovery_failed", 500;
    DoctorBusy = "doctor_busy", 409;
    CameraDisabled = "camera_disabled", 409;
    CameraOffline = "camera_offline", 503;
    OnvifMissing = "onvif_missing", 409;
    PtzUnsupported = "ptz_unsupported", 501;
    PtzBusy = "ptz_busy", 423;
    CredentialsDiverged = "credentials_diverged", 500;
    EngineMissing = "engine_missing", 501;
    // Live
    CodecImpossible = "codec_impossible", 406;
    TooManyViewers = "too_many_viewers", 503;
    TooManyTranscodes = "too_many_transcodes", 503;
    TranscodeFailed = "transcode_failed", 500;
    ClientTooSlow = "client_too_slow", 408;
    SnapshotFailed = "snapshot_failed", 503;
    // Recording
    PlanInvalid = "plan_invalid", 422;
    PlanNotApplied = "plan_not_applied", 503;
    PlanOff = "plan_off", 409;
    TriggerTooEarly = "trigger_too_early", 422;
    TriggerInvalid = "trigger_invalid", 422;
    NoRecording = "no_recording", 404;
    VolumeNotFound = "volume_not_found", 404;
    VolumePathInvalid = "volume_path_invalid", 422;
    VolumeNotWritable = "volume_not_writable", 422;
    VolumeMarkerMissing = "volume_marker_missing", 503;
    MirrorMissing = "mirror_missing", 503;
    VolumeForeign = "volume_foreign", 409;
    VolumeOverlaps = "volume_overlaps", 409;
    VolumeInUse = "volume_in_use", 409;
    VolumeInvalid = "volume_invalid", 422;
    ObjectPlaceInvalid = "object_place_invalid", 422;
    ObjectStoreUnreachable = "object_store_unreachable", 503;
    ObjectStoreDenied = "object_store_denied", 422;
    BucketMissing = "bucket_missing", 422;
    DiskFull = "disk_full", 507;
    DiskSlow = "disk_slow", 503;
    DiskFailed = "disk_failed", 503;
    RecorderOverflow = "recorder_overflow", 503;
    // Evidence
    ExportFolderRefused = "export_folder_refused", 422;
    ExportNotDone = "export_not_done", 409;
    ExportGone = "export_gone", 404;
    // Analytics
    TaskInvalid = "task_invalid", 422;
    NodeTokenWrong = "node_token_wrong", 401;
    NodesTooMany = "nodes_too_many", 429;
    TrialNodeAway = "trial_node_away", 409;
    TrialNobodyCan = "trial_nobody_can", 409;
    TrialsTooMany = "trials_too_many", 429;
    PreviewUnsupported = "preview_unsupported", 501;
    PreviewNotRunning = "preview_not_running", 409;
    PreviewSilent = "preview_silent", 504;
    PreviewUnreachable = "preview_unreachable", 503;
    // Alarms
    AlarmState = "alarm_state", 409;
    AlarmClipPending = "alarm_clip_pending", 409;
    AlarmClipMissing = "alarm_clip_missing", 404;
    AlarmsBusy = "alarms_busy", 503;
    PushFailed = "push_failed", 502;
    // Walls
    LayoutInvalid = "layout_invalid", 422;
    // Site
    DatabaseLocked = "database_locked", 503;
    DatabaseNewer = "database_newer", 500;
    DatabaseDamaged = "database_damaged", 500;
    DataFolderInUse = "data_folder_in_use", 409;
    ConfigInvalid = "config_invalid", 422;
    AddressInUse = "address_in_use", 409;
    TlsCertificateUnreadable = "tls_certificate_unreadable", 422;
    TlsKeyUnreadable = "tls_key_unreadable", 422;
    TlsKeyMismatch = "tls_key_mismatch", 422;
    ShuttingDown = "shutting_down", 503;
    Internal = "internal", 500;
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for ErrorCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for ErrorCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok(Self::ALL.iter().copied().find(|code| code.as_str() == text).unwrap_or(Self::Internal))
    }
}

/// An error as the user meets it: code and parameters for the catalogue's sentence, and the step that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub code: ErrorCode,
    pub params: BTreeMap<String, String>,
    /// What was being done, for example `describe` or `create_folder`.
    pub step: Option<&'static str>,
    /// One English line of technical detail; holds no secret.
    pub detail: Option<String>,
    /// A better next step than the code's own: `suggestion.{word}` of the catalogue.
    pub suggestion: Option<&'static str>,
}

impl Problem {
    pub const fn new(code: ErrorCode) -> Self {
        Self { code, params: BTreeMap::new(), step: None, detail: None, suggestion: None }
    }

    #[must_use]
    pub fn with(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.params.insert(name.to_owned(), value.to_string());
        self
    }

    #[must_use]
    pub const fn at(mut self, step: &'static str) -> Self {
        self.step = Some(step);
        self
    }

    #[must_use]
    pub const fn suggesting(mut self, suggestion: &'static str) -> Self {
        self.suggestion = Some(suggestion);
        self
    }

    #[must_use]
    pub fn because(mut self, detail: impl fmt::Display) -> Self {
        self.detail = Some(detail.to_string());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        for (name, value) in &self.params {
            write!(f, " {name}={value}")?;
        }
        if let Some(step) = self.step {
            write!(f, " (while: {step})")?;
        }
        if let Some(detail) = &self.detail {
            write!(f, ": {detail}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problem {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn codes_are_unique_and_snake_case() {
        let codes: BTreeSet<_> = ErrorCode::ALL.iter().map(|c| c.as_str()).collect();
        assert_eq!(codes.len(), ErrorCode::ALL.len());
        assert!(codes.iter().all(|c| c.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')));
    }

    #[test]
    fn statuses_are_errors() {
        assert!(ErrorCode::ALL.iter().all(|c| (400..600).contains(&c.status())));
    }
}
