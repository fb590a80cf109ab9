//! One task owns a stream's state and does what the rules say.

use super::{
    assembler::IngestCounts,
    clock::utc_us_at,
    demand::Demand,
    engine::{self, Approach, EngineEvent, Job, Sessions, TEARDOWN_WITHIN},
    facts::facts,
    failure::Failure,
    handle::{Holders, Wanted},
    metadata::MetadataTrack,
    request::IngestOptions,
    snapshot::IngestSnapshot,
    states::{Action, Event, Health, Rules, Stage, State},
};
use crate::hub::Hub;
use futures::FutureExt;
use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, OnceLock, atomic::Ordering},
    time::{Duration, Instant},
};
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
    time::{MissedTickBehavior, interval, sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use watchwall_model::{Attention, ErrorCode, IngestEngine, Phase, Problem, UtcMicros, UtcMillis, WaitReason};

/// State, figures and facts are looked at this often while something is going on.
const TICK: Duration = Duration::from_millis(500);
/// A panicked actor starts over after this.
const AFTER_PANIC: Duration = Duration::from_secs(1);

/// Everything an actor is given.
pub(super) struct Seat {
    pub options: IngestOptions,
    pub hub: Arc<Hub>,
    pub holders: Arc<Holders>,
    /// The engine that worked in an earlier life of this stream.
    pub remembered: Arc<OnceLock<IngestEngine>>,
    pub requests: watch::Receiver<Wanted>,
    pub snapshot: watch::Sender<IngestSnapshot>,
    pub cancel: CancellationToken,
}

/// Runs the actor until it is told to stop. A panic starts it over and is counted.
pub(super) async fn run(seat: Seat) {
    let counts: Arc<IngestCounts> = Arc::default();
    loop {
        let actor = Actor::new(&seat, Arc::clone(&counts)).run();
        if AssertUnwindSafe(actor).catch_unwind().await.is_ok() {
            break;
        }
        tracing::error!(path = %seat.snapshot.borrow().path, "an ingest actor panicked and starts over");
        seat.snapshot.send_modify(|s| s.panics += 1);
        sleep(AFTER_PANIC).await;
    }
    seat.hub.close();
    seat.holders.metadata.close();
}

struct Actor<'a> {
    seat: &'a Seat,
    requests: watch::Receiver<Wanted>,
    rules: Rules,
    state: State,
    counts: Arc<IngestCounts>,
    sessions: Sessions,
    running: Option<Running>,
    /// The engine before, on its way out.
    leaving: Option<EngineTask>,
    preferred: Option<IngestEngine>,
    /// What went wrong last; `None` from the first picture on.
    last_failure: Option<Problem>,
    has_connected: bool,
    is_paused: bool,
    retries: u64,
}

type EngineTask = JoinHandle<Result<(), Failure>>;

/// The engine at work. It ends after its last event.
struct Running {
    task: EngineTask,
    events: mpsc::Receiver<EngineEvent>,
    cancel: CancellationToken,
    since: Instant,
}

enum News {
    Event(EngineEvent),
    Ended(Result<(), Failure>),
    Panicked,
}

impl<'a> Actor<'a> {
    fn new(seat: &'a Seat, counts: Arc<IngestCounts>) -> Self {
        Self {
            seat,
            requests: seat.requests.clone(),
            rules: seat.options.rules(),
            state: State::default(),
            counts,
            sessions: Sessions::default(),
            running: None,
            leaving: None,
            preferred: None,
            last_failure: None,
            has_connected: false,
            is_paused: false,
            retries: seat.requests.borrow().retries,
        }
    }

    async fn run(mut self) {
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        self.requests.mark_unchanged();
        self.on_holders().await;
        loop {
            tokio::select! {
                () = self.seat.cancel.cancelled() => break,
                () = self.seat.holders.changed.notified() => self.on_holders().await,
                changed = self.requests.changed(), if !self.is_paused => match changed {
                    Ok(()) => self.on_updated(),
                    Err(_) => break,
                },
                news = next_news(&mut self.running) => self.on_news(news),
                _ = tick.tick(), if !self.state.is_resting() => self.on_tick(),
            }
        }
        self.apply(Event::Stop);
        self.part().await;
    }

