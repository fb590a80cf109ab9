//! Scaler, drawing, encoder.

use super::{Drawn, DrawnSpec, Fill, fill::Plane};
use crate::{
    VideoParams,
    pixels::{
        Picture, caps, element, encoder,
        pictures::Rhythm,
        transcode::{has_idr, video_params, without_parameter_sets},
    },
};
use bytes::Bytes;
use gstreamer::{self as gst, prelude::*};
use gstreamer_app::{AppSink, AppSinkCallbacks, AppSrc};
use gstreamer_video::{DownstreamForceKeyUnitEvent, VideoFrameExt, VideoFrameRef, VideoInfo};
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::sync::mpsc;
use watchwall_model::{ErrorCode, Problem, UtcMicros};

/// Pictures in front of the scaler. More would make the newest older.
const MOST_QUEUED: u64 = 2;
/// Pictures whose drawing waits; an encoder that holds more has lost them.
const MOST_INSIDE: usize = 32;
const STOP_WITHIN: Duration = Duration::from_secs(3);
/// The pipeline's time begins here.
const ORIGIN_NS: u64 = 10_000_000_000;
/// A clock that goes farther back, or ahead, was set: the pipeline's time goes on by a picture.
const MOST_STEP_US: i64 = 10_000_000;

pub type Paint = Box<dyn FnOnce(u32, u32) -> Vec<Fill> + Send>;

/// Pictures inside, by their time in the pipeline.
type Inside = Arc<Mutex<BTreeMap<u64, Travelling>>>;

struct Travelling {
    capture_at: UtcMicros,
    paint: Option<Paint>,
}

pub struct Pipeline {
    pipeline: gst::Pipeline,
    source: AppSrc,
    inside: Inside,
    rhythm: Rhythm,
    caps: Option<gst::Caps>,
    /// When the newest picture was taken, and its time in the pipeline.
    newest: Option<(i64, u64)>,
    frame_ns: u64,
}

impl Pipeline {
    pub fn start(spec: DrawnSpec, out: mpsc::Sender<Result<Drawn, Problem>>) -> Result<Self, Problem> {
        crate::pixels::init()?;
        let name = encoder::h264_encoder().ok_or_else(encoder::none)?;
        let encoder = encoder::make(name, spec.max_height)?;
        let gop = spec.max_fps.max(1).saturating_mul(spec.key_every_s.max(1));
        encoder::limit(&encoder, name, spec.bitrate_kbps, gop);
        let source = AppSrc::builder().format(gst::Format::Time).is_live(true).max_bytes(0).build();
        let filter = element("capsfilter")?;
        filter.set_property("caps", caps::within(spec.max_width, spec.max_height));
        let shape = element("capsfilter")?;
        let avc = gst::Caps::builder("video/x-h264").field("stream-format", "avc").field("alignment", "au").build();
        shape.set_property("caps", avc);
        let inside = Inside::default();
        let key_every_ns = u64::from(spec.key_every_s.max(1)) * 1_000_000_000;
        draw_each(&filter, &inside, key_every_ns);
        let chain = [
            source.clone().upcast::<gst::Element>(),
            element("videoscale")?,
            element("videoconvert")?,
            filter,
            encoder,
            element("h264parse")?,
            shape,
            sink(&inside, out.clone()).upcast(),
        ];
        let pipeline = gst::Pipeline::new();
        pipeline.add_many(&chain).map_err(failed)?;
        gst::Element::link_many(&chain).map_err(failed)?;
        let bus = pipeline.bus().ok_or_else(|| failed("no bus"))?;
        bus.set_sync_handler(move |_, message| {
            if let gst::MessageView::Error(error) = message.view() {
                // When full, whoever takes pictures is behind and learns of it by the next that is offered.
                let _ = out.try_send(Err(failed(error.error())));
            }
            gst::BusSyncReply::Drop
        });
        let frame_ns = 1_000_000_000 / u64::from(spec.max_fps.max(1));
        let rhythm = Rhythm::new(spec.max_fps);
        let started = Self { pipeline, source, inside, rhythm, caps: None, newest: None, frame_ns };
        started.pipeline.set_state(gst::State::Playing).map_err(failed)?;
        Ok(started)
    }

    pub fn push(&mut self, picture: &Picture, paint: Paint) -> Result<bool, Problem> {
        if self.source.property::<u64>("current-level-buffers") >= MOST_QUEUED
            || !self.rhythm.takes(picture.capture_at.0)
        {
            return Ok(false);
        }
        let (Some(mut buffer), Some(caps)) = (picture.sample().buffer_owned(), picture.sample().caps_owned()) else {
            return Err(failed("a picture without pixels"));
        };
        let at_ns = self.place(picture.capture_at.0);
        let timed = buffer.make_mut();
        timed.set_pts(gst::ClockTime::from_nseconds(at_ns));
        timed.set_dts(None);
        timed.set_duration(None);
        if self.caps.as_ref() != Some(&caps) {
            self.source.set_caps(Some(&caps));
            self.caps = Some(caps);
        }
        let mut inside = lock(&self.inside);
        if inside.len() >= MOST_INSIDE {
            inside.pop_first();
        }
        inside.insert(at_ns, Travelling { capture_at: picture.capture_at, paint: Some(paint) });
        drop(inside);
        self.source.push_buffer(buffer).map_err(failed)?;
        Ok(true)
    }

    /// Ends it on a thread of its own: that waits for its threads.
    pub async fn stop(self) {
        let pipeline = self.pipeline.clone();
        let work = tokio::task::spawn_blocking(move || pipeline.set_state(gst::State::Null));
        if tokio::time::timeout(STOP_WITHIN, work).await.is_err() {
            tracing::error!("an encoder of drawn pictures does not stop");
        }
    }

