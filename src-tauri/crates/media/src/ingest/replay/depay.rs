//! Pictures out of packets: a GStreamer pipeline that is fed, not one that fetches.

use super::description::{Described, ReplayCodec};
use crate::{
    VideoParams,
    ingest::engine::gstreamer_caps::{unit_data, video_params},
};
use bytes::Bytes;
use gstreamer::{self as gst, prelude::*};
use gstreamer_app::{AppSink, AppSinkCallbacks, AppSrc, AppSrcCallbacks};
use std::{sync::Arc, time::Duration};
use tokio::sync::{Notify, mpsc};
use watchwall_model::{ErrorCode, Problem, UtcMicros};

/// Pictures that wait to be taken. The pipeline's thread waits when there are more.
const CHANNEL: usize = 32;
/// Packets that wait in front of the pipeline.
const WAITING_BYTES: u64 = 1024 * 1024;
const STOP_WITHIN: Duration = Duration::from_secs(3);

/// What comes out.
#[derive(Debug)]
pub enum Found {
    Params(VideoParams),
    Picture(Picture),
    Failed(Problem),
    Ended,
}

#[derive(Debug)]
pub struct Picture {
    /// By the device's clock.
    pub at: UtcMicros,
    pub data: Bytes,
    pub is_key: bool,
}

pub struct Depay {
    pipeline: gst::Pipeline,
    source: AppSrc,
    found: mpsc::Receiver<Found>,
    wants_more: Arc<Notify>,
}

impl Depay {
    /// # Errors
    /// `engine_missing` with the element that is not installed.
    pub fn start(described: &Described) -> Result<Self, Problem> {
        gst::init().map_err(|e| missing("gstreamer", &e))?;
        let (depay, parser, caps) = match described.codec {
            ReplayCodec::H264 => ("rtph264depay", "h264parse", "video/x-h264,stream-format=avc,alignment=au"),
            ReplayCodec::H265 => ("rtph265depay", "h265parse", "video/x-h265,stream-format=hvc1,alignment=au"),
            ReplayCodec::Mjpeg => ("rtpjpegdepay", "jpegparse", "image/jpeg"),
        };
        let caps: gst::Caps = caps.parse().map_err(|e| missing("caps", &e))?;
        let (sender, found) = mpsc::channel(CHANNEL);
        let wants_more = Arc::new(Notify::new());
        let notify = Arc::clone(&wants_more);
        let source = AppSrc::builder()
            .caps(&packet_caps(described))
            .format(gst::Format::Time)
            .max_bytes(WAITING_BYTES)
            .callbacks(AppSrcCallbacks::builder().need_data(move |_, _| notify.notify_one()).build())
            .build();
        let sink = sink(&caps, sender.clone());
        let pipeline = gst::Pipeline::new();
        let (depay, parser) = (make(depay)?, make(parser)?);
        let elements = [source.upcast_ref::<gst::Element>(), &depay, &parser, sink.upcast_ref()];
        pipeline.add_many(elements).map_err(|e| missing("pipeline", &e))?;
        gst::Element::link_many(elements).map_err(|e| missing("pipeline", &e))?;
        if let Some(bus) = pipeline.bus() {
            bus.set_sync_handler(move |_, message| {
                if let gst::MessageView::Error(error) = message.view() {
                    let problem = Problem::new(ErrorCode::RtspError).at("replay").because(error.error());
                    // A full channel means that whoever reads it is behind and will meet the end of the stream.
                    let _ = sender.try_send(Found::Failed(problem));
                }
                gst::BusSyncReply::Drop
            });
        }
        // A refusal is on the bus with its reason.
        let _ = pipeline.set_state(gst::State::Playing);
        Ok(Self { pipeline, source, found, wants_more })
    }

    pub fn has_room(&self) -> bool {
        self.source.current_level_bytes() < WAITING_BYTES
    }

    /// What comes out, until the pipeline has ended, and what tells that packets have been taken.
    pub fn ends(&mut self) -> (&mut mpsc::Receiver<Found>, &Notify) {
        (&mut self.found, &self.wants_more)
    }

