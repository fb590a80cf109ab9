//! One task on a recording: reads it as fast as everything behind it goes, and ends with it.
//!
//! Nothing here looks at a clock but what says that the task lives. Reading waits for the decoder, the decoder for the
//! scenes, the scenes for room in the outbox: what is found is never dropped, and little of the recording is in memory.

use super::{
    Looker, Plan, Reporter,
    actor::{Shared, snapshot},
    looker::LookerRules,
};
use crate::{
    EngineOptions,
    detect::{ModelError, look_at},
    node::Urgency,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use watchwall_engine_protocol::{FrameSize, NodeMessage, TaskState};
use watchwall_media::{
    AccessUnit,
    ingest::{Bandwidth, Replay, ReplayDialect, ReplayRequest, replay},
    pixels::{Picture, PictureSpec, PictureStream, recorded_pictures},
};
use watchwall_model::{ErrorCode, Problem, SafeUrl, StreamPath, TimeRange, UtcMillis};

const KEEPALIVE: Duration = Duration::from_secs(5);
/// Coded pictures between the recording and the decoder.
const WAITING: usize = 8;
/// After a longer gap the scenes learn anew what the picture looks like.
const FORGOTTEN_MS: i64 = 10_000;
/// Changes of coding within one range.
const MOST_LEGS: usize = 64;

/// How a recording ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leg {
    Over,
    /// The rest is coded otherwise and asked for anew.
    CodedOtherwise,
}

