//! Decoder, scaler, encoder.

use super::{
    VariantSpec,
    bridge::{Bridge, Worth},
    output::Output,
};
use crate::{
    AccessUnit, VideoParams,
    pixels::{
        caps,
        decoder::{self, Purpose},
        element, encoder, set,
    },
};
use gstreamer::{self as gst, prelude::*};
use gstreamer_app::{AppSink, AppSinkCallbacks, AppSrc, AppSrcCallbacks};
use gstreamer_video::DownstreamForceKeyUnitEvent;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    sync::{Notify, mpsc},
    time,
};
use watchwall_model::{ErrorCode, Problem};

/// Pictures that wait for the decoder.
const MOST_QUEUED: u64 = 6;
/// Faults on their way to the task; the first is enough.
const FAULTS: usize = 4;
/// Stopping waits for the threads of the pipeline; past this it is left to finish by itself.
const STOP_WITHIN: Duration = Duration::from_secs(3);

/// What a pipeline is built of.
#[derive(Clone, Debug)]
pub struct Plan {
    pub video: VideoParams,
    pub spec: VariantSpec,
    pub decoder: &'static str,
    pub encoder: &'static str,
}

/// A running pipeline. Stop it with [`Pipeline::stop`].
#[derive(Debug)]
pub struct Pipeline {
    pipeline: gst::Pipeline,
    source: AppSrc,
    room: Arc<Notify>,
}

impl Pipeline {
    /// Builds and starts it; may take a while where drivers wake up. Faults arrive in the channel.
    pub fn start(
        plan: &Plan,
        bridge: &Arc<Bridge>,
        output: &Arc<Output>,
    ) -> Result<(Self, mpsc::Receiver<String>), Problem> {
        let filter = element("capsfilter")?;
        filter.set_property("caps", caps::scaled(plan.spec.max_height));
        let encoder = encoder::make(plan.encoder, plan.spec.max_height)?;
        let shape = element("capsfilter")?;
        let avc = gst::Caps::builder("video/x-h264").field("stream-format", "avc").field("alignment", "au").build();
        shape.set_property("caps", avc);
        let sink = sink(bridge, output);

        let rest = [
            element("videoscale")?,
            element("videoconvert")?,
            filter,
            encoder,
            element("h264parse")?,
            shape,
            sink.upcast(),
        ];
        Self::decoding(&plan.video, plan.decoder, rest, bridge)
    }

    /// Builds and starts a decoder with whatever takes its pictures, one element after the other. Pictures that are too
    /// old when they are decoded are left out.
    pub fn decoding(
        video: &VideoParams,
        decoder_name: &'static str,
        rest: impl IntoIterator<Item = gst::Element>,
        bridge: &Arc<Bridge>,
    ) -> Result<(Self, mpsc::Receiver<String>), Problem> {
        let decoder = decoder::make(decoder_name, Purpose::Stream)?;
        shed(&decoder, bridge);
        Self::build(video, (decoder_name, decoder), rest)
    }

    /// The same for a recording: no picture is left out.
    pub fn decoding_all(
        video: &VideoParams,
        decoder_name: &'static str,
        rest: impl IntoIterator<Item = gst::Element>,
    ) -> Result<(Self, mpsc::Receiver<String>), Problem> {
        Self::build(video, (decoder_name, decoder::make(decoder_name, Purpose::Recording)?), rest)
    }

