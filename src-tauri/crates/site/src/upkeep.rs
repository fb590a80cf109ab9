//! What the database needs while the site runs: its index read into memory once, and backups of the configuration.
//!
//! One task, started last and joined by [`Upkeep::stop`]; nobody waits for it.

use std::time::Duration;
use tokio::{sync::Mutex, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use watchwall_model::Problem;
use watchwall_store::Store;

/// The configuration is compared with its backup this often. A backup is made when it has changed and then rested for
/// one round, so that a person who adds thirty cameras causes few.
const LOOK_EVERY: Duration = Duration::from_secs(10);
const STOP: Duration = Duration::from_millis(500);

pub struct Upkeep {
    cancel: CancellationToken,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Upkeep {
    pub fn start(store: Store) -> Self {
        let cancel = CancellationToken::new();
        let task = tokio::spawn(run(store, cancel.clone()));
        Self { cancel, task: Mutex::new(Some(task)) }
    }

    /// A backup under way is given up; what it wrote so far counts for nothing.
    pub async fn stop(&self) {
        self.cancel.cancel();
        let Some(task) = self.task.lock().await.take() else { return };
        let abort = task.abort_handle();
        if tokio::time::timeout(STOP, task).await.is_err() {
            abort.abort();
        }
    }
}

async fn run(store: Store, cancel: CancellationToken) {
    let work = async {
        warm(&store).await;
        let mut backups = Backups { saved: store.backup_stamp().await, seen: None };
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            if let Err(problem) = look(&store, &mut backups).await {
                tracing::warn!(error = %problem, "the configuration could not be backed up; it is tried again");
            }
        }
    };
    tokio::select! {
        () = cancel.cancelled() => {}
        () = work => {}
    }
}

async fn warm(store: &Store) {
    let started = std::time::Instant::now();
    match store.segments().warm().await {
        Ok(()) => {
            tracing::debug!(took_ms = started.elapsed().as_millis() as u64, "the index of recordings is in memory")
        }
        Err(error) => tracing::warn!(%error, "the index of recordings could not be read ahead"),
    }
}

async fn look(store: &Store, backups: &mut Backups) -> Result<(), Problem> {
    let now = store.configuration_stamp().await?;
    if backups.is_due(&now) {
        let file = store.backup().await?;
        tracing::info!(path = %file.display(), "the configuration was backed up");
        backups.saved = Some(now);
    }
    Ok(())
}

/// When a backup is due. Stamps are equal when the configurations are.
#[derive(Debug, Default)]
struct Backups {
    /// Of the newest backup.
    saved: Option<String>,
    /// Of the last look.
    seen: Option<String>,
}

impl Backups {
    fn is_due(&mut self, now: &str) -> bool {
        let rests = self.seen.as_deref() == Some(now);
        self.seen = Some(now.to_owned());
        rests && self.saved.as_deref() != Some(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_saved_once_it_rests() {
        let mut backups = Backups { saved: Some("a".into()), seen: None };
        let check = |backups: &mut Backups, now: &str, expect: bool| {
            let is_due = backups.is_due(now);
            assert_eq!(is_due, expect, "{now}");
            if is_due {
                backups.saved = Some(now.to_owned());
            }
        };
        check(&mut backups, "a", false);
        check(&mut backups, "a", false);
        check(&mut backups, "b", false);
        check(&mut backups, "c", false);
        check(&mut backups, "c", true);
        check(&mut backups, "c", false);
        let mut first = Backups::default();
        check(&mut first, "a", false);
        check(&mut first, "a", true);
    }
}
