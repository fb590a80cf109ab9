//! One task: its stream, its pictures, its scenes.

use super::{
    Looker, Plan, Reporter,
    health::{Health, News},
    looker::LookerRules,
    report::Report,
};
use crate::{
    EngineOptions,
    detect::{ModelError, Sighted, Spotter},
    node::{Outbox, Urgency},
    preview::{PreviewPlan, Show},
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;
use watchwall_engine_protocol::{FrameSize, MOST_MESSAGE_BYTES, NodeMessage, TaskState};
use watchwall_media::{
    ingest::{IngestHandle, IngestOptions, IngestRequest, Interest, InterestKind, start_ingest},
    pixels::{Picture, PictureSpec, PictureStream, pictures},
};
use watchwall_model::{IngestEngine, Phase, Problem, SafeUrl, StreamPath, TaskId, Transport};

const TICK: Duration = Duration::from_millis(500);
const KEEPALIVE: Duration = Duration::from_secs(10);
/// A stream that could not be decoded is tried again after this: its camera may have been set otherwise.
const DECODE_AGAIN: Duration = Duration::from_secs(30);
const SNAPSHOT_WITHIN: Duration = Duration::from_secs(3);
/// In base64 a third more; the rest of the message needs room too.
const MOST_SNAPSHOT_BYTES: usize = MOST_MESSAGE_BYTES * 5 / 8;

/// What all tasks of a node share.
pub struct Shared {
    pub options: Arc<EngineOptions>,
    pub outbox: Arc<Outbox>,
    pub ingest: IngestOptions,
}

impl Shared {
    /// A stream that a task needs is given up and called again like one that is recorded.
    pub fn ingest_options() -> IngestOptions {
        IngestOptions { drain_after: Duration::ZERO, ..IngestOptions::default() }
    }
}

pub struct Actor {
    shared: Arc<Shared>,
    looker: Option<Looker>,
    reporter: Reporter,
    /// The model's view of the stream, and what was sent of it.
    spotter: Option<Spotter>,
    spotted: Reporter,
    health: Health,
    pull: Option<Pull>,
    show: Show,
    /// What is wrong that the stream itself does not know of.
    trouble: Option<String>,
    looked_at: u32,
    keepalive_at: Instant,
}

/// The stream while the task runs.
struct Pull {
    ingest: IngestHandle,
    _interest: Interest,
    pictures: Option<PictureStream>,
    max_fps: u32,
    decode_again_at: Option<Instant>,
    /// As pulled now, and as asked for last: an address that has a newer token is used when the stream is lost.
    request: IngestRequest,
    newest: IngestRequest,
}

impl Actor {
    pub fn new(shared: Arc<Shared>) -> Self {
        let now = Instant::now();
        Self {
            shared,
            looker: None,
            reporter: Reporter::default(),
            spotter: None,
            spotted: Reporter::default(),
            health: Health::new(now),
            pull: None,
            show: Show::default(),
            trouble: None,
            looked_at: 0,
            keepalive_at: now + KEEPALIVE,
        }
    }

    /// Runs until cancelled.
    pub async fn run(
        mut self,
        mut plans: watch::Receiver<Plan>,
        mut previews: watch::Receiver<Option<PreviewPlan>>,
        cancel: CancellationToken,
    ) {
        let mut plan = plans.borrow_and_update().clone();
        self.adapt(&plan).await;
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                () = cancel.cancelled() => break,
                changed = plans.changed() => {
                    if changed.is_err() {
                        break;
                    }
                    plan = plans.borrow_and_update().clone();
                    self.health.again(Instant::now());
                    self.adapt(&plan).await;
                }
                Ok(()) = previews.changed() => {
                    let wanted = previews.borrow_and_update().clone();
                    self.show.set(wanted).await;
                }
                _ = tick.tick() => self.tick(&plan),
                sighted = next_sighted(&mut self.spotter) => self.take_sighted(&plan, sighted).await,
                picture = next(&mut self.pull) => self.take(&plan, picture).await,
            }
        }
        self.show.stop().await;
        if let Some(spotter) = self.spotter.take() {
            spotter.stop().await;
        }
        if let Some(pull) = self.pull.take() {
            pull.stop().await;
        }
    }

    /// Brings stream and scenes to what is planned.
    async fn adapt(&mut self, plan: &Plan) {
        let EngineOptions { times, dwell_ms, stay_ms, .. } = *self.shared.options;
        let rules = LookerRules { times, dwell_ms, stay_ms };
        match (plan.needs_model(), &self.shared.options.detector) {
            (true, Some(detector)) => {
                self.spotter.get_or_insert_with(|| Spotter::start(detector.clone()));
            }
            _ => {
                if let Some(spotter) = self.spotter.take() {
                    spotter.stop().await;
                }
            }
        }
        match &mut self.looker {
            Some(looker) => looker.adapt(plan),
            None => self.looker = Some(Looker::new(plan, rules)),
        }
        let request = match request(plan) {
            Ok(request) => request,
            Err(problem) => {
                self.trouble = Some(problem.to_string());
                return;
            }
        };
        self.trouble = None;
        match &mut self.pull {
            Some(pull) => {
                pull.newest = request;
                if pull.max_fps != plan.input_fps
                    && let Some(old) = pull.pictures.take()
                {
                    old.stop().await;
                    pull.look(plan.input_fps);
                }
                pull.renew();
            }
            None => self.pull = Some(Pull::start(request, plan.input_fps, &self.shared.ingest)),
        }
    }

    fn tick(&mut self, plan: &Plan) {
        let now = Instant::now();
        if let Some(pull) = &mut self.pull {
            pull.renew();
            if pull.decode_again_at.is_some_and(|at| now >= at) {
                pull.look(plan.input_fps);
            }
        }
        let (reason, is_lasting) = match (&self.trouble, &self.pull) {
            (Some(trouble), _) => (Some(trouble.clone()), true),
            (None, Some(pull)) => pull.reason(),
            (None, None) => (None, false),
        };
        let news = self.health.tick(now, reason.as_deref(), is_lasting);
        self.tell(plan, news);
        if now >= self.keepalive_at {
            let seconds = (now - self.keepalive_at + KEEPALIVE).as_secs_f32();
            let fps = std::mem::take(&mut self.looked_at) as f32 / seconds;
            self.keepalive_at = now + KEEPALIVE;
            // What needs a model that cannot look does not live.
            let lives = plan.scenes.iter().filter(|scene| scene.things.is_none() || self.spotter.is_some());
            let lives: Vec<_> = lives.map(|scene| scene.code.clone()).collect();
            if self.health.is_good() && !lives.is_empty() {
                self.shared.alive(plan.task, lives, Some((fps * 10.0).round() / 10.0));
            }
        }
    }

    async fn take(&mut self, plan: &Plan, picture: Result<Picture, Option<Problem>>) {
        let picture = match picture {
            Ok(picture) => picture,
            Err(problem) => {
                let Some(pull) = &mut self.pull else { return };
                (pull.pictures, pull.decode_again_at) = (None, Some(Instant::now() + DECODE_AGAIN));
                if let Some(problem) = problem {
                    tracing::warn!(task = plan.task.0, error = %problem, "a stream cannot be decoded");
                    self.trouble = Some(problem.to_string());
                }
                return;
            }
        };
        let news = self.health.picture(Instant::now());
        self.trouble = None;
        self.tell(plan, news);
        self.looked_at += 1;
        if let Some(spotter) = &self.spotter {
            spotter.offer(picture.clone());
        }
        let at = picture.capture_at.to_millis();
        let (Some(looker), Ok(luma)) = (&mut self.looker, picture.luma(plan.look_width)) else { return };
        let seen = looker.look(&luma, at.0);
        if !plan.needs_model() {
            self.show.offer(plan, &picture, &seen);
        }
        let report = self.reporter.report(plan, seen, at.0);
        self.send(plan, report, &picture).await;
    }

    async fn take_sighted(&mut self, plan: &Plan, sighted: Result<Sighted, ModelError>) {
        let Sighted { picture, detections } = match sighted {
            Ok(sighted) => sighted,
            Err(error) => {
                tracing::error!(task = plan.task.0, %error, "a model cannot look");
                self.spotter = None;
                for scene in plan.scenes.iter().filter(|scene| scene.things.is_some()) {
                    self.shared.state(plan.task, &scene.code, TaskState::Error, Some(format!("model_failed: {error}")));
                }
                return;
            }
        };
        let at = picture.capture_at.to_millis();
        let seen = self.looker.as_mut().map_or_else(Vec::new, |looker| looker.look_at_things(&detections, at.0));
        self.show.offer(plan, &picture, &seen);
        let report = self.spotted.report(plan, seen, at.0);
        self.send(plan, report, &picture).await;
    }

    async fn send(&self, plan: &Plan, report: Option<Report>, picture: &Picture) {
        let Some(report) = report else { return };
        let at = picture.capture_at.to_millis();
        let urgency = if report.is_alarm { Urgency::Alarm } else { Urgency::Result };
        let jpeg = if report.wants_picture { snapshot(plan, picture).await } else { None };
        let frame = FrameSize { width: picture.width, height: picture.height };
        let result = report.into_result(plan, at, frame, jpeg);
        self.shared.say(urgency, &NodeMessage::Result(result));
    }

    fn tell(&self, plan: &Plan, news: Option<News>) {
        let (state, message) = match news {
            Some(News::Gone { why }) => (TaskState::Error, Some(why)),
            Some(News::Back) => (TaskState::Running, None),
            None => return,
        };
        tracing::info!(task = plan.task.0, camera = plan.camera.0, ?state, message, "a task's stream");
        for scene in &plan.scenes {
            self.shared.state(plan.task, &scene.code, state, message.clone());
        }
    }
}

