//! The handle through which everybody else uses recording.

use super::{
    archive::{Archive, blocking},
    clip::Clip,
    engine::{Engine, EngineParts},
    folder::FolderReport,
    index::Index,
    integrity::{self, Integrity},
    keep::Keepers,
    nightly,
    playback::{PlaybackOptions, PlaybackSession, Ring, Source},
    playlist::{Playlist, RecordedFile},
    recovery::Recovered,
    reel::{RecordedReel, ReelStart},
    relocation::{self, Moved},
    retention::{CLOCK_SET, Capacity},
    stats::RecordingStats,
    streams::StreamSource,
    timeline::{self, Frame, Track},
    triggers::{Accepted, Asked, CameraTrigger, Intake, TriggerMark},
    volume::disk,
    volumes,
};
use jiff::tz::TimeZone;
use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock, atomic::Ordering},
};
use tokio::sync::watch;
use watchwall_model::{
    ErrorCode, FileChecksum, Gap, Plan, PlanRunning, Problem, SegmentId, StreamPath, TimeRange, UtcMillis, VolumeCode,
    config::RecordingConfig,
};
use watchwall_store::Store;

/// A plan as stored, and what it is really doing.
#[derive(Clone, Debug)]
pub struct PlanView {
    pub plan: Plan,
    pub running: PlanRunning,
    /// Where its newest file is.
    pub recorded_on: Option<VolumeCode>,
    /// Where its second copy is.
    pub copied_on: Option<VolumeCode>,
    /// Why there is no second copy, though it wants one.
    pub copy_fault: Option<ErrorCode>,
    /// Somebody asked for a recording that is not over, and this is when it ends.
    pub asked_until: Option<UtcMillis>,
}

/// Why plans were not saved together.
#[derive(Clone, Debug)]
pub struct PlanRefused {
    /// `None` when it is no single plan's fault.
    pub path: Option<StreamPath>,
    pub problem: Problem,
}

/// Recording and playback of the whole site. Cheap to clone; [`Recording::stop`] ends it.
#[derive(Clone)]
pub struct Recording {
    shared: Arc<Shared>,
}

