//! The steps of adding a device, and how each went.

use watchwall_model::{Problem, StreamFailure};
use watchwall_onvif::{Step, StepReport, Suggestion};

/// In the order they are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OnboardingStep {
    Reach,
    Speak,
    Clock,
    Authenticate,
    Identify,
    Capabilities,
    Profiles,
    StreamUris,
    /// The brand's usual stream addresses, where ONVIF tells none.
    Templates,
    /// Really receiving each stream.
    ProbeStreams,
    Register,
    Snapshot,
}

impl OnboardingStep {
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
            Self::Templates => "TEMPLATES",
            Self::ProbeStreams => "PROBE_STREAMS",
            Self::Register => "REGISTER",
            Self::Snapshot => "SNAPSHOT",
        }
    }
}

impl From<Step> for OnboardingStep {
    fn from(step: Step) -> Self {
        match step {
            Step::Reach => Self::Reach,
            Step::Speak => Self::Speak,
            Step::Clock => Self::Clock,
            Step::Authenticate => Self::Authenticate,
            Step::Identify => Self::Identify,
            Step::Capabilities => Self::Capabilities,
            Step::Profiles => Self::Profiles,
            Step::StreamUris => Self::StreamUris,
        }
    }
}

/// One step as it went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepOutcome {
    pub step: OnboardingStep,
    pub took_ms: u64,
    pub result: Result<(), Problem>,
}

impl StepOutcome {
    pub fn new(step: OnboardingStep, started: std::time::Instant, result: Result<(), Problem>) -> Self {
        let took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        Self { step, took_ms, result: result.map_err(|problem| problem.at(step.as_str())) }
    }
}

impl From<StepReport> for StepOutcome {
    fn from(report: StepReport) -> Self {
        let result = report.outcome.map_err(|error| error.problem.suggesting(error.suggestion.as_str()));
        Self { step: report.step.into(), took_ms: report.took_ms, result }
    }
}

/// What to do about a stream that could not be received.
pub const fn stream_suggestion(code: watchwall_model::ErrorCode) -> Option<Suggestion> {
    use watchwall_model::ErrorCode as Code;
    match code {
        Code::CredentialsWrong => Some(Suggestion::CheckPassword),
        Code::CredentialsMissing => Some(Suggestion::EnterLogin),
        Code::AccountLocked => Some(Suggestion::WaitForUnlock),
        Code::PortRefused => Some(Suggestion::CheckPort),
        Code::HostUnreachable | Code::ConnectTimeout => Some(Suggestion::CheckPower),
        Code::HostUnknown => Some(Suggestion::CheckAddress),
        Code::StreamPathUnknown | Code::NotRtsp => Some(Suggestion::UseStreamAddress),
        Code::CameraBusy | Code::StreamStalled | Code::StreamEnded | Code::NoKeyFrame => Some(Suggestion::TryAgain),
        _ => None,
    }
}

/// Why a stream could not be had, with the next step that was stored with it.
pub fn problem_of(failure: &StreamFailure) -> Problem {
    Problem { suggestion: suggestion_word(&failure.suggestion), ..failure.problem() }
}

/// The stored word of a suggestion, as a word of the catalogue again.
fn suggestion_word(text: &str) -> Option<&'static str> {
    Suggestion::ALL.iter().map(|suggestion| suggestion.as_str()).find(|word| *word == text)
}
