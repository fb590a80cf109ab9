//! The conversation with one listener.

use super::{
    alarms::AlarmFeed,
    edits::Edited,
    jobs::{Follow, FollowJobs, JobNews},
    results::ResultFeed,
};
use crate::{
    app::App,
    live::{End, Said, Wire},
    views::camera_event_view,
};
use axum::extract::ws::WebSocket;
use std::{collections::HashMap, convert::Infallible, time::Duration};
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use tokio_util::sync::CancellationToken;
use watchwall_api::{CameraStatus, NotifyClientMessage, NotifyServerMessage};
use watchwall_model::{CameraEventRow, ErrorCode, Problem, Right, Role, UtcMillis};
use watchwall_site::cameras::health::OfflineAlarm;

/// Changes are gathered for this long: at most four messages a second.
const GATHER: Duration = Duration::from_millis(250);
/// Figures that change without an event (rates, viewers) are looked at this often.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Changes of nodes and tasks are gathered for this long.
const NODES_GATHER: Duration = Duration::from_millis(500);
const HEARTBEAT: Duration = Duration::from_secs(10);

/// Serves one socket until either side ends it.
pub async fn run(app: App, socket: WebSocket, role: Role, ended: CancellationToken) {
    let mut listener = Listener {
        wire: Wire::new(socket),
        sequence: 0,
        topics: Topics::default(),
        told: HashMap::new(),
        may_configure: role.has(Right::Configure),
        may_see_alarms: role.has(Right::Alarms),
        jobs: JobNews::default(),
        alarms: AlarmFeed::default(),
        results: ResultFeed::default(),
    };
    let stopping = app.sockets.stopping().clone();
    let end = tokio::select! {
        end = listener.converse(&app) => match end {
            Ok(never) => match never {},
            Err(end) => end,
        },
        () = ended.cancelled() => End::Refused(Problem::new(ErrorCode::LoginRequired)),
        () = stopping.cancelled() => End::Stopping,
    };
    listener.wire.end(end).await;
}

#[derive(Clone, Copy, Default)]
struct Topics {
    cameras: bool,
    edits: bool,
    events: bool,
    nodes: bool,
}

struct Listener {
    wire: Wire,
    sequence: u64,
    topics: Topics,
    /// Each camera as told last.
    told: HashMap<i64, CameraStatus>,
    /// Jobs name devices and their failures: they are told to nobody else.
    may_configure: bool,
    may_see_alarms: bool,
    jobs: JobNews,
    alarms: AlarmFeed,
    results: ResultFeed,
}

impl Listener {
    async fn converse(&mut self, app: &App) -> Result<Infallible, End> {
        let mut cameras = app.site.cameras.changes();
        let mut plans = app.site.recording.changes();
        let mut edits = app.edits.listen();
        let mut health = app.site.health.changes();
        let mut away = app.site.health.alarms();
        let mut events = app.site.events.listen();
        let mut heartbeat = interval(HEARTBEAT);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut look_at = Instant::now() + LOOK_EVERY;
        let (mut searches, mut lists) = (app.site.cameras.discovery_changes(), app.site.cameras.onboarding_changes());
        let mut doctors = app.site.doctor.changes();
        let mut jobs_at: Option<Instant> = None;
        let (mut alarms, mut nodes) = (app.site.alarms.listen(), app.site.analytics.changes());
        let mut nodes_at: Option<Instant> = None;
        loop {
            tokio::select! {
                biased;
                said = self.wire.hear() => self.obey(app, said?).await?,
                Ok(()) = cameras.changed() => look_at = look_at.min(Instant::now() + GATHER),
                Ok(()) = health.changed() => look_at = look_at.min(Instant::now() + GATHER),
                Ok(()) = plans.changed() => look_at = look_at.min(Instant::now() + GATHER),
                event = heard(&mut events) => self.tell_event(&event).await?,
                alarm = heard(&mut away) => self.tell_away(alarm).await?,
                Ok(()) = searches.changed() => jobs_at = jobs_at.or(Some(Instant::now() + GATHER)),
                Ok(()) = lists.changed() => jobs_at = jobs_at.or(Some(Instant::now() + GATHER)),
                Ok(()) = doctors.changed() => jobs_at = jobs_at.or(Some(Instant::now() + GATHER)),
                () = due(jobs_at) => {
                    jobs_at = None;
                    self.tell_jobs(app).await?;
                }
                news = alarms.recv() => if let Some(message) = self.alarms.hear(news, &mut self.sequence) {
                    self.wire.say(&message).await?;
                },
                () = due(self.alarms.due()) => {
                    if let Some(message) = self.alarms.flush(app, &mut self.sequence).await? {
                        self.wire.say(&message).await?;
                    }
                }
                Some(result) = self.results.next() => {
                    let sequence = self.next();
                    self.wire.say(&NotifyServerMessage::AiResult { sequence, result }).await?;
                }
                Ok(()) = nodes.changed() => nodes_at = nodes_at.or(Some(Instant::now() + NODES_GATHER)),
                () = due(nodes_at) => {
                    nodes_at = None;
                    if self.topics.nodes {
                        let sequence = self.next();
                        self.wire.say(&NotifyServerMessage::AnalyticsChanged { sequence }).await?;
                    }
                }
                what = edits.next() => self.tell_edits(what).await?,
                () = sleep_until(look_at) => {
                    self.tell_changes(app).await?;
                    look_at = Instant::now() + LOOK_EVERY;
                }
                _ = heartbeat.tick() => {
                    let sequence = self.next();
                    self.wire.say(&NotifyServerMessage::Heartbeat { sequence, now: UtcMillis::now().0 }).await?;
                }
            }
        }
    }

