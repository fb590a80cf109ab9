//! The task that moves recordings, one after the other.

use super::{
    choice::{self, ArchiveCandidate, Occasion},
    mover::{self, Copied, Copy},
    state::Tiering,
};
use crate::recording::{
    archive::{OpenFiles, blocking},
    index::{Doomed, Index},
    sweeper,
    volume::{VolumeDisk, keeper},
    volume_set::VolumeSet,
};
use std::{
    collections::HashSet,
    path::Path,
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::time;
use tokio_util::sync::CancellationToken;
use watchwall_model::{ErrorCode, Problem, Segment, UtcMillis, VolumeCode, VolumeState};

/// Ages are looked at this often.
const INTERVAL: Duration = Duration::from_secs(30);
/// Rows read at a time.
const BATCH: u32 = 16;
/// A copy takes no longer than its bytes at this pace, and a minute more, or a disk hangs.
const SLOWEST_BYTES_PER_SECOND: u64 = 512 * 1024;
const GRACE: Duration = Duration::from_secs(60);

/// See the module above.
pub struct Archivist {
    pub index: Index,
    pub open: Arc<OpenFiles>,
    pub set: Weak<VolumeSet>,
    pub tiering: Arc<Tiering>,
    pub bytes_per_second: u64,
}

/// A recording that is to move, and where.
struct Move<'a> {
    segment: &'a Segment,
    from: &'a Arc<VolumeDisk>,
    to: &'a Arc<VolumeDisk>,
}

impl Archivist {
    /// Until cancelled; what is being copied then is removed again.
    pub async fn run(self, cancel: CancellationToken) {
        let mut cleared = HashSet::new();
        let mut next = Instant::now();
        loop {
            tokio::select! {
                () = cancel.cancelled() => return,
                () = self.tiering.woken() => {}
                () = time::sleep_until(next.into()) => next = Instant::now() + INTERVAL,
            }
            if self.tiering.rests() {
                continue;
            }
            let Some(set) = self.set.upgrade() else { return };
            clear(&set, &mut cleared).await;
            if let Err(problem) = self.pass(&set, &cancel).await {
                tracing::warn!(error = %problem, "recordings could not be moved to the archive; they stay where they are");
                self.tiering.rest();
            }
        }
    }

    async fn pass(&self, set: &Arc<VolumeSet>, cancel: &CancellationToken) -> Result<(), Problem> {
        let may_leave =
            |disk: &&Arc<VolumeDisk>| disk.is_recorded_on() && disk.health().state == VolumeState::ReadWrite;
        // A copy stays beside what it is the copy of, wherever that goes.
        for disk in set.disks().iter().filter(may_leave) {
            self.sweep(set, disk, (Occasion::Age, u64::MAX), cancel).await?;
            let wanted = self.tiering.take_wanted(&disk.volume.code);
            self.sweep(set, disk, (Occasion::Room, wanted), cancel).await?;
        }
        Ok(())
    }

