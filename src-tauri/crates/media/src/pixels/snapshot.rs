//! A JPEG of one picture.

use super::{
    caps, cores,
    decoder::{self, Purpose},
    element,
    run::{Run, clock_time, failed},
    set,
};
use crate::{AccessUnit, StreamParams, VideoParams};
use bytes::Bytes;
use gstreamer::{self as gst, prelude::*};
use gstreamer_app::{AppSink, AppSrc};
use std::{
    sync::{Arc, LazyLock},
    time::{Duration, Instant},
};
use tokio::{sync::Semaphore, time};
use watchwall_model::{ErrorCode, Problem, VideoCodec};

/// Decoding is bounded by the cores; more at a time would only make each slower.
static SLOTS: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(cores().clamp(1, 4)));
/// Share of the time that decoding may take; scaling and compressing need the rest.
const DECODE_SHARE: f32 = 0.8;

/// Decodes the units, which begin with a key frame and share `params`, and compresses the last picture. With the key
/// frame alone as `units` it takes a tenth of the time. When the deadline nears, the newest picture decoded so far is
/// taken. `quality` is that of JPEG, 1 to 100.
///
/// # Errors
/// `snapshot_failed` when nothing could be decoded in time, `codec_unsupported`, `engine_missing`.
pub async fn snapshot(
    params: &Arc<StreamParams>,
    units: &[Arc<AccessUnit>],
    max_height: Option<u32>,
    quality: u8,
    deadline: Duration,
) -> Result<Bytes, Problem> {
    let until = Instant::now() + deadline;
    let video = params.video.clone().ok_or_else(|| Problem::new(ErrorCode::NoVideo).at("snapshot"))?;
    let units: Vec<Bytes> =
        units.iter().filter(|unit| unit.is_video() && !unit.data.is_empty()).map(|unit| unit.data.clone()).collect();
    let Some(last) = units.last() else { return Err(failed("no picture to decode")) };
    // A camera's own JPEG is as good as it gets.
    if video.codec == VideoCodec::Mjpeg && max_height.is_none_or(|max| video.height > 0 && video.height <= max) {
        return Ok(last.clone());
    }
    let units = if video.codec == VideoCodec::Mjpeg { vec![last.clone()] } else { units };
    let slot = time::timeout(deadline, SLOTS.acquire()).await;
    let _slot = slot.map_err(|_| failed("too many snapshots at a time"))?.map_err(|_| failed("stopping"))?;
    let work = tokio::task::spawn_blocking(move || {
        let picture = decode(&video, &units, until)?;
        compress(&picture, max_height, quality, until)
    });
    // The work keeps its own time; this only guards against an element that hangs.
    let grace = until.saturating_duration_since(Instant::now()) + Duration::from_secs(2);
    match time::timeout(grace, work).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(e)) => Err(failed(e)),
        Err(_) => Err(failed("a decoder hangs")),
    }
}

/// The last picture of these units, by the first decoder that makes one.
fn decode(video: &VideoParams, units: &[Bytes], until: Instant) -> Result<gst::Sample, Problem> {
    super::init()?;
    let left = until.saturating_duration_since(Instant::now());
    let until = Instant::now() + left.mul_f32(DECODE_SHARE);
    let mut problem = decoder::none_for(&video.codec);
    for name in decoder::candidates(&video.codec, Purpose::Stills) {
        match decode_with(name, video, units, until) {
            Ok(picture) => return Ok(picture),
            Err(e) => problem = e.with("decoder", name),
        }
        if Instant::now() >= until {
            break;
        }
    }
    Err(problem)
}

fn decode_with(
    name: &'static str,
    video: &VideoParams,
    units: &[Bytes],
    until: Instant,
) -> Result<gst::Sample, Problem> {
    let source = AppSrc::builder().caps(&caps::of_video(video)?).format(gst::Format::Time).max_bytes(0).build();
    // Only the newest picture is kept.
    let sink = AppSink::builder().sync(false).max_buffers(1).drop(true).wait_on_eos(false).build();
    let run = Run::start(&[source.upcast_ref(), &decoder::make(name, Purpose::Stills)?, sink.upcast_ref()])?;
    for (n, data) in units.iter().enumerate() {
        let mut buffer = gst::Buffer::from_slice(data.clone());
        if let Some(buffer) = buffer.get_mut() {
            // Only their order matters; decoders without any time would guess one. Decoding time alone is given,
            // so that B-frames may come out in their own order.
            buffer.set_dts(gst::ClockTime::from_mseconds(40 * n as u64));
            if n > 0 {
                buffer.set_flags(gst::BufferFlags::DELTA_UNIT);
            }
        }
        source.push_buffer(buffer).map_err(failed)?;
    }
    source.end_of_stream().map_err(failed)?;
    let outcome = run.wait(until);
    match (sink.try_pull_sample(gst::ClockTime::ZERO), outcome) {
        (Some(picture), _) => Ok(picture),
        (None, Err(problem)) => Err(problem),
        (None, Ok(())) => Err(failed("the decoder made no picture of it")),
    }
}

pub(super) fn compress(
    picture: &gst::Sample,
    max_height: Option<u32>,
    quality: u8,
    until: Instant,
) -> Result<Bytes, Problem> {
    let source = AppSrc::builder().format(gst::Format::Time).max_bytes(0).build();
    source.set_caps(picture.caps_owned().as_ref());
    let sink = AppSink::builder().sync(false).build();
    let filter = element("capsfilter")?;
    filter.set_property("caps", caps::scaled(max_height.unwrap_or(u32::MAX)));
    let encoder = element("jpegenc")?;
    set(&encoder, "quality", &quality.clamp(1, 100).to_string());
    let (scale, convert) = (element("videoscale")?, element("videoconvert")?);
    let run = Run::start(&[source.upcast_ref(), &scale, &convert, &filter, &encoder, sink.upcast_ref()])?;
    let buffer = picture.buffer_owned().ok_or_else(|| failed("a picture without pixels"))?;
    source.push_buffer(buffer).map_err(failed)?;
    source.end_of_stream().map_err(failed)?;
    let jpeg = sink.try_pull_sample(clock_time(until));
    let Some(buffer) = jpeg.as_ref().and_then(|sample| sample.buffer()) else {
        run.wait(until)?;
        return Err(failed("the picture could not be compressed in time"));
    };
    let map = buffer.map_readable().map_err(failed)?;
    Ok(Bytes::copy_from_slice(&map))
}
