//! Looks at a stream once: what it is, or why it cannot be had.

use super::{
    assembler::IngestCounts,
    engine::{self, Approach, EngineEvent, Job, Sessions, TEARDOWN_WITHIN},
    facts::facts,
    failure::Failure,
    reach::check_rtsp,
    request::{IngestOptions, IngestRequest},
};
use crate::{
    AccessUnit,
    hub::{BacklogLimits, Hub},
};
use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};
use tokio::{
    sync::mpsc,
    task::JoinHandle,
    time::{sleep, timeout},
};
use tokio_util::sync::{CancellationToken, DropGuard};
use watchwall_model::{
    Credentials, DeviceKey, ErrorCode, IngestEngine, Problem, SafeUrl, StreamFacts, StreamPath, Transport,
};

/// Which stream to look at.
#[derive(Clone, Debug)]
pub struct ProbeRequest {
    pub url: SafeUrl,
    pub credentials: Option<Credentials>,
    pub engine: IngestEngine,
    pub transport: Transport,
    /// As in [`IngestRequest::device_key`].
    pub device_key: Option<DeviceKey>,
}

/// What a probe saw.
#[derive(Clone, Debug)]
pub struct ProbeReport {
    pub facts: StreamFacts,
    /// What worked; worth storing with the stream.
    pub engine: IngestEngine,
    pub transport: Transport,
    /// Why `auto` handed the stream to GStreamer, if it did.
    pub handed_over: Option<Problem>,
    /// From the start of the probe to the first key frame.
    pub first_picture_ms: u64,
    pub steps: Vec<ProbeStep>,
    /// Tracks that are not taken, as `media/encoding`.
    pub skipped_tracks: Vec<String>,
    /// How far the camera's clock is behind ours; `None` when it did not say within the probe.
    pub clock_skew_ms: Option<i64>,
    /// Of its first whole GOP; `None` when none ended within the probe.
    pub bitrate_kbps: Option<u32>,
    /// The newest GOP, for a picture to show.
    pub picture: Vec<Arc<AccessUnit>>,
}

/// A step of the dialogue, and when it was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProbeStep {
    /// `describe`, `setup`, `play` or `first_picture`.
    pub step: &'static str,
    pub at_ms: u64,
}

/// One whole GOP is watched, for at most this long after the first picture.
const WATCH_FOR: Duration = Duration::from_millis(2_500);

/// Opens the stream, waits for a key frame, watches one GOP and closes the stream with a TEARDOWN.
/// The key frame is there by `deadline` whatever the camera does.
///
/// # Errors
/// The catalogue's code for what went wrong, with the step and one line of detail.
pub async fn probe(request: ProbeRequest, options: &IngestOptions, deadline: Duration) -> Result<ProbeReport, Problem> {
    Ok(look(request, options, deadline).await?.1.whole().await)
}

/// As far as the first key frame, which is what a decision can be made on. The stream stays open until [`Watching`] is
/// done with or dropped.
///
/// # Errors
/// As [`probe`].
pub async fn look(
    request: ProbeRequest,
    options: &IngestOptions,
    deadline: Duration,
) -> Result<(ProbeReport, Watching), Problem> {
    let hub = Hub::new(BacklogLimits::default());
    let counts: Arc<IngestCounts> = Arc::default();
    let (events, mut heard) = mpsc::channel(8);
    let cancel = CancellationToken::new();
    // Whoever drops the probe half-way ends its session as well.
    let end = cancel.clone().drop_guard();
    let path = StreamPath::parse("probe")?;
    let ProbeRequest { url, credentials, engine, transport, device_key } = request;
    let job = Job {
        request: IngestRequest { path, url, credentials, engine, transport, device_key },
        options: options.clone(),
        hub: Arc::clone(&hub),
        counts: Arc::clone(&counts),
        holders: Arc::default(),
        sessions: Sessions::default(),
        cancel,
        events,
        approach: Approach::LookFirst,
    };
    let address = job.request.url.clone();
    let mut task = tokio::spawn(async move { engine::run(&job, None).await });
    let mut watch = Watch { started: Instant::now(), hub, counts, steps: Vec::new(), playing: None, handed_over: None };
    let outcome = tokio::select! {
        outcome = timeout(deadline, watch.run(&mut heard, options.key_frame_within)) => outcome,
        ended = &mut task => Ok(Err(ended_early(ended))),
    };
    let has_described = watch.steps.iter().any(|s| s.step == "describe");
    let problem = match outcome {
        Ok(Ok(first_picture_ms)) => match watch.report(first_picture_ms) {
            Some(first) => return Ok((first.clone(), Watching { watch, first, heard, task, end })),
            None => Problem::new(ErrorCode::NoVideo),
        },
        Ok(Err(problem)) => problem,
        Err(_) => {
            let code = if watch.playing.is_some() { ErrorCode::NoKeyFrame } else { ErrorCode::ConnectTimeout };
            Problem::new(code).with("timeout_ms", deadline.as_millis())
        }
    };
    close(task, end).await;
    Err(sharpened(problem, &address, has_described, options).await)
}

/// A stream that gave its first picture and is still being received.
#[derive(Debug)]
pub struct Watching {
    watch: Watch,
    first: ProbeReport,
    /// Kept so that the engine finds somebody to tell.
    heard: mpsc::Receiver<EngineEvent>,
    task: JoinHandle<Result<(), Failure>>,
    end: DropGuard,
}

