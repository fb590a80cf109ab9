//! Makes room: deletes what is past its retention or its stream's quota, and the oldest when the disk is too full.
//!
//! One task per volume. It never holds anything a writer waits for: rows are marked first, files unlinked in small
//! batches on a blocking thread, rows forgotten last; a crash in between is finished at the next start.

use super::{
    archive::blocking,
    index::{Doomed, Index},
    retention::{CLOCK_SET, Capacity, ClockWatch, Need, SpaceRule, age_limit, space_needed},
    shelf::Shelf,
    volume::{VolumeDisk, disk, keeper},
    volume_set::VolumeSet,
};
use std::{
    sync::{Arc, Weak},
    time::{Duration, Instant},
};
use tokio::time;
use tokio_util::sync::CancellationToken;
use watchwall_model::{Plan, Problem, UtcMillis, VolumeState};

/// Age is looked at this often.
const AGE_INTERVAL: Duration = Duration::from_secs(60);
/// A volume that is away is looked at again after this.
const AWAY_INTERVAL: Duration = Duration::from_secs(5);
/// Files per batch, and the rest between batches that leaves the disk to the writers.
pub const BATCH: u32 = 16;
pub const REST: Duration = Duration::from_millis(20);
/// This much stays free on any disk, or a twentieth of a small one.
const MIN_FREE_BYTES: u64 = 512 * 1024 * 1024;
/// Why something was not recorded is kept as long as any plan may keep recordings.
const KEEP_CAUSES_DAYS: u32 = 3_650;
/// A site that recorded nothing for this long may be one whose clock is wrong.
const LONG_SILENCE_MS: i64 = 2 * 86_400_000;
/// Empty day folders go once nothing can be written into them any more.
const FOLDER_AGE_MS: i64 = 2 * 86_400_000;

pub struct Sweeper {
    pub disk: Arc<VolumeDisk>,
    pub index: Index,
    pub clock: ClockWatch,
    /// The other volumes.
    pub set: Weak<VolumeSet>,
    /// That of the database, which needs room to go on.
    pub data_file_system: Option<u64>,
}

impl Sweeper {
    pub async fn run(mut self, cancel: CancellationToken) {
        self.doubt_start().await;
        let mut health = self.disk.watch_health();
        let mut next_age = Instant::now();
        loop {
            let mut asked = false;
            tokio::select! {
                () = cancel.cancelled() => return,
                () = self.disk.space.wanted() => asked = true,
                () = time::sleep_until(next_age.into()) => {}
                _ = health.changed() => {}
            }
            // Files of a volume that is away must keep their rows.
            if !self.is_there() {
                next_age = next_age.max(Instant::now() + AWAY_INTERVAL);
                continue;
            }
            let by_age = Instant::now() >= next_age;
            if by_age {
                next_age = Instant::now() + AGE_INTERVAL;
            }
            if let Err(problem) = self.pass(asked, by_age, &cancel).await {
                tracing::warn!(volume = %self.disk.volume.code, error = %problem, "retention could not run");
            }
        }
    }

    /// After a long silence the clock may be what is wrong, and not the age of everything that is recorded.
    async fn doubt_start(&mut self) {
        let newest = self.index.newest_end().await.ok().flatten();
        if newest.is_some_and(|newest| UtcMillis::now() - newest > LONG_SILENCE_MS) {
            tracing::warn!(volume = %self.disk.volume.code, "nothing was recorded for days, or the system clock is wrong; nothing is deleted for its age in the first hour");
            self.clock.doubt(Instant::now());
        }
    }

