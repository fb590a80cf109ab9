//! Compares wanted plans with running recorders. The only code that starts or stops a recorder.

use super::{
    archive::OpenFiles,
    causes::CauseLog,
    engine::EngineParts,
    index::Index,
    placement::Placement,
    recorder::{RecorderContext, RecorderHandle},
    streams::StreamSource,
    triggers::Board,
};
use jiff::tz::TimeZone;
use std::{
    collections::HashMap,
    mem::{self, Discriminant, discriminant},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    sync::{Mutex as TurnMutex, Notify, watch},
    time,
};
use tokio_util::sync::CancellationToken;
use watchwall_model::{ErrorCode, GapReason, Plan, PlanRunning, Problem, StreamPath, UtcMillis, VolumeCode};

/// Looks again without a signal this often.
const INTERVAL: Duration = Duration::from_secs(30);
/// Silence is looked for this often.
const WATCH_INTERVAL: Duration = Duration::from_secs(1);

/// Any silence, to compare with.
const SILENT: PlanRunning =
    PlanRunning::NotRecording { since: UtcMillis(0), code: ErrorCode::Internal, detail: String::new() };

/// The running recorders and what starting one needs.
pub struct Reconciler {
    pub index: Index,
    pub open: Arc<OpenFiles>,
    pub causes: CauseLog,
    pub source: Arc<dyn StreamSource>,
    pub board: Arc<Board>,
    pub zone: TimeZone,
    pub placement: Arc<Placement>,
    pub wake: Notify,
    pub recorders: Mutex<HashMap<StreamPath, RecorderHandle>>,
    /// One reconcile at a time: saving a plan applies it at once.
    turn: TurnMutex<()>,
    /// Milliseconds lost by recorders that have ended.
    pub lost_ms: Arc<AtomicU64>,
    /// Raised when a plan starts, stops or changes between recording and not.
    pub changes: Arc<watch::Sender<u64>>,
}

impl Reconciler {
    pub fn new(parts: &EngineParts, open: Arc<OpenFiles>, causes: CauseLog, placement: Arc<Placement>) -> Self {
        Self {
            index: parts.index.clone(),
            open,
            causes,
            source: Arc::clone(&parts.source),
            board: Arc::clone(&parts.board),
            zone: parts.zone.clone(),
            placement,
            wake: Notify::new(),
            recorders: Mutex::default(),
            turn: TurnMutex::new(()),
            lost_ms: Arc::clone(&parts.lost_ms),
            changes: Arc::clone(&parts.changes),
        }
    }

    /// Until cancelled; then stops every recorder.
    pub async fn run(self: Arc<Self>, cancel: CancellationToken) {
        let mut next = Instant::now();
        let mut seen = HashMap::new();
        loop {
            tokio::select! {
                () = cancel.cancelled() => break,
                () = self.wake.notified() => next = Instant::now(),
                () = time::sleep_until(next.min(Instant::now() + WATCH_INTERVAL).into()) => {}
            }
            if Instant::now() >= next {
                next = Instant::now() + INTERVAL;
                if let Err(problem) = self.reconcile().await {
                    tracing::warn!(error = %problem, "the plans could not be read; recorders stay as they are");
                }
            }
            self.watch_silence(&mut seen);
        }
        self.stop_all().await;
    }

    /// Makes what runs what is wanted.
    ///
    /// # Errors
    /// When the plans cannot be read.
    pub async fn reconcile(&self) -> Result<(), Problem> {
        let _turn = self.turn.lock().await;
        let wanted: HashMap<StreamPath, Plan> =
            self.index.plans().await?.into_iter().map(|plan| (plan.path.clone(), plan)).collect();
        let steps = {
            let running = self.lock();
            steps(&wanted, running.iter().map(|(path, recorder)| (path, recorder.version, recorder.is_dead())))
        };
        let mut stopping = Vec::new();
        for path in &steps.stop {
            let Some(recorder) = self.lock().remove(path) else { continue };
            recorder.cancel();
            stopping.push((path.clone(), recorder));
        }
        for (path, recorder) in stopping {
            self.end(recorder).await;
            if !wanted.get(&path).is_some_and(|plan| plan.enabled) {
                self.causes.note(&path, UtcMillis::now(), GapReason::PlannedOff);
            }
        }
        for plan in steps.start {
            self.index.plan_applied(&plan.path, plan.version, UtcMillis::now()).await?;
            let version = plan.version;
            let path = plan.path.clone();
            tracing::info!(path = %path, version, "recording starts");
            let context = RecorderContext {
                plan,
                zone: self.zone.clone(),
                placement: Arc::clone(&self.placement),
                open: Arc::clone(&self.open),
                causes: self.causes.clone(),
                source: Arc::clone(&self.source),
                desk: self.board.desk(&path),
            };
            self.lock().insert(path, RecorderHandle::start(version, context));
        }
        self.changes.send_modify(|count| *count += 1);
        Ok(())
    }

    /// What each plan is doing.
    pub fn running(&self, plan: &Plan, now: UtcMillis) -> PlanRunning {
        match self.lock().get(&plan.path) {
            Some(recorder) => recorder.running(now),
            None if plan.enabled => PlanRunning::Starting,
            None => PlanRunning::Off,
        }
    }

