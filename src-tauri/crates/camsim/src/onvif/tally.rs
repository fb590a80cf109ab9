//! What a device has seen: tests of its clients read it.

use crate::login::LoginAttempts;
use serde::Serialize;
use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
    },
};

#[derive(Debug, Default)]
pub(super) struct DeviceTally {
    pub connections: AtomicU64,
    pub challenges: AtomicU64,
    pub probes: AtomicU64,
    pub pictures: AtomicU64,
    now: AtomicU32,
    most: AtomicU32,
    operations: Mutex<BTreeMap<String, u64>>,
}

/// A moment's reading of one device.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DeviceCounters {
    pub connections: u64,
    /// Requests refused because they carried no login, or a stale one.
    pub challenges: u64,
    /// Requests that carried a wrong login, by door; those of RTSP are the sum of all its cameras.
    pub password_attempts: LoginAttempts,
    /// The sum of the doors.
    pub password_attempts_total: u64,
    pub is_locked: bool,
    /// Most requests under way at the same time, waiting pulls aside.
    pub most_at_once: u32,
    /// Discovery answers sent.
    pub probes: u64,
    pub pictures: u64,
    pub subscriptions: usize,
    /// SOAP requests by operation, refused ones included.
    pub operations: BTreeMap<String, u64>,
}

/// Counts a request as under way until it is dropped.
pub(super) struct UnderWay<'t>(&'t DeviceTally);

impl DeviceTally {
    pub fn operation(&self, name: &str) {
        let mut operations = self.operations.lock().unwrap_or_else(PoisonError::into_inner);
        *operations.entry(name.to_owned()).or_default() += 1;
    }

    /// The second answer is how many others there were.
    pub fn begin(&self) -> (UnderWay<'_>, u32) {
        let before = self.now.fetch_add(1, Relaxed);
        self.most.fetch_max(before + 1, Relaxed);
        (UnderWay(self), before)
    }

    pub fn read(&self) -> DeviceCounters {
        DeviceCounters {
            connections: self.connections.load(Relaxed),
            challenges: self.challenges.load(Relaxed),
            most_at_once: self.most.load(Relaxed),
            probes: self.probes.load(Relaxed),
            pictures: self.pictures.load(Relaxed),
            operations: self.operations.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            ..DeviceCounters::default()
        }
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.now.fetch_sub(1, Relaxed);
    }
}