impl Pull {
    fn start(request: IngestRequest, max_fps: u32, options: &IngestOptions) -> Self {
        let ingest = start_ingest(request.clone(), options.clone());
        // An alarm that is missed is as bad as a recording that is.
        let interest = ingest.interest(InterestKind::Recorder);
        let newest = request.clone();
        let mut pull =
            Self { ingest, _interest: interest, pictures: None, max_fps, decode_again_at: None, request, newest };
        pull.look(max_fps);
        pull
    }

    fn look(&mut self, max_fps: u32) {
        (self.max_fps, self.decode_again_at) = (max_fps, None);
        self.pictures = Some(pictures(self.ingest.hub(), PictureSpec { max_fps }));
    }

    /// Uses the newest address, unless that would interrupt pictures that come: of a stream that is the same but for
    /// what is asked for behind the `?`, which is where tokens stand.
    fn renew(&mut self) {
        if self.newest == self.request {
            return;
        }
        let place = |request: &IngestRequest| request.url.as_str().split('?').next().map(ToOwned::to_owned);
        let is_live = self.ingest.snapshot().borrow().phase.is_live();
        if !is_live || place(&self.newest) != place(&self.request) {
            self.request = self.newest.clone();
            self.ingest.update(self.request.clone());
        }
    }

    /// Why there are no pictures, and whether waiting will not mend it.
    fn reason(&self) -> (Option<String>, bool) {
        let snapshot = self.ingest.snapshot();
        let snapshot = snapshot.borrow();
        match &snapshot.phase {
            Phase::NeedsAttention { reason } => (Some(format!("{}: {}", reason.code, reason.detail)), true),
            Phase::Waiting { reason, .. } => (Some(format!("{}: {}", reason.code, reason.detail)), false),
            _ => (None, false),
        }
    }

