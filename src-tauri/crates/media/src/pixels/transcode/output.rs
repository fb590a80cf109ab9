//! Encoded pictures on their way into the variant's hub. Called on the encoder's thread; takes short locks only.

use super::{bridge::Bridge, nal, stats::Counters, variant::VariantState};
use crate::{AccessUnit, AudioParams, StreamParams, Track, UnitParts, VideoParams, fmp4, hub::Hub};
use bytes::Bytes;
use gstreamer as gst;
use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU32, Ordering},
};
use tokio::sync::watch;
use watchwall_model::VideoCodec;

/// The end of every pipeline of one variant, and where its sound passes by.
#[derive(Debug)]
pub struct Output {
    pub hub: Arc<Hub>,
    pub counters: Counters,
    state: watch::Sender<VariantState>,
    generation: AtomicU32,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    params: Option<Arc<StreamParams>>,
    caps: Option<gst::Caps>,
    audio: Option<AudioParams>,
    last_dts: Option<i64>,
    next_is_cut: bool,
}

impl Output {
    pub fn new(hub: Arc<Hub>) -> (Self, watch::Receiver<VariantState>) {
        let (state, states) = watch::channel(VariantState::Starting);
        let output =
            Self { hub, counters: Counters::default(), state, generation: AtomicU32::new(0), inner: Mutex::default() };
        (output, states)
    }

    pub fn fail(&self, state: VariantState) {
        self.state.send_replace(state);
        self.hub.close();
    }

    /// A new pipeline begins; what follows may be coded differently.
    pub fn begin(&self, audio: Option<AudioParams>) {
        let mut inner = self.lock();
        inner.caps = None;
        inner.next_is_cut = inner.params.is_some();
        inner.audio = audio;
    }

    /// A picture from the encoder. One that cannot be placed in time is dropped.
    pub fn picture(&self, sample: &gst::Sample, bridge: &Bridge) -> Option<()> {
        let buffer = sample.buffer()?;
        let segment = sample.segment()?.downcast_ref::<gst::ClockTime>()?;
        // Encoders may shift times; their segment says by how much.
        let at = segment.to_running_time(buffer.pts()?)?;
        let origin = bridge.take(at.nseconds())?;
        let data = Bytes::copy_from_slice(&buffer.map_readable().ok()?);
        let is_key = nal::has_idr(&data) || !buffer.flags().contains(gst::BufferFlags::DELTA_UNIT);
        let mut inner = self.lock();
        let params = self.params(&mut inner, sample.caps()?)?;
        let dts = inner.last_dts.map_or(origin.pts, |last| origin.pts.max(last + 1));
        let duration =
            inner.last_dts.map_or(origin.duration, |last| u32::try_from(dts - last).unwrap_or(origin.duration));
        inner.last_dts = Some(dts);
        let is_discontinuity = std::mem::take(&mut inner.next_is_cut) || origin.is_discontinuity;
        drop(inner);
        self.counters.update(|counts| counts.encoded(origin.received_at.elapsed()));
        self.hub.push(UnitParts {
            track: Track::Video,
            data: nal::without_parameter_sets(data),
            is_key,
            is_discontinuity,
            pts: dts,
            dts,
            duration: duration.clamp(1, MOST_DURATION),
            capture_at: origin.capture_at,
            received_at: origin.received_at,
            sequence: 0,
            params,
        });
        Some(())
    }

    /// Sound passes by once pictures flow.
    pub fn sound(&self, unit: &AccessUnit) {
        let Some(params) = self.lock().params.clone() else { return };
        if params.audio == unit.params.audio {
            self.hub.push(UnitParts { params, ..UnitParts::clone(unit) });
        }
    }

    fn params(&self, inner: &mut Inner, caps: &gst::CapsRef) -> Option<Arc<StreamParams>> {
        if let (Some(known), Some(params)) = (&inner.caps, &inner.params)
            && **known == *caps
        {
            return Some(Arc::clone(params));
        }
        let video = video_params(caps)?;
        let fresh =
            StreamParams::new(self.generation.fetch_add(1, Ordering::Relaxed) + 1, Some(video), inner.audio.clone());
        inner.caps = Some(caps.to_owned());
        // A restart with the same coding goes on as before.
        let params = match &inner.params {
            Some(known) if known.is_same_coding(&fresh) => Arc::clone(known),
            _ => Arc::new(fresh),
        };
        inner.params = Some(Arc::clone(&params));
        self.hub.announce(Arc::clone(&params));
        self.state.send_replace(VariantState::Running(Arc::clone(&params)));
        Some(params)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ten seconds.
const MOST_DURATION: u32 = 900_000;

/// What an encoder says it makes.
pub fn video_params(caps: &gst::CapsRef) -> Option<VideoParams> {
    let structure = caps.structure(0)?;
    let config = structure.get::<gst::Buffer>("codec_data").ok()?;
    let config = Bytes::copy_from_slice(&config.map_readable().ok()?);
    let pixels = |name| structure.get::<i32>(name).ok().and_then(|value| u32::try_from(value).ok()).unwrap_or(0);
    Some(VideoParams {
        codec: VideoCodec::H264,
        codec_string: fmp4::of_avcc(&config)?,
        width: pixels("width"),
        height: pixels("height"),
        frame_rate: 0.0,
        clock_rate: 90_000,
        config,
        max_reorder_frames: 0,
    })
}