    /// Hands a packet over with the time of its picture.
    ///
    /// # Errors
    /// The pipeline has stopped.
    pub fn push(&self, packet: Bytes, at: UtcMicros) -> Result<(), Problem> {
        let mut buffer = gst::Buffer::from_slice(packet);
        if let Some(buffer) = buffer.get_mut() {
            buffer.set_pts(gst::ClockTime::from_useconds(u64::try_from(at.0).unwrap_or(0)));
        }
        let pushed = self.source.push_buffer(buffer);
        pushed.map(drop).map_err(|e| Problem::new(ErrorCode::RtspError).at("replay").because(e))
    }

    /// No more packets come; what is inside comes out, then the end.
    pub fn finish(&self) {
        // Refused only by a pipeline that has stopped already.
        let _ = self.source.end_of_stream();
    }

    /// Ends it on a thread of its own: that waits for its threads.
    pub async fn stop(&mut self) {
        // Whoever waits for room in the channel goes on and ends.
        self.found.close();
        while self.found.try_recv().is_ok() {}
        let pipeline = self.pipeline.clone();
        let stopped = tokio::task::spawn_blocking(move || end(&pipeline));
        if tokio::time::timeout(STOP_WITHIN, stopped).await.is_err() {
            tracing::warn!("the pipeline of a replay did not stop in time");
        }
    }
}

impl Drop for Depay {
    fn drop(&mut self) {
        self.found.close();
        while self.found.try_recv().is_ok() {}
        if self.pipeline.current_state() != gst::State::Null {
            let pipeline = self.pipeline.clone();
            std::thread::spawn(move || end(&pipeline));
        }
    }
}

fn end(pipeline: &gst::Pipeline) {
    let _ = pipeline.set_state(gst::State::Null);
    if let Some(bus) = pipeline.bus() {
        bus.unset_sync_handler();
    }
}

fn sink(caps: &gst::Caps, sender: mpsc::Sender<Found>) -> AppSink {
    let at_end = sender.clone();
    let mut known: Option<gst::Caps> = None;
    let callbacks = AppSinkCallbacks::builder()
        .new_sample(move |sink| {
            let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
            let Some(caps) = sample.caps() else { return Ok(gst::FlowSuccess::Ok) };
            // Waits on this thread of GStreamer until there is room, which holds back all before it.
            let give = |found| sender.blocking_send(found).map_err(|_| gst::FlowError::Eos);
            if known.as_deref() != Some(caps) {
                let Some(params) = video_params(caps) else { return Ok(gst::FlowSuccess::Ok) };
                give(Found::Params(params))?;
                known = Some(caps.to_owned());
            }
            if let Some(buffer) = sample.buffer()
                && let Some(at) = buffer.pts()
                && let Some((data, is_key)) = unit_data(buffer, caps)
            {
                let at = UtcMicros(i64::try_from(at.useconds()).unwrap_or(i64::MAX));
                give(Found::Picture(Picture { at, data, is_key }))?;
            }
            Ok(gst::FlowSuccess::Ok)
        })
        .eos(move |_| {
            // Nobody listening is the end as well.
            let _ = at_end.blocking_send(Found::Ended);
        })
        .build();
    AppSink::builder().caps(caps).sync(false).async_(false).max_buffers(4).callbacks(callbacks).build()
}

fn packet_caps(described: &Described) -> gst::Caps {
    let name = match described.codec {
        ReplayCodec::H264 => "H264",
        ReplayCodec::H265 => "H265",
        ReplayCodec::Mjpeg => "JPEG",
    };
    let mut caps = gst::Caps::builder("application/x-rtp")
        .field("media", "video")
        .field("clock-rate", i32::try_from(described.clock_rate).unwrap_or(90_000))
        .field("encoding-name", name)
        .field("payload", i32::from(described.payload_type));
    // The names that the elements know; anything else of a description is none of their business.
    for key in ["sprop-parameter-sets", "sprop-vps", "sprop-sps", "sprop-pps", "packetization-mode"] {
        if let Some((_, value)) = described.parameters.iter().find(|(own, _)| own == key) {
            caps = caps.field(key, value);
        }
    }
    caps.build()
}

fn make(factory: &'static str) -> Result<gst::Element, Problem> {
    gst::ElementFactory::make(factory).build().map_err(|e| missing(factory, &e))
}

fn missing(element: &str, detail: &dyn std::fmt::Display) -> Problem {
    Problem::new(ErrorCode::EngineMissing).with("element", element).because(detail)
}