    /// Waits for the engine before to say goodbye.
    async fn part(&mut self) {
        if let Some(leaving) = self.leaving.take() {
            let abort = leaving.abort_handle();
            if timeout(TEARDOWN_WITHIN + Duration::from_secs(1), leaving).await.is_err() {
                abort.abort();
            }
        }
    }

    async fn on_holders(&mut self) {
        let is_paused = self.seat.holders.is_paused();
        if is_paused != self.is_paused {
            self.is_paused = is_paused;
            if is_paused {
                self.apply(Event::Paused);
                self.part().await;
            } else if self.requests.has_changed().unwrap_or(false) {
                self.note_request();
            }
            self.seat.snapshot.send_modify(|snapshot| snapshot.is_paused = is_paused);
        }
        if !is_paused {
            self.apply(Event::Demand(self.seat.holders.demand()));
            self.look_at_metadata();
        }
    }

    /// Somebody wants the metadata track that the connection at work has left out: tracks are set up before they play,
    /// so it takes another connection. Once: what is refused then is not wanted any more.
    fn look_at_metadata(&mut self) {
        let is_playing = self.running_health().is_some_and(|health| !matches!(health, Health::Connecting { .. }));
        let is_offered = self.seat.snapshot.borrow().metadata == MetadataTrack::Offered;
        let is_wanted = self.state.demand() > Demand::Nobody && self.seat.holders.metadata.is_wanted();
        if is_playing && is_offered && is_wanted {
            tracing::info!(path = %self.path(), "opening the stream anew for its metadata track");
            self.apply(Event::Updated);
        }
    }

    fn on_updated(&mut self) {
        self.note_request();
        self.apply(Event::Updated);
    }

    fn note_request(&mut self) {
        self.retries = self.requests.borrow_and_update().retries;
        (self.preferred, self.last_failure) = (None, None);
    }

    fn on_tick(&mut self) {
        let statistics = self.seat.hub.statistics();
        let last_unit = statistics.last_unit_at.filter(|at| self.running.as_ref().is_some_and(|r| *at >= r.since));
        let was_running = self.running_health();
        self.apply(Event::Tick { last_unit, dice: rand::random() });
        if let (Some(health), Some(problem)) = (was_running, self.problem().cloned()) {
            // Silence was found out here, not by the engine.
            self.note_failure(&problem.into(), health.has_played(), self.state.attempt());
        }
        let params = self.seat.hub.current_params();
        let is_live = matches!(self.state.stage, Stage::Running { health: Health::Live { .. }, .. });
        self.seat.snapshot.send_if_modified(|snapshot| {
            snapshot.frame_rate = statistics.frame_rate;
            snapshot.bitrate = statistics.bitrate;
            snapshot.last_unit_at = statistics.last_unit_at.map(|at| UtcMicros(utc_us_at(at)).to_millis());
            snapshot.lost_packets = self.counts.lost_packets.load(Ordering::Relaxed);
            snapshot.lost_units = self.counts.lost_units.load(Ordering::Relaxed);
            snapshot.timestamp_jumps = self.counts.jumps.load(Ordering::Relaxed);
            let skew = self.counts.clock_skew_ms.load(Ordering::Relaxed);
            snapshot.clock_skew_ms = (skew != i64::MIN).then_some(skew);
            let Some(params) = params.filter(|p| is_live && (p.video.is_some() || p.audio.is_some())) else {
                return false;
            };
            let found = facts(&params, &statistics, snapshot.facts.as_ref());
            let is_news = snapshot.facts.as_ref() != Some(&found);
            snapshot.facts = Some(found);
            is_news
        });
    }

