//! Listens to the rest of the site and tells alarms.

use super::{
    backlog::{AlertFigures, Backlog, Counters, PAGE},
    kinds::{ABSENCES, ended_by, of_absence, of_camera_event},
    standing::{News, Standing},
};
use crate::{
    alarms::Alarms,
    analytics::Analytics,
    cameras::{
        events::CameraEvents,
        health::{Health, OfflineAlarm},
    },
    recording::Recording,
};
use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
    time::Duration,
};
use tokio::{
    sync::{Mutex, broadcast::error::RecvError},
    task::JoinHandle,
    time::{Instant, MissedTickBehavior, interval_at, sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use watchwall_model::{
    AlarmSource, CameraEventRow, CameraId, Happening, NodeId, PlanRunning, Problem, Sameness, UtcMillis, VolumeState,
};
use watchwall_store::{AlarmFilter, PageRequest, StateFilter, Store, StoreError};

const LOOK_EVERY: Duration = Duration::from_secs(5);
const SETTLED_AFTER: Duration = Duration::from_secs(15);
/// What is wrong for so long is told.
const AFTER_MS: i64 = 20_000;
/// While the list of events cannot be read.
const READ_AGAIN: Duration = Duration::from_secs(1);
const STOP: Duration = Duration::from_secs(1);
/// Open alarms that are gone on with after a restart.
const MOST_RESTORED: usize = 10_000;

/// What the watch listens to.
pub struct AlertParts {
    pub store: Store,
    pub alarms: Alarms,
    pub events: CameraEvents,
    pub health: Health,
    pub recording: Recording,
    pub analytics: Analytics,
}

pub struct Alert {
    cancel: CancellationToken,
    counters: Arc<Counters>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Alert {
    pub fn start(parts: AlertParts) -> Self {
        let (cancel, counters) = (CancellationToken::new(), Arc::<Counters>::default());
        let task = tokio::spawn(watch(parts, Arc::clone(&counters), cancel.clone()));
        Self { cancel, counters, task: Mutex::new(Some(task)) }
    }

    pub fn figures(&self) -> AlertFigures {
        self.counters.figures()
    }

    pub async fn stop(&self) {
        self.cancel.cancel();
        let Some(task) = self.task.lock().await.take() else { return };
        let abort = task.abort_handle();
        if timeout(STOP, task).await.is_err() {
            abort.abort();
        }
    }
}

async fn watch(parts: AlertParts, counters: Arc<Counters>, cancel: CancellationToken) {
    let newest = loop {
        match parts.newest().await {
            Some(newest) => break newest,
            None => tokio::select! {
                () = cancel.cancelled() => return,
                () = sleep(READ_AGAIN) => {}
            },
        }
    };
    let mut backlog = Backlog::after(newest);
    let mut events = parts.events.listen();
    let mut absences = parts.health.alarms();
    let mut health = parts.health.changes();
    // Not before everything had the time to begin: what has not begun is neither well nor not.
    let mut look = interval_at(Instant::now() + SETTLED_AFTER, LOOK_EVERY);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let open = parts.open().await;
    let mut known = parts.lost_before(&open).await;
    let mut away: BTreeSet<CameraId> =
        open.iter().filter(|one| one.source == AlarmSource::Health).filter_map(|one| one.camera).collect();
    let lasting =
        |one: &Sameness| matches!(one.source, AlarmSource::Recording | AlarmSource::Volume | AlarmSource::Node);
    let mut standing = Standing::restore(open.into_iter().filter(lasting), UtcMillis::now());
    loop {
        tokio::select! {
            () = cancel.cancelled() => return,
            event = events.recv(), if !backlog.is_behind() => match event {
                Ok(row) => if backlog.is_new(row.id) {
                    parts.take(&row).await;
                },
                Err(RecvError::Lagged(behind)) => {
                    let missed = backlog.fall_behind(parts.newest().await.unwrap_or(0));
                    tracing::warn!(behind, missed, "events of cameras come faster than alarms take them");
                    counters.note(AlertFigures { late: 0, missed });
                }
                Err(RecvError::Closed) => return,
            },
            page = parts.page_after(backlog.last()), if backlog.is_behind() => match page {
                Ok(rows) => {
                    for row in &rows {
                        parts.take(row).await;
                    }
                    backlog.read(rows.last().map(|row| row.id), rows.len());
                    counters.note(AlertFigures { late: rows.len() as u64, missed: 0 });
                }
                Err(error) => {
                    tracing::warn!(%error, "events of cameras that alarms missed could not be read");
                    sleep(READ_AGAIN).await;
                }
            },
            absence = absences.recv() => match absence {
                Ok(alarm) => {
                    away.insert(alarm.camera);
                    parts.tell_away(&alarm).await;
                }
                Err(RecvError::Lagged(missed)) => {
                    tracing::warn!(missed, "cameras went away faster than alarms took them");
                    parts.look_for_missed(&mut away).await;
                }
                Err(RecvError::Closed) => return,
            },
            Ok(()) = health.changed() => parts.look_for_returned(&mut away).await,
            _ = look.tick() => {
                let troubles = parts.troubles(&mut known).await;
                let News { happened, over } = standing.look(troubles, AFTER_MS, UtcMillis::now());
                for what in happened {
                    parts.alarms.notice(what).await;
                }
                for sameness in over {
                    parts.alarms.over(sameness).await;
                }
            }
        }
    }
}

impl AlertParts {
    async fn take(&self, row: &CameraEventRow) {
        if let Some(over) = ended_by(row) {
            self.alarms.over(over).await;
        } else if let Some(what) = of_camera_event(row) {
            self.alarms.notice(what).await;
        }
    }

    /// The event stored last.
    async fn newest(&self) -> Option<i64> {
        let newest = self.store.camera_events().newest().await;
        newest.inspect_err(|error| tracing::warn!(%error, "the newest event of a camera could not be read")).ok()
    }

    async fn page_after(&self, id: i64) -> Result<Vec<CameraEventRow>, StoreError> {
        self.store.camera_events().after(id, PAGE).await
    }

    /// What is open of what lasts.
    async fn open(&self) -> Vec<Sameness> {
        let (mut open, mut request) = (Vec::new(), PageRequest::default());
        let filter = AlarmFilter { state: StateFilter::Open, ..AlarmFilter::default() };
        loop {
            match self.store.alarms().page(&filter, &request).await {
                Ok(page) => {
                    open.extend(page.items.iter().map(watchwall_model::Alarm::sameness));
                    match page.next_cursor {
                        Some(cursor) if open.len() < MOST_RESTORED => request.cursor = Some(cursor),
                        _ => return open,
                    }
                }
                Err(problem) => {
                    tracing::error!(%problem, "alarms of the last run could not be read");
                    return open;
                }
            }
        }
    }

    async fn tell_away(&self, alarm: &OfflineAlarm) {
        let state = self.health.get(alarm.camera).state;
        self.alarms.notice(of_absence(alarm, state, UtcMillis::now())).await;
    }

    /// All that are away and were not told of; some a little early.
    async fn look_for_missed(&self, away: &mut BTreeSet<CameraId>) {
        for (camera, health) in self.health.all().iter().filter(|(_, health)| health.state.is_away()) {
            if away.insert(*camera) {
                self.tell_away(&OfflineAlarm { camera: *camera, since: health.since, code: health.code }).await;
            }
        }
    }

    /// Nodes that were lost when the site ended: they stay lost until they come.
    async fn lost_before(&self, open: &[Sameness]) -> HashSet<NodeId> {
        let is_lost = |name: &str| open.iter().any(|one| one.source == AlarmSource::Node && one.subject == name);
        match self.store.ai_nodes().all().await {
            Ok(nodes) => nodes.into_iter().filter(|node| is_lost(&node.name)).map(|node| node.id).collect(),
            Err(error) => {
                tracing::warn!(%error, "nodes of the last run could not be read");
                HashSet::new()
            }
        }
    }

    /// Cameras that are back close their alarms.
    async fn look_for_returned(&self, away: &mut BTreeSet<CameraId>) {
        let health = self.health.all();
        let is_back = |camera: &CameraId| {
            health.get(camera).is_none_or(|health| health.state == watchwall_model::HealthState::Online)
        };
        let back: Vec<CameraId> = away.iter().copied().filter(is_back).collect();
        for camera in back {
            away.remove(&camera);
            for kind in ABSENCES {
                let (source, kind, camera) = (AlarmSource::Health, kind.to_owned(), Some(camera));
                self.alarms.over(Sameness { source, kind, camera, subject: String::new() }).await;
            }
        }
    }

    /// All that is not well now.
    async fn troubles(&self, known: &mut HashSet<NodeId>) -> Vec<Happening> {
        let mut troubles = Vec::new();
        match self.recordings().await {
            Ok(found) => troubles.extend(found),
            Err(problem) => tracing::warn!(%problem, "recordings could not be looked at for alarms"),
        }
        troubles.extend(self.volumes());
        troubles.extend(self.nodes(known).await);
        troubles
    }

    /// Plans that should record and do not, though their camera is there.
    async fn recordings(&self) -> Result<Vec<Happening>, Problem> {
        let mut found = Vec::new();
        let now = UtcMillis::now();
        for view in self.recording.plans().await? {
            let PlanRunning::NotRecording { code, .. } = view.running else { continue };
            let camera = self.store.cameras().by_path(&view.plan.path).await?;
            // A camera that is away is told by itself.
            let is_away = camera.as_ref().is_some_and(|camera| self.health.get(camera.id).state.is_away());
            let Some(camera) = camera.filter(|camera| !is_away && camera.enabled) else { continue };
            let what =
                Happening::new(AlarmSource::Recording, "stopped", now).of(camera.id).about(view.plan.path.to_string());
            found.push(what.with("code", code).with("path", &view.plan.path).alarming(4));
        }
        Ok(found)
    }

    fn volumes(&self) -> Vec<Happening> {
        let mut found = Vec::new();
        let now = UtcMillis::now();
        for view in self.recording.volume_standings() {
            let (kind, level) = match (view.health.state, view.is_full) {
                (VolumeState::Offline, _) => ("volume_lost", 4),
                (VolumeState::ReadOnly, _) => ("volume_read_only", 4),
                (VolumeState::ReadWrite, true) => ("volume_full", 3),
                (VolumeState::ReadWrite, false) => continue,
            };
            let mut what = Happening::new(AlarmSource::Volume, kind, now).about(view.code.to_string());
            let name = if view.name.is_empty() { view.code.to_string() } else { view.name };
            what = what.with("volume", name).alarming(level);
            found.push(match view.health.reason {
                Some(reason) => what.with("code", reason.code),
                None => what,
            });
        }
        found
    }

    /// Nodes that were there and are not: a node that never came is no loss, one that was switched off neither.
    async fn nodes(&self, known: &mut HashSet<NodeId>) -> Vec<Happening> {
        let connected = self.analytics.picture();
        known.extend(connected.nodes.keys().copied());
        if connected.nodes.len() == known.len() {
            return Vec::new();
        }
        let nodes = match self.store.ai_nodes().all().await {
            Ok(nodes) => nodes,
            Err(error) => {
                tracing::warn!(%error, "nodes could not be looked at for alarms");
                return Vec::new();
            }
        };
        known.retain(|id| nodes.iter().any(|node| node.id == *id && node.enabled));
        let now = UtcMillis::now();
        let lost = nodes.iter().filter(|node| known.contains(&node.id) && !connected.nodes.contains_key(&node.id));
        lost.map(|node| Happening::new(AlarmSource::Node, "node_lost", now).about(&node.name).alarming(3)).collect()
    }
}
