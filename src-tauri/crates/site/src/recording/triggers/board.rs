//! Where triggers are put and recorders look. Outlives recorders and engines: a plan that is saved anew goes on with
//! the event that is under way.

use super::windows::{GoingOn, Window, Windows};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::Notify;
use watchwall_model::{StreamPath, UtcMicros, UtcMillis};

/// Every stream's desk.
#[derive(Debug, Default)]
pub struct Board {
    desks: Mutex<HashMap<StreamPath, Arc<Desk>>>,
}

/// The triggers of one stream and how far its recorder has come.
#[derive(Debug, Default)]
pub struct Desk {
    inner: Mutex<Inner>,
    /// Wakes the one recorder that waits here.
    pub changed: Notify,
}

#[derive(Debug, Default)]
struct Inner {
    windows: Windows,
    recorded_until: Option<UtcMicros>,
}

impl Board {
    pub fn desk(&self, path: &StreamPath) -> Arc<Desk> {
        let mut desks = self.desks.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(desks.entry(path.clone()).or_default())
    }
}

impl Desk {
    /// See [`Windows::add`].
    pub fn add(&self, window: Window, now: UtcMillis) -> bool {
        let is_news = self.lock().windows.add(window, now);
        self.changed.notify_one();
        is_news
    }

    /// See [`Windows::end`].
    pub fn end(&self, ended: &GoingOn, until: UtcMillis) {
        self.lock().windows.end(ended, until);
        self.changed.notify_one();
    }

    /// See [`Windows::withdraw`].
    pub fn withdraw(&self, now: UtcMillis) -> usize {
        let withdrawn = self.lock().windows.withdraw(now);
        self.changed.notify_one();
        withdrawn
    }

    /// Asks something of the stretches; they are locked meanwhile.
    pub fn ask<T>(&self, question: impl FnOnce(&Windows) -> T) -> T {
        question(&self.lock().windows)
    }

    /// The picture up to which everything wanted is recorded.
    pub fn recorded_until(&self) -> Option<UtcMicros> {
        self.lock().recorded_until
    }

    pub fn recorded(&self, until: UtcMicros) {
        self.lock().recorded_until = Some(until);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