    /// The volume that a plan's recordings go to now.
    pub fn volume_of(&self, path: &StreamPath) -> Option<VolumeCode> {
        self.lock().get(path).and_then(RecorderHandle::volume)
    }

    /// Where a plan's second copy goes now, or why there is none though one is wanted.
    pub fn copy_of(&self, path: &StreamPath) -> (Option<VolumeCode>, Option<ErrorCode>) {
        self.lock().get(path).map(RecorderHandle::copy).unwrap_or_default()
    }

    /// How many plans are recorded on this volume now, or have their second copy there.
    pub fn recorders_on(&self, code: &VolumeCode) -> usize {
        let is_on = |recorder: &&RecorderHandle| {
            recorder.volume().as_ref() == Some(code) || recorder.copy().0.as_ref() == Some(code)
        };
        self.lock().values().filter(is_on).count()
    }

    /// Logs a silence once, and its end; tells whoever watches of every change.
    fn watch_silence(&self, seen: &mut HashMap<StreamPath, Discriminant<PlanRunning>>) {
        let now = UtcMillis::now();
        let mut changed = false;
        let recorders = self.lock();
        seen.retain(|path, _| recorders.contains_key(path));
        for (path, recorder) in recorders.iter() {
            let running = recorder.running(now);
            let is_silent = |kind: &Discriminant<PlanRunning>| *kind == discriminant(&SILENT);
            let before = seen.insert(path.clone(), discriminant(&running));
            if before == Some(discriminant(&running)) {
                continue;
            }
            changed = true;
            match running {
                PlanRunning::NotRecording { code, detail, .. } => {
                    tracing::error!(path = %path, code = %code, detail = %detail, "a plan is not recording");
                }
                PlanRunning::Recording { .. } if before.as_ref().is_some_and(is_silent) => {
                    tracing::info!(path = %path, "a plan is recording again");
                }
                _ => {}
            }
        }
        let needs_restart = recorders.values().any(RecorderHandle::is_dead);
        drop(recorders);
        if needs_restart {
            self.wake.notify_one();
        }
        if changed {
            self.changes.send_modify(|count| *count += 1);
        }
    }

    async fn end(&self, recorder: RecorderHandle) {
        self.lost_ms.fetch_add(recorder.lost_ms(), Ordering::Relaxed);
        recorder.join().await;
    }

    async fn stop_all(&self) {
        let _turn = self.turn.lock().await;
        let all = mem::take(&mut *self.lock());
        all.values().for_each(RecorderHandle::cancel);
        let now = UtcMillis::now();
        for (path, recorder) in all {
            let is_off = recorder.running(now) == PlanRunning::Off;
            self.end(recorder).await;
            if !is_off {
                self.causes.note(&path, now, GapReason::Us);
            }
        }
    }

    pub fn lock(&self) -> MutexGuard<'_, HashMap<StreamPath, RecorderHandle>> {
        self.recorders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What has to happen.
#[derive(Debug, Default, PartialEq, Eq)]
struct Steps {
    /// Recorders nobody wants, whose plan has changed, or that have ended by themselves.
    stop: Vec<StreamPath>,
    start: Vec<Plan>,
}

fn steps<'a>(wanted: &HashMap<StreamPath, Plan>, running: impl Iterator<Item = (&'a StreamPath, i64, bool)>) -> Steps {
    let mut steps = Steps::default();
    let mut kept = Vec::new();
    for (path, version, is_dead) in running {
        let fits = wanted.get(path).is_some_and(|plan| plan.enabled && plan.version == version);
        if fits && !is_dead {
            kept.push(path);
        } else {
            steps.stop.push(path.clone());
        }
    }
    steps.start.extend(wanted.values().filter(|plan| plan.enabled && !kept.contains(&&plan.path)).cloned());
    steps.start.sort_by(|a, b| a.path.cmp(&b.path));
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(name: &str, version: i64, enabled: bool) -> Plan {
        Plan { version, enabled, ..Plan::continuous(StreamPath::parse(name).unwrap()) }
    }

    /// Running recorders as (path, version, dead).
    fn check(wanted: &[Plan], running: &[(&str, i64, bool)], stop: &[&str], start: &[&str]) {
        let wanted: HashMap<_, _> = wanted.iter().map(|plan| (plan.path.clone(), plan.clone())).collect();
        let running: Vec<_> =
            running.iter().map(|(name, version, dead)| (StreamPath::parse(name).unwrap(), *version, *dead)).collect();
        let steps = steps(&wanted, running.iter().map(|(path, version, dead)| (path, *version, *dead)));
        assert_eq!(steps.stop.iter().map(StreamPath::as_str).collect::<Vec<_>>(), stop);
        assert_eq!(steps.start.iter().map(|plan| plan.path.as_str()).collect::<Vec<_>>(), start);
    }

    #[test]
    fn running_becomes_wanted() {
        check(&[], &[], &[], &[]);
        check(&[plan("a", 1, true), plan("b", 1, false)], &[], &[], &["a"]);
        check(&[plan("a", 1, true)], &[("a", 1, false)], &[], &[]);
        check(&[plan("a", 2, true)], &[("a", 1, false)], &["a"], &["a"]);
        check(&[plan("a", 1, false)], &[("a", 1, false)], &["a"], &[]);
        check(&[], &[("a", 1, false)], &["a"], &[]);
        check(&[plan("a", 1, true)], &[("a", 1, true)], &["a"], &["a"]);
    }
}
