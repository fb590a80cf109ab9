//! Turns what an engine reads into access units with lawful times, and hands them to the hub.

use super::{
    clock::{CaptureClock, utc_us_at},
    sps::reordering,
    timeline::{Origin, Timeline},
};
use crate::{AccessUnit, AudioParams, StreamParams, Track, UnitParts, VideoParams, hub::Hub};
use bytes::Bytes;
use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Instant,
};
use watchwall_model::UtcMicros;

/// One unit as an engine delivers it.
#[derive(Debug)]
pub struct RawUnit {
    pub track: Track,
    /// As `UnitParts::data`.
    pub data: Bytes,
    pub is_key: bool,
    /// Presentation time in ticks of the track's clock, unwrapped.
    pub ticks: i64,
    /// The same as time since the start of play, when the server told where that is.
    pub play_us: Option<i64>,
    pub received_at: Instant,
    /// RTP packets missing before it.
    pub lost_packets: u64,
}

/// Counts of one stream over all its connections.
#[derive(Debug)]
pub struct IngestCounts {
    pub lost_packets: AtomicU64,
    pub lost_units: AtomicU64,
    pub jumps: AtomicU64,
    /// Milliseconds; `i64::MIN` is unknown.
    pub clock_skew_ms: AtomicI64,
}

impl Default for IngestCounts {
    fn default() -> Self {
        Self {
            lost_packets: AtomicU64::new(0),
            lost_units: AtomicU64::new(0),
            jumps: AtomicU64::new(0),
            clock_skew_ms: AtomicI64::new(i64::MIN),
        }
    }
}

/// One connection's assembler. Times continue where the hub's newest units end.
#[derive(Debug)]
pub struct Assembler {
    hub: Arc<Hub>,
    counts: Arc<IngestCounts>,
    origin: Option<Origin>,
    /// Time since the start of play, and when it was read, of the first unit that told.
    first_play: Option<(i64, Instant)>,
    params: Arc<StreamParams>,
    video: Option<TrackState>,
    audio: Option<TrackState>,
    has_picture: bool,
    /// A B-frame came although none was declared; said from the next key frame on.
    has_undeclared_b_frames: bool,
}

#[derive(Debug)]
struct TrackState {
    timeline: Timeline,
    clock: CaptureClock,
    clock_rate: u32,
    is_first: bool,
    is_broken: bool,
}

impl Assembler {
    pub fn new(hub: Arc<Hub>, counts: Arc<IngestCounts>) -> Self {
        let newest = hub.newest();
        let origin = newest.video.or(newest.audio).map(|unit| {
            let rate = match unit.track {
                Track::Video => unit.params.video.as_ref().map(|v| v.clock_rate),
                Track::Audio => unit.params.audio.as_ref().map(|a| a.clock_rate),
            };
            let stream_us = i128::from(unit.pts) * 1_000_000 / i128::from(rate.unwrap_or(90_000).max(1));
            Origin { at: unit.received_at, stream_us: stream_us as i64 }
        });
        let params = hub.current_params().unwrap_or_else(|| Arc::new(StreamParams::new(0, None, None)));
        Self {
            hub,
            counts,
            origin,
            first_play: None,
            params,
            video: None,
            audio: None,
            has_picture: false,
            has_undeclared_b_frames: false,
        }
    }

    /// Sets what the following units are. The same coding as before keeps the generation.
    pub fn set_params(&mut self, video: Option<VideoParams>, audio: Option<AudioParams>) {
        let new = StreamParams::new(self.params.generation, video, audio);
        if !new.is_same_coding(&self.params) {
            let is_first = self.params.video.is_none() && self.params.audio.is_none();
            let generation = self.params.generation + u32::from(!is_first);
            self.params = Arc::new(StreamParams::new(generation, new.video, new.audio));
        }
        self.hub.announce(Arc::clone(&self.params));
        let newest = self.hub.newest();
        if let Some(video) = &self.params.video {
            match &mut self.video {
                Some(track) if track.clock_rate == video.clock_rate => {
                    track.timeline.set_reorder_depth(video.max_reorder_frames);
                }
                slot => {
                    let pace = if video.frame_rate > 0.5 { video.frame_rate } else { 25.0 };
                    let duration = (video.clock_rate as f32 / pace) as u32;
                    let last = newest.video.and_then(|unit| last_dts(&unit, video.clock_rate));
                    *slot = Some(TrackState::new(video.clock_rate, duration, video.max_reorder_frames, last));
                }
            }
        }
        if let Some(audio) = &self.params.audio
            && self.audio.as_ref().is_none_or(|track| track.clock_rate != audio.clock_rate)
        {
            let last = newest.audio.and_then(|unit| last_dts(&unit, audio.clock_rate));
            self.audio = Some(TrackState::new(audio.clock_rate, audio.clock_rate / 50, 0, last));
        }
    }

    pub fn params(&self) -> &StreamParams {
        &self.params
    }

    /// Whether a key frame of this connection has reached the hub.
    pub const fn has_picture(&self) -> bool {
        self.has_picture
    }

    /// A sender report of a track: its ticks, unwrapped, and the camera's clock as NTP.
    pub fn note_report(&mut self, track: Track, ticks: i64, ntp: u64) {
        if let Some(state) = self.track(track) {
            state.clock.note_report(ticks, ntp);
        }
    }

