//! The handle through which everybody else uses recording.

use super::{
    archive::{Archive, OpenFiles},
    causes::CauseLog,
    clip::Clip,
    container,
    index::Index,
    picture::{self, Picture, Thumbnails},
    playback::{PlaybackOptions, PlaybackSession, Ring, Source},
    reconcile::Reconciler,
    recovery::{self, Depth, Recovered},
    stats::RecordingStats,
    streams::StreamSource,
    sweeper::Sweeper,
    timeline::{self, Frame, Track},
    volume::{QUEUE_BYTES, VolumeDisk, VolumeHealth, keeper},
    volumes,
};
use bytes::Bytes;
use jiff::tz::TimeZone;
use std::{
    collections::HashSet,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{sync::watch, task::JoinHandle, time};
use tokio_util::sync::CancellationToken;
use watchwall_model::{
    ErrorCode, Plan, PlanRunning, Problem, StreamPath, TimeRange, UtcMillis, Volume, VolumeCode,
    config::RecordingConfig,
};
use watchwall_store::Store;

/// Shares of the time a stop may take.
const STOP_WRITERS: Duration = Duration::from_millis(1_200);
const STOP_TASK: Duration = Duration::from_millis(1_500);
/// A system clock before this was never set.
const CLOCK_SET: UtcMillis = UtcMillis(1_600_000_000_000);

/// A plan as stored, and what it is really doing.
#[derive(Clone, Debug)]
pub struct PlanView {
    pub plan: Plan,
    pub running: PlanRunning,
}

/// A volume as stored, and how it stands.
#[derive(Clone, Debug)]
pub struct VolumeView {
    pub volume: Volume,
    pub health: VolumeHealth,
    /// Bytes of recordings of this site on it.
    pub recorded_bytes: u64,
    pub oldest_at: Option<UtcMillis>,
    /// Days until full at the rate of the last 24 hours; `None` while unknown.
    pub full_in_days: Option<f64>,
}

/// Recording and playback of the whole site. Cheap to clone; [`Recording::stop`] ends it.
#[derive(Clone)]
pub struct Recording {
    inner: Arc<Inner>,
}

struct Inner {
    index: Index,
    archive: Archive,
    reconciler: Arc<Reconciler>,
    source: Arc<dyn StreamSource>,
    thumbnails: Thumbnails,
    zone: TimeZone,
    disks: Vec<Arc<VolumeDisk>>,
    lag_ms: Vec<Arc<AtomicU64>>,
    sessions: Arc<AtomicUsize>,
    recovered: Recovered,
    tasks: Mutex<Option<Tasks>>,
}

/// What a stop has to end, in this order.
struct Tasks {
    reconcile: (CancellationToken, JoinHandle<()>),
    sweepers: (CancellationToken, Vec<JoinHandle<()>>),
    keepers: (CancellationToken, Vec<JoinHandle<()>>),
}

impl Recording {
    /// Opens the volumes, repairs what a crash left, and starts the recorders that plans want.
    ///
    /// A volume that is missing, foreign or read-only does not keep the site from starting: its state says so.
    ///
    /// # Errors
    /// When the database cannot be read, or the first volume's folder cannot be made.
    pub async fn start(
        store: Store,
        config: &RecordingConfig,
        data_folder: &Path,
        source: Arc<dyn StreamSource>,
    ) -> Result<Self, Problem> {
        let zone = volumes::zone(config.time_zone.as_deref())?;
        if UtcMillis::now() < CLOCK_SET {
            tracing::error!("the system clock is not set; recordings get wrong names and times until it is");
        }
        let index = Index::new(store);
        let open = Arc::new(OpenFiles::default());
        let all = volumes::load(&index, config, data_folder).await?;
        let roots = all.iter().map(|volume| (volume.code.clone(), volume.root.clone())).collect();
        let archive = Archive::new(index.clone(), Arc::clone(&open), roots);
        let mut disks = Vec::new();
        let (mut recovered, mut away) = (Recovered::default(), Vec::new());
        for volume in all {
            let disk = VolumeDisk::open(volume, QUEUE_BYTES, container::closing)
                .map_err(|e| Problem::new(ErrorCode::Internal).at("start_volume").because(e))?;
            let disk = Arc::new(disk);
            keeper::look(&disk).await;
            let is_there = disk.refusal().is_none();
            if is_there {
                recovered.add(recover(&index, &disk.volume, &zone).await?);
            }
            away.push(!is_there);
            disks.push(disk);
        }
        let (causes, cause_task) = CauseLog::start(index.clone());
        let reconciler =
            Arc::new(Reconciler::new(index.clone(), open, causes, Arc::clone(&source), zone.clone(), disks.clone()));
        reconciler.lost_ms.fetch_add(recovered.lost_ms, Ordering::Relaxed);
        let inner = Inner {
            thumbnails: Thumbnails::new(data_folder.join("cache").join("thumbnails"), archive.clone()),
            lag_ms: disks.iter().map(|_| Arc::default()).collect(),
            sessions: Arc::default(),
            tasks: Mutex::new(None),
            index,
            archive,
            reconciler,
            source,
            zone,
            disks,
            recovered,
        };
        let recording = Self { inner: Arc::new(inner) };
        recording.spawn(config, cause_task, &away);
        Ok(recording)
    }

    fn spawn(&self, config: &RecordingConfig, cause_task: JoinHandle<()>, away: &[bool]) {
        let inner = &self.inner;
        let started = (UtcMillis::now(), Instant::now());
        let (reconcile, sweep, keep) = (CancellationToken::new(), CancellationToken::new(), CancellationToken::new());
        let mut sweepers = vec![cause_task];
        let mut keepers = Vec::new();
        for ((disk, lag), is_away) in inner.disks.iter().zip(&inner.lag_ms).zip(away) {
            let sweeper = Sweeper { disk: Arc::clone(disk), index: inner.index.clone(), started };
            sweepers.push(tokio::spawn(sweeper.run(sweep.clone())));
            let keeper = keeper::Keeper {
                disk: Arc::clone(disk),
                index: inner.index.clone(),
                open: Arc::clone(&inner.archive.open),
                sync_interval: Duration::from_millis(config.sync_interval_ms.clamp(100, 60_000)),
                refresh_interval: Duration::from_secs(config.volume_refresh_s.clamp(1, 3_600)),
                recovery: is_away.then(|| recover_later(inner.index.clone(), disk.volume.clone(), inner.zone.clone())),
                lag: Arc::clone(lag),
            };
            keepers.push(tokio::spawn(keeper.run(keep.clone())));
        }
        let reconciling = tokio::spawn(Arc::clone(&inner.reconciler).run(reconcile.clone()));
        let tasks =
            Tasks { reconcile: (reconcile, reconciling), sweepers: (sweep, sweepers), keepers: (keep, keepers) };
        *self.inner.tasks.lock().unwrap_or_else(PoisonError::into_inner) = Some(tasks);
    }

    /// Closes every file, makes it durable and indexes it. Within five seconds, also when a disk hangs.
    pub async fn stop(&self) {
        let tasks = self.inner.tasks.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(tasks) = tasks else { return };
        tasks.reconcile.0.cancel();
        tasks.sweepers.0.cancel();
        join("reconcile", tasks.reconcile.1).await;
        for disk in self.inner.disks.clone() {
            let stopped = tokio::task::spawn_blocking(move || disk.stop_writers(STOP_WRITERS)).await;
            if let Err(error) = stopped {
                tracing::error!(error = %error, "the writers of a volume could not be stopped");
            }
        }
        tasks.keepers.0.cancel();
        for keeper in tasks.keepers.1 {
            join("keeper", keeper).await;
        }
        self.inner.reconciler.causes.close();
        for sweeper in tasks.sweepers.1 {
            join("sweeper", sweeper).await;
        }
    }

    /// Every plan, wanted and running.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn plans(&self) -> Result<Vec<PlanView>, Problem> {
        let now = UtcMillis::now();
        let plans = self.inner.index.plans().await?;
        Ok(plans
            .into_iter()
            .map(|plan| {
                let running = self.inner.reconciler.running(&plan, now);
                PlanView { plan, running }
            })
            .collect())
    }

    /// Saves a plan and applies it at once. Returns it with its new version.
    ///
    /// # Errors
    /// `plan_invalid` names the field; `version_conflict` when somebody else changed it; `volume_not_found`;
    /// `plan_not_applied` when it was saved and could not be started.
    pub async fn put_plan(&self, plan: Plan) -> Result<PlanView, Problem> {
        let known: Vec<VolumeCode> = self.inner.disks.iter().map(|disk| disk.volume.code.clone()).collect();
        volumes::check_plan(&plan, &known)?;
        let path = plan.path.clone();
        let plan = self.inner.index.put_plan(&plan).await?;
        let applied = self.inner.reconciler.reconcile().await;
        applied.map_err(|problem| Problem::new(ErrorCode::PlanNotApplied).with("path", &path).because(problem))?;
        let running = self.inner.reconciler.running(&plan, UtcMillis::now());
        Ok(PlanView { plan, running })
    }

    /// Stops recording this stream; what is recorded stays until its age takes it.
    ///
    /// # Errors
    /// `not_found` when there is no such plan.
    pub async fn delete_plan(&self, path: &StreamPath) -> Result<(), Problem> {
        self.inner.index.delete_plan(path).await?;
        self.inner.reconciler.reconcile().await
    }

    /// Raised when a plan starts, stops, or changes between recording and not.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.inner.reconciler.changes.subscribe()
    }

    /// # Errors
    /// When the database cannot be read.
    pub async fn volumes(&self) -> Result<Vec<VolumeView>, Problem> {
        let stored = self.inner.index.volumes().await?;
        let mut views = Vec::new();
        for disk in &self.inner.disks {
            let volume = stored.iter().find(|volume| volume.code == disk.volume.code).unwrap_or(&disk.volume).clone();
            let totals = self.inner.index.totals(&volume.code, UtcMillis::now()).await?;
            let health = disk.health();
            let full_in_days = volumes::full_in_days(&volume, health.capacity, totals.last_day_bytes, totals.oldest_at);
            views.push(VolumeView {
                volume,
                health,
                recorded_bytes: totals.bytes,
                oldest_at: totals.oldest_at,
                full_in_days,
            });
        }
        Ok(views)
    }

    /// Coverage and gaps of some streams, in the order asked.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub async fn timeline(
        &self,
        paths: &[StreamPath],
        range: TimeRange,
        resolution_ms: i64,
    ) -> Result<Vec<(StreamPath, Track)>, Problem> {
        let frame = Frame { range, now: UtcMillis::now(), resolution_ms };
        let mut tracks = Vec::with_capacity(paths.len());
        for path in paths {
            let mut pieces = self.inner.index.coverage(path, range, resolution_ms.max(timeline::JOIN_MS)).await?;
            pieces.extend(
                self.inner.archive.open.of(path).iter().filter_map(|file| TimeRange::new(file.facts.start, file.end())),
            );
            let causes = self.inner.index.causes(path, range).await?;
            tracks.push((path.clone(), timeline::draw(pieces, &causes, frame)));
        }
        Ok(tracks)
    }

    /// A session for one viewer.
    pub fn open_playback(&self, path: &StreamPath, options: PlaybackOptions) -> PlaybackSession {
        let source = Source::archive(self.inner.archive.clone(), path.clone());
        PlaybackSession::new(source, options).counted(&self.inner.sessions)
    }

    /// The last seconds of a live stream: from memory, or from the recording where memory does not reach back far enough.
    ///
    /// # Errors
    /// `camera_not_found` when no camera has this stream; `no_recording` when neither holds a picture.
    pub async fn open_replay(
        &self,
        path: &StreamPath,
        seconds: u32,
        mut options: PlaybackOptions,
    ) -> Result<PlaybackSession, Problem> {
        let now = UtcMillis::now();
        options.from = now.saturating_add_ms(-i64::from(seconds.min(600)) * 1000);
        let tap = self.inner.source.stream(path);
        let ring = tap.map(|tap| (Ring::new(Arc::clone(&tap.hub)), tap));
        let ring_start = ring.as_ref().and_then(|(ring, _)| ring.start()).map(|at| at.to_millis());
        let reaches = ring_start.is_some_and(|start| start <= options.from);
        if !reaches
            && self
                .inner
                .archive
                .at_or_after(path, options.from)
                .await?
                .is_some_and(|view| ring_start.is_none_or(|ring| view.segment.start < ring))
        {
            return Ok(self.open_playback(path, options));
        }
        let Some((ring, tap)) = ring else { return Err(Problem::new(ErrorCode::CameraNotFound).with("path", path)) };
        let Some(start) = ring_start else { return Err(Problem::new(ErrorCode::NoRecording).with("path", path)) };
        options.from = options.from.max(start);
        let source = Source::ring(ring, tap, self.inner.archive.open.rounds());
        Ok(PlaybackSession::new(source, options).counted(&self.inner.sessions))
    }

    /// # Errors
    /// See [`Clip::build`].
    pub async fn clip(&self, path: &StreamPath, range: TimeRange) -> Result<Clip, Problem> {
        Clip::build(&self.inner.archive, path, range).await
    }

    /// The picture of a recorded moment as JPEG.
    ///
    /// # Errors
    /// `no_recording`, `snapshot_failed`.
    pub async fn frame_jpeg(
        &self,
        path: &StreamPath,
        at: UtcMillis,
        max_height: Option<u32>,
    ) -> Result<Picture, Problem> {
        picture::frame(&self.inner.archive, path, at, max_height).await
    }

    /// A small picture for the timeline: one per ten seconds, kept once made.
    ///
    /// # Errors
    /// `no_recording`, `snapshot_failed`.
    pub async fn thumbnail(&self, path: &StreamPath, at: UtcMillis) -> Result<Bytes, Problem> {
        self.inner.thumbnails.get(path, at).await
    }

    /// Compares every volume with the index: files without a row are taken in, rows without a file become missing.
    ///
    /// # Errors
    /// When the index or a volume's folder cannot be read.
    pub async fn reindex(&self) -> Result<Recovered, Problem> {
        let mut total = Recovered::default();
        for disk in self.inner.disks.iter().filter(|disk| disk.refusal().is_none()) {
            // The index may not know what is being written yet.
            let open = self.inner.archive.open.names();
            total.add(
                recovery::reindex(&self.inner.index, &disk.volume, &self.inner.zone, Depth::Everything, &open).await?,
            );
        }
        tracing::info!(
            found = total.found,
            missing = total.missing,
            unreadable = total.unreadable,
            "the volumes were compared with the index"
        );
        Ok(total)
    }

    /// What the start had to repair.
    pub fn recovered(&self) -> Recovered {
        self.inner.recovered
    }

    /// The figures of this moment.
    pub fn stats(&self) -> RecordingStats {
        let now = UtcMillis::now();
        let recorders = self.inner.reconciler.lock();
        let running: Vec<PlanRunning> = recorders.values().map(|recorder| recorder.running(now)).collect();
        let lost_ms = recorders.values().map(|recorder| recorder.lost_ms()).sum::<u64>();
        let lag_ms = self.inner.lag_ms.iter().map(|lag| lag.load(Ordering::Relaxed)).max().unwrap_or(0);
        RecordingStats {
            plans: running.len(),
            active_plans: running.iter().filter(|r| matches!(r, PlanRunning::Recording { .. })).count(),
            silent_plans: running.iter().filter(|r| matches!(r, PlanRunning::NotRecording { .. })).count(),
            lost_ms: lost_ms + self.inner.reconciler.lost_ms.load(Ordering::Relaxed),
            index_lag: Duration::from_millis(lag_ms),
            playback_sessions: self.inner.sessions.load(Ordering::Relaxed),
            volumes: self.inner.disks.iter().map(|disk| disk.figures()).collect(),
        }
    }
}

