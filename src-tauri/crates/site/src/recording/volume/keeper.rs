//! The keeper of a volume: makes durable what was written, tells the index, and watches the disk.
//!
//! Order of a round: data on the disk, names on the disk, index rows. A row never claims what a power cut can take; one
//! that only grows is written every second round.

use super::{
    SegmentFile, VolumeDisk,
    health::{HANGS_AFTER, Look, VolumeHealth, hanging},
    late::Late,
    sync::{Covered, SyncChoice, sync},
};
use crate::recording::{archive::OpenFiles, index::Index};
use futures::future::BoxFuture;
use std::{
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{task, time};
use tokio_util::sync::CancellationToken;
use watchwall_model::{ErrorCode, GapReason, UtcMillis, VolumeState};

/// A look at a disk that takes longer is given up; the disk hangs.
const LOOK_PATIENCE: Duration = Duration::from_secs(5);

/// Between two syncs of a disk that is slower than the beat.
const REST: Duration = Duration::from_millis(100);
/// Whether the writers hang is looked at this often, and whether a disk that hung answers again.
const PULSE: Duration = Duration::from_secs(1);

/// Repairs what the last run, or a disk that failed, left on a volume; files being written are left alone.
/// Told why what cannot be saved is missing.
pub type Recovery = Box<dyn Fn(GapReason) -> BoxFuture<'static, ()> + Send + Sync>;

/// What the keeper needs.
pub struct Keeper {
    pub disk: Arc<VolumeDisk>,
    pub index: Index,
    pub open: Arc<OpenFiles>,
    /// At most this long after a write it is durable, the sync itself included.
    pub sync_interval: Duration,
    pub refresh_interval: Duration,
    pub recovery: Recovery,
    /// There is something to repair: the volume was away at the start, or files had to be abandoned to a bad disk.
    pub needs_recovery: Mutex<Option<GapReason>>,
    /// Worst time from a fragment's end to its index row since the rows of all files were written last.
    pub lag: Arc<AtomicU64>,
}

impl Keeper {
    /// Runs until cancelled, then once more for what the writers wrote last: cancel it after they have stopped.
    pub async fn run(self, cancel: CancellationToken) {
        let mut choice = SyncChoice::default();
        // With the beat below every second one: what is recorded is in the index within two seconds.
        let mut late = Late::new(self.sync_interval, Instant::now());
        // A fragment of one second that has just missed a sync waits for the next: with this beat and the sync's own
        // time what a power cut takes stays below two seconds.
        let beat = self.sync_interval.mul_f64(0.6);
        let mut next = Instant::now() + beat;
        let (index_side, health_side) = (
            async {
                loop {
                    tokio::select! {
                        () = cancel.cancelled() => break,
                        () = time::sleep_until(next.into()) => {}
                    }
                    let begun = Instant::now();
                    self.round(&mut choice, &mut late).await;
                    // A slow disk gets a rest, and no longer one than a fast disk.
                    next = (begun + beat).max(Instant::now() + REST);
                }
                self.round(&mut choice, &mut late).await;
                let rest = late.take_all(Instant::now());
                self.tell_index(rest, &mut late).await;
            },
            self.watch(&cancel),
        );
        tokio::join!(index_side, health_side);
    }

    /// Syncs what is dirty and indexes what is due.
    async fn round(&self, choice: &mut SyncChoice, late: &mut Late) {
        let dirty = self.disk.take_dirty();
        if dirty.is_empty() && !late.is_due(Instant::now()) {
            return;
        }
        let (mut given_up, sound): (Vec<_>, Vec<_>) = dirty.into_iter().partition(|file| file.is_abandoned());
        let (durable, failed) = self.sync(sound, choice).await;
        given_up.extend(failed);
        late.add(durable);
        let due = late.take_due(Instant::now());
        self.tell_index(due, late).await;
        // A repair goes by the row: nothing may be added to it any more.
        for file in &given_up {
            late.forget(file);
            self.leave_to_repair(file);
        }
        self.open.announce();
    }

    /// What is durable now of these files, and the files of which that cannot be said.
    async fn sync(
        &self,
        files: Vec<Arc<SegmentFile>>,
        choice: &mut SyncChoice,
    ) -> (Vec<Covered>, Vec<Arc<SegmentFile>>) {
        if files.is_empty() {
            return Default::default();
        }
        let all = files.clone();
        let covered: Vec<Covered> = files
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
            let failed = sync(&root, &covered, &mut choice_in);
            stats.synced(begun.elapsed());
            (failed, covered, choice_in)
        })
        .await;
        let (failures, covered, choice_out) = match outcome {
            Ok(outcome) => outcome,
            Err(panicked) => {
                let error = io::Error::other(panicked);
                all.iter().for_each(|file| self.abandon(file, &error));
                return (Vec::new(), all);
            }
        };
        *choice = choice_out;
        let (mut durable, mut failed) = (Vec::with_capacity(covered.len()), Vec::new());
        for (covered, failure) in covered.into_iter().zip(failures) {
            match failure {
                None => {
                    covered.file.synced(covered.snapshot.total);
                    durable.push(covered);
                }
                Some(error) => {
                    self.abandon(&covered.file, &error);
                    failed.push(covered.file);
                }
            }
        }
        if !durable.is_empty() {
            self.disk.standing().suspicion.proved(Instant::now());
        }
        (durable, failed)
    }

    /// What the database refuses stays late.
    async fn tell_index(&self, covered: Vec<Covered>, late: &mut Late) {
        if covered.is_empty() {
            return;
        }
        match self.index.commit(&covered).await {
            Ok(()) => {
                let now = UtcMillis::now();
                let lag = covered.iter().map(|c| now - c.snapshot.end).max().unwrap_or(0);
                let lag = u64::try_from(lag).unwrap_or(0);
                if late.is_empty() {
                    self.lag.store(lag, Ordering::Relaxed);
                } else {
                    self.lag.fetch_max(lag, Ordering::Relaxed);
                }
                for closed in covered.iter().filter(|c| c.snapshot.is_closed) {
                    self.open.remove(&closed.file);
                }
            }
            Err(problem) => {
                // The files hold everything; the rows follow when the database answers again.
                tracing::warn!(volume = %self.disk.volume.code, error = %problem, "recordings are written, their index is late");
                late.add(covered);
            }
        }
    }

    /// A failed sync is told once, and the next may succeed without what was lost: the file is not asked again.
    fn abandon(&self, file: &Arc<SegmentFile>, error: &io::Error) {
        self.disk.stats.write_failed();
        let code = super::disk::code_of(error);
        self.disk.note_failure(code);
        tracing::error!(volume = %self.disk.volume.code, file = %file.name(), error = %error, "a recording could not be made durable");
        file.abandoned(super::WriteFault { code, detail: error.to_string() });
    }

    /// An abandoned file that nobody writes to any more is what the next repair is for.
    fn leave_to_repair(&self, file: &Arc<SegmentFile>) {
        // First, so that its end, if it comes from now on, brings the file here once more.
        file.passed_over();
        if file.is_closed() {
            self.open.remove(file);
            self.needs_recovery().get_or_insert(GapReason::Disk);
        }
    }

    fn needs_recovery(&self) -> MutexGuard<'_, Option<GapReason>> {
        self.needs_recovery.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn watch(&self, cancel: &CancellationToken) {
        let mut next = Instant::now() + self.refresh_interval;
        loop {
            tokio::select! {
                () = cancel.cancelled() => return,
                () = time::sleep(PULSE.min(self.refresh_interval)) => {}
            }
            let hung = self.disk.writers.longest_call();
            let before = self.disk.health();
            if hung > HANGS_AFTER && before.state == VolumeState::ReadWrite {
                self.disk.publish(unanswering(&self.disk, hung));
                continue;
            }
            let was_hanging = before.reason.is_some_and(|problem| problem.code == ErrorCode::DiskSlow);
            let is_due = Instant::now() >= next || was_hanging;
            if !is_due && self.needs_recovery().is_none() {
                continue;
            }
            next = Instant::now() + self.refresh_interval;
            count_bucket(&self.disk, &self.index).await;
            let health = examine(&self.disk).await;
            if health.state == VolumeState::ReadWrite {
                let reason = self.needs_recovery().take();
                if let Some(reason) = reason {
                    (self.recovery)(reason).await;
                }
            }
            self.disk.publish(health);
        }
    }
}