    fn on_news(&mut self, news: News) {
        match news {
            News::Event(EngineEvent::Step(_)) => {}
            News::Event(EngineEvent::Panicked) => {
                self.seat.snapshot.send_modify(|s| s.panics += 1);
                tracing::error!(path = %self.path(), "retina panicked on what the camera sent");
            }
            News::Event(EngineEvent::HandedOver { reason }) => {
                self.seat.snapshot.send_modify(|snapshot| snapshot.handed_over = Some(reason));
            }
            News::Event(EngineEvent::Playing { engine, transport, skipped_tracks, metadata }) => {
                self.seat.snapshot.send_modify(|snapshot| {
                    snapshot.reconnects += u64::from(self.has_connected);
                    snapshot.engine_in_use = Some(engine);
                    snapshot.transport = Some(transport);
                    snapshot.skipped_tracks = skipped_tracks;
                    snapshot.metadata = metadata;
                });
                self.has_connected = true;
                self.apply(Event::Playing);
                // It may have been wanted a moment too late for this connection.
                self.look_at_metadata();
            }
            News::Event(EngineEvent::FirstPicture) => {
                self.preferred = self.seat.snapshot.borrow().engine_in_use;
                self.last_failure = None;
                self.apply(Event::FirstPicture);
                self.on_tick();
            }
            News::Ended(outcome) => {
                let ended = || Problem::new(ErrorCode::StreamEnded).into();
                self.on_failed(outcome.err().unwrap_or_else(ended));
            }
            News::Panicked => {
                self.seat.snapshot.send_modify(|s| s.panics += 1);
                tracing::error!(path = %self.path(), "an ingest engine panicked and is started anew");
                self.on_failed(Problem::new(ErrorCode::Internal).at("engine").into());
            }
        }
    }

    fn on_failed(&mut self, failure: Failure) {
        self.running = None;
        let has_played = self.running_health().is_some_and(Health::has_played);
        self.note_failure(&failure, has_played, self.state.attempt() + 1);
        self.apply(Event::Failed { failure, dice: rand::random() });
    }

    fn note_failure(&mut self, failure: &Failure, has_played: bool, attempt: u32) {
        let problem = &failure.problem;
        // Said once, and again when it becomes something else: hundreds of cameras may be away for days.
        if self.last_failure.as_ref().map(|last| last.code) == Some(problem.code) {
            tracing::debug!(path = %self.path(), attempt, %problem, "the stream is still away");
        } else {
            tracing::warn!(path = %self.path(), attempt, %problem, "the stream was lost or could not be opened");
        }
        if !has_played && failure.may_be_the_engine() {
            // What was remembered no longer holds: the camera has changed.
            self.preferred = None;
        }
        self.last_failure = Some(problem.clone());
    }

    const fn running_health(&self) -> Option<Health> {
        match self.state.stage {
            Stage::Running { health, .. } => Some(health),
            _ => None,
        }
    }

    /// What keeps the stream away now.
    const fn problem(&self) -> Option<&Problem> {
        match &self.state.stage {
            Stage::Waiting { problem, .. } | Stage::NeedsAttention { problem, .. } => Some(problem),
            _ => None,
        }
    }

    fn apply(&mut self, event: Event) {
        let (state, actions) = std::mem::take(&mut self.state).on(event, Instant::now(), &self.rules);
        self.state = state;
        for action in actions {
            match action {
                Action::StartEngine => self.start_engine(),
                Action::StopEngine => self.stop_engine(),
                Action::ForgetPictures => self.seat.hub.clear(),
            }
        }
        self.publish();
    }

    fn start_engine(&mut self) {
        let (sender, events) = mpsc::channel(8);
        let is_first = !self.has_connected && self.last_failure.is_none();
        if is_first && self.preferred.is_none() && self.retries == 0 {
            self.preferred = self.seat.remembered.get().copied();
        }
        let was_unreachable = self.last_failure.as_ref().is_some_and(is_unreachable);
        let cancel = self.seat.cancel.child_token();
        let job = Job {
            request: self.requests.borrow().request.clone(),
            options: self.seat.options.clone(),
            hub: Arc::clone(&self.seat.hub),
            counts: Arc::clone(&self.counts),
            holders: Arc::clone(&self.seat.holders),
            sessions: self.sessions.clone(),
            cancel: cancel.clone(),
            events: sender,
            approach: if is_first || was_unreachable { Approach::LookFirst } else { Approach::Straight },
        };
        self.seat.snapshot.send_if_modified(|snapshot| snapshot.handed_over.take().is_some());
        let (before, preferred) = (self.leaving.take(), self.preferred);
        // Whoever watches does not queue behind what is only recorded.
        let is_watched = self.state.demand() == Demand::Watched;
        let wait = if is_watched { Duration::ZERO } else { self.seat.options.pace.take(Instant::now()) };
        let task = tokio::spawn(async move {
            if let Some(before) = before {
                // One session per stream: the one before says goodbye first.
                let abort = before.abort_handle();
                if timeout(2 * TEARDOWN_WITHIN, before).await.is_err() {
                    abort.abort();
                }
            }
            tokio::select! {
                biased;
                () = job.cancel.cancelled() => return Ok(()),
                () = sleep(wait) => {}
            }
            engine::run(&job, preferred).await
        });
        self.running = Some(Running { task, events, cancel, since: Instant::now() });
    }

