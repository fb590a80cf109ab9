//! What volumes and the archivist tell each other.

use super::choice::{self, ArchiveCandidate, Occasion};
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::Notify;
use watchwall_model::{UtcMillis, VolumeCode};

/// Nothing is moved for so long after a move failed.
const REST: Duration = Duration::from_secs(60);

/// See the module. Shared.
#[derive(Debug, Default)]
pub struct Tiering {
    state: Mutex<State>,
    wake: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// Bytes that volumes want to be rid of.
    wanted: HashMap<VolumeCode, u64>,
    rests_until: Option<Instant>,
}

impl Tiering {
    /// A volume stands at its high watermark. `false` when no archive takes anything now: it has to help itself.
    pub fn relieve(&self, code: &VolumeCode, bytes: u64, archives: &[ArchiveCandidate]) -> bool {
        if self.rests() || choice::before(archives, Occasion::Room, UtcMillis::now()).is_none() {
            return false;
        }
        self.state().wanted.insert(code.clone(), bytes);
        self.wake.notify_one();
        true
    }

    /// There may be something to move now.
    pub fn wake(&self) {
        self.state().rests_until = None;
        self.wake.notify_one();
    }

    pub(super) async fn woken(&self) {
        self.wake.notified().await;
    }

    pub(super) fn take_wanted(&self, code: &VolumeCode) -> u64 {
        self.state().wanted.remove(code).unwrap_or(0)
    }

    pub(super) fn rest(&self) {
        self.state().rests_until = Some(Instant::now() + REST);
    }

    pub(super) fn rests(&self) -> bool {
        self.state().rests_until.is_some_and(|until| Instant::now() < until)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
