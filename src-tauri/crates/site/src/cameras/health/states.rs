//! How a camera stands, from what its device and its streams show. Pure.

use watchwall_model::{CameraHealth, ErrorCode, HealthState, Phase, UtcMillis};

/// What the device behind a camera last did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeviceSeen {
    /// The camera has no ONVIF.
    #[default]
    None,
    NotAsked,
    /// It answered, whatever it said.
    Answered,
    /// Nothing came, more than once in a row.
    Silent(ErrorCode),
}

/// What the streams of a camera show together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MediaSeen {
    /// Nobody wants any: nothing is known.
    #[default]
    Unwanted,
    /// A connection is being tried.
    Starting,
    /// At least one moves.
    Live,
    /// Wanted, and none moves.
    Failing(ErrorCode),
}

/// Everything a verdict is made from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    pub is_enabled: bool,
    pub device: DeviceSeen,
    /// The device refuses our login at its ONVIF door.
    pub login: Option<ErrorCode>,
    pub media: MediaSeen,
    pub last_seen: Option<UtcMillis>,
}

impl MediaSeen {
    /// The most telling of all phases: a picture, then a refused login, then other failures, then a try under way.
    pub fn of<'a>(phases: impl IntoIterator<Item = &'a Phase>) -> Self {
        let rank = |media: &Self| match media {
            Self::Unwanted => 0,
            Self::Starting => 1,
            Self::Failing(code) if is_login(*code) => 3,
            Self::Failing(_) => 2,
            Self::Live => 4,
        };
        phases.into_iter().map(Self::of_phase).max_by_key(rank).unwrap_or_default()
    }

    const fn of_phase(phase: &Phase) -> Self {
        match phase {
            Phase::Idle | Phase::Draining => Self::Unwanted,
            Phase::Connecting { .. } => Self::Starting,
            Phase::Live => Self::Live,
            Phase::Stalled { .. } => Self::Failing(ErrorCode::StreamStalled),
            // The others go first: it is asked in its turn.
            Phase::Waiting { reason, .. } if matches!(reason.code, ErrorCode::LoginPending) => Self::Starting,
            Phase::Waiting { reason, .. } => Self::Failing(reason.code),
            Phase::NeedsAttention { reason } => Self::Failing(reason.code),
        }
    }
}

/// The next health of a camera. `since` moves only when the state does.
pub fn judge(previous: CameraHealth, seen: &Seen, now: UtcMillis) -> CameraHealth {
    let (state, code) = verdict(previous, seen);
    let since = if state == previous.state && previous.since != UtcMillis::default() { previous.since } else { now };
    CameraHealth { state, since, last_seen: seen.last_seen.max(previous.last_seen), code }
}

fn verdict(previous: CameraHealth, seen: &Seen) -> (HealthState, Option<ErrorCode>) {
    use HealthState::{AuthFailed, NoVideo, Online, Unknown, Unreachable};
    if !seen.is_enabled {
        return (Unknown, None);
    }
    match (seen.media, seen.device) {
        // Pictures come; that its management refuses us is said beside it.
        (MediaSeen::Live, _) => (Online, seen.login),
        (MediaSeen::Failing(code), _) if is_login(code) => (AuthFailed, Some(code)),
        (MediaSeen::Failing(code), DeviceSeen::Answered) => (NoVideo, Some(code)),
        (MediaSeen::Failing(code), _) if is_unreachable(code) => (Unreachable, Some(code)),
        // Connected before, and now neither pictures nor answers.
        (MediaSeen::Failing(ErrorCode::StreamStalled), DeviceSeen::Silent(code)) => (Unreachable, Some(code)),
        (MediaSeen::Failing(code), _) => (NoVideo, Some(code)),
        (MediaSeen::Starting, _) => (previous.state, previous.code),
        (MediaSeen::Unwanted, DeviceSeen::Answered) => match seen.login {
            Some(code) => (AuthFailed, Some(code)),
            None => (Online, None),
        },
        (MediaSeen::Unwanted, DeviceSeen::Silent(code)) => (Unreachable, Some(code)),
        (MediaSeen::Unwanted, DeviceSeen::None | DeviceSeen::NotAsked) => (Unknown, None),
    }
}

/// The device is there and does not let us in.
pub const fn is_login(code: ErrorCode) -> bool {
    use ErrorCode::{AccountLocked, CredentialsMissing, CredentialsWrong, LoginUnsafe};
    matches!(code, CredentialsWrong | CredentialsMissing | AccountLocked | LoginUnsafe)
}

/// Nothing answers at its address.
const fn is_unreachable(code: ErrorCode) -> bool {
    use ErrorCode::{ConnectTimeout, HostUnknown, HostUnreachable, PortRefused};
    matches!(code, HostUnknown | HostUnreachable | PortRefused | ConnectTimeout)
}

