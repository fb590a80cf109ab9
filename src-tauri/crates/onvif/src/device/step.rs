//! The steps of connecting to a device, how each went, and what to do about one that failed.

use crate::{ErrorKind, OnvifError, Vendor, soap::FaultKind};
use std::fmt;
use tokio::time::Instant;
use watchwall_model::{ErrorCode, Problem};

/// In the order they are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// Its port opens.
    Reach,
    /// It speaks HTTP and SOAP.
    Speak,
    Clock,
    Authenticate,
    Identify,
    Capabilities,
    Profiles,
    StreamUris,
}

impl Step {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reach => "REACH",
            Self::Speak => "SPEAK",
            Self::Clock => "CLOCK",
            Self::Authenticate => "AUTHENTICATE",
            Self::Identify => "IDENTIFY",
            Self::Capabilities => "CAPABILITIES",
            Self::Profiles => "PROFILES",
            Self::StreamUris => "STREAM_URIS",
        }
    }
}

/// What an installer does next. The sentence stands in `assets/i18n` under `suggestion.{code}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Suggestion {
    AllowBasic,
    CheckAddress,
    CheckPassword,
    CheckPort,
    CheckPower,
    EnableOnvif,
    EnterLogin,
    /// This brand keeps ONVIF users apart from web users.
    MakeOnvifUser,
    SetClock,
    TryAgain,
    UpdateFirmware,
    UseStreamAddress,
    WaitForUnlock,
}

impl Suggestion {
    pub const ALL: [Self; 13] = [
        Self::AllowBasic,
        Self::CheckAddress,
        Self::CheckPassword,
        Self::CheckPort,
        Self::CheckPower,
        Self::EnableOnvif,
        Self::EnterLogin,
        Self::MakeOnvifUser,
        Self::SetClock,
        Self::TryAgain,
        Self::UpdateFirmware,
        Self::UseStreamAddress,
        Self::WaitForUnlock,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AllowBasic => "allow_basic",
            Self::CheckAddress => "check_address",
            Self::CheckPassword => "check_password",
            Self::CheckPort => "check_port",
            Self::CheckPower => "check_power",
            Self::EnableOnvif => "enable_onvif",
            Self::EnterLogin => "enter_login",
            Self::MakeOnvifUser => "make_onvif_user",
            Self::SetClock => "set_clock",
            Self::TryAgain => "try_again",
            Self::UpdateFirmware => "update_firmware",
            Self::UseStreamAddress => "use_stream_address",
            Self::WaitForUnlock => "wait_for_unlock",
        }
    }
}

/// One step as it went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepReport {
    pub step: Step,
    pub took_ms: u64,
    pub outcome: Result<(), StepError>,
}

impl StepReport {
    /// What came of a step, and its report.
    pub fn of<T>(
        step: Step,
        start: Instant,
        result: Result<T, OnvifError>,
        vendor: Option<&Vendor>,
    ) -> (Option<T>, Self) {
        let (value, outcome) = match result {
            Ok(value) => (Some(value), Ok(())),
            Err(error) => (None, Err(StepError::new(step, &error, vendor))),
        };
        (value, Self { step, took_ms: Self::since(start), outcome })
    }

    pub(super) fn since(start: Instant) -> u64 {
        u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// Why a step failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepError {
    pub code: ErrorCode,
    /// One English line for logs and support; holds no secret.
    pub message: String,
    pub suggestion: Suggestion,
    /// The same as the catalogue takes it.
    pub problem: Problem,
}

impl StepError {
    /// A failure of the device or the way to it. What is known of the brand makes the suggestion better.
    pub fn new(step: Step, error: &OnvifError, vendor: Option<&Vendor>) -> Self {
        let problem = error.problem().at(step.as_str());
        let message = problem.detail.clone().unwrap_or_else(|| error.to_string());
        Self { code: error.code(), message, suggestion: suggest(step, error, vendor), problem }
    }

    /// A device that answers well and has nothing to show.
    pub fn nothing(step: Step, host: &str) -> Self {
        let message = "the device lists no profile with a picture".to_owned();
        let problem = Problem::new(ErrorCode::NoVideo).with("host", host).at(step.as_str()).because(&message);
        Self { code: ErrorCode::NoVideo, message, suggestion: Suggestion::UseStreamAddress, problem }
    }
}

impl fmt::Display for StepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

fn suggest(step: Step, error: &OnvifError, vendor: Option<&Vendor>) -> Suggestion {
    let is_apart = vendor.is_none_or(Vendor::keeps_onvif_users_apart);
    match error {
        OnvifError::HostUnknown { .. } | OnvifError::AddressInvalid { .. } => Suggestion::CheckAddress,
        OnvifError::Refused { .. } => Suggestion::CheckPort,
        OnvifError::Unreachable { .. } => Suggestion::CheckPower,
        OnvifError::CredentialsMissing { .. } => Suggestion::EnterLogin,
        OnvifError::Locked { .. } => Suggestion::WaitForUnlock,
        OnvifError::BasicOnly { .. } => Suggestion::AllowBasic,
        // The commonest cause with brands that keep them apart, and with those nobody knows.
        OnvifError::CredentialsWrong { .. } if is_apart => Suggestion::MakeOnvifUser,
        OnvifError::CredentialsWrong { .. } => Suggestion::CheckPassword,
        OnvifError::Fault { fault, .. } if fault.kind() == FaultKind::NotAuthorized => Suggestion::MakeOnvifUser,
        OnvifError::NotSoap { .. } if step <= Step::Clock => match vendor {
            Some(vendor) if !vendor.has_onvif_switched_off() => Suggestion::CheckPort,
            _ => Suggestion::EnableOnvif,
        },
        _ if step >= Step::Profiles => Suggestion::UseStreamAddress,
        other => match other.kind() {
            ErrorKind::Unreachable | ErrorKind::Refused => Suggestion::TryAgain,
            _ => Suggestion::UpdateFirmware,
        },
    }
}