async fn recover(index: &Index, volume: &Volume, zone: &TimeZone) -> Result<Recovered, Problem> {
    let begun = Instant::now();
    let mut total = recovery::repair_tails(index, volume).await?;
    total.add(recovery::reindex(index, volume, zone, Depth::NewestDays, &HashSet::new()).await?);
    let took_ms = begun.elapsed().as_millis() as u64;
    if total != Recovered::default() {
        tracing::warn!(
            volume = %volume.code, segments = total.segments, found = total.found, missing = total.missing,
            lost_ms = total.lost_ms, cut_bytes = total.cut_bytes, took_ms, "recordings were repaired after an unclean stop"
        );
    }
    Ok(total)
}

fn recover_later(index: Index, volume: Volume, zone: TimeZone) -> keeper::Recovery {
    Box::new(move || {
        Box::pin(async move {
            if let Err(problem) = recover(&index, &volume, &zone).await {
                tracing::error!(volume = %volume.code, error = %problem, "a volume that came back could not be repaired");
            }
        })
    })
}

async fn join(part: &'static str, task: JoinHandle<()>) {
    match time::timeout(STOP_TASK, task).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::error!(part, error = %error, "a task of recording panicked"),
        Err(_) => tracing::error!(part, "a task of recording did not stop in time"),
    }
}