#[cfg(test)]
mod tests {
    use super::*;
    use HealthState::{AuthFailed, NoVideo, Online, Unknown, Unreachable};
    use watchwall_model::{Attention, WaitReason};

    const SILENT: DeviceSeen = DeviceSeen::Silent(ErrorCode::HostUnreachable);

    #[track_caller]
    fn check(previous: HealthState, media: MediaSeen, device: DeviceSeen, expect: HealthState) {
        let previous = CameraHealth { state: previous, since: UtcMillis(5), ..CameraHealth::default() };
        let seen = Seen { is_enabled: true, media, device, ..Seen::default() };
        let next = judge(previous, &seen, UtcMillis(9));
        let since = if expect == previous.state { 5 } else { 9 };
        assert_eq!((next.state, next.since.0), (expect, since), "{media:?} {device:?}");
    }

    #[test]
    fn a_device_that_answers_without_pictures_is_never_online() {
        for code in [ErrorCode::StreamStalled, ErrorCode::PortRefused, ErrorCode::CameraBusy, ErrorCode::NoKeyFrame] {
            check(Online, MediaSeen::Failing(code), DeviceSeen::Answered, NoVideo);
        }
    }

    #[test]
    fn pictures_count_more_than_answers() {
        check(NoVideo, MediaSeen::Live, SILENT, Online);
        check(Unknown, MediaSeen::Live, DeviceSeen::None, Online);
    }

    #[test]
    fn without_onvif_the_streams_decide() {
        check(Online, MediaSeen::Failing(ErrorCode::HostUnreachable), DeviceSeen::None, Unreachable);
        check(Online, MediaSeen::Failing(ErrorCode::StreamStalled), DeviceSeen::None, NoVideo);
        check(Online, MediaSeen::Failing(ErrorCode::CredentialsWrong), DeviceSeen::None, AuthFailed);
        check(Online, MediaSeen::Unwanted, DeviceSeen::None, Unknown);
    }

    #[test]
    fn nobody_watches_and_the_device_decides() {
        check(Unknown, MediaSeen::Unwanted, DeviceSeen::Answered, Online);
        check(Online, MediaSeen::Unwanted, SILENT, Unreachable);
        check(Online, MediaSeen::Failing(ErrorCode::StreamStalled), SILENT, Unreachable);
        check(Unknown, MediaSeen::Unwanted, DeviceSeen::NotAsked, Unknown);
    }

    #[test]
    fn a_try_under_way_changes_nothing() {
        for state in [Online, NoVideo, AuthFailed, Unreachable, Unknown] {
            check(state, MediaSeen::Starting, DeviceSeen::Answered, state);
        }
    }

    #[test]
    fn a_refused_login_is_said_beside_a_picture() {
        let seen = Seen {
            is_enabled: true,
            media: MediaSeen::Live,
            device: DeviceSeen::Answered,
            login: Some(ErrorCode::CredentialsWrong),
            last_seen: Some(UtcMillis(8)),
        };
        let next = judge(CameraHealth::default(), &seen, UtcMillis(9));
        assert_eq!((next.state, next.code), (Online, Some(ErrorCode::CredentialsWrong)));
        let idle = judge(next, &Seen { media: MediaSeen::Unwanted, ..seen }, UtcMillis(10));
        assert_eq!((idle.state, idle.last_seen), (AuthFailed, Some(UtcMillis(8))));
        // Switched off, nothing is claimed.
        assert_eq!(judge(idle, &Seen { is_enabled: false, ..seen }, UtcMillis(11)).state, Unknown);
    }

    #[test]
    fn the_most_telling_phase_of_a_camera_counts() {
        let waiting = |code| Phase::Waiting {
            until: UtcMillis(0),
            attempt: 1,
            reason: WaitReason { code, detail: String::new() },
        };
        let attention =
            Phase::NeedsAttention { reason: Attention { code: ErrorCode::CredentialsWrong, detail: String::new() } };
        let check = |phases: &[Phase], expect| assert_eq!(MediaSeen::of(phases), expect, "{phases:?}");
        check(&[], MediaSeen::Unwanted);
        check(&[Phase::Idle, Phase::Live], MediaSeen::Live);
        check(&[waiting(ErrorCode::PortRefused), Phase::Live], MediaSeen::Live);
        check(&[attention, waiting(ErrorCode::PortRefused)], MediaSeen::Failing(ErrorCode::CredentialsWrong));
        check(&[Phase::Connecting { attempt: 4 }, Phase::Idle], MediaSeen::Starting);
        check(&[waiting(ErrorCode::LoginPending)], MediaSeen::Starting);
        check(&[Phase::Stalled { since: UtcMillis(1) }], MediaSeen::Failing(ErrorCode::StreamStalled));
    }
}