    async fn obey(&mut self, app: &App, said: Said) -> Result<(), End> {
        let command = match &said {
            Said::Text(text) => serde_json::from_str::<NotifyClientMessage>(text).ok(),
            Said::Noise => None,
        };
        match command {
            None => app.metrics.live.unknown_message(),
            Some(NotifyClientMessage::Subscribe { topics }) => {
                let has = |name: &str| topics.iter().any(|topic| topic == name);
                self.topics = Topics {
                    cameras: has("cameras"),
                    edits: has("cameras") || has("recording") || has("system"),
                    events: has("events"),
                    nodes: has("nodes"),
                };
                self.alarms.follow(self.may_see_alarms && has("alarms"));
                self.results.follow(app, &topics);
                let follow = |name: &str| if self.may_configure && has(name) { Follow::Yes } else { Follow::No };
                let jobs = FollowJobs {
                    discoveries: follow("discovery"),
                    onboardings: follow("onboarding"),
                    doctors: follow("doctor"),
                };
                self.jobs.follow(app, jobs);
                self.snapshot(app).await?;
            }
            Some(NotifyClientMessage::Snapshot) => self.snapshot(app).await?,
        }
        Ok(())
    }

    async fn snapshot(&mut self, app: &App) -> Result<(), End> {
        if let Some(message) = self.alarms.snapshot(app, &mut self.sequence).await? {
            self.wire.say(&message).await?;
        }
        if !self.topics.cameras {
            return Ok(());
        }
        let cameras = app.board.cameras(app).await?.to_vec();
        self.told = cameras.iter().map(|camera| (camera.camera_id, camera.clone())).collect();
        let sequence = self.next();
        self.wire.say(&NotifyServerMessage::CamerasSnapshot { sequence, cameras }).await
    }

    async fn tell_changes(&mut self, app: &App) -> Result<(), End> {
        if !self.topics.cameras {
            return Ok(());
        }
        let all = app.board.cameras(app).await?;
        if all.len() != self.told.len() || all.iter().any(|camera| !self.told.contains_key(&camera.camera_id)) {
            return self.snapshot(app).await;
        }
        let cameras: Vec<_> =
            all.iter().filter(|camera| self.told.get(&camera.camera_id) != Some(camera)).cloned().collect();
        if cameras.is_empty() {
            return Ok(());
        }
        self.told.extend(cameras.iter().map(|camera| (camera.camera_id, camera.clone())));
        let sequence = self.next();
        self.wire.say(&NotifyServerMessage::CamerasChanged { sequence, cameras }).await
    }

    async fn tell_edits(&mut self, what: Vec<Edited>) -> Result<(), End> {
        if !self.topics.edits {
            return Ok(());
        }
        for what in what {
            let sequence = self.next();
            self.wire.say(&NotifyServerMessage::Edited { sequence, what: what.as_str().to_owned() }).await?;
        }
        Ok(())
    }

    async fn tell_event(&mut self, row: &CameraEventRow) -> Result<(), End> {
        if !self.topics.events {
            return Ok(());
        }
        let sequence = self.next();
        self.wire.say(&NotifyServerMessage::CameraEvent { sequence, event: camera_event_view(row) }).await
    }

    async fn tell_away(&mut self, alarm: OfflineAlarm) -> Result<(), End> {
        if !self.topics.cameras {
            return Ok(());
        }
        let sequence = self.next();
        let (camera_id, since, code) = (alarm.camera.0, alarm.since.0, alarm.code.map(|code| code.to_string()));
        self.wire.say(&NotifyServerMessage::CameraAway { sequence, camera_id, since, code }).await
    }

    async fn tell_jobs(&mut self, app: &App) -> Result<(), End> {
        let (jobs, sequence) = (&mut self.jobs, &mut self.sequence);
        let news = jobs.gather(app, || {
            *sequence += 1;
            *sequence
        });
        for message in news {
            self.wire.say(&message).await?;
        }
        Ok(())
    }

    const fn next(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }
}

/// The next of a broadcast; what was missed by being slow stands in its list. Safe to drop and call again.
async fn heard<T: Clone>(from: &mut broadcast::Receiver<T>) -> T {
    loop {
        match from.recv().await {
            Ok(value) => return value,
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return std::future::pending().await,
        }
    }
}

/// Never without a moment.
async fn due(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}
