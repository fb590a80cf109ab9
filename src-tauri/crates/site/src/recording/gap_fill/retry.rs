//! What a try came to, and when the next one is due.

use watchwall_model::{ErrorCode, GapFillState, Problem, UtcMillis};

/// After the first try that brought nothing, doubled each time up to the second figure.
const WAIT_MS: (i64, i64) = (5_000, 3_600_000);
/// Until a camera that is needed for live pictures is asked again.
const AWAY_MS: i64 = 15_000;
/// Tries in a row that brought nothing.
const MOST_TRIES: u32 = 12;
/// A camera that says it has nothing may not have closed its file yet; so often it is believed later.
const MOST_EMPTY: u32 = 4;

/// How a try ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Ended {
    /// Nothing is missing any more that the camera has.
    Complete,
    /// Something is still missing, for this reason.
    Broken(Problem),
}

/// What is noted of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    pub state: GapFillState,
    pub attempts: u32,
    pub wait_ms: i64,
    pub problem: Option<Problem>,
}

/// What was recorded, by this try and by all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Brought {
    pub now_ms: i64,
    pub in_all_ms: i64,
}

/// `before` is how many tries before this one brought nothing.
pub fn judge(ended: Ended, brought: Brought, before: u32) -> Verdict {
    let problem = match ended {
        Ended::Complete => {
            return Verdict { state: GapFillState::Done, attempts: before, wait_ms: 0, problem: None };
        }
        Ended::Broken(problem) => problem,
    };
    let verdict = |state, attempts, wait_ms| Verdict { state, attempts, wait_ms, problem: Some(problem.clone()) };
    if is_for_live(problem.code) {
        return verdict(GapFillState::Waiting, before, AWAY_MS);
    }
    let attempts = if brought.now_ms > 0 { 1 } else { before + 1 };
    let most = if problem.code == ErrorCode::NoRecording { MOST_EMPTY } else { MOST_TRIES };
    match problem.code {
        // It has holes of its own: more there is not.
        ErrorCode::NoRecording if attempts >= most && brought.in_all_ms > 0 => {
            Verdict { state: GapFillState::Done, attempts, wait_ms: 0, problem: None }
        }
        ErrorCode::NoRecording if attempts >= most => verdict(GapFillState::Empty, attempts, 0),
        code if is_lasting(code) || attempts >= most => verdict(GapFillState::Failed, attempts, 0),
        _ => verdict(GapFillState::Waiting, attempts, wait_ms(attempts)),
    }
}

fn wait_ms(attempts: u32) -> i64 {
    WAIT_MS.0.saturating_mul(1 << attempts.saturating_sub(1).min(20)).min(WAIT_MS.1)
}

/// The camera keeps its sessions for live pictures.
const fn is_for_live(code: ErrorCode) -> bool {
    matches!(code, ErrorCode::CameraBusy)
}

/// Trying again would change nothing.
const fn is_lasting(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::OperationUnsupported
            | ErrorCode::OnvifMissing
            | ErrorCode::CodecUnsupported
            | ErrorCode::NoVideo
            | ErrorCode::UrlSchemeUnsupported
            | ErrorCode::CameraNotFound
            | ErrorCode::NotFound
    )
}

/// Due at.
pub fn due(now: UtcMillis, verdict: &Verdict) -> UtcMillis {
    now.saturating_add_ms(verdict.wait_ms)
}

#[cfg(test)]
mod tests {
    use super::*;
    use GapFillState::{Done, Empty, Failed, Waiting};

    fn check(code: ErrorCode, filled_ms: i64, before: u32, expect: (GapFillState, u32, i64)) {
        let brought = Brought { now_ms: filled_ms, in_all_ms: filled_ms };
        let verdict = judge(Ended::Broken(Problem::new(code)), brought, before);
        assert_eq!((verdict.state, verdict.attempts, verdict.wait_ms), expect, "{code} {filled_ms} {before}");
    }

    #[test]
    fn failures_are_tried_again_ever_more_rarely() {
        check(ErrorCode::StreamEnded, 0, 0, (Waiting, 1, 5_000));
        check(ErrorCode::StreamEnded, 0, 1, (Waiting, 2, 10_000));
        check(ErrorCode::PortRefused, 0, 10, (Waiting, 11, 3_600_000));
        check(ErrorCode::PortRefused, 0, 11, (Failed, 12, 0));
        // What brought something counts as a new beginning.
        check(ErrorCode::StreamEnded, 700, 11, (Waiting, 1, 5_000));
        check(ErrorCode::OperationUnsupported, 0, 0, (Failed, 1, 0));
        check(ErrorCode::CredentialsWrong, 0, 0, (Waiting, 1, 5_000));
    }

    #[test]
    fn a_camera_without_it_is_asked_some_times() {
        check(ErrorCode::NoRecording, 0, 0, (Waiting, 1, 5_000));
        check(ErrorCode::NoRecording, 0, 3, (Empty, 4, 0));
        let brought = Brought { now_ms: 0, in_all_ms: 900 };
        let verdict = judge(Ended::Broken(Problem::new(ErrorCode::NoRecording)), brought, 3);
        assert_eq!((verdict.state, verdict.problem), (Done, None));
    }

    #[test]
    fn live_pictures_come_first_however_often() {
        check(ErrorCode::CameraBusy, 0, 11, (Waiting, 11, AWAY_MS));
        assert_eq!(judge(Ended::Complete, Brought { now_ms: 5, in_all_ms: 5 }, 3).state, Done);
    }
}