    /// Time in the pipeline of a picture: it only grows, as the pictures were taken.
    fn place(&mut self, capture_us: i64) -> u64 {
        let at_ns = match self.newest {
            None => ORIGIN_NS,
            Some((before_us, before_ns)) => {
                let step_us = capture_us.saturating_sub(before_us);
                let step_ns = u64::try_from(step_us).ok().filter(|us| (1..=MOST_STEP_US as u64).contains(us));
                before_ns + step_ns.map_or(self.frame_ns, |us| us * 1_000)
            }
        };
        self.newest = Some((capture_us, at_ns));
        at_ns
    }
}

impl Drop for Pipeline {
    fn drop(&mut self) {
        if self.pipeline.current_state() != gst::State::Null {
            let pipeline = self.pipeline.clone();
            std::thread::spawn(move || pipeline.set_state(gst::State::Null));
        }
    }
}

/// Draws onto each picture between scaler and encoder, and has one become a key frame when it is time: an encoder counts
/// pictures, of which there may be fewer than were asked for.
fn draw_each(filter: &gst::Element, inside: &Inside, key_every_ns: u64) {
    let Some(pad) = filter.static_pad("src") else { return };
    let inside = Arc::clone(inside);
    // Later than none: the pipeline's time does not begin at zero.
    let key_at = AtomicU64::new(0);
    pad.add_probe(gst::PadProbeType::BUFFER, move |pad, info| {
        let Some(buffer) = info.buffer_mut() else { return gst::PadProbeReturn::Ok };
        let at = buffer.pts().map(gst::ClockTime::nseconds);
        if let Some(at) = at.filter(|at| *at >= key_at.load(Relaxed) + key_every_ns) {
            // Goes ahead of the picture. Refused only while the pipeline stops.
            let _ = pad.push_event(DownstreamForceKeyUnitEvent::builder().all_headers(true).build());
            key_at.store(at, Relaxed);
        }
        let paint = at.and_then(|at| lock(&inside).get_mut(&at)?.paint.take());
        if let Some(paint) = paint
            && let Some(video) = pad.current_caps().and_then(|caps| VideoInfo::from_caps(&caps).ok())
            && draw(buffer.make_mut(), &video, paint).is_none()
        {
            tracing::debug!("a picture could not be drawn on");
        }
        gst::PadProbeReturn::Ok
    });
}

/// `None` when its pixels cannot be written.
fn draw(buffer: &mut gst::BufferRef, video: &VideoInfo, paint: Paint) -> Option<()> {
    let fills = paint(video.width(), video.height());
    let mut frame = VideoFrameRef::from_buffer_ref_writable(buffer, video).ok()?;
    let strides: Vec<i32> = frame.plane_stride().to_vec();
    for number in 0..3_u32 {
        let stride = usize::try_from(*strides.get(number as usize)?).ok()?;
        let step = if number == 0 { 1 } else { 2 };
        let (width, height) = (video.width() as usize, video.height() as usize);
        let data = frame.plane_data_mut(number).ok()?;
        let (width, height) = (width.div_ceil(step), height.div_ceil(step));
        let mut plane = Plane { data, stride, width, height, step };
        for fill in &fills {
            let colour = fill.colour;
            plane.fill(fill, [colour.y, colour.u, colour.v][number as usize]);
        }
    }
    Some(())
}

fn sink(inside: &Inside, out: mpsc::Sender<Result<Drawn, Problem>>) -> AppSink {
    let inside = Arc::clone(inside);
    let mut known: Option<(gst::Caps, Arc<VideoParams>)> = None;
    // A coded picture that is left out takes those with it that refer to it.
    let mut needs_key = true;
    let callbacks = AppSinkCallbacks::builder()
        .new_sample(move |sink| {
            let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
            if let Some(drawn) = coded(&sample, &inside, &mut known)
                && (drawn.is_key || !needs_key)
            {
                needs_key = out.try_send(Ok(drawn)).is_err();
            }
            Ok(gst::FlowSuccess::Ok)
        })
        .build();
    AppSink::builder().sync(false).max_buffers(4).callbacks(callbacks).build()
}

fn coded(sample: &gst::Sample, inside: &Inside, known: &mut Option<(gst::Caps, Arc<VideoParams>)>) -> Option<Drawn> {
    let (buffer, caps) = (sample.buffer()?, sample.caps()?);
    let segment = sample.segment()?.downcast_ref::<gst::ClockTime>()?;
    // Encoders may shift times; their segment says by how much.
    let at = segment.to_running_time(buffer.pts()?)?.nseconds();
    let capture_at = {
        let mut inside = lock(inside);
        // What is before it came out already, or never will.
        let later = inside.split_off(&(at + 1));
        let ours = std::mem::replace(&mut *inside, later);
        ours.last_key_value()?.1.capture_at
    };
    let video = match known {
        Some((of, video)) if **of == *caps => Arc::clone(video),
        _ => {
            let video = Arc::new(video_params(caps)?);
            *known = Some((caps.to_owned(), Arc::clone(&video)));
            video
        }
    };
    let data = Bytes::copy_from_slice(&buffer.map_readable().ok()?);
    let is_key = has_idr(&data);
    Some(Drawn { capture_at, data: without_parameter_sets(data), is_key, video })
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn failed(detail: impl std::fmt::Display) -> Problem {
    Problem::new(ErrorCode::TranscodeFailed).at("draw").because(detail)
}