    fn build(
        video: &VideoParams,
        (decoder_name, decoder): (&'static str, gst::Element),
        rest: impl IntoIterator<Item = gst::Element>,
    ) -> Result<(Self, mpsc::Receiver<String>), Problem> {
        let room = Arc::new(Notify::new());
        let wake = Arc::clone(&room);
        let source = AppSrc::builder()
            .caps(&caps::of_video(video)?)
            .format(gst::Format::Time)
            .is_live(true)
            .max_bytes(0)
            .callbacks(AppSrcCallbacks::builder().need_data(move |_, _| wake.notify_one()).build())
            .build();
        let queue = element("queue")?;
        [("max-size-buffers", "2"), ("max-size-bytes", "0"), ("max-size-time", "0")]
            .iter()
            .for_each(|(p, v)| set(&queue, p, v));
        let mut chain = vec![source.clone().upcast::<gst::Element>(), decoder];
        if let Some(download) = decoder::download(decoder_name) {
            chain.push(element(download)?);
        }
        chain.push(queue);
        chain.extend(rest);
        let pipeline = gst::Pipeline::new();
        pipeline.add_many(&chain).map_err(failed)?;
        gst::Element::link_many(&chain).map_err(failed)?;
        let faults = watch_bus(&pipeline)?;
        let started = Self { pipeline, source, room };
        if let Err(e) = started.pipeline.set_state(gst::State::Playing) {
            let _ = started.pipeline.set_state(gst::State::Null);
            return Err(failed(e));
        }
        Ok((started, faults))
    }

    /// Waits until the decoder takes more, at most this long.
    pub async fn has_room(&self, within: Duration) -> bool {
        let until = time::Instant::now() + within;
        while self.source.property::<u64>("current-level-buffers") >= MOST_QUEUED {
            // The wake-up can come between the look and the wait; the next look is never far.
            let nap = until.min(time::Instant::now() + Duration::from_millis(20));
            let _ = time::timeout_at(nap, self.room.notified()).await;
            if time::Instant::now() >= until {
                return false;
            }
        }
        true
    }

    /// Hands a picture to the decoder; never waits.
    pub fn push(&self, unit: &AccessUnit, bridge: &Bridge) -> Result<(), Problem> {
        let at_ns = bridge.feed(unit);
        let mut buffer = gst::Buffer::from_slice(unit.data.clone());
        if let Some(buffer) = buffer.get_mut() {
            buffer.set_pts(gst::ClockTime::from_nseconds(at_ns));
            if !unit.is_key {
                buffer.set_flags(gst::BufferFlags::DELTA_UNIT);
            }
            if unit.is_discontinuity {
                buffer.set_flags(gst::BufferFlags::DISCONT);
            }
        }
        self.source.push_buffer(buffer).map(drop).map_err(failed)
    }

    /// Nothing more is pushed: what is inside comes out.
    ///
    /// # Errors
    /// The pipeline has stopped.
    pub fn finish(&self) -> Result<(), Problem> {
        self.source.end_of_stream().map(drop).map_err(failed)
    }

    pub async fn stop(self) {
        let pipeline = self.pipeline;
        let work = tokio::task::spawn_blocking(move || pipeline.set_state(gst::State::Null));
        let started = Instant::now();
        if time::timeout(STOP_WITHIN, work).await.is_err() {
            tracing::error!(waited_ms = started.elapsed().as_millis() as u64, "a transcoding pipeline does not stop");
        }
    }
}

fn sink(bridge: &Arc<Bridge>, output: &Arc<Output>) -> AppSink {
    let (bridge, output) = (Arc::clone(bridge), Arc::clone(output));
    let callbacks = AppSinkCallbacks::builder()
        .new_sample(move |sink| {
            let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
            if output.picture(&sample, &bridge).is_none() {
                tracing::debug!("an encoded picture belongs to none that was fed");
            }
            Ok(gst::FlowSuccess::Ok)
        })
        .build();
    AppSink::builder().sync(false).max_buffers(8).callbacks(callbacks).build()
}

/// Lets only those decoded pictures through that are worth encoding.
fn shed(decoder: &gst::Element, bridge: &Arc<Bridge>) {
    let Some(pad) = decoder.static_pad("src") else { return };
    let bridge = Arc::clone(bridge);
    pad.add_probe(gst::PadProbeType::BUFFER, move |pad, info| {
        let at = info.buffer().and_then(|buffer| buffer.pts());
        match at.map(|at| bridge.worth(at.nseconds())) {
            Some(Worth::Nothing) => return gst::PadProbeReturn::Drop,
            Some(Worth::EncodingAsKey) => {
                // Goes ahead of the picture and reaches the encoder first. Refused only while the pipeline stops.
                let _ = pad.push_event(DownstreamForceKeyUnitEvent::builder().all_headers(true).build());
            }
            Some(Worth::Encoding) | None => {}
        }
        gst::PadProbeReturn::Ok
    });
}

fn watch_bus(pipeline: &gst::Pipeline) -> Result<mpsc::Receiver<String>, Problem> {
    let (sender, faults) = mpsc::channel(FAULTS);
    let bus = pipeline.bus().ok_or_else(|| failed("no bus"))?;
    bus.set_sync_handler(move |_, message| {
        if let gst::MessageView::Error(error) = message.view() {
            // When full, enough is known already.
            let _ = sender.try_send(error.error().to_string());
        }
        gst::BusSyncReply::Drop
    });
    Ok(faults)
}

pub fn failed(detail: impl std::fmt::Display) -> Problem {
    Problem::new(ErrorCode::TranscodeFailed).at("transcode").because(detail)
}
