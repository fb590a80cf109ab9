//! Why an attempt ended, in the catalogue's words.

use std::io::ErrorKind;
use watchwall_model::{ErrorCode, Problem};

/// The end of one attempt to pull a stream.
#[derive(Clone, Debug)]
pub struct Failure {
    pub problem: Problem,
    /// Another engine may still manage: the server or its answers were refused, not the camera unreachable.
    pub is_engine_refusal: bool,
}

/// What the lifecycle makes of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// Wait and try again.
    Passing,
    /// One more try, then a person must act: cameras lock out who hammers them.
    Credentials,
    /// Trying again would not help.
    Lasting,
}

impl Failure {
    pub const fn new(problem: Problem) -> Self {
        Self { problem, is_engine_refusal: false }
    }

    pub const fn refusal(problem: Problem) -> Self {
        Self { problem, is_engine_refusal: true }
    }

    /// Another engine might have had more luck with the same camera.
    pub const fn may_be_the_engine(&self) -> bool {
        matches!(
            self.problem.code,
            ErrorCode::RtspError
                | ErrorCode::NotRtsp
                | ErrorCode::CodecUnsupported
                | ErrorCode::NoVideo
                | ErrorCode::NoKeyFrame
                | ErrorCode::StreamStalled
                | ErrorCode::EngineMissing
                | ErrorCode::Internal
        )
    }

    pub const fn kind(&self) -> FailureKind {
        match self.problem.code {
            ErrorCode::CredentialsWrong => FailureKind::Credentials,
            ErrorCode::CredentialsMissing
            | ErrorCode::CodecUnsupported
            | ErrorCode::NoVideo
            | ErrorCode::UrlSchemeUnsupported
            | ErrorCode::UrlInvalid
            | ErrorCode::UrlHostMissing
            | ErrorCode::EngineMissing => FailureKind::Lasting,
            _ => FailureKind::Passing,
        }
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::new(problem)
    }
}

/// The code for an answer with an RTSP or HTTP status other than success (RFC 2326 section 7.1.1).
pub fn status_problem(status: u16, has_credentials: bool, step: &'static str) -> Problem {
    let code = match status {
        401 if !has_credentials => ErrorCode::CredentialsMissing,
        401 | 403 | 407 => ErrorCode::CredentialsWrong,
        404 | 410 => ErrorCode::StreamPathUnknown,
        // Asked for a description, nothing is counted yet: it is the service that is not there, not a place in it.
        503 if step == "describe" => ErrorCode::CameraUnavailable,
        453 | 503 => ErrorCode::CameraBusy,
        _ => ErrorCode::RtspError,
    };
    Problem::new(code).with("status", status).at(step)
}

/// The code for a connection that could not be opened.
pub fn connect_problem(error: &std::io::Error) -> Problem {
    let code = match error.kind() {
        ErrorKind::ConnectionRefused => ErrorCode::PortRefused,
        ErrorKind::TimedOut => ErrorCode::ConnectTimeout,
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => ErrorCode::RtspError,
        _ => ErrorCode::HostUnreachable,
    };
    Problem::new(code).at("connect").because(error)
}

/// First line of a library's message: the rest are addresses and positions for a packet trace.
pub fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_have_their_codes() {
        let check = |status, has_credentials, expect| {
            assert_eq!(status_problem(status, has_credentials, "describe").code, expect, "{status}");
        };
        check(401, true, ErrorCode::CredentialsWrong);
        check(401, false, ErrorCode::CredentialsMissing);
        check(403, true, ErrorCode::CredentialsWrong);
        check(404, true, ErrorCode::StreamPathUnknown);
        check(453, true, ErrorCode::CameraBusy);
        check(503, true, ErrorCode::CameraUnavailable);
        check(461, true, ErrorCode::RtspError);
        check(500, true, ErrorCode::RtspError);
        // Some cameras say that all their sessions are taken like this.
        assert_eq!(status_problem(503, true, "setup").code, ErrorCode::CameraBusy);
    }

    #[test]
    fn a_wrong_password_and_a_foreign_codec_are_not_passing() {
        let kind = |code| Failure::new(Problem::new(code)).kind();
        assert_eq!(kind(ErrorCode::CredentialsWrong), FailureKind::Credentials);
        assert_eq!(kind(ErrorCode::CodecUnsupported), FailureKind::Lasting);
        assert_eq!(kind(ErrorCode::PortRefused), FailureKind::Passing);
        assert_eq!(kind(ErrorCode::NoKeyFrame), FailureKind::Passing);
    }
}
