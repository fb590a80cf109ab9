//! The bell between writers that met a full disk and the sweeper that makes room.

use std::{
    sync::{Condvar, Mutex, PoisonError},
    time::Instant,
};
use tokio::sync::Notify;

/// One per volume.
#[derive(Debug, Default)]
pub struct SpaceBell {
    state: Mutex<State>,
    changed: Condvar,
    wanted: Notify,
}

#[derive(Debug, Default)]
struct State {
    rings: u64,
    /// A writer waited in vain; until a write succeeds again nobody waits.
    is_hopeless: bool,
}

impl SpaceBell {
    /// Counts how often room was made; take it before a write that may fail.
    pub fn rung(&self) -> u64 {
        self.lock().rings
    }

    /// Asks for room and waits until some was made after `rung`; false when nobody made any until then.
    pub fn wait(&self, rung: u64, until: Instant) -> bool {
        self.wanted.notify_one();
        let mut state = self.lock();
        while state.rings == rung {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                state.is_hopeless = true;
            }
            if state.is_hopeless {
                return false;
            }
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    /// Room was made (or waiting is pointless because everything stops).
    pub fn ring(&self) {
        let mut state = self.lock();
        state.rings += 1;
        state.is_hopeless = false;
        self.changed.notify_all();
    }

    /// There will be no room: whoever waits goes elsewhere.
    pub fn refuse(&self) {
        let mut state = self.lock();
        state.is_hopeless = true;
        self.changed.notify_all();
    }

    /// A write succeeded.
    pub fn relieved(&self) {
        let mut state = self.lock();
        state.is_hopeless = false;
    }

    /// Resolves when a writer asks for room.
    pub async fn wanted(&self) {
        self.wanted.notified().await;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{sync::Arc, thread, time::Duration};

    #[test]
    fn a_ring_releases_the_waiting() {
        let bell = Arc::new(SpaceBell::default());
        let rung = bell.rung();
        let waiting = {
            let bell = Arc::clone(&bell);
            thread::spawn(move || bell.wait(rung, Instant::now() + Duration::from_secs(20)))
        };
        bell.ring();
        assert!(waiting.join().unwrap());
    }

    #[test]
    fn a_refusal_ends_the_waiting() {
        let bell = Arc::new(SpaceBell::default());
        let rung = bell.rung();
        let waiting = {
            let bell = Arc::clone(&bell);
            thread::spawn(move || bell.wait(rung, Instant::now() + Duration::from_secs(20)))
        };
        bell.refuse();
        assert!(!waiting.join().unwrap());
    }

    #[test]
    fn waiting_in_vain_is_done_once() {
        let bell = SpaceBell::default();
        assert!(!bell.wait(bell.rung(), Instant::now()));
        let begun = Instant::now();
        assert!(!bell.wait(bell.rung(), Instant::now() + Duration::from_secs(20)));
        assert!(begun.elapsed() < Duration::from_secs(10));
        bell.relieved();
        assert!(!bell.wait(bell.rung(), Instant::now() + Duration::from_millis(5)));
    }
}