    /// Moves so many bytes of a volume, oldest first.
    async fn sweep(
        &self,
        set: &Arc<VolumeSet>,
        from: &Arc<VolumeDisk>,
        (occasion, bytes): (Occasion, u64),
        cancel: &CancellationToken,
    ) -> Result<(), Problem> {
        let (mut moved_bytes, mut moved_files) = (0_u64, 0_u32);
        let mut after = None;
        'all: while moved_bytes < bytes {
            let now = UtcMillis::now();
            let Some(before) = choice::before(&candidates(&set.archives()), occasion, now) else { break };
            let batch = self.index.finished_before(&from.volume.code, before, after, BATCH).await?;
            if batch.is_empty() {
                break;
            }
            for segment in &batch {
                after = Some((segment.start, segment.id));
                if cancel.is_cancelled() || moved_bytes >= bytes {
                    break 'all;
                }
                if self.open.holds(&from.volume.code, &segment.file) {
                    continue;
                }
                let archives = set.archives();
                let size_and_end = (segment.size_bytes, segment.end);
                let Some(n) = choice::choose(&candidates(&archives), occasion, size_and_end, now) else { continue };
                let to = &archives[n];
                if self.move_one(Move { segment, from, to }, cancel).await? {
                    moved_bytes += segment.size_bytes;
                    moved_files += 1;
                }
            }
        }
        if moved_files > 0 {
            tracing::info!(volume = %from.volume.code, files = moved_files, bytes = moved_bytes, "recordings moved to the archive");
        }
        Ok(())
    }

    /// Whether it moved.
    async fn move_one(&self, it: Move<'_>, cancel: &CancellationToken) -> Result<bool, Problem> {
        let Move { segment, from, to } = it;
        if let Some(there) = self.index.by_file(&to.volume.code, &segment.file).await? {
            let is_same = (there.start, there.size_bytes) == (segment.start, segment.size_bytes);
            if is_same {
                // An interrupted move that the nightly comparison finished.
                return self.let_go(segment, from).await;
            }
            tracing::warn!(file = %segment.file, archive = %to.volume.code, "another recording of this name lies in the archive; this one stays where it is");
            return Ok(false);
        }
        match self.copy(&it, cancel).await? {
            Copied::Whole => {}
            Copied::Occupied => {
                tracing::warn!(file = %segment.file, archive = %to.volume.code, "another file of this name lies in the archive; the recording stays where it is");
                return Ok(false);
            }
            // The nightly comparison says so of a file that is gone.
            Copied::Gone | Copied::Stopped => return Ok(false),
        }
        // `to` when it was deleted while it was copied.
        let is_moved = self.index.relocate(segment.id, &from.volume.code, &to.volume.code).await?;
        self.remove(segment, if is_moved { from } else { to }).await?;
        from.space.ring();
        keeper::look(from).await;
        keeper::look(to).await;
        Ok(true)
    }

    async fn copy(&self, it: &Move<'_>, cancel: &CancellationToken) -> Result<Copied, Problem> {
        let copy = Copy {
            segment: it.segment.clone(),
            from: it.from.shelf.clone(),
            to: it.to.shelf.clone(),
            bytes_per_second: self.bytes_per_second,
        };
        let pace = self.bytes_per_second.clamp(1, SLOWEST_BYTES_PER_SECOND);
        let within = GRACE + Duration::from_secs(copy.segment.size_bytes / pace);
        let stop = Arc::new(AtomicBool::new(false));
        let copying = {
            let stop = Arc::clone(&stop);
            blocking(move || copy.run(&stop))
        };
        let ended = cancel.run_until_cancelled(time::timeout(within, copying)).await;
        // Nobody waits for it any more, if it did not end by itself.
        stop.store(true, Ordering::Relaxed);
        match ended {
            None => Ok(Copied::Stopped),
            Some(Ok(copied)) => copied,
            Some(Err(_)) => {
                Err(Problem::new(ErrorCode::DiskSlow).with("file", &it.segment.file).at("archive_recording"))
            }
        }
    }

    /// Deletes a recording that another volume holds as well.
    async fn let_go(&self, segment: &Segment, from: &Arc<VolumeDisk>) -> Result<bool, Problem> {
        if self.index.mark(&[segment.id]).await?.is_empty() {
            return Ok(false);
        }
        self.remove(segment, from).await?;
        self.index.forget(&[segment.id]).await?;
        Ok(true)
    }

    async fn remove(&self, segment: &Segment, disk: &Arc<VolumeDisk>) -> Result<(), Problem> {
        let (shelf, doomed) = (disk.shelf.clone(), Doomed::from(segment.clone()));
        blocking(move || {
            // What cannot be removed is found by the nightly comparison.
            sweeper::remove(&shelf, &doomed, UtcMillis::now());
            Ok(())
        })
        .await
    }
}

/// Removes, once, what an earlier run left half done on each archive.
async fn clear(set: &VolumeSet, cleared: &mut HashSet<VolumeCode>) {
    for disk in set.archives().into_iter().filter(|disk| disk.refusal().is_none()) {
        if cleared.insert(disk.volume.code.clone()) {
            let Some(root) = disk.shelf.folder().map(Path::to_owned) else { continue };
            let clearing = tokio::task::spawn_blocking(move || mover::clear(&root));
            // A disk that hangs is not waited for.
            let _ = time::timeout(GRACE, clearing).await;
        }
    }
}

pub fn candidates(archives: &[Arc<VolumeDisk>]) -> Vec<ArchiveCandidate> {
    archives.iter().map(|disk| disk.archive_candidate()).collect()
}
