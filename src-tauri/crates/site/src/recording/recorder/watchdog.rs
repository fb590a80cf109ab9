//! What a plan is really doing, decided from what its recorder last reported.

use watchwall_model::{ErrorCode, Phase, PlanRunning, UtcMillis, VolumeCode};

/// A running plan without a new fragment for this long is not recording.
pub const SILENCE_MS: i64 = 10_000;

/// What its gate has a recorder do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing, by its schedule.
    Off,
    /// Waiting for an event, with the stream at hand.
    Waiting,
    Writing,
}

/// What is known about one recorder at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signs {
    pub standing: Standing,
    /// Since when it stands so.
    pub started_at: UtcMillis,
    /// When the stream was last seen live.
    pub live_at: Option<UtcMillis>,
    /// When the newest fragment reached its file.
    pub last_fragment_at: Option<UtcMillis>,
    /// Begin of the present run of fragments without a silence.
    pub recording_since: Option<UtcMillis>,
    pub phase: Option<Phase>,
    /// Where the newest file is.
    pub volume: Option<VolumeCode>,
    /// Where the newest file's second copy is.
    pub copied_on: Option<VolumeCode>,
    /// Why there is no second copy, though one is wanted.
    pub copy_fault: Option<ErrorCode>,
    /// Why the volume refuses, while it does.
    pub disk: Option<(ErrorCode, String)>,
    /// The recorder's queue ran over and no fragment came since.
    pub overflowed: bool,
    /// Recorded time lost to the disk or to this program since the recorder started.
    pub lost_ms: u64,
}

impl Signs {
    pub const fn starting(now: UtcMillis) -> Self {
        Self {
            standing: Standing::Writing,
            started_at: now,
            live_at: None,
            last_fragment_at: None,
            recording_since: None,
            phase: None,
            volume: None,
            copied_on: None,
            copy_fault: None,
            disk: None,
            overflowed: false,
            lost_ms: 0,
        }
    }
}

/// Judges the signs. A disk that refuses is not recording at once; silence counts after ten seconds. A camera that is
/// away matters as soon as its stream is wanted: what happens while a plan waits without one could not be recorded.
pub fn judge(signs: &Signs, now: UtcMillis) -> PlanRunning {
    match signs.standing {
        Standing::Off => return PlanRunning::Off,
        Standing::Waiting => {
            let seen = signs.live_at.unwrap_or(signs.started_at).max(signs.started_at);
            if now - seen < SILENCE_MS {
                return PlanRunning::Waiting { since: signs.started_at };
            }
            let (code, detail) = silence_reason(signs);
            return PlanRunning::NotRecording { since: seen, code, detail };
        }
        Standing::Writing => {}
    }
    let last_sign = signs.last_fragment_at.unwrap_or(signs.started_at);
    let since = signs.last_fragment_at.unwrap_or(signs.started_at);
    if let Some((code, detail)) = &signs.disk {
        return PlanRunning::NotRecording { since, code: *code, detail: detail.clone() };
    }
    if now - last_sign < SILENCE_MS {
        return match (signs.last_fragment_at, signs.recording_since) {
            (Some(last), began) => PlanRunning::Recording { since: began.unwrap_or(last), last_fragment_at: last },
            (None, _) => PlanRunning::Starting,
        };
    }
    let (code, detail) = silence_reason(signs);
    PlanRunning::NotRecording { since, code, detail }
}

fn silence_reason(signs: &Signs) -> (ErrorCode, String) {
    match &signs.phase {
        Some(Phase::NeedsAttention { reason }) => (reason.code, reason.detail.clone()),
        Some(Phase::Waiting { reason, .. }) => (reason.code, reason.detail.clone()),
        Some(Phase::Stalled { .. }) => (ErrorCode::StreamStalled, "connected, but no frame arrives".to_owned()),
        Some(Phase::Connecting { .. }) => (ErrorCode::CameraOffline, "still connecting".to_owned()),
        Some(Phase::Idle | Phase::Draining) => (ErrorCode::CameraOffline, "the stream is not being pulled".to_owned()),
        Some(Phase::Live) if signs.overflowed => {
            (ErrorCode::RecorderOverflow, "the queue to the disk ran over".to_owned())
        }
        Some(Phase::Live) => (ErrorCode::NoKeyFrame, "frames arrive, but none that a file can begin with".to_owned()),
        None => (ErrorCode::CameraNotFound, "no camera has this stream".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use watchwall_model::{Attention, WaitReason};

    fn signs(last: Option<i64>, phase: Option<Phase>) -> Signs {
        Signs {
            last_fragment_at: last.map(UtcMillis),
            recording_since: last.map(|_| UtcMillis(1)),
            phase,
            ..Signs::starting(UtcMillis(0))
        }
    }

    fn code(running: &PlanRunning) -> Option<ErrorCode> {
        match running {
            PlanRunning::NotRecording { code, .. } => Some(*code),
            _ => None,
        }
    }

    #[test]
    fn silence_counts_after_ten_seconds() {
        let check = |last, now, expect: &str| {
            let text = format!("{:?}", judge(&signs(last, Some(Phase::Live)), UtcMillis(now)));
            assert!(text.starts_with(expect), "{text} at {now}");
        };
        check(None, 9_999, "Starting");
        check(None, 10_000, "NotRecording");
        check(Some(50_000), 59_999, "Recording");
        check(Some(50_000), 60_000, "NotRecording");
    }

    #[test]
    fn the_reason_names_the_cause() {
        let check = |phase, expect| {
            assert_eq!(code(&judge(&signs(Some(0), phase), UtcMillis(20_000))), Some(expect));
        };
        let detail = String::new;
        check(None, ErrorCode::CameraNotFound);
        check(Some(Phase::Live), ErrorCode::NoKeyFrame);
        check(Some(Phase::Stalled { since: UtcMillis(0) }), ErrorCode::StreamStalled);
        let reason = Attention { code: ErrorCode::CredentialsWrong, detail: detail() };
        check(Some(Phase::NeedsAttention { reason }), ErrorCode::CredentialsWrong);
        let reason = WaitReason { code: ErrorCode::PortRefused, detail: detail() };
        check(Some(Phase::Waiting { until: UtcMillis(0), attempt: 3, reason }), ErrorCode::PortRefused);
    }

    #[test]
    fn who_waits_is_no_alarm_while_the_stream_is_there() {
        let check = |standing, live_at: Option<i64>, now, expect: &str| {
            let signs = Signs { standing, live_at: live_at.map(UtcMillis), ..signs(None, None) };
            let text = format!("{:?}", judge(&signs, UtcMillis(now)));
            assert!(text.starts_with(expect), "{text} at {now}");
        };
        check(Standing::Off, None, 3_600_000, "Off");
        check(Standing::Waiting, None, 9_999, "Waiting");
        check(Standing::Waiting, None, 10_000, "NotRecording");
        check(Standing::Waiting, Some(3_599_900), 3_600_000, "Waiting");
        check(Standing::Waiting, Some(3_590_000), 3_600_000, "NotRecording");
    }

    #[test]
    fn a_refusing_disk_shows_at_once() {
        let mut signs = signs(Some(19_999), Some(Phase::Live));
        signs.disk = Some((ErrorCode::DiskFull, "0 bytes free".to_owned()));
        assert_eq!(code(&judge(&signs, UtcMillis(20_000))), Some(ErrorCode::DiskFull));
    }
}
