//! The session keeper: once a minute, sessions with open sockets are noted as used and expired ones go.

use super::Access;
use std::{sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;
use watchwall_model::UtcMillis;

const EVERY: Duration = Duration::from_secs(60);

pub async fn run(access: Arc<Access>, cancel: CancellationToken) {
    loop {
        tokio::select! {
            () = cancel.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        if let Err(problem) = access.sessions.sweep(UtcMillis::now()).await {
            tracing::warn!("sessions could not be swept: {problem}");
        }
    }
}
