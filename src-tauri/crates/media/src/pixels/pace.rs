//! How fast this machine decodes a stream.

use super::{
    caps,
    decoder::{self, Purpose},
    run::{Run, failed},
};
use crate::{AccessUnit, StreamParams, VideoParams};
use bytes::Bytes;
use gstreamer::{self as gst, prelude::*};
use gstreamer_app::{AppSink, AppSinkCallbacks, AppSrc};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::time;
use watchwall_model::{ErrorCode, Problem};

/// What a decoder managed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DecodePace {
    pub pictures: u32,
    pub took: Duration,
    pub decoder: &'static str,
}

impl DecodePace {
    /// Pictures per second.
    pub fn rate(&self) -> f64 {
        f64::from(self.pictures) / self.took.as_secs_f64().max(1e-6)
    }
}

/// A short GOP is decoded again and again up to so many pictures, so that starting the decoder does not count for much.
const PICTURES: usize = 100;

/// Decodes units that begin with a key frame and share `params`, as fast as it goes.
///
/// # Errors
/// `snapshot_failed` when no decoder makes every picture in time, `codec_unsupported`, `engine_missing`.
pub async fn decode_pace(
    params: &Arc<StreamParams>,
    units: &[Arc<AccessUnit>],
    deadline: Duration,
) -> Result<DecodePace, Problem> {
    let video = params.video.clone().ok_or_else(|| Problem::new(ErrorCode::NoVideo).at("decode"))?;
    let units: Vec<Bytes> =
        units.iter().filter(|unit| unit.is_video() && !unit.data.is_empty()).map(|unit| unit.data.clone()).collect();
    if units.is_empty() {
        return Err(failed("no picture to decode"));
    }
    let until = Instant::now() + deadline;
    let work = tokio::task::spawn_blocking(move || measure(&video, &units, until));
    match time::timeout(deadline + Duration::from_secs(2), work).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(error)) => Err(failed(error)),
        Err(_) => Err(failed("a decoder hangs")),
    }
}

fn measure(video: &VideoParams, units: &[Bytes], until: Instant) -> Result<DecodePace, Problem> {
    super::init()?;
    let mut problem = decoder::none_for(&video.codec);
    for name in decoder::candidates(&video.codec, Purpose::Stream) {
        match measure_with(name, video, units, until) {
            Ok(pace) => return Ok(pace),
            Err(refusal) => problem = refusal.with("decoder", name),
        }
        if Instant::now() >= until {
            break;
        }
    }
    Err(problem)
}

fn measure_with(
    name: &'static str,
    video: &VideoParams,
    units: &[Bytes],
    until: Instant,
) -> Result<DecodePace, Problem> {
    let source = AppSrc::builder().caps(&caps::of_video(video)?).format(gst::Format::Time).max_bytes(0).build();
    let sink = AppSink::builder().sync(false).max_buffers(1).build();
    let made = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&made);
    let count = move |sink: &AppSink| {
        let _picture = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
        counted.fetch_add(1, Ordering::Relaxed);
        Ok(gst::FlowSuccess::Ok)
    };
    sink.set_callbacks(AppSinkCallbacks::builder().new_sample(count).build());
    let run = Run::start(&[source.upcast_ref(), &decoder::make(name, Purpose::Stream)?, sink.upcast_ref()])?;
    let started = Instant::now();
    let rounds = PICTURES.div_ceil(units.len());
    for number in 0..rounds * units.len() {
        let mut buffer = gst::Buffer::from_slice(units[number % units.len()].clone());
        if let Some(buffer) = buffer.get_mut() {
            // As for snapshots: the order alone matters.
            buffer.set_dts(gst::ClockTime::from_mseconds(40 * number as u64));
            if number % units.len() > 0 {
                buffer.set_flags(gst::BufferFlags::DELTA_UNIT);
            }
        }
        source.push_buffer(buffer).map_err(failed)?;
    }
    source.end_of_stream().map_err(failed)?;
    let outcome = run.wait(until);
    let pictures = made.load(Ordering::Relaxed);
    // Too slow to be done in time is an answer too.
    match outcome {
        Err(problem) if pictures == 0 => Err(problem),
        _ if pictures == 0 => Err(failed("the decoder made no picture of it")),
        _ => Ok(DecodePace { pictures, took: started.elapsed(), decoder: name }),
    }
}
