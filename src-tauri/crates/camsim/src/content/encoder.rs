//! One video encoder: frames in by `push`, access units out through a callback on GStreamer's thread.

use super::{
    bitstream::{is_random_access, without_header_block},
    clip::{EncodedUnit, Profile},
};
use crate::{CamsimError, Codec};
use bytes::Bytes;
use gstreamer::{self as gst, glib, prelude::*};
use gstreamer_app::{AppSink, AppSinkCallbacks, AppSrc};
use std::time::Duration;

/// Frames that may wait in front of the encoder.
const QUEUE_FRAMES: u64 = 4;

/// Dropping it stops the pipeline and joins its thread.
pub(crate) struct VideoEncoder {
    pipeline: gst::Pipeline,
    source: AppSrc,
}

impl VideoEncoder {
    /// Starts an encoder; `on_unit` runs on the streaming thread and must not block.
    pub fn start(
        profile: &Profile,
        mut on_unit: impl FnMut(EncodedUnit) + Send + 'static,
    ) -> Result<Self, CamsimError> {
        gst::init().map_err(|e| refused("start", e))?;
        let codec = profile.codec;
        let pipeline = gst::parse::launch(&description(profile))
            .map_err(|e| refused("build the encoder", e))?
            .downcast::<gst::Pipeline>()
            .map_err(|_| refused("build the encoder", "not a pipeline"))?;
        let source = named::<AppSrc>(&pipeline, "source")?;
        let sink = named::<AppSink>(&pipeline, "sink")?;
        let mut on_sample = move |sample: &gst::Sample| {
            let buffer = sample.buffer()?;
            let pts = buffer.pts()?;
            // x264enc shifts its output by a thousand hours; the segment takes that back.
            let running = sample
                .segment()
                .and_then(|s| s.downcast_ref::<gst::ClockTime>())
                .and_then(|segment| segment.to_running_time(pts))
                .unwrap_or(pts);
            let map = buffer.map_readable().ok()?;
            let unit = without_header_block(codec, &map);
            on_unit(EncodedUnit {
                key: is_random_access(codec, unit),
                pts_ns: running.nseconds(),
                data: Bytes::copy_from_slice(unit),
            });
            Some(())
        };
        sink.set_callbacks(
            AppSinkCallbacks::builder()
                .new_sample(move |sink| {
                    let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
                    on_sample(&sample);
                    Ok(gst::FlowSuccess::Ok)
                })
                .build(),
        );
        pipeline.set_state(gst::State::Playing).map_err(|e| refused("start the encoder", e))?;
        Ok(Self { pipeline, source })
    }

    /// Hands a frame over. A frame that finds the queue full is left out: the encoder cannot keep up.
    pub fn push(&self, frame: &[u8], pts_ns: u64) -> Result<(), CamsimError> {
        if self.is_full(frame) {
            return Ok(());
        }
        let mut buffer = gst::Buffer::from_slice(frame.to_vec());
        if let Some(buffer) = buffer.get_mut() {
            buffer.set_pts(gst::ClockTime::from_nseconds(pts_ns));
        }
        self.source.push_buffer(buffer).map(|_| ()).map_err(|e| refused("take a frame", e))
    }

