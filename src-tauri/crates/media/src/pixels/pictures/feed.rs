//! The task between a hub and whoever looks at its pictures.

use super::{Picture, PictureSpec, rhythm::Rhythm};
use crate::{
    AccessUnit,
    hub::{Hub, Received, SubscriberClass, Subscription},
    pixels::{
        decoder::{self, Purpose},
        element,
        transcode::{
            bridge::Bridge,
            pipeline::{Pipeline, failed},
        },
    },
};
use gstreamer::{self as gst, prelude::*};
use gstreamer_app::{AppSink, AppSinkCallbacks};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use watchwall_model::{ErrorCode, Problem};

/// Pictures were fed and none came out for this long: the decoder hangs.
pub(super) const HANG: Duration = Duration::from_secs(8);
/// A picture this old when it is its turn: decoding does not keep pace, and the next key frame is awaited.
const BEHIND: Duration = Duration::from_secs(2);
/// Pictures this fresh mean that the backlog of the start is done.
const CAUGHT_UP: Duration = Duration::from_millis(500);
/// Decoders in a row that made no picture before the stream is given up.
const ATTEMPTS: u32 = 3;
/// Room in the decoder is waited for in steps of this.
const STEP: Duration = Duration::from_millis(250);
/// All of them have their brightness first, in bytes.
const FORMATS: [&str; 6] = ["I420", "YV12", "NV12", "Y42B", "Y444", "GRAY8"];

pub struct Feed {
    pub source: Arc<Hub>,
    pub spec: PictureSpec,
    pub out: mpsc::Sender<Result<Picture, Problem>>,
    pub left_out: Arc<AtomicU64>,
}

/// Why a decoder ended.
enum Ended {
    /// Nobody looks any more, or the source has closed.
    Over,
    /// This unit is coded differently.
    Changed(Arc<AccessUnit>),
    Faulted(Problem),
}

impl Feed {
    /// Runs until cancelled, until the source closes or until decoding turns out impossible.
    pub async fn run(self, cancel: CancellationToken) {
        let mut subscription = self.source.subscribe(SubscriberClass::Live);
        let mut next = None;
        let mut failures = 0;
        loop {
            let first = match next.take() {
                Some(unit) => unit,
                None => match next_key(&mut subscription, &cancel).await {
                    Some(unit) => unit,
                    None => return,
                },
            };
            let made = Arc::new(AtomicU64::new(0));
            let (ended, decoder) = self.run_decoder(first, &mut subscription, &made, &cancel).await;
            let problem = match ended {
                Ended::Over => return,
                Ended::Changed(unit) => {
                    next = Some(unit).filter(|unit| unit.is_video_key());
                    continue;
                }
                Ended::Faulted(problem) => problem,
            };
            let was_useful = made.load(Ordering::Relaxed) > 0;
            failures = if was_useful { 1 } else { failures + 1 };
            if let (Some(decoder), false) = (decoder, was_useful) {
                decoder::note_failed(decoder);
            }
            tracing::warn!(error = %problem, attempt = failures, "a decoder of pictures failed");
            // Neither gets better by trying again.
            let is_final = matches!(problem.code, ErrorCode::CodecUnsupported | ErrorCode::EngineMissing);
            if is_final || failures >= ATTEMPTS {
                tokio::select! {
                    () = cancel.cancelled() => {}
                    // Whoever looked may have gone.
                    _ = self.out.send(Err(problem)) => {}
                }
                return;
            }
            subscription = self.source.subscribe(SubscriberClass::Live);
        }
    }

    async fn run_decoder(
        &self,
        first: Arc<AccessUnit>,
        subscription: &mut Subscription,
        made: &Arc<AtomicU64>,
        cancel: &CancellationToken,
    ) -> (Ended, Option<&'static str>) {
        let bridge = Arc::new(Bridge::new(&first, 0, Arc::default()));
        let (pipeline, faults, decoder) = match self.start(&first, &bridge, made).await {
            Ok(started) => started,
            Err(problem) => return (Ended::Faulted(problem), None),
        };
        let ended = tokio::select! {
            () = cancel.cancelled() => Ended::Over,
            ended = feed(&pipeline, &bridge, first, subscription, faults) => ended,
        };
        pipeline.stop().await;
        (ended, Some(decoder))
    }