    async fn pass(&mut self, asked: bool, by_age: bool, cancel: &CancellationToken) -> Result<(), Problem> {
        let now = UtcMillis::now();
        if by_age {
            self.finish_marked().await?;
            if self.clock.trusts(now, Instant::now()) {
                if self.index.expire_locks(now).await? > 0 {
                    tracing::info!(
                        "the date of evidence locks has come; their recordings follow their retention again"
                    );
                }
                self.sweep_age(now, cancel).await?;
                self.sweep_quotas(now, cancel).await?;
                self.index.forget_causes(age_limit(now, KEEP_CAUSES_DAYS)).await?;
            }
        }
        self.disk.set_oldest(self.index.oldest_at(&self.disk.volume.code).await?);
        let capacity = self.capacity().await?;
        let high_watermark_percent = self.disk.settings().watermarks.high_percent;
        let rule = SpaceRule { high_watermark_percent, min_free_bytes: min_free(capacity) };
        let shortage = space_needed(capacity, rule, now);
        let is_dire = shortage.is_some_and(|need| self.is_dire(need));
        let need = match shortage {
            // A writer met a full disk, whatever the figures say: what it writes is larger than what is free, or there is a
            // quota. However young the oldest are, it needs room now.
            shortage if asked => {
                let bytes = shortage.map_or(0, |need| need.bytes).max(min_free(capacity)).max(1);
                Some(Need { bytes, before: UtcMillis(i64::MAX) })
            }
            need => need,
        };
        match need {
            Some(_) if !is_dire && self.is_given_way().await? => {
                // Its recorders go on elsewhere, at once when one of them waits for room here.
                if asked {
                    self.refuse();
                }
                Ok(())
            }
            Some(need) if !asked && self.is_relieved(need) => Ok(()),
            Some(need) => {
                let has_freed = self.sweep_space(need, cancel).await?;
                let is_besides = || self.set.upgrade().is_some_and(|set| set.is_any_besides(&self.disk.volume.code));
                match has_freed {
                    true => self.disk.note_refused(false),
                    false if asked && is_besides() => self.refuse(),
                    false => {}
                }
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// There is no room here, and none will be made: whoever waits for it goes elsewhere.
    fn refuse(&self) {
        self.disk.note_refused(true);
        self.disk.space.refuse();
    }

    /// An archive takes the oldest in time.
    fn is_relieved(&self, need: Need) -> bool {
        let is_in_time = need.before < UtcMillis(i64::MAX) && self.disk.is_recorded_on();
        is_in_time && self.set.upgrade().is_some_and(|set| set.relieves(&self.disk.volume.code, need.bytes))
    }

    /// Without room on this disk the site itself ends, whoever else writes here.
    fn is_dire(&self, need: Need) -> bool {
        let holds_data = self.data_file_system.is_some() && self.disk.health().file_system == self.data_file_system;
        holds_data && need.before == UtcMillis(i64::MAX)
    }

    /// What is recorded here goes on elsewhere: no plan wants this volume, and another has room or what is older.
    async fn is_given_way(&self) -> Result<bool, Problem> {
        // Nothing is recorded here that could go on elsewhere.
        if !self.disk.is_recorded_on() {
            return Ok(false);
        }
        let code = &self.disk.volume.code;
        let is_left = self.set.upgrade().is_some_and(|set| set.is_left(code));
        let is_named = |plan: &Plan| plan.enabled && plan.volume.as_ref() == Some(code);
        Ok(is_left && !self.index.plans().await?.iter().any(is_named))
    }

    async fn sweep_age(&self, now: UtcMillis, cancel: &CancellationToken) -> Result<(), Problem> {
        let plans = self.index.plans().await?;
        for path in self.index.recorded_paths().await? {
            let days = plans
                .iter()
                .find(|plan| plan.path == path)
                .map_or(Plan::DEFAULT_RETENTION_DAYS, |plan| plan.retention_days);
            let mut limit = BATCH;
            loop {
                let mut doomed =
                    self.index.ended_before(&self.disk.volume.code, &path, age_limit(now, days), limit).await?;
                let found = doomed.len();
                // What was recorded before the clock was set has no age; it goes when room is needed.
                doomed.retain(|segment| segment.end >= CLOCK_SET);
                doomed.truncate(BATCH as usize);
                if cancel.is_cancelled() || found == 0 {
                    break;
                }
                if doomed.is_empty() {
                    if found < limit as usize {
                        break;
                    }
                    limit = limit.saturating_mul(4);
                    continue;
                }
                if self.delete(doomed).await?.files == 0 {
                    return Ok(());
                }
                time::sleep(REST).await;
            }
        }
        Ok(())
    }

    /// Whether it made any room.
    async fn sweep_space(&self, need: Need, cancel: &CancellationToken) -> Result<bool, Problem> {
        let mut freed = 0;
        while freed < need.bytes && !cancel.is_cancelled() {
            let mut doomed = self.index.oldest_to_go(&self.disk.volume.code, need, BATCH).await?;
            let enough = enough(&doomed, need.bytes - freed);
            doomed.truncate(enough);
            if doomed.is_empty() {
                tracing::warn!(volume = %self.disk.volume.code, missing_bytes = need.bytes - freed, "nothing left to delete on a full volume");
                return Ok(freed > 0);
            }
            let gone = self.delete(doomed).await?;
            if gone.files == 0 {
                return Ok(freed > 0);
            }
            freed += gone.bytes;
            time::sleep(REST).await;
        }
        tracing::info!(volume = %self.disk.volume.code, freed_bytes = freed, "the oldest recordings made room");
        keeper::look(&self.disk).await;
        Ok(freed > 0)
    }

    fn is_there(&self) -> bool {
        self.disk.health().state == VolumeState::ReadWrite
    }

    /// Deletes what an earlier pass, or an earlier run, marked and could not delete.
    async fn finish_marked(&self) -> Result<(), Problem> {
        loop {
            let marked = self.index.marked(&self.disk.volume.code, BATCH).await?;
            if marked.is_empty() || self.unlink(marked).await?.files == 0 {
                return Ok(());
            }
            time::sleep(REST).await;
        }
    }

    /// What was locked since it was chosen stays.
    pub(super) async fn delete(&self, mut doomed: Vec<Doomed>) -> Result<Gone, Problem> {
        let ids: Vec<_> = doomed.iter().map(|segment| segment.id).collect();
        let marked = self.index.mark(&ids).await?;
        doomed.retain(|segment| marked.contains(&segment.id));
        self.unlink(doomed).await
    }

    /// Unlinks files and forgets the rows of those that are gone. A disk that refuses is asked no further: the rest
    /// stays marked for a later pass.
    async fn unlink(&self, doomed: Vec<Doomed>) -> Result<Gone, Problem> {
        let shelf = self.disk.shelf.clone();
        let now = UtcMillis::now();
        let gone = blocking(move || {
            Ok(doomed.into_iter().take_while(|segment| remove(&shelf, segment, now)).collect::<Vec<_>>())
        })
        .await?;
        let ids: Vec<_> = gone.iter().map(|segment| segment.id).collect();
        self.index.forget(&ids).await?;
        self.disk.stats.deleted(ids.len() as u64);
        if !ids.is_empty() {
            self.disk.space.ring();
        }
        Ok(Gone { files: ids.len(), bytes: gone.iter().map(|segment| segment.size_bytes).sum() })
    }

    async fn capacity(&self) -> Result<Capacity, Problem> {
        let shelf = self.disk.shelf.clone();
        blocking(move || {
            Ok(match &shelf {
                Shelf::Folder(root) => disk::capacity(root).unwrap_or_default(),
                Shelf::Bucket(bucket) => bucket.capacity(),
            })
        })
        .await
    }
}

/// What a batch came to.
#[derive(Clone, Copy, Debug)]
pub struct Gone {
    pub files: usize,
    pub bytes: u64,
}

/// False when the file is still there.
pub fn remove(shelf: &Shelf, segment: &Doomed, now: UtcMillis) -> bool {
    let is_day_over = now - segment.end > FOLDER_AGE_MS;
    match shelf.remove(&segment.file, segment.size_bytes, is_day_over) {
        Ok(()) => true,
        Err(error) => {
            tracing::warn!(file = %segment.file, error = %error, "an old recording cannot be deleted");
            false
        }
    }
}

/// How many of the oldest are needed for this many bytes.
fn enough(doomed: &[Doomed], bytes: u64) -> usize {
    let mut sum = 0;
    doomed
        .iter()
        .take_while(|segment| {
            let wanted = sum < bytes;
            sum += segment.size_bytes;
            wanted
        })
        .count()
}

fn min_free(capacity: Capacity) -> u64 {
    MIN_FREE_BYTES.min(capacity.total_bytes / 20)
}
