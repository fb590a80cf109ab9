//! What an examination works with.

use crate::cameras::handle::Shared;
use std::sync::Arc;
use tokio::sync::Semaphore;
use watchwall_media::ingest::IngestOptions;
use watchwall_model::DeviceKey;
use watchwall_onvif::{ClientOptions, HttpPool};

/// Shared with the rest of a site, so that a device meets one memory of refused passwords.
#[derive(Clone)]
pub struct Tools {
    pub ingest: IngestOptions,
    pub http: HttpPool,
    /// Streams received at once on this machine.
    pub turns: Arc<Semaphore>,
    /// Streams of an examination decoded at once: another one beside it would make this machine look slower than it is.
    pub decoding: Arc<Semaphore>,
}

/// Without a site: four channels, two streams each.
const TURNS: usize = 8;

impl Tools {
    pub(in crate::cameras) fn of(shared: &Shared) -> Self {
        let examiner = &shared.onboarding.examiner;
        Self {
            ingest: examiner.ingest.clone(),
            http: examiner.http.clone(),
            turns: Arc::clone(&examiner.probes),
            decoding: Arc::new(Semaphore::new(1)),
        }
    }

    /// For a command that runs by itself.
    pub fn alone() -> Self {
        let ingest = IngestOptions::default();
        let http = HttpPool::new(ingest.connect_timeout);
        Self { ingest, http, turns: Arc::new(Semaphore::new(TURNS)), decoding: Arc::new(Semaphore::new(1)) }
    }

    pub fn client_options(&self, key: DeviceKey) -> ClientOptions {
        ClientOptions {
            connect_timeout: self.ingest.connect_timeout,
            latch: self.ingest.lockout.clone(),
            device_key: Some(key),
            http: self.http.clone(),
            ..ClientOptions::default()
        }
    }
}
