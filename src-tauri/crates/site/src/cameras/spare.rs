//! Whether a camera has a session to spare: live pictures come before anything else that wants one.

use super::Cameras;
use watchwall_model::{ErrorCode, Phase, StreamPath};

impl Cameras {
    /// Whether the camera of a stream gives what is wanted of it: this stream moves or nobody wants it, and no other
    /// stream of its device is refused for want of sessions.
    pub fn has_session_to_spare(&self, path: &StreamPath) -> bool {
        let wanted = self.shared.running.wanted();
        // Switched off, or gone: nobody wants anything of it.
        let Some(own) = wanted.get(path) else { return true };
        let is_same_device = |other: &super::wanted::WantedStream| match (&own.device_key, &other.device_key) {
            (Some(own), Some(other)) => own == other,
            _ => own.camera == other.camera,
        };
        wanted.values().filter(|other| is_same_device(other)).all(|stream| {
            let Some(ingest) = self.ingest(&stream.path) else { return true };
            let phase = ingest.snapshot().borrow().phase.clone();
            spares(&phase, if stream.path == *path { Whose::Own } else { Whose::Neighbour })
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    Own,
    Neighbour,
}

/// A neighbour that fails for another reason is no reason to wait: it may fail for ever.
fn spares(phase: &Phase, whose: Whose) -> bool {
    match (phase, whose) {
        (Phase::Idle | Phase::Live | Phase::Draining, _) => true,
        (Phase::Waiting { reason, .. }, Whose::Neighbour) => reason.code != ErrorCode::CameraBusy,
        (_, Whose::Neighbour) => true,
        (_, Whose::Own) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use watchwall_model::{UtcMillis, WaitReason};

    #[test]
    fn live_pictures_come_first() {
        let waiting = |code| Phase::Waiting {
            until: UtcMillis(0),
            attempt: 1,
            reason: WaitReason { code, detail: String::new() },
        };
        let check = |phase: &Phase, own, neighbour| {
            assert_eq!((spares(phase, Whose::Own), spares(phase, Whose::Neighbour)), (own, neighbour), "{phase:?}");
        };
        check(&Phase::Live, true, true);
        check(&Phase::Idle, true, true);
        check(&Phase::Connecting { attempt: 1 }, false, true);
        check(&Phase::Stalled { since: UtcMillis(0) }, false, true);
        check(&waiting(ErrorCode::CameraBusy), false, false);
        check(&waiting(ErrorCode::StreamPathUnknown), false, true);
    }
}
