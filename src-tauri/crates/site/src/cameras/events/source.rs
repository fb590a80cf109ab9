//! Which of its two ways a device's events take: the pull point where it works, else the metadata of its streams. Pure.

use crate::cameras::health::is_login;
use watchwall_model::ErrorCode;
use watchwall_onvif::events::{ListenPhase, Snapshot};

/// A way of events to us.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum EventSourceKind {
    #[default]
    PullPoint,
    /// The ONVIF metadata track of the device's streams.
    Metadata,
}

/// Refusals in a row that are no accident.
const REFUSALS: u32 = 3;

impl EventSourceKind {
    /// As the API spells it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::PullPoint => "pull_point",
            Self::Metadata => "metadata",
        }
    }

    /// The way from now on. `pull_point` is how its listener stands; `None` for a device without an event service.
    #[must_use]
    pub fn after(self, pull_point: Option<&Snapshot>) -> Self {
        let Some(listener) = pull_point else { return Self::Metadata };
        match listener.phase {
            ListenPhase::Listening => Self::PullPoint,
            ListenPhase::NeedsAttention if !listener.reason.is_some_and(is_login) => Self::Metadata,
            ListenPhase::Waiting if listener.attempt >= REFUSALS && listener.reason.is_some_and(is_refusal) => {
                Self::Metadata
            }
            // Under way, away, or shut out by its login: that says nothing about the pull point.
            _ => self,
        }
    }
}

/// The device answers, and says no or nonsense.
const fn is_refusal(code: ErrorCode) -> bool {
    use ErrorCode::{AnswerInvalid, DeviceRefused, NotOnvif, OperationUnsupported};
    matches!(code, DeviceRefused | OperationUnsupported | NotOnvif | AnswerInvalid)
}

#[cfg(test)]
mod tests {
    use super::*;
    use EventSourceKind::{Metadata, PullPoint};

    #[test]
    fn the_pull_point_comes_first_and_again_when_it_works() {
        let check = |phase, attempt, reason, before: EventSourceKind, expect| {
            let listener = Snapshot { phase, attempt, reason, events: 0 };
            assert_eq!(before.after(Some(&listener)), expect, "{listener:?}");
        };
        use ErrorCode::{CredentialsWrong, DeviceRefused, HostUnreachable, OperationUnsupported};
        for before in [PullPoint, Metadata] {
            assert_eq!(before.after(None), Metadata);
            check(ListenPhase::Listening, 7, None, before, PullPoint);
            check(ListenPhase::NeedsAttention, 0, Some(OperationUnsupported), before, Metadata);
            check(ListenPhase::NeedsAttention, 0, Some(CredentialsWrong), before, before);
            check(ListenPhase::Waiting, 3, Some(DeviceRefused), before, Metadata);
            // Once or twice may be a device that was busy, and a device that is away refuses nothing.
            check(ListenPhase::Waiting, 2, Some(DeviceRefused), before, before);
            check(ListenPhase::Waiting, 9, Some(HostUnreachable), before, before);
            check(ListenPhase::Subscribing, 5, None, before, before);
            check(ListenPhase::Idle, 0, None, before, before);
        }
    }
}
