//! Keeps over a restart what devices refused, so that a changed password costs its two attempts once and not once a run.
//!
//! Only logins that the site has stored anyway are kept: what somebody mistyped in a form is nobody's business later.

use super::handle::Shared;
use std::{sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;
use watchwall_model::{Credentials, LockoutLatch, RefusedLogin};
use watchwall_store::{Store, StoreError};

/// Losing power loses as much.
const INTERVAL: Duration = Duration::from_secs(1);

/// Tells the latch what earlier runs were refused; to be called before anything asks a device.
pub async fn recall_refused(store: &Store, latch: &LockoutLatch) {
    match store.refused_logins().get().await {
        Ok(refused) => latch.remember(refused),
        Err(error) => tracing::warn!(%error, "refused logins are not known; each may be tried again"),
    }
}

/// Writes refusals down as they come, until cancelled.
pub(super) async fn keep(shared: Arc<Shared>, cancel: CancellationToken) {
    let latch = shared.ingest_options.lockout.clone();
    let mut written = latch.revision();
    loop {
        let is_over = tokio::select! {
            () = cancel.cancelled() => true,
            () = tokio::time::sleep(INTERVAL) => false,
        };
        let revision = latch.revision();
        if revision != written {
            match write(&shared.store, latch.refused()).await {
                Ok(()) => written = revision,
                Err(error) => tracing::warn!(%error, "refused logins were not written down"),
            }
        }
        if is_over {
            return;
        }
    }
}

async fn write(store: &Store, refused: Vec<RefusedLogin>) -> Result<(), StoreError> {
    let devices = store.devices().all().await?.into_iter().filter_map(|device| device.credentials);
    let cameras = store.cameras().all().await?.into_iter().filter_map(|camera| camera.credentials);
    let sets = store.credential_sets().all().await?.into_iter().map(|set| set.credentials);
    let stored: Vec<Credentials> = devices.chain(cameras).chain(sets).collect();
    let kept: Vec<_> = refused.into_iter().filter(|refused| stored.contains(&refused.credentials)).collect();
    store.refused_logins().put(&kept).await
}