    /// Hands a frame over and waits for room, ten seconds at most.
    pub fn push_waiting(&self, frame: &[u8], pts_ns: u64) -> Result<(), CamsimError> {
        for _ in 0..10_000 {
            if !self.is_full(frame) {
                return self.push(frame, pts_ns);
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Err(CamsimError::EncoderTimeout { what: "a free place in the queue".into(), seconds: 10 })
    }

    fn is_full(&self, frame: &[u8]) -> bool {
        self.source.current_level_bytes() >= QUEUE_FRAMES * frame.len() as u64
    }

    /// The next frame that is handed over becomes a key frame. It travels among the frames: an encoder that is told of a time
    /// before its first frame came out reckons that time wrongly, and spends it on its first frame.
    pub fn force_key(&self) {
        let event = gstreamer_video::DownstreamForceKeyUnitEvent::builder().all_headers(true).build();
        // Refused only while the pipeline stops.
        self.source.send_event(event);
    }

    /// Ends the stream and waits until everything has come out.
    pub fn finish(self, wait: Duration) -> Result<(), CamsimError> {
        self.source.end_of_stream().map_err(|e| refused("end", e))?;
        let Some(bus) = self.pipeline.bus() else { return Err(refused("end", "no bus")) };
        let wait_for = gst::ClockTime::from_nseconds(u64::try_from(wait.as_nanos()).unwrap_or(u64::MAX));
        let message = bus.timed_pop_filtered(Some(wait_for), &[gst::MessageType::Eos, gst::MessageType::Error]);
        match message.as_ref().map(|m| m.view()) {
            Some(gst::MessageView::Error(e)) => Err(refused("encode", e.error())),
            Some(_) => Ok(()),
            None => Err(CamsimError::EncoderTimeout { what: "the end of the loop".into(), seconds: wait.as_secs() }),
        }
    }
}

impl Drop for VideoEncoder {
    fn drop(&mut self) {
        // Going to Null cannot fail in a way that leaves something to do.
        let _ = self.pipeline.set_state(gst::State::Null);
    }
}

fn refused(action: &'static str, reason: impl std::fmt::Display) -> CamsimError {
    CamsimError::Encoder { action, reason: reason.to_string() }
}

fn named<T: IsA<gst::Element> + glib::object::IsA<glib::Object>>(
    pipeline: &gst::Pipeline,
    name: &str,
) -> Result<T, CamsimError> {
    pipeline
        .by_name(name)
        .and_then(|element| element.downcast::<T>().ok())
        .ok_or_else(|| refused("build the encoder", format!("no {name}")))
}

/// The pipeline as text. Cheapest settings that every decoder takes: the picture is simple, the core is not ours.
fn description(profile: &Profile) -> String {
    let Profile { codec, fps, bitrate_kbps, gop_frames, b_frames, ref scene, .. } = *profile;
    let longest_gop = profile.longest_gop();
    let (width, height) = (scene.width, scene.height);
    let tune = if b_frames > 0 { "" } else { "tune=zerolatency" };
    // A flat picture shall not be blown up to the bit rate; noise shall fill it.
    let encoder = match codec {
        Codec::H264 => {
            let rate = if scene.noise_percent > 0 { "pass=cbr" } else { "pass=qual quantizer=24" };
            format!(
                "x264enc name=encoder speed-preset=ultrafast {tune} threads=1 aud=false byte-stream=true \
                 bframes={b_frames} b-adapt=false key-int-max={longest_gop} bitrate={bitrate_kbps} {rate} \
                 option-string=scenecut=0:force-cfr=1 ! video/x-h264,stream-format=byte-stream,alignment=au"
            )
        }
        Codec::H265 => format!(
            "x265enc name=encoder speed-preset=ultrafast {tune} bitrate={bitrate_kbps} key-int-max={longest_gop} \
             option-string=\"scenecut=0:min-keyint={gop_frames}:open-gop=0:bframes={b_frames}:b-adapt=0:\
             repeat-headers=1:pools=none:frame-threads=1:log-level=none\" \
             ! video/x-h265,stream-format=byte-stream,alignment=au"
        ),
        Codec::Mjpeg => "jpegenc name=encoder quality=60 ! image/jpeg".to_owned(),
    };
    format!(
        "appsrc name=source format=time is-live=true max-buffers={QUEUE_FRAMES} max-bytes=0 \
         caps=video/x-raw,format=I420,width={width},height={height},framerate={fps}/1,pixel-aspect-ratio=1/1 \
         ! {encoder} ! appsink name=sink sync=false max-buffers=8"
    )
}