    async fn start(
        &self,
        first: &AccessUnit,
        bridge: &Arc<Bridge>,
        made: &Arc<AtomicU64>,
    ) -> Result<(Pipeline, mpsc::Receiver<String>, &'static str), Problem> {
        let video = first.params.video.clone().ok_or_else(|| failed("no video"))?;
        let (sink_bridge, bridge, made) = (Arc::clone(bridge), Arc::clone(bridge), Arc::clone(made));
        let (out, left_out) = (self.out.clone(), Arc::clone(&self.left_out));
        let mut rhythm = Rhythm::new(self.spec.max_fps);
        let on_sample = move |sample: gst::Sample| {
            made.fetch_add(1, Ordering::Relaxed);
            let segment = sample.segment()?.downcast_ref::<gst::ClockTime>()?;
            let at = segment.to_running_time(sample.buffer()?.pts()?)?;
            let origin = sink_bridge.take(at.nseconds())?;
            if rhythm.takes(origin.capture_at.0)
                && let Some(picture) = Picture::new(sample, origin.capture_at)
                && out.try_send(Ok(picture)).is_err()
            {
                left_out.fetch_add(1, Ordering::Relaxed);
            }
            Some(())
        };
        let work = tokio::task::spawn_blocking(move || {
            crate::pixels::init()?;
            let candidates = decoder::candidates(&video.codec, Purpose::Stream);
            let decoder = *candidates.first().ok_or_else(|| decoder::none_for(&video.codec))?;
            let rest = [element("videoconvert")?, readable()?, sink(on_sample).upcast()];
            Pipeline::decoding(&video, decoder, rest, &bridge).map(|(pipeline, faults)| (pipeline, faults, decoder))
        });
        work.await.map_err(failed)?
    }
}

/// Lets through what [`Picture`] can read.
pub(super) fn readable() -> Result<gst::Element, Problem> {
    let filter = element("capsfilter")?;
    let formats = gst::List::new(FORMATS);
    filter.set_property("caps", gst::Caps::builder("video/x-raw").field("format", formats).build());
    Ok(filter)
}

async fn feed(
    pipeline: &Pipeline,
    bridge: &Bridge,
    first: Arc<AccessUnit>,
    subscription: &mut Subscription,
    mut faults: mpsc::Receiver<String>,
) -> Ended {
    let params = Arc::clone(&first.params);
    let mut unit = Some(first);
    let (mut has_caught_up, mut is_behind) = (false, false);
    loop {
        if let Some(unit) = unit.take().filter(|unit| unit.is_video()) {
            if !Arc::ptr_eq(&unit.params, &params) && !unit.params.is_same_coding(&params) {
                return Ended::Changed(unit);
            }
            let age = unit.received_at.elapsed();
            // The group that was there at the start is decoded, however old it is.
            has_caught_up |= age < CAUGHT_UP;
            is_behind = if is_behind { age > BEHIND || !unit.is_key } else { has_caught_up && age > BEHIND };
            if !is_behind
                && !unit.data.is_empty()
                && let Err(problem) = hand_over(&unit, pipeline, bridge).await
            {
                return Ended::Faulted(problem);
            }
        }
        tokio::select! {
            Some(fault) = faults.recv() => return Ended::Faulted(failed(fault)),
            received = subscription.recv() => match received {
                Received::Unit(received) => unit = Some(received),
                Received::Lost { .. } => {}
                Received::Closed => return Ended::Over,
            },
        }
    }
}

async fn hand_over(unit: &AccessUnit, pipeline: &Pipeline, bridge: &Bridge) -> Result<(), Problem> {
    let since = Instant::now();
    while !pipeline.has_room(STEP).await {
        if since.elapsed() > HANG {
            return Err(failed("the decoder takes nothing any more"));
        }
    }
    pipeline.push(unit, bridge)?;
    if bridge.oldest_age().is_some_and(|age| age > HANG) && unit.received_at.elapsed() < BEHIND {
        return Err(failed("nothing comes out of the decoder"));
    }
    Ok(())
}

fn sink(mut on_sample: impl FnMut(gst::Sample) -> Option<()> + Send + 'static) -> AppSink {
    let callbacks = AppSinkCallbacks::builder()
        .new_sample(move |sink| {
            let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
            if on_sample(sample).is_none() {
                tracing::debug!("a decoded picture belongs to none that was fed");
            }
            Ok(gst::FlowSuccess::Ok)
        })
        .build();
    AppSink::builder().sync(false).max_buffers(2).callbacks(callbacks).build()
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