/// Why a recording was not looked at to its end.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{code}: {0}", code = .0.code)]
    Recording(#[from] Problem),
    #[error("model_failed: {0}")]
    Model(#[from] ModelError),
}

/// Looks at one range.
pub struct ArchiveRun {
    shared: Arc<Shared>,
    range: TimeRange,
    looker: Option<Looker>,
    reporter: Reporter,
    /// When the last picture was taken.
    newest: Option<UtcMillis>,
}

impl ArchiveRun {
    pub fn new(shared: Arc<Shared>, range: TimeRange) -> Self {
        Self { shared, range, looker: None, reporter: Reporter::default(), newest: None }
    }

    /// Runs to the end of the range, says so for each scene, and ends; or until cancelled.
    pub async fn run(mut self, plans: watch::Receiver<Plan>, cancel: CancellationToken) {
        let (shared, looked_at) = (Arc::clone(&self.shared), AtomicU32::new(0));
        let outcome = tokio::select! {
            biased;
            () = cancel.cancelled() => return,
            () = live(&shared, &plans, &looked_at) => return,
            outcome = self.look(&plans, &looked_at) => outcome,
        };
        let plan = plans.borrow().clone();
        let (state, why) = match outcome {
            Ok(()) => (TaskState::Stopped, None),
            Err(failure) => {
                tracing::warn!(task = plan.task.0, camera = plan.camera.0, %failure, "a recording cannot be looked at");
                (TaskState::Error, Some(failure.to_string()))
            }
        };
        tracing::info!(task = plan.task.0, camera = plan.camera.0, ?state, "a recording was looked at");
        for scene in &plan.scenes {
            shared.state(plan.task, &scene.code, state, why.clone());
        }
    }

    async fn look(&mut self, plans: &watch::Receiver<Plan>, looked_at: &AtomicU32) -> Result<(), Failure> {
        for _ in 0..MOST_LEGS {
            let plan = plans.borrow().clone();
            let request = self.request(&plan)?;
            let opened = replay(&request, &self.shared.ingest, Bandwidth::new(u32::MAX)).await;
            let replay = match opened {
                // Nothing was recorded after what was seen.
                Err(problem) if self.newest.is_some() && problem.code == ErrorCode::StreamPathUnknown => return Ok(()),
                opened => opened?,
            };
            let (units, given) = mpsc::channel(WAITING);
            let mut stream = recorded_pictures(given, PictureSpec { max_fps: plan.input_fps });
            let read = async { read(replay, units).await.map_err(Failure::from) };
            let outcome = tokio::try_join!(read, self.take_all(&mut stream, plans, looked_at));
            stream.stop().await;
            if outcome?.0 == Leg::Over {
                return Ok(());
            }
        }
        Err(Problem::new(ErrorCode::CodecUnsupported)
            .because("the recording changes its coding again and again")
            .into())
    }

    fn request(&self, plan: &Plan) -> Result<ReplayRequest, Problem> {
        let (url, _) = SafeUrl::split(plan.address.reveal())?;
        let url = match self.newest {
            Some(newest) => {
                let from = newest.saturating_add_ms(1);
                SafeUrl::split(&format!("{}/{}", plan.address.reveal().trim_end_matches('/'), from.0))?.0
            }
            None => url,
        };
        Ok(ReplayRequest {
            path: StreamPath::parse(&format!("ai_task_{}", plan.task))?,
            url,
            credentials: None,
            device_key: None,
            range: self.range,
            clock_offset_ms: 0,
            dialect: ReplayDialect::Site,
        })
    }

    async fn take_all(
        &mut self,
        stream: &mut PictureStream,
        plans: &watch::Receiver<Plan>,
        looked_at: &AtomicU32,
    ) -> Result<(), Failure> {
        while let Some(picture) = stream.next().await {
            let picture = picture?;
            let plan = plans.borrow().clone();
            self.take(&plan, &picture).await?;
            looked_at.fetch_add(1, Relaxed);
        }
        Ok(())
    }

    async fn take(&mut self, plan: &Plan, picture: &Picture) -> Result<(), Failure> {
        let at = picture.capture_at.to_millis();
        let has_gap = self.newest.is_some_and(|newest| (at - newest).abs() > FORGOTTEN_MS);
        self.newest = self.newest.max(Some(at));
        // What a decoder needs before the start is not asked for.
        if !self.range.contains(at) {
            return Ok(());
        }
        let Ok(luma) = picture.luma(plan.look_width) else { return Ok(()) };
        let EngineOptions { times, dwell_ms, stay_ms, .. } = *self.shared.options;
        let rules = LookerRules { times, dwell_ms, stay_ms };
        let looker = match &mut self.looker {
            Some(looker) if !has_gap => looker,
            place => place.insert(Looker::new(plan, rules)),
        };
        looker.adapt(plan);
        let mut seen = looker.look(&luma, at.0);
        if let (true, Some(detector)) = (plan.needs_model(), &self.shared.options.detector) {
            let detections = look_at(detector, picture).await?;
            seen.extend(looker.look_at_things(&detections, at.0));
        }
        let Some(report) = self.reporter.report(plan, seen, at.0) else { return Ok(()) };
        let jpeg = if report.wants_picture { snapshot(plan, picture).await } else { None };
        let frame = FrameSize { width: picture.width, height: picture.height };
        let result = report.into_result(plan, at, frame, jpeg);
        self.shared.outbox.room().await;
        self.shared.say(Urgency::Recorded, &NodeMessage::Result(result));
        Ok(())
    }
}

/// Says every few seconds that the task lives, for as long as it is asked for.
async fn live(shared: &Shared, plans: &watch::Receiver<Plan>, looked_at: &AtomicU32) {
    let mut since = Instant::now();
    loop {
        tokio::time::sleep(KEEPALIVE).await;
        let fps = looked_at.swap(0, Relaxed) as f32 / since.elapsed().as_secs_f32().max(0.001);
        since = Instant::now();
        let plan = plans.borrow().clone();
        shared.alive(plan.task, plan.codes(), Some((fps * 10.0).round() / 10.0));
    }
}

/// Hands all units of a recording over.
async fn read(mut replay: Replay, units: mpsc::Sender<Arc<AccessUnit>>) -> Result<Leg, Problem> {
    let outcome = loop {
        match replay.next().await {
            Ok(Some(unit)) => {
                // Whoever decodes has stopped, and says why.
                if units.send(unit).await.is_err() {
                    break Ok(Leg::Over);
                }
            }
            Ok(None) => {
                break match replay.farewell() {
                    Some("") => Ok(Leg::Over),
                    Some(_) => Ok(Leg::CodedOtherwise),
                    None => Err(Problem::new(ErrorCode::StreamEnded).at("recording")),
                };
            }
            Err(problem) => break Err(problem),
        }
    };
    replay.stop().await;
    outcome
}
