//! One connection after the other.

use super::{
    Outbox,
    backoff::{Cause, backoff},
    load::LoadMeter,
    session::{End, Session},
    socket::Dialler,
};
use crate::{EngineError, EngineOptions, task::Roster};
use rand::Rng;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use watchwall_media::pixels::h264_encoder;

/// A connection that was good for so long forgives earlier failures.
const HEALTHY_AFTER: Duration = Duration::from_secs(60);
/// Without the site for so long its tasks are others' by now.
const ORPHANED_AFTER: Duration = Duration::from_secs(60);

/// Runs a node until cancelled.
///
/// # Errors
/// Options that cannot work. A site that is not there, or does not want the node, is called again and again.
pub async fn run(options: EngineOptions, cancel: CancellationToken) -> Result<(), EngineError> {
    options.check()?;
    let options = Arc::new(options);
    let dialler = Dialler::new(Arc::clone(&options))?;
    let outbox = Arc::new(Outbox::default());
    let mut roster = Roster::new(Arc::clone(&options), Arc::clone(&outbox));
    let mut load = LoadMeter::default();
    // Drivers take their time to say whether they work.
    let can_preview = tokio::task::spawn_blocking(h264_encoder).await.is_ok_and(|encoder| encoder.is_some());
    let mut attempt: u32 = 0;
    // Told once.
    let mut refusal: Option<String> = None;
    let mut alone_since = Instant::now();
    loop {
        let begun = Instant::now();
        let end = tokio::select! {
            () = cancel.cancelled() => break,
            dialled = dialler.dial() => match dialled {
                Ok(socket) => {
                    let (roster, load) = (&mut roster, &mut load);
                    let session = Session { options: &options, outbox: &outbox, roster, load, can_preview };
                    let (end, was_registered) = session.run(socket, &cancel).await;
                    if was_registered {
                        refusal = None;
                        alone_since = Instant::now();
                    }
                    end
                }
                Err(error) => End::Lost { why: error.to_string() },
            },
        };
        if begun.elapsed() >= HEALTHY_AFTER {
            attempt = 0;
        }
        attempt = attempt.saturating_add(1);
        let cause = match &end {
            End::Cancelled => break,
            End::Lost { why } => {
                tracing::warn!(site = %options.site.authority(), attempt, why, "the site is not there; it is called again");
                Cause::Lost
            }
            End::Refused { code, why } => {
                if refusal.as_ref() != Some(why) {
                    tracing::error!(site = %options.site.authority(), code, why, "the site does not let this node in");
                    refusal = Some(why.clone());
                }
                Cause::Refused { wait: options.again_after_refusal }
            }
        };
        // A site gives up what was under way in recordings when the connection is lost.
        roster.end_archives();
        outbox.keep_alarms();
        roster.stop_previews();
        let wait = backoff(cause, attempt, rand::rng().random());
        let orphaned = ORPHANED_AFTER.saturating_sub(alone_since.elapsed());
        tokio::select! {
            () = cancel.cancelled() => break,
            () = sleep(wait) => {}
        }
        if orphaned.is_zero() && !roster.is_empty() {
            tracing::warn!(tasks = roster.tasks().len(), "the site has been away for too long; its tasks end");
            roster.stop_all().await;
        }
    }
    roster.stop_all().await;
    Ok(())
}