impl Watching {
    /// Waits for the end of one whole GOP, which tells rate, length and bits, and closes the stream.
    /// Takes at most two and a half seconds, and then says what was seen until there.
    pub async fn whole(self) -> ProbeReport {
        let Self { watch, first, heard, task, end } = self;
        let seen_at = Instant::now();
        while seen_at.elapsed() < WATCH_FOR && watch.hub.statistics().gop_ms == 0 && !task.is_finished() {
            sleep(Duration::from_millis(20)).await;
        }
        let report = watch.report(first.first_picture_ms).unwrap_or(first);
        close(task, end).await;
        drop(heard);
        report
    }

    /// Where its units arrive.
    pub(super) const fn hub(&self) -> &Arc<Hub> {
        &self.watch.hub
    }

    /// RTP packets missed so far.
    pub(super) fn lost_packets(&self) -> u64 {
        self.watch.counts.lost_packets.load(Ordering::Relaxed)
    }

    /// Waits until the camera ends it; why.
    pub(super) async fn ended(&mut self) -> Problem {
        ended_early((&mut self.task).await)
    }

    /// What was seen until now.
    pub(super) fn report(&self) -> ProbeReport {
        self.watch.report(self.first.first_picture_ms).unwrap_or_else(|| self.first.clone())
    }

    /// Closes the stream now.
    pub async fn close(self) {
        close(self.task, self.end).await;
    }
}

/// Ends the session, with the TEARDOWN that it sends.
async fn close(mut task: JoinHandle<Result<(), Failure>>, end: DropGuard) {
    drop(end);
    if !task.is_finished() {
        let _ = timeout(TEARDOWN_WITHIN + Duration::from_secs(1), &mut task).await;
        task.abort();
    }
}

fn ended_early(ended: Result<Result<(), Failure>, tokio::task::JoinError>) -> Problem {
    match ended {
        Ok(Ok(())) => Problem::new(ErrorCode::StreamEnded),
        Ok(Err(failure)) => failure.problem,
        Err(_) => Problem::new(ErrorCode::Internal).at("engine"),
    }
}

/// When an RTSP server gave no clear answer, asks once more in the simplest way there is.
async fn sharpened(problem: Problem, url: &SafeUrl, has_described: bool, options: &IngestOptions) -> Problem {
    let is_unclear = matches!(problem.code, ErrorCode::RtspError | ErrorCode::ConnectTimeout)
        && !problem.params.contains_key("status");
    if has_described || !is_unclear || !matches!(url.scheme(), "rtsp" | "rtspt") {
        return problem;
    }
    let limit = options.connect_timeout.min(options.read_timeout);
    check_rtsp(url.host(), url.port().unwrap_or(554), limit).await.err().unwrap_or(problem)
}

/// Follows an engine at work.
#[derive(Debug)]
struct Watch {
    started: Instant,
    hub: Arc<Hub>,
    counts: Arc<IngestCounts>,
    steps: Vec<ProbeStep>,
    playing: Option<(IngestEngine, Transport, Vec<String>)>,
    handed_over: Option<Problem>,
}

impl Watch {
    /// Returns when the first picture came: milliseconds from the start.
    async fn run(
        &mut self,
        heard: &mut mpsc::Receiver<EngineEvent>,
        key_frame_within: Duration,
    ) -> Result<u64, Problem> {
        loop {
            let event = if self.playing.is_some() {
                timeout(key_frame_within, heard.recv()).await.map_err(|_| self.no_picture())?
            } else {
                heard.recv().await
            };
            match event {
                Some(EngineEvent::Panicked) => {}
                Some(EngineEvent::Step(step)) => self.note(step),
                Some(EngineEvent::HandedOver { reason }) => self.handed_over = Some(reason),
                Some(EngineEvent::Playing { engine, transport, skipped_tracks, .. }) => {
                    self.note("play");
                    self.playing = Some((engine, transport, skipped_tracks));
                }
                Some(EngineEvent::FirstPicture) => break,
                // The engine is ending; its task says why.
                None => std::future::pending().await,
            }
        }
        self.note("first_picture");
        Ok(self.elapsed_ms())
    }

    fn no_picture(&self) -> Problem {
        let has_units = self.hub.statistics().video_units > 0;
        Problem::new(if has_units { ErrorCode::NoKeyFrame } else { ErrorCode::StreamStalled }).at("stream")
    }

    fn note(&mut self, step: &'static str) {
        let at_ms = self.elapsed_ms();
        self.steps.push(ProbeStep { step, at_ms });
    }

    fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn report(&self, first_picture_ms: u64) -> Option<ProbeReport> {
        let params = self.hub.current_params()?;
        let (engine, transport, skipped_tracks) = self.playing.clone()?;
        let statistics = self.hub.statistics();
        let skew = self.counts.clock_skew_ms.load(Ordering::Relaxed);
        // Bits in a millisecond are kilobits in a second.
        let bitrate = (statistics.gop_ms > 0).then(|| statistics.gop_bytes * 8 / u64::from(statistics.gop_ms));
        Some(ProbeReport {
            facts: facts(&params, &statistics, None),
            bitrate_kbps: bitrate.and_then(|rate| u32::try_from(rate).ok()),
            engine,
            transport,
            handed_over: self.handed_over.clone(),
            first_picture_ms,
            steps: self.steps.clone(),
            skipped_tracks,
            clock_skew_ms: (skew != i64::MIN).then_some(skew),
            picture: self.hub.gop(),
        })
    }
}
