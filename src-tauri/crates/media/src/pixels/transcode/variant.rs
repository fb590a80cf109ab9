//! The task that owns one variant.

use super::{
    VariantSpec,
    aim::Aim,
    bridge::Bridge,
    output::Output,
    pipeline::{Pipeline, Plan, failed},
};
use crate::{
    AccessUnit, StreamParams,
    hub::{Hub, Received, SubscriberClass, Subscription},
    pixels::{
        decoder::{self, Purpose},
        encoder,
    },
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use watchwall_model::{ErrorCode, Problem};

/// Pictures were fed and none came out for this long: the pipeline hangs.
const HANG: Duration = Duration::from_secs(8);
/// A picture this old when it is its turn: decoding alone does not keep pace, and the next key frame is awaited.
const BEHIND: Duration = Duration::from_secs(2);
/// Pictures this fresh mean that the backlog of the start is done.
const CAUGHT_UP: Duration = Duration::from_millis(500);
/// Pipelines in a row that made no picture before the variant is given up.
const ATTEMPTS: u32 = 3;
/// Room in the decoder is waited for in steps of this.
const STEP: Duration = Duration::from_millis(250);

/// How a variant stands.
#[derive(Clone, Debug)]
pub enum VariantState {
    /// Nothing encoded yet.
    Starting,
    Running(Arc<StreamParams>),
    /// Given up; its hub is closed.
    Failed(Problem),
}

/// One stream being re-encoded.
pub struct Variant {
    pub source: Arc<Hub>,
    pub spec: VariantSpec,
    pub output: Arc<Output>,
    pub aim: Arc<Aim>,
}

/// Why a pipeline ended.
enum Ended {
    Cancelled,
    SourceClosed,
    /// This unit is coded differently.
    Changed(Arc<AccessUnit>),
    Faulted(Problem),
}

impl Variant {
    /// Runs until cancelled, until the source closes or until re-encoding turns out impossible.
    pub async fn run(self, cancel: CancellationToken) {
        let mut subscription = self.source.subscribe(SubscriberClass::Live);
        let mut next = None;
        let mut failures = 0;
        loop {
            let first = match next.take() {
                Some(unit) => unit,
                None => match next_key(&mut subscription, &cancel).await {
                    Some(unit) => unit,
                    None => break,
                },
            };
            let before = self.output.counters.read(|counts| counts.pictures_out);
            let (ended, decoder) = self.run_pipeline(first, &mut subscription, &cancel).await;
            match ended {
                Ended::Cancelled | Ended::SourceClosed => break,
                Ended::Changed(unit) => next = Some(unit).filter(|unit| unit.is_video_key()),
                Ended::Faulted(problem) => {
                    let was_useful = self.output.counters.read(|counts| counts.pictures_out) > before;
                    failures = if was_useful { 1 } else { failures + 1 };
                    self.output.counters.update(|counts| counts.restarts += 1);
                    if let (Some(decoder), false) = (decoder, was_useful) {
                        decoder::note_failed(decoder);
                    }
                    tracing::warn!(error = %problem, attempt = failures, "a transcode failed");
                    // Neither gets better by trying again.
                    let is_final = matches!(problem.code, ErrorCode::CodecUnsupported | ErrorCode::EngineMissing);
                    if is_final || failures >= ATTEMPTS {
                        self.output.fail(VariantState::Failed(problem));
                        return;
                    }
                    subscription = self.source.subscribe(SubscriberClass::Live);
                }
            }
        }
        self.output.hub.close();
    }

    async fn run_pipeline(
        &self,
        first: Arc<AccessUnit>,
        subscription: &mut Subscription,
        cancel: &CancellationToken,
    ) -> (Ended, Option<&'static str>) {
        let bridge = Arc::new(Bridge::new(&first, self.spec.max_fps, Arc::clone(&self.aim)));
        let (pipeline, faults, decoder) = match self.start(&first, &bridge).await {
            Ok(started) => started,
            Err(problem) => return (Ended::Faulted(problem), None),
        };
        let ended = self.feed(&pipeline, &bridge, first, subscription, faults, cancel).await;
        pipeline.stop().await;
        (ended, Some(decoder))
    }

    async fn start(
        &self,
        first: &AccessUnit,
        bridge: &Arc<Bridge>,
    ) -> Result<(Pipeline, mpsc::Receiver<String>, &'static str), Problem> {
        let video = first.params.video.clone().ok_or_else(|| failed("no video"))?;
        let spec = self.spec;
        self.output.begin(first.params.audio.clone());
        let (bridge, output) = (Arc::clone(bridge), Arc::clone(&self.output));
        let work = tokio::task::spawn_blocking(move || {
            crate::pixels::init()?;
            let encoder = encoder::h264_encoder().ok_or_else(encoder::none)?;
            let candidates = decoder::candidates(&video.codec, Purpose::Stream);
            let decoder = *candidates.first().ok_or_else(|| decoder::none_for(&video.codec))?;
            output.counters.update(|counts| (counts.decoder, counts.encoder) = (Some(decoder), Some(encoder)));
            let plan = Plan { video, spec, decoder, encoder };
            Pipeline::start(&plan, &bridge, &output).map(|(pipeline, faults)| (pipeline, faults, decoder))
        });
        work.await.map_err(failed)?
    }

    async fn feed(
        &self,
        pipeline: &Pipeline,
        bridge: &Bridge,
        first: Arc<AccessUnit>,
        subscription: &mut Subscription,
        mut faults: mpsc::Receiver<String>,
        cancel: &CancellationToken,
    ) -> Ended {
        let params = Arc::clone(&first.params);
        let mut turn = Turn { unit: Some(first), pace: Pace::CatchingUp, fed_at: Instant::now() };
        loop {
            if let Some(unit) = turn.unit.take() {
                if !Arc::ptr_eq(&unit.params, &params) && !unit.params.is_same_coding(&params) {
                    return Ended::Changed(unit);
                }
                if let Err(problem) = self.hand_over(&unit, pipeline, bridge, &mut turn, cancel).await {
                    return Ended::Faulted(problem);
                }
            }
            tokio::select! {
                () = cancel.cancelled() => return Ended::Cancelled,
                Some(fault) = faults.recv() => return Ended::Faulted(failed(fault)),
                received = subscription.recv() => match received {
                    Received::Unit(unit) => turn.unit = Some(unit),
                    Received::Lost { .. } => {}
                    Received::Closed => return Ended::SourceClosed,
                },
            }
        }
    }

    async fn hand_over(
        &self,
        unit: &AccessUnit,
        pipeline: &Pipeline,
        bridge: &Bridge,
        turn: &mut Turn,
        cancel: &CancellationToken,
    ) -> Result<(), Problem> {
        if !unit.is_video() {
            self.output.sound(unit);
            return Ok(());
        }
        if unit.is_discontinuity && self.aim.get().is_some() {
            // What leads in to the picture sought comes in one go.
            turn.pace = Pace::CatchingUp;
        }
        let age = unit.received_at.elapsed();
        turn.pace = match turn.pace {
            Pace::CatchingUp if age < CAUGHT_UP => Pace::Even,
            Pace::Even if age > BEHIND => Pace::Behind,
            Pace::Behind if unit.is_key && age < BEHIND => Pace::Even,
            pace => pace,
        };
        if turn.pace == Pace::Behind || unit.data.is_empty() {
            return Ok(());
        }
        while !pipeline.has_room(STEP).await {
            if cancel.is_cancelled() {
                return Ok(());
            }
            if turn.fed_at.elapsed() > HANG {
                return Err(failed("the decoder takes nothing any more"));
            }
        }
        turn.fed_at = Instant::now();
        self.output.counters.update(|counts| counts.pictures_in += 1);
        pipeline.push(unit, bridge)?;
        // Decoders of streams that never reach a key frame, or encoders that died silently.
        if turn.pace == Pace::Even && bridge.oldest_age().is_some_and(|age| age > HANG) {
            return Err(failed("nothing comes out of the encoder"));
        }
        Ok(())
    }
}

struct Turn {
    unit: Option<Arc<AccessUnit>>,
    pace: Pace,
    fed_at: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pace {
    /// The GOP so far is being decoded.
    CatchingUp,
    Even,
    /// Waiting for a key frame.
    Behind,
}

/// The next picture a decoder can start with.
async fn next_key(subscription: &mut Subscription, cancel: &CancellationToken) -> Option<Arc<AccessUnit>> {
    loop {
        tokio::select! {
            () = cancel.cancelled() => return None,
            received = subscription.recv() => match received {
                Received::Unit(unit) if unit.is_video_key() => return Some(unit),
                Received::Closed => return None,
                _ => {}
            },
        }
    }
}