    /// Something was lost or unreadable: the next unit of the track does not follow the one before.
    pub fn note_break(&mut self, track: Track, units: u64) {
        self.counts.lost_units.fetch_add(units, Ordering::Relaxed);
        if let Some(state) = self.track(track) {
            state.is_broken = true;
        }
    }

    /// Hands one unit on. A unit of a track without parameters is dropped and counted.
    pub fn push(&mut self, raw: RawUnit) {
        let RawUnit { track, data, is_key, ticks, play_us, received_at, lost_packets } = raw;
        let is_video_key = track == Track::Video && is_key;
        if is_video_key && self.has_undeclared_b_frames {
            self.declare_b_frames();
        }
        let origin = *self.origin.get_or_insert(Origin { at: received_at, stream_us: 0 });
        let start = self.start(play_us, received_at, origin);
        let has_b_frames = self.params.video.as_ref().is_some_and(|v| v.max_reorder_frames > 0);
        let counts = Arc::clone(&self.counts);
        let Some(state) = self.track(track) else {
            counts.lost_units.fetch_add(1, Ordering::Relaxed);
            return;
        };
        counts.lost_packets.fetch_add(lost_packets, Ordering::Relaxed);
        let clock_rate = state.clock_rate;
        let times = state.timeline.place(ticks, received_at, || start.ticks_at(received_at, clock_rate));
        if times.has_jumped {
            counts.jumps.fetch_add(1, Ordering::Relaxed);
            state.clock.note_jump();
        }
        let is_in_order = track == Track::Audio || !(has_b_frames || times.is_reordered);
        let capture_us = state.clock.capture_us(ticks, utc_us_at(received_at), is_in_order);
        let is_discontinuity = state.is_first || state.is_broken || lost_packets > 0 || times.has_jumped;
        (state.is_first, state.is_broken) = (false, false);
        if track == Track::Video
            && let Some(skew) = state.clock.skew()
        {
            counts.clock_skew_ms.store(skew, Ordering::Relaxed);
        }
        self.has_undeclared_b_frames |= times.is_reordered && track == Track::Video && !has_b_frames;
        self.hub.push(UnitParts {
            track,
            data,
            is_key: is_key || track == Track::Audio,
            is_discontinuity,
            pts: times.pts,
            dts: times.dts,
            duration: times.duration,
            capture_at: UtcMicros(capture_us),
            received_at,
            sequence: 0,
            params: Arc::clone(&self.params),
        });
        self.has_picture |= is_video_key || (self.params.video.is_none() && track == Track::Audio);
    }

    /// Where stream time stands for the first unit of a track. Tracks start together by the server's word when that
    /// is near what their arrival says, and by their arrival otherwise.
    fn start(&mut self, play_us: Option<i64>, received_at: Instant, origin: Origin) -> Origin {
        const NEAR_US: i64 = 1_000_000;
        let Some(play_us) = play_us else { return origin };
        let (first_us, first_at) = *self.first_play.get_or_insert((play_us, received_at));
        let by_play = play_us - first_us;
        let by_arrival = i64::try_from(received_at.saturating_duration_since(first_at).as_micros()).unwrap_or(i64::MAX);
        if (by_play - by_arrival).abs() > NEAR_US {
            return origin;
        }
        Origin { stream_us: origin.stream_us + by_play - by_arrival, ..origin }
    }

    /// B-frames in a stream that declared none: its depth becomes two, which covers what cameras use.
    fn declare_b_frames(&mut self) {
        const USUAL_DEPTH: u8 = 2;
        self.has_undeclared_b_frames = false;
        if let Some(video) = self.params.video.clone() {
            let audio = self.params.audio.clone();
            self.set_params(Some(VideoParams { max_reorder_frames: USUAL_DEPTH, ..video }), audio);
        }
    }

    const fn track(&mut self, track: Track) -> Option<&mut TrackState> {
        match track {
            Track::Video => self.video.as_mut(),
            Track::Audio => self.audio.as_mut(),
        }
    }
}

impl TrackState {
    fn new(clock_rate: u32, duration: u32, reorder_depth: u8, last_dts: Option<i64>) -> Self {
        Self {
            timeline: Timeline::new(clock_rate, duration.max(1), reorder_depth, last_dts),
            clock: CaptureClock::new(clock_rate),
            clock_rate: clock_rate.max(1),
            is_first: true,
            is_broken: false,
        }
    }
}

/// A unit's decode time in ticks of another clock rate.
fn last_dts(unit: &AccessUnit, clock_rate: u32) -> Option<i64> {
    let old = match unit.track {
        Track::Video => unit.params.video.as_ref()?.clock_rate,
        Track::Audio => unit.params.audio.as_ref()?.clock_rate,
    };
    Some((i128::from(unit.dts) * i128::from(clock_rate) / i128::from(old.max(1))) as i64)
}

/// Completes parameters read by an engine with what the SPS says about B-frames.
pub fn with_reordering(mut video: VideoParams) -> VideoParams {
    video.max_reorder_frames = reordering(&video.codec, &video.config).depth();
    video
}

#[cfg(test)]
mod tests;
