//! Sees to it that an alarm has its picture and its clip, and that recordings of alarms nobody has seen are kept within
//! bounds.
//!
//! A clip that was not written because of the disk is known to be unavailable as soon as it would have ended.
//!
//! One task. What the desk hands over is begun at once in jobs, so many at a time; what waits for its clip is looked for
//! in the database every second, so that a restart in between loses nothing.

use super::{
    ground::AlarmGround,
    news::AlarmNews,
    pictures::{self, Pictures},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::{
    sync::{broadcast, mpsc},
    task::JoinSet,
    time::{MissedTickBehavior, interval, timeout},
};
use tokio_util::sync::CancellationToken;
use watchwall_model::{Alarm, AlarmClip, AlarmId, AlarmPolicy, AlarmSource, ErrorCode, TimeRange, UtcMillis};
use watchwall_store::{Store, StoreError};

/// Pictures and recordings that are seen to at a time.
const MOST_JOBS: usize = 64;
const LOOK_EVERY: Duration = Duration::from_secs(1);
const BOUND_EVERY: Duration = Duration::from_secs(60);
const PRUNE_EVERY: Duration = Duration::from_secs(6 * 3_600);
/// A recorder has written what it has so long after it came.
const SETTLED_MS: i64 = 2_000;
/// The end of a clip may lack so much: a camera's last picture before it.
const SHORT_MS: i64 = 1_000;
/// What is not on disk by then does not come any more.
const PATIENCE_MS: i64 = 60_000;
/// Failures that are remembered until their clips are looked at.
const MOST_FAILED: usize = 4_096;
const AT_ONCE: u32 = 1_000;
/// A picture is worth so long.
const PICTURE_WITHIN: Duration = Duration::from_secs(10);
/// Alarms that are over are kept for so long; what was sent about them too.
const KEEP_MS: i64 = 400 * 86_400_000;

/// What the desk hands over.
pub enum Errand {
    Raised(Arc<Alarm>),
}

/// What sees to clips.
pub struct Clips {
    pub store: Store,
    pub ground: Arc<dyn AlarmGround>,
    pub pictures: Pictures,
    pub news: broadcast::Sender<AlarmNews>,
    pub policy: Arc<Mutex<Arc<AlarmPolicy>>>,
    /// Clips that could not be written, and why; forgotten with a restart.
    pub failed: Mutex<HashMap<AlarmId, ErrorCode>>,
}

impl Clips {
    fn failed(&self) -> MutexGuard<'_, HashMap<AlarmId, ErrorCode>> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fail(&self, alarm: AlarmId, why: ErrorCode) {
        let mut failed = self.failed();
        if failed.len() < MOST_FAILED {
            failed.insert(alarm, why);
        }
    }

    pub async fn run(self, mut errands: mpsc::Receiver<Errand>, cancel: CancellationToken) {
        let work = Arc::new(self);
        let mut jobs = JoinSet::new();
        let mut look = interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut bound_at, mut prune_at) = (Instant::now(), Instant::now() + BOUND_EVERY);
        loop {
            tokio::select! {
                () = cancel.cancelled() => break,
                Some(_) = jobs.join_next(), if !jobs.is_empty() => {}
                errand = errands.recv(), if jobs.len() < MOST_JOBS => match errand {
                    Some(Errand::Raised(alarm)) => begin(&work, &mut jobs, alarm),
                    None => break,
                },
                _ = look.tick() => {
                    work.told("clips of alarms could not be looked at", work.look_at_clips().await);
                    if bound_at <= Instant::now() {
                        bound_at = Instant::now() + BOUND_EVERY;
                        work.told("recordings kept for alarms could not be bounded", work.bound().await);
                    }
                    if prune_at <= Instant::now() {
                        prune_at = Instant::now() + PRUNE_EVERY;
                        work.told("old alarms could not be removed", work.prune().await);
                    }
                }
            }
        }
        jobs.shutdown().await;
    }

    fn told(&self, what: &str, result: Result<(), StoreError>) {
        if let Err(error) = result {
            tracing::error!(%error, "{what}");
        }
    }

    fn policy(&self) -> Arc<AlarmPolicy> {
        Arc::clone(&self.policy.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn tell(&self, alarm: Alarm) {
        // Without a listener there is nobody to tell.
        let _ = self.news.send(AlarmNews::Changed(Arc::new(alarm)));
    }

    async fn look_at_clips(&self) -> Result<(), StoreError> {
        let pending = self.store.alarms().pending_clips(AT_ONCE).await?;
        let now = UtcMillis::now();
        for alarm in pending {
            let AlarmClip::Pending { path, range } = &alarm.clip else { continue };
            let since_end_ms = now - range.end;
            if since_end_ms < SETTLED_MS {
                // The others end later.
                return Ok(());
            }
            let found = self.ground.on_disk(path, *range).await;
            let found = found.map_err(|problem| problem.code);
            let failed = self.failed().get(&alarm.id).copied();
            let refusal = match (&found, failed) {
                (Ok(None), None) => self.ground.refusal(path).await,
                (_, failed) => failed,
            };
            let Some(clip) = verdict(&found, *range, since_end_ms, refusal) else { continue };
            self.failed().remove(&alarm.id);
            let clip = match clip {
                Ok(()) => AlarmClip::Ready { path: path.clone(), range: *range, file: None },
                Err(reason) => AlarmClip::Unavailable { reason, path: Some(path.clone()), range: Some(*range) },
            };
            if let Some(alarm) = self.store.alarms().set_clip(alarm.id, &clip, UtcMillis::now()).await? {
                self.tell(alarm);
            }
        }
        Ok(())
    }

    /// The newest alarms' recordings are kept, up to the limit.
    async fn bound(&self) -> Result<(), StoreError> {
        let most = u64::from(self.policy().protect_gb) * 1_000_000_000;
        let mut kept = 0_u64;
        for lock in self.store.alarms().locks(100_000).await? {
            kept = kept.saturating_add(lock.size_bytes);
            if kept > most {
                self.store.alarms().unlock(lock.alarm, UtcMillis::now()).await?;
            }
        }
        Ok(())
    }

    async fn prune(&self) -> Result<(), StoreError> {
        let before = UtcMillis::now().saturating_add_ms(-KEEP_MS);
        while self.store.alarms().prune(before).await? > 0 {}
        while self.store.push().prune_log(before).await? > 0 {}
        self.pictures.prune(before).await;
        Ok(())
    }

    async fn picture(&self, alarm: &Alarm) {
        let jpeg = match pictures::kept(alarm) {
            Some(_) => None,
            None => {
                let Some((path, _)) = alarm.clip.place() else { return };
                match timeout(PICTURE_WITHIN, self.ground.picture(path, alarm.first_at)).await {
                    Ok(Ok(jpeg)) => Some(jpeg),
                    Ok(Err(problem)) => {
                        tracing::debug!(alarm = %alarm.id, %problem, "an alarm has no picture");
                        return;
                    }
                    Err(_) => return,
                }
            }
        };
        match self.pictures.keep(alarm, jpeg).await {
            Ok(file) => match self.store.alarms().set_snapshot(alarm.id, &file, UtcMillis::now()).await {
                Ok(Some(alarm)) => self.tell(alarm),
                Ok(None) => {}
                Err(error) => tracing::error!(%error, alarm = %alarm.id, "the picture of an alarm could not be noted"),
            },
            Err(error) => tracing::warn!(%error, alarm = %alarm.id, "the picture of an alarm could not be kept"),
        }
    }
}

fn begin(work: &Arc<Clips>, jobs: &mut JoinSet<()>, alarm: Arc<Alarm>) {
    if alarm.source == AlarmSource::Health {
        // It is away: asking it for pictures would only cost it a login more. What was recorded before is its clip.
        return;
    }
    if let AlarmClip::Pending { path, range } = alarm.clip.clone() {
        let (work, id) = (Arc::clone(work), alarm.id);
        jobs.spawn(async move {
            if let Err(problem) = work.ground.secure(&path, range).await {
                tracing::warn!(alarm = %id, %path, %problem, "the clip of an alarm could not be secured");
                work.fail(id, problem.code);
            }
        });
    }
    let work = Arc::clone(work);
    jobs.spawn(async move { work.picture(&alarm).await });
}

/// `None` while it may still come; otherwise that it is ready, or why it is not to be had. `refusal`: why nothing of it was
/// written, where that is known.
fn verdict(
    found: &Result<Option<TimeRange>, ErrorCode>,
    wanted: TimeRange,
    since_end_ms: i64,
    refusal: Option<ErrorCode>,
) -> Option<Result<(), ErrorCode>> {
    let is_late = since_end_ms >= PATIENCE_MS;
    match found {
        Ok(Some(got)) if got.end.0 >= wanted.end.0 - SHORT_MS || is_late => Some(Ok(())),
        Ok(Some(_)) => None,
        Ok(None) => refusal.or(is_late.then_some(ErrorCode::NoRecording)).map(Err),
        Err(code) => is_late.then_some(Err(*code)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clip_is_ready_when_its_end_is_on_disk_or_nothing_more_comes() {
        let range = |from: i64, to: i64| TimeRange::new(UtcMillis(from), UtcMillis(to));
        let wanted = range(0, 30_000).unwrap();
        let check = |found: Result<Option<TimeRange>, ErrorCode>, since: i64, expect: Option<Result<(), ErrorCode>>| {
            assert_eq!(verdict(&found, wanted, since, None), expect, "{found:?} {since}");
        };
        check(Ok(range(0, 30_000)), 2_000, Some(Ok(())));
        check(Ok(range(5_000, 29_100)), 2_000, Some(Ok(())));
        check(Ok(range(0, 20_000)), 2_000, None);
        check(Ok(range(0, 20_000)), 60_000, Some(Ok(())));
        check(Ok(None), 59_999, None);
        check(Ok(None), 60_000, Some(Err(ErrorCode::NoRecording)));
        check(Err(ErrorCode::VolumeNotFound), 2_000, None);
        check(Err(ErrorCode::VolumeNotFound), 60_000, Some(Err(ErrorCode::VolumeNotFound)));
        // Of what is known not to have been written nothing comes; what was written of it counts.
        let full = Some(ErrorCode::DiskFull);
        assert_eq!(verdict(&Ok(None), wanted, 2_000, full), Some(Err(ErrorCode::DiskFull)));
        assert_eq!(verdict(&Ok(range(0, 20_000)), wanted, 2_000, full), None);
        assert_eq!(verdict(&Ok(range(0, 20_000)), wanted, 60_000, full), Some(Ok(())));
    }
}
