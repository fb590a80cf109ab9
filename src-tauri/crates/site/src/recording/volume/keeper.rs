//! The keeper of a volume: makes durable what was written, tells the index, and watches the disk.
//!
//! Order of a round: data on the disk, names on the disk, index rows. A row never claims what a power cut can take.

use super::{
    VolumeDisk,
    health::{Look, VolumeHealth, hanging},
    sync::{Covered, SyncChoice, sync},
};
use crate::recording::{archive::OpenFiles, index::Index};
use futures::future::BoxFuture;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{task, time};
use tokio_util::sync::CancellationToken;
use watchwall_model::{UtcMillis, VolumeState};

/// A look at a disk that takes longer is given up; the disk hangs.
const LOOK_PATIENCE: Duration = Duration::from_secs(5);

/// Repairs what the last run left on a volume.
pub type Recovery = Box<dyn FnOnce() -> BoxFuture<'static, ()> + Send + Sync>;

/// What the keeper needs.
pub struct Keeper {
    pub disk: Arc<VolumeDisk>,
    pub index: Index,
    pub open: Arc<OpenFiles>,
    /// At most this long after a write it is durable, the sync itself included.
    pub sync_interval: Duration,
    pub refresh_interval: Duration,
    /// Tails of the last run are not repaired yet, because the volume was away at the start.
    pub recovery: Option<Recovery>,
    /// Worst time from a fragment's end to its index row in the newest round.
    pub lag: Arc<std::sync::atomic::AtomicU64>,
}

impl Keeper {
    /// Runs until cancelled, then once more for what the writers wrote last: cancel it after they have stopped.
    pub async fn run(mut self, cancel: CancellationToken) {
        let recovery = self.recovery.take();
        let mut choice = SyncChoice::default();
        // A fragment of one second that has just missed a sync waits for the next: with this pause and the sync's own
        // time what a power cut takes stays below two seconds.
        let pause = self.sync_interval.mul_f64(0.6);
        let (index_side, health_side) = (
            async {
                loop {
                    tokio::select! {
                        () = cancel.cancelled() => break,
                        () = time::sleep(pause) => {}
                    }
                    self.round(&mut choice).await;
                }
                self.round(&mut choice).await;
            },
            self.watch(&cancel, recovery),
        );
        tokio::join!(index_side, health_side);
    }

    /// Syncs and indexes what is dirty.
    pub async fn round(&self, choice: &mut SyncChoice) {
        let dirty = self.disk.take_dirty();
        if dirty.is_empty() {
            return;
        }
        let covered: Vec<Covered> = dirty
            .into_iter()
            .map(|file| {
                let snapshot = file.snapshot();
                Covered { file, snapshot }
            })
            .collect();
        let root = self.disk.volume.root.clone();
        let stats = Arc::clone(&self.disk.stats);
        let mut choice_in = std::mem::take(choice);
        let outcome = task::spawn_blocking(move || {
            let begun = Instant::now();
            let result = sync(&root, &covered, &mut choice_in);
            stats.synced(begun.elapsed());
            (result, covered, choice_in)
        })
        .await;
        let Ok((result, covered, choice_out)) = outcome else {
            tracing::error!(volume = %self.disk.volume.code, "the sync of a volume panicked");
            return;
        };
        *choice = choice_out;
        if let Err(error) = result {
            self.disk.stats.write_failed();
            tracing::error!(volume = %self.disk.volume.code, error = %error, "recordings could not be made durable");
            let fault = super::WriteFault { code: super::disk::code_of(&error), detail: error.to_string() };
            covered.iter().for_each(|c| c.file.failed(fault.clone()));
            self.disk.put_back(covered.into_iter().map(|c| c.file));
            return;
        }
        match self.index.commit(&covered).await {
            Ok(()) => {
                let now = UtcMillis::now();
                let lag = covered.iter().map(|c| now - c.snapshot.end).max().unwrap_or(0);
                self.lag.store(u64::try_from(lag).unwrap_or(0), std::sync::atomic::Ordering::Relaxed);
                for closed in covered.iter().filter(|c| c.snapshot.is_closed) {
                    self.open.remove(&closed.file);
                }
            }
            Err(problem) => {
                // The files hold everything; the rows follow when the database answers again.
                tracing::warn!(volume = %self.disk.volume.code, error = %problem, "recordings are written, their index is late");
                self.disk.put_back(covered.into_iter().map(|c| c.file));
            }
        }
        self.open.announce();
    }

    async fn watch(&self, cancel: &CancellationToken, mut recovery: Option<Recovery>) {
        loop {
            tokio::select! {
                () = cancel.cancelled() => return,
                () = time::sleep(self.refresh_interval.min(Duration::from_secs(60))) => {}
            }
            let health = examine(&self.disk).await;
            if health.state == VolumeState::ReadWrite
                && let Some(recover) = recovery.take()
            {
                // Before anything new is written there.
                recover().await;
            }
            publish(&self.disk, health);
        }
    }
}

/// Looks at the volume now and publishes its health.
pub async fn look(disk: &Arc<VolumeDisk>) {
    let health = examine(disk).await;
    publish(disk, health);
}

async fn examine(disk: &Arc<VolumeDisk>) -> VolumeHealth {
    let volume = disk.volume.clone();
    let looked = time::timeout(LOOK_PATIENCE, task::spawn_blocking(move || Look::at(&volume))).await;
    match looked {
        Ok(Ok(look)) => look.judge(&disk.volume, disk.writers.longest_call()),
        Ok(Err(_)) | Err(_) => VolumeHealth {
            state: VolumeState::Offline,
            reason: Some(hanging(&disk.volume, LOOK_PATIENCE)),
            capacity: disk.capacity(),
        },
    }
}

fn publish(disk: &VolumeDisk, health: VolumeHealth) {
    let before = disk.health();
    if before.state != health.state || before.reason.as_ref().map(|p| p.code) != health.reason.as_ref().map(|p| p.code)
    {
        match &health.reason {
            Some(problem) => {
                tracing::warn!(volume = %disk.volume.code, state = ?health.state, error = %problem, "a volume changed its state")
            }
            None => tracing::info!(volume = %disk.volume.code, state = ?health.state, "a volume is ready"),
        }
    }
    disk.health.send_replace(health);
}