    async fn stop(self) {
        if let Some(pictures) = self.pictures {
            pictures.stop().await;
        }
        self.ingest.stop().await;
    }
}

/// The next picture; waits for ever while nobody looks. `Err(None)`: the pictures are over.
async fn next(pull: &mut Option<Pull>) -> Result<Picture, Option<Problem>> {
    match pull.as_mut().and_then(|pull| pull.pictures.as_mut()) {
        Some(pictures) => pictures.next().await.map_or(Err(None), |next| next.map_err(Some)),
        None => std::future::pending().await,
    }
}

/// What a model saw next; waits for ever while none looks.
async fn next_sighted(spotter: &mut Option<Spotter>) -> Result<Sighted, ModelError> {
    match spotter {
        Some(spotter) => {
            let over = || Err(ModelError::Run { detail: "it looks no more".to_owned() });
            spotter.next().await.unwrap_or_else(over)
        }
        None => std::future::pending().await,
    }
}

fn request(plan: &Plan) -> Result<IngestRequest, Problem> {
    let TaskId(task) = plan.task;
    let (url, credentials) = SafeUrl::split(plan.address.reveal())?;
    Ok(IngestRequest {
        path: StreamPath::parse(&format!("ai_task_{task}"))?,
        url,
        credentials,
        engine: IngestEngine::Auto,
        transport: Transport::Auto,
        device_key: None,
    })
}

/// A result without its picture is better than none.
pub(super) async fn snapshot(plan: &Plan, picture: &Picture) -> Option<Vec<u8>> {
    for (height, quality) in [(plan.snapshot_height, plan.snapshot_quality), (plan.snapshot_height / 2, 50)] {
        match picture.jpeg(height, quality, SNAPSHOT_WITHIN).await {
            Ok(jpeg) if jpeg.len() <= MOST_SNAPSHOT_BYTES => return Some(jpeg.to_vec()),
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(task = plan.task.0, %error, "a picture could not be made into a JPEG");
                return None;
            }
        }
    }
    None
}