struct Shared {
    parts: EngineParts,
    /// Replaced when the set of volumes changes.
    engine: RwLock<Arc<Engine>>,
    /// Held for writing while an engine is replaced, for reading by what starts or stops recorders.
    turn: tokio::sync::RwLock<()>,
    /// What the start of the site had to repair.
    recovered: Recovered,
    /// Streams without a plan that are written for a while.
    keepers: Keepers,
    /// Held while recordings are read for their checksums.
    integrity_turn: tokio::sync::Mutex<()>,
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
        Self::start_in(zone, store, config, data_folder, source).await
    }

    /// [`Self::start`] with the zone itself instead of its name.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn start_in(
        zone: TimeZone,
        store: Store,
        config: &RecordingConfig,
        data_folder: &Path,
        source: Arc<dyn StreamSource>,
    ) -> Result<Self, Problem> {
        if UtcMillis::now() < CLOCK_SET {
            tracing::error!("the system clock is not set; recordings get wrong names and times until it is");
        }
        let index = Index::new(store);
        let parts = EngineParts {
            archive: Archive::new(index.clone()),
            index,
            config: config.clone(),
            data_folder: data_folder.to_owned(),
            source,
            board: Arc::default(),
            zone,
            changes: Arc::new(watch::Sender::new(0)),
            sessions: Arc::default(),
            lost_ms: Arc::default(),
        };
        intake(&parts).recall(UtcMillis::now()).await?;
        let engine = Engine::start(&parts).await?;
        let shared = Shared {
            parts,
            recovered: engine.recovered,
            engine: RwLock::new(engine),
            turn: Default::default(),
            keepers: Keepers::default(),
            integrity_turn: Default::default(),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    pub(super) fn index(&self) -> &Index {
        &self.shared.parts.index
    }

    pub(super) fn engine(&self) -> Arc<Engine> {
        Arc::clone(&self.shared.engine.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn source(&self) -> &dyn StreamSource {
        self.shared.parts.source.as_ref()
    }

    pub(super) fn keepers(&self) -> &Keepers {
        &self.shared.keepers
    }

    /// Held by what changes the volumes one by one; waits while the engine itself is replaced.
    pub(super) async fn volumes_turn(&self) -> tokio::sync::RwLockReadGuard<'_, ()> {
        self.shared.turn.read().await
    }

    /// Closes every file, makes it durable and indexes it. Within five seconds, also when a disk hangs.
    pub async fn stop(&self) {
        let _turn = self.shared.turn.write().await;
        self.engine().stop().await;
    }

    /// Looks at a folder that the first volume might move to, and leaves nothing there. Empty: where it is now.
    ///
    /// # Errors
    /// `volume_path_invalid`, `volume_overlaps`, `volume_foreign`, `volume_not_writable`, `disk_full`, `disk_slow`.
    pub async fn look_at_folder(&self, folder: &str) -> Result<FolderReport, Problem> {
        relocation::look(self.index(), folder).await
    }

    /// Moves the first volume to another folder while the site runs; recorders pause for a moment. A volume that
    /// already holds recordings stays readable, and a new one with higher priority takes what comes.
    ///
    /// Either all of it happens, `confirm` included, which runs last; or nothing, and recording goes on where it was.
    ///
    /// # Errors
    /// As [`Self::look_at_folder`]; what `confirm` fails with; or when the database cannot be written.
    pub async fn move_first_volume<T: Send + 'static>(
        &self,
        folder: &str,
        confirm: impl Future<Output = Result<T, Problem>> + Send + 'static,
    ) -> Result<(Moved, T), Problem> {
        let (recording, folder) = (self.clone(), folder.to_owned());
        // Whoever asked may go away half-way; recording must come back.
        let move_it = async move {
            let shared = &recording.shared;
            let _turn = shared.turn.write().await;
            let (outcome, engine) = relocation::relocate(&shared.parts, &recording.engine(), &folder, confirm).await;
            if let Some(engine) = engine {
                *shared.engine.write().unwrap_or_else(PoisonError::into_inner) = engine;
            }
            outcome
        };
        match tokio::spawn(move_it).await {
            Ok(outcome) => outcome,
            Err(error) => Err(Problem::new(ErrorCode::Internal).at("move_volume").because(error)),
        }
    }

    /// Every plan, wanted and running.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn plans(&self) -> Result<Vec<PlanView>, Problem> {
        let engine = self.engine();
        let now = UtcMillis::now();
        Ok(self.index().plans().await?.into_iter().map(|plan| self.view_of(&engine, plan, now)).collect())
    }

    fn view_of(&self, engine: &Engine, plan: Plan, now: UtcMillis) -> PlanView {
        let desk = self.shared.parts.board.desk(&plan.path);
        let (copied_on, copy_fault) = engine.reconciler.copy_of(&plan.path);
        PlanView {
            copied_on,
            copy_fault,
            running: engine.reconciler.running(&plan, now),
            recorded_on: engine.reconciler.volume_of(&plan.path),
            asked_until: desk.ask(|windows| windows.asked_until(now)),
            plan,
        }
    }

    /// Saves a plan and applies it at once. Returns it with its new version.
    ///
    /// # Errors
    /// `plan_invalid` names the field; `version_conflict` when somebody else changed it; `volume_not_found`;
    /// `plan_not_applied` when it was saved and could not be started.
    pub async fn put_plan(&self, plan: Plan) -> Result<PlanView, Problem> {
        let _turn = self.shared.turn.read().await;
        let engine = self.engine();
        let known = recordable(&engine);
        volumes::check_plan(&plan, &known)?;
        let path = plan.path.clone();
        let plan = self.index().put_plan(&plan).await?;
        let applied = engine.reconciler.reconcile().await;
        applied.map_err(|problem| Problem::new(ErrorCode::PlanNotApplied).with("path", &path).because(problem))?;
        Ok(self.view_of(&engine, plan, UtcMillis::now()))
    }

    /// Saves and applies several plans at once: all of them or, when one is refused, none.
    ///
    /// # Errors
    /// As [`Self::put_plan`], with the plan that was refused.
    pub async fn put_plans(&self, plans: Vec<Plan>) -> Result<Vec<PlanView>, PlanRefused> {
        let _turn = self.shared.turn.read().await;
        let engine = self.engine();
        let known = recordable(&engine);
        for plan in &plans {
            let checked = volumes::check_plan(plan, &known);
            checked.map_err(|problem| PlanRefused { path: Some(plan.path.clone()), problem })?;
        }
        let saved = self.index().put_plans(&plans).await;
        let plans = saved.map_err(|(path, problem)| PlanRefused { path, problem })?;
        engine.reconciler.reconcile().await.map_err(|problem| PlanRefused {
            path: None,
            problem: Problem::new(ErrorCode::PlanNotApplied).because(problem),
        })?;
        let now = UtcMillis::now();
        Ok(plans.into_iter().map(|plan| self.view_of(&engine, plan, now)).collect())
    }

    /// Records because somebody asks: from a moment that is still in memory, from now, or from a moment to come.
    ///
    /// # Errors
    /// `not_found` without a plan, `plan_off`, `trigger_invalid`, `trigger_too_early` with the earliest start.
    pub async fn trigger(&self, path: &StreamPath, asked: Asked) -> Result<Accepted, Problem> {
        intake(&self.shared.parts).ask(path, asked).await
    }

    /// Nobody asks for a recording of this stream any more: what was asked for ends, and what lies ahead is forgotten.
    /// Answers whether there was any. What the plan and the camera want goes on.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    pub async fn withdraw_triggers(&self, path: &StreamPath) -> Result<bool, Problem> {
        intake(&self.shared.parts).withdraw(path).await
    }

    /// Something that a camera noticed; plans that await it record.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    pub async fn notice(&self, path: &StreamPath, trigger: &CameraTrigger) -> Result<(), Problem> {
        intake(&self.shared.parts).notice(path, trigger).await
    }

    /// What began recordings of some streams, oldest first.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub async fn triggers(
        &self,
        paths: &[StreamPath],
        range: TimeRange,
    ) -> Result<HashMap<StreamPath, Vec<TriggerMark>>, Problem> {
        self.index().triggers(paths, range).await
    }

    /// Stops recording this stream; what is recorded stays until its age takes it.
    ///
    /// # Errors
    /// `not_found` when there is no such plan.
    pub async fn delete_plan(&self, path: &StreamPath) -> Result<(), Problem> {
        let _turn = self.shared.turn.read().await;
        let engine = self.engine();
        self.index().delete_plan(path).await?;
        engine.reconciler.reconcile().await
    }

    /// Raised when a plan starts, stops, or changes between recording and not.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.shared.parts.changes.subscribe()
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
        let engine = self.engine();
        let frame = Frame { range, now: UtcMillis::now(), resolution_ms };
        let mut tracks = Vec::with_capacity(paths.len());
        let causes = self.index().causes_of(paths, range).await?;
        for path in paths {
            let mut pieces = self.index().coverage(path, range, resolution_ms.max(timeline::JOIN_MS)).await?;
            pieces.extend(
                engine.archive.open.of(path).iter().filter_map(|file| TimeRange::new(file.facts.start, file.end())),
            );
            let causes = causes.get(path).map_or(&[][..], Vec::as_slice);
            let filled = self.index().filled(path, range, resolution_ms.max(timeline::JOIN_MS)).await?;
            tracks.push((path.clone(), Track { filled, ..timeline::draw(pieces, causes, frame) }));
        }
        Ok(tracks)
    }

    /// A session for one viewer.
    pub fn open_playback(&self, path: &StreamPath, options: PlaybackOptions) -> PlaybackSession {
        let engine = self.engine();
        let source = Source::archive(engine.archive.clone(), path.clone());
        PlaybackSession::new(source, options).counted(&self.shared.parts.sessions)
    }

    /// All pictures of a range, for whoever wants them faster than they were taken.
    pub fn open_reel(&self, path: &StreamPath, range: TimeRange, start: ReelStart) -> RecordedReel {
        let source = Source::archive(self.engine().archive.clone(), path.clone());
        RecordedReel::new(source, range, start)
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
        let engine = self.engine();
        options.from = replay_from(seconds);
        let tap = self.shared.parts.source.stream(path);
        let ring = tap.map(|tap| (Ring::new(Arc::clone(&tap.hub)), tap));
        let ring_start = ring.as_ref().and_then(|(ring, _)| ring.start()).map(|at| at.to_millis());
        let recorded = self.recorded_before(path, options.from, ring_start).await?;
        if recorded.is_some() {
            return Ok(self.open_playback(path, options));
        }
        let Some((ring, tap)) = ring else { return Err(Problem::new(ErrorCode::CameraNotFound).with("path", path)) };
        let Some(start) = ring_start else { return Err(Problem::new(ErrorCode::NoRecording).with("path", path)) };
        options.from = options.from.max(start);
        let source = Source::ring(ring, tap, engine.archive.open.rounds());
        Ok(PlaybackSession::new(source, options).counted(&self.shared.parts.sessions))
    }

    /// The moment from which [`Self::open_replay`] would play, given the oldest picture that memory holds; `None` when
    /// there is nothing to play.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub async fn replay_start(
        &self,
        path: &StreamPath,
        seconds: u32,
        ring_start: Option<UtcMillis>,
    ) -> Result<Option<UtcMillis>, Problem> {
        let from = replay_from(seconds);
        let recorded = self.recorded_before(path, from, ring_start).await?;
        Ok(recorded.or(ring_start).map(|start| start.max(from)))
    }

    /// Where the recording begins to hold what memory does not reach back to, from `from` on.
    async fn recorded_before(
        &self,
        path: &StreamPath,
        from: UtcMillis,
        ring_start: Option<UtcMillis>,
    ) -> Result<Option<UtcMillis>, Problem> {
        if ring_start.is_some_and(|start| start <= from) {
            return Ok(None);
        }
        let view = self.engine().archive.at_or_after(path, from).await?;
        let start = view.map(|view| view.segment.start);
        Ok(start.filter(|start| ring_start.is_none_or(|ring| *start < ring)))
    }

    /// # Errors
    /// See [`Clip::build`].
    pub async fn clip(&self, path: &StreamPath, range: TimeRange) -> Result<Clip, Problem> {
        let engine = self.engine();
        Clip::build(&engine.archive, path, range).await
    }

    /// All of a range, one clip for each stretch of one coding; none when nothing was recorded.
    ///
    /// # Errors
    /// See [`Clip::build_all`].
    pub async fn clips(&self, path: &StreamPath, range: TimeRange) -> Result<Vec<Clip>, Problem> {
        let engine = self.engine();
        Clip::build_all(&engine.archive, path, range).await
    }

    /// # Errors
    /// See [`Playlist::build`].
    pub async fn playlist(&self, path: &StreamPath, range: TimeRange) -> Result<Playlist, Problem> {
        let engine = self.engine();
        Playlist::build(&engine.archive, path, range).await
    }

    /// # Errors
    /// See [`RecordedFile::open`].
    pub async fn file(&self, path: &StreamPath, id: SegmentId) -> Result<RecordedFile, Problem> {
        let engine = self.engine();
        RecordedFile::open(&engine.archive, path, id).await
    }

    /// What these pieces of a stream leave out of a range, and why. Finer than the timeline, which knows whole files.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub async fn gaps_between(
        &self,
        path: &StreamPath,
        pieces: Vec<TimeRange>,
        range: TimeRange,
    ) -> Result<Vec<Gap>, Problem> {
        let causes = self.index().causes(path, range).await?;
        let frame = Frame { range, now: UtcMillis::now(), resolution_ms: 0 };
        Ok(timeline::draw(pieces, &causes, frame).gaps)
    }

    /// Every stream that has a recording or a plan.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub async fn paths(&self) -> Result<Vec<StreamPath>, Problem> {
        let mut paths = self.index().recorded_paths().await?;
        paths.extend(self.index().plans().await?.into_iter().map(|plan| plan.path));
        paths.sort();
        paths.dedup();
        Ok(paths)
    }

    /// By whose midnight recordings are filed.
    pub fn zone(&self) -> &TimeZone {
        &self.shared.parts.zone
    }

    /// What the file system of a folder says.
    ///
    /// # Errors
    /// `disk_failed`.
    pub async fn capacity_of(&self, folder: PathBuf) -> Result<Capacity, Problem> {
        blocking(move || {
            disk::capacity(&folder)
                .map_err(|e| Problem::new(ErrorCode::DiskFailed).with("path", folder.display()).because(e))
        })
        .await
    }

    /// Compares every volume with the index: files without a row are taken in, rows without a file become missing.
    ///
    /// # Errors
    /// When the index or a volume's folder cannot be read.
    pub async fn reindex(&self) -> Result<Recovered, Problem> {
        let _turn = self.shared.turn.read().await;
        let engine = self.engine();
        nightly::compare(&engine).await
    }

    /// Where the chain of checksums of a stream's files stood at a moment.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub async fn chain_until(&self, path: &StreamPath, at: UtcMillis) -> Result<Option<FileChecksum>, Problem> {
        self.index().chained_until(path, at).await
    }

    /// Compares some finished files of a stream with what they were when they were finished, and with the chain: those
    /// that touch the range, after a number; as many as a few seconds allow. One such reading at a time.
    ///
    /// # Errors
    /// `too_many_jobs` while another one reads; when the index cannot be read.
    pub async fn check_integrity(&self, path: &StreamPath, range: TimeRange, after: i64) -> Result<Integrity, Problem> {
        let Ok(_turn) = self.shared.integrity_turn.try_lock() else {
            return Err(Problem::new(ErrorCode::TooManyJobs).with("limit", 1));
        };
        integrity::check(&self.engine(), path, range, after).await
    }

    /// What the start had to repair.
    pub fn recovered(&self) -> Recovered {
        self.shared.recovered
    }

    /// The figures of this moment.
    pub fn stats(&self) -> RecordingStats {
        let engine = self.engine();
        let now = UtcMillis::now();
        let recorders = engine.reconciler.lock();
        let running: Vec<PlanRunning> = recorders.values().map(|recorder| recorder.running(now)).collect();
        let lost_ms = recorders.values().map(|recorder| recorder.lost_ms()).sum::<u64>();
        RecordingStats {
            plans: running.len(),
            active_plans: running.iter().filter(|r| matches!(r, PlanRunning::Recording { .. })).count(),
            silent_plans: running.iter().filter(|r| matches!(r, PlanRunning::NotRecording { .. })).count(),
            lost_ms: lost_ms + self.shared.parts.lost_ms.load(Ordering::Relaxed),
            index_lag: engine.set.lag(),
            playback_sessions: self.shared.parts.sessions.load(Ordering::Relaxed),
            volumes: engine.set.disks().iter().map(|disk| disk.figures()).collect(),
        }
    }
}

/// Where a replay of the last `seconds` begins.
fn replay_from(seconds: u32) -> UtcMillis {
    UtcMillis::now().saturating_add_ms(-i64::from(seconds.min(600)) * 1000)
}

fn intake(parts: &EngineParts) -> Intake<'_> {
    Intake {
        index: &parts.index,
        board: &parts.board,
        archive: &parts.archive,
        source: &*parts.source,
        zone: &parts.zone,
    }
}

/// The volumes that a plan may name.
fn recordable(engine: &Engine) -> Vec<VolumeCode> {
    let disks = engine.set.disks();
    disks.iter().filter(|disk| disk.is_recorded_on()).map(|disk| disk.volume.code.clone()).collect()
}