/// How much of an object store is used, only the index knows.
pub async fn count_bucket(disk: &VolumeDisk, index: &Index) {
    let Some(bucket) = disk.bucket() else { return };
    match index.totals(&disk.volume.code, UtcMillis::now()).await {
        Ok(totals) => bucket.set_used(totals.bytes),
        Err(problem) => {
            tracing::warn!(volume = %disk.volume.code, error = %problem, "what lies in an object store could not be counted")
        }
    }
}

/// Looks at the volume now and publishes its health.
pub async fn look(disk: &Arc<VolumeDisk>) {
    let health = examine(disk).await;
    disk.publish(health);
}

async fn examine(disk: &Arc<VolumeDisk>) -> VolumeHealth {
    let (volume, shelf, turn) = (disk.volume.clone(), disk.shelf.clone(), Arc::clone(&disk.look_turn));
    let was_ready = disk.health().state == VolumeState::ReadWrite;
    let look = async move {
        // Held until the disk has answered, however long that takes.
        let turn = turn.lock_owned().await;
        let looking = move || {
            let look = Look::at(&volume, &shelf, was_ready);
            drop(turn);
            look
        };
        task::spawn_blocking(looking).await
    };
    match time::timeout(LOOK_PATIENCE, look).await {
        Ok(Ok(look)) => look.judge(&disk.volume, disk.writers.longest_call()),
        Ok(Err(_)) | Err(_) => unanswering(disk, LOOK_PATIENCE),
    }
}

fn unanswering(disk: &VolumeDisk, for_long: Duration) -> VolumeHealth {
    let reason = Some(hanging(&disk.volume, for_long));
    VolumeHealth {
        state: VolumeState::Offline,
        reason,
        capacity: disk.capacity(),
        file_system: disk.health().file_system,
    }
}
