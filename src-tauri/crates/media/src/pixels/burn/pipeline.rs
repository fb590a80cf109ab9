//! Decoder, words, encoder.

use super::{BurnUnit, Burnt, failed};
use crate::{
    VideoParams,
    pixels::{
        caps,
        decoder::{self, Purpose},
        element, encoder, set,
        transcode::{has_idr, video_params, without_parameter_sets},
    },
};
use bytes::Bytes;
use gstreamer::{self as gst, prelude::*};
use gstreamer_app::{AppSink, AppSrc};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use watchwall_model::Problem;

/// Pictures that wait for the decoder, and such that wait to be taken.
const MOST_QUEUED: u64 = 8;
const MOST_ENCODED: u32 = 16;
/// One look for what came out.
const LOOK: Duration = Duration::from_millis(20);
/// Nothing goes in and nothing comes out for this long: the pipeline hangs.
const HANG: Duration = Duration::from_secs(30);
/// Larger than any picture: only even sizes are asked for.
const ANY_HEIGHT: u32 = 8_192;
/// What the words are drawn with; they grow with the picture.
const CAPTION_FONT: &str = "DejaVu Sans Mono, Noto Sans Mono CJK SC, monospace Bold 10";
const WATERMARK_FONT: &str = "DejaVu Sans, Noto Sans CJK SC, sans 18";
/// ARGB: white that lets most of the picture through.
const WATERMARK_COLOUR: &str = "1157627903";

/// What is to stand in which picture, by its time in nanoseconds.
type Captions = Arc<Mutex<BTreeMap<u64, String>>>;

/// Stopped when it goes.
pub struct Pipeline {
    pipeline: gst::Pipeline,
    source: AppSrc,
    sink: AppSink,
    captions: Captions,
    video: Option<VideoParams>,
}

impl Pipeline {
    pub fn start(video: &VideoParams, watermark: &str) -> Result<Self, Problem> {
        crate::pixels::init()?;
        let encoder = encoder::h264_encoder().ok_or_else(encoder::none)?;
        let decoder = decoder::candidates(&video.codec, Purpose::Stills).first().copied();
        let decoder = decoder.ok_or_else(|| decoder::none_for(&video.codec))?;
        let source = AppSrc::builder().caps(&caps::of_video(video)?).format(gst::Format::Time).max_bytes(0).build();
        let sink = AppSink::builder().sync(false).max_buffers(MOST_ENCODED).build();
        let filter = element("capsfilter")?;
        filter.set_property("caps", caps::scaled(ANY_HEIGHT));
        let shape = element("capsfilter")?;
        let avc = gst::Caps::builder("video/x-h264").field("stream-format", "avc").field("alignment", "au").build();
        shape.set_property("caps", avc);
        let caption = words(&[("font-desc", CAPTION_FONT), ("valignment", "bottom"), ("halignment", "left")])?;
        [("shaded-background", "true"), ("xpad", "8"), ("ypad", "8")].iter().for_each(|(p, v)| set(&caption, p, v));
        let captions = Captions::default();
        caption_each(&caption, &captions);

        let mut chain = vec![
            source.clone().upcast::<gst::Element>(),
            decoder::make(decoder, Purpose::Stills)?,
            element("videoscale")?,
            element("videoconvert")?,
            filter,
            caption,
        ];
        if !watermark.trim().is_empty() {
            let mark = words(&[("font-desc", WATERMARK_FONT), ("valignment", "center"), ("halignment", "center")])?;
            mark.set_property("text", gst::glib::markup_escape_text(watermark.trim()).as_str());
            set(&mark, "color", WATERMARK_COLOUR);
            chain.push(mark);
        }
        chain.push(element("queue")?);
        chain.extend([encoder::make(encoder, video.height)?, element("h264parse")?, shape]);
        chain.push(sink.clone().upcast());
        let pipeline = gst::Pipeline::new();
        pipeline.add_many(&chain).map_err(failed)?;
        gst::Element::link_many(&chain).map_err(failed)?;
        let started = Self { pipeline, source, sink, captions, video: None };
        started.pipeline.set_state(gst::State::Playing).map_err(failed)?;
        Ok(started)
    }

    /// What the encoder makes, once it made something.
    pub const fn video(&self) -> Option<&VideoParams> {
        self.video.as_ref()
    }