    fn stop_engine(&mut self) {
        if let Some(running) = self.running.take() {
            running.cancel.cancel();
            self.leaving = Some(running.task);
        }
    }

    fn publish(&self) {
        let phase = self.phase();
        self.seat.snapshot.send_if_modified(|snapshot| {
            let is_new = !is_same_phase(&snapshot.phase, &phase);
            if is_new {
                tracing::debug!(path = %snapshot.path, ?phase, "phase");
                snapshot.since = UtcMillis::now();
            }
            snapshot.phase = phase;
            is_new
        });
    }

    fn phase(&self) -> Phase {
        let utc = |at: Instant| {
            let now = Instant::now();
            let ahead = i64::try_from(at.saturating_duration_since(now).as_millis()).unwrap_or(i64::MAX);
            let behind = i64::try_from(now.saturating_duration_since(at).as_millis()).unwrap_or(i64::MAX);
            UtcMillis::now().saturating_add_ms(ahead - behind)
        };
        let attempt = self.state.attempt();
        match &self.state.stage {
            Stage::Idle | Stage::Stopped => Phase::Idle,
            Stage::Running { drain_until: Some(_), .. } => Phase::Draining,
            Stage::Running { health: Health::Connecting { .. } | Health::Starting { .. }, .. } => {
                Phase::Connecting { attempt: attempt + 1 }
            }
            Stage::Running { health: Health::Live { .. }, .. } => Phase::Live,
            Stage::Running { health: Health::Stalled { since, .. }, .. } => Phase::Stalled { since: utc(*since) },
            Stage::Waiting { until, problem } => Phase::Waiting {
                until: utc(*until),
                attempt,
                reason: WaitReason { code: problem.code, detail: problem.to_string() },
            },
            Stage::NeedsAttention { problem, .. } => {
                Phase::NeedsAttention { reason: Attention { code: problem.code, detail: problem.to_string() } }
            }
        }
    }

    fn path(&self) -> watchwall_model::StreamPath {
        self.seat.snapshot.borrow().path.clone()
    }
}

/// Nobody answered at that address: worth a cheap look before the next full attempt.
fn is_unreachable(problem: &Problem) -> bool {
    matches!(problem.code, ErrorCode::HostUnreachable | ErrorCode::PortRefused | ErrorCode::ConnectTimeout)
}

/// The same phase, whatever rounding did to its times.
fn is_same_phase(a: &Phase, b: &Phase) -> bool {
    match (a, b) {
        (Phase::Stalled { .. }, Phase::Stalled { .. }) => true,
        (Phase::Waiting { until: a, attempt: n, .. }, Phase::Waiting { until: b, attempt: m, .. }) => {
            n == m && (a.0 - b.0).abs() < 100
        }
        _ => a == b,
    }
}

/// Pends for ever while no engine runs.
async fn next_news(running: &mut Option<Running>) -> News {
    let Some(running) = running else { return std::future::pending().await };
    if let Some(event) = running.events.recv().await {
        return News::Event(event);
    }
    match (&mut running.task).await {
        Ok(outcome) => News::Ended(outcome),
        Err(error) if error.is_panic() => News::Panicked,
        Err(_) => News::Ended(Ok(())),
    }
}
