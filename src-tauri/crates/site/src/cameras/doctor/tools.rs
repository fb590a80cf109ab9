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
}

/// Without a site.
const TURNS: usize = 4;

impl Tools {
    pub(in crate::cameras) fn of(shared: &Shared) -> Self {
        let examiner = &shared.onboarding.examiner;
        Self { ingest: examiner.ingest.clone(), http: examiner.http.clone(), turns: Arc::clone(&examiner.probes) }
    }

    /// For a command that runs by itself.
    pub fn alone() -> Self {
        let ingest = IngestOptions::default();
        let http = HttpPool::new(ingest.connect_timeout);
        Self { ingest, http, turns: Arc::new(Semaphore::new(TURNS)) }
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