    /// Hands a picture over as soon as there is room; gives what came out meanwhile.
    pub fn push(&mut self, unit: &BurnUnit) -> Result<Vec<Burnt>, Problem> {
        let mut burnt = Vec::new();
        let mut moved = Instant::now();
        while self.source.property::<u64>("current-level-buffers") >= MOST_QUEUED {
            match self.pull(LOOK)? {
                Some(picture) => {
                    burnt.push(picture);
                    moved = Instant::now();
                }
                None if moved.elapsed() > HANG => return Err(failed("the decoder takes nothing any more")),
                None => {}
            }
        }
        let (pts, dts) = (nanoseconds(unit.pts_us), nanoseconds(unit.dts_us));
        self.lock().insert(pts, unit.caption.clone());
        let mut buffer = gst::Buffer::from_slice(unit.data.clone());
        if let Some(buffer) = buffer.get_mut() {
            buffer.set_pts(gst::ClockTime::from_nseconds(pts));
            buffer.set_dts(gst::ClockTime::from_nseconds(dts));
            if !unit.is_key {
                buffer.set_flags(gst::BufferFlags::DELTA_UNIT);
            }
        }
        self.source.push_buffer(buffer).map_err(failed)?;
        while let Some(picture) = self.pull(Duration::ZERO)? {
            burnt.push(picture);
        }
        Ok(burnt)
    }

    /// All that is still inside.
    pub fn finish(&mut self) -> Result<Vec<Burnt>, Problem> {
        self.source.end_of_stream().map_err(failed)?;
        let mut burnt = Vec::new();
        let mut moved = Instant::now();
        while !self.sink.is_eos() {
            match self.pull(LOOK)? {
                Some(picture) => {
                    burnt.push(picture);
                    moved = Instant::now();
                }
                None if moved.elapsed() > HANG => return Err(failed("the encoder does not end")),
                None => {}
            }
        }
        Ok(burnt)
    }

    fn pull(&mut self, within: Duration) -> Result<Option<Burnt>, Problem> {
        let wait = gst::ClockTime::from_nseconds(u64::try_from(within.as_nanos()).unwrap_or(0));
        let Some(sample) = self.sink.try_pull_sample(wait) else {
            return self.fault().map_or(Ok(None), Err);
        };
        if self.video.is_none() {
            self.video = sample.caps().and_then(video_params);
        }
        burnt(&sample).map(Some).ok_or_else(|| failed("an encoded picture has no time"))
    }

    /// What the pipeline complained of.
    fn fault(&self) -> Option<Problem> {
        let message = self.pipeline.bus()?.pop_filtered(&[gst::MessageType::Error])?;
        match message.view() {
            gst::MessageView::Error(error) => Some(failed(error.error())),
            _ => None,
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<u64, String>> {
        self.captions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Pipeline {
    fn drop(&mut self) {
        // One that cannot stop hangs in a driver; nothing more can be done about it here.
        let _ = self.pipeline.set_state(gst::State::Null);
    }
}

fn burnt(sample: &gst::Sample) -> Option<Burnt> {
    let buffer = sample.buffer()?;
    let segment = sample.segment()?.downcast_ref::<gst::ClockTime>()?;
    // Encoders may shift times; their segment says by how much.
    let at = segment.to_running_time(buffer.pts()?)?;
    let data = Bytes::copy_from_slice(&buffer.map_readable().ok()?);
    let is_key = has_idr(&data) || !buffer.flags().contains(gst::BufferFlags::DELTA_UNIT);
    let at_us = i64::try_from(at.useconds()).ok()?;
    Some(Burnt { data: without_parameter_sets(data), at_us, is_key })
}

fn words(properties: &[(&str, &str)]) -> Result<gst::Element, Problem> {
    let overlay = element("textoverlay")?;
    properties.iter().for_each(|(property, value)| set(&overlay, property, value));
    Ok(overlay)
}

/// Gives the overlay the words of each picture right before it draws them.
fn caption_each(overlay: &gst::Element, captions: &Captions) {
    let Some(pad) = overlay.static_pad("video_sink") else { return };
    let (overlay, captions) = (overlay.downgrade(), Arc::clone(captions));
    pad.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
        let at = info.buffer().and_then(|buffer| buffer.pts());
        let (Some(at), Some(overlay)) = (at, overlay.upgrade()) else { return gst::PadProbeReturn::Ok };
        let mut captions = captions.lock().unwrap_or_else(PoisonError::into_inner);
        // Pictures come out of the decoder in the order of their times: what is before is done with.
        let later = captions.split_off(&(at.nseconds() + 1));
        let ours = std::mem::replace(&mut *captions, later);
        if let Some((_, caption)) = ours.last_key_value() {
            overlay.set_property("text", gst::glib::markup_escape_text(caption).as_str());
        }
        gst::PadProbeReturn::Ok
    });
}

fn nanoseconds(us: i64) -> u64 {
    u64::try_from(us).unwrap_or(0).saturating_mul(1_000)
}
