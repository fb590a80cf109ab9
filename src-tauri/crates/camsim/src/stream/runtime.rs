//! One stream of one camera while the farm runs.

use super::media_clock::ticks;
use crate::{
    StreamMode, StreamSpec,
    content::{AudioLoop, Clip, Parameters, Profile},
    counters::StreamTally,
    fault::{ContentFaults, EncoderSettings, FaultSet},
    rtp::TrackLoop,
};
use rand::Rng;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::sync::{broadcast, watch};
use watchwall_model::StreamRole;
use watchwall_rtsp::rtp::Wire;

/// Units that may wait for a slow session.
const LIVE_QUEUE: usize = 64;
pub(crate) const VIDEO_HZ: u32 = 90_000;

pub(crate) struct StreamRuntime {
    pub role: StreamRole,
    pub spec: StreamSpec,
    /// The camera's name and colour.
    pub name: String,
    pub hue: u8,
    /// Position among all streams of the farm, spreads them in time.
    pub ordinal: u32,
    pub faults: watch::Sender<FaultSet>,
    pub tally: StreamTally,
    pub feed: Feed,
    pub audio: Option<AudioLoop>,
    video_base: u32,
    audio_base: u32,
}

pub(crate) enum Feed {
    /// `None` until the loop has been encoded.
    Loop(watch::Sender<Option<Timeline>>),
    Live(LiveFeed),
}

/// A loop on the air since a moment of the media clock.
#[derive(Clone)]
pub(crate) struct Timeline {
    pub clip: Arc<Clip>,
    /// In ticks of 1/90000 s.
    pub start: i64,
    /// What it was encoded for.
    pub content: ContentFaults,
}

pub(crate) struct LiveFeed {
    pub units: broadcast::Sender<Arc<LiveUnit>>,
    /// A new session wants a key frame soon.
    pub key_wanted: AtomicBool,
    /// `None` until the encoder has given its first key frame.
    pub on_air: watch::Sender<Option<(Parameters, ContentFaults)>>,
}

#[derive(Debug)]
pub(crate) struct LiveUnit {
    pub key: bool,
    /// In ticks of 1/90000 s of the media clock.
    pub time: i64,
    pub wire: Wire,
}

impl StreamRuntime {
    pub fn new(
        role: StreamRole,
        spec: StreamSpec,
        name: String,
        hue: u8,
        ordinal: u32,
        audio: Option<AudioLoop>,
    ) -> Self {
        let mut random = rand::rng();
        let feed = match spec.mode {
            StreamMode::Replay => Feed::Loop(watch::Sender::new(None)),
            StreamMode::Live => Feed::Live(LiveFeed {
                units: broadcast::Sender::new(LIVE_QUEUE),
                key_wanted: AtomicBool::new(false),
                on_air: watch::Sender::new(None),
            }),
        };
        Self {
            role,
            spec,
            name,
            hue,
            ordinal,
            faults: watch::Sender::new(FaultSet::default()),
            tally: StreamTally::default(),
            feed,
            audio,
            video_base: random.random(),
            audio_base: random.random(),
        }
    }

    pub fn faults(&self) -> FaultSet {
        *self.faults.borrow()
    }

    /// How it is encoded now, faults aside.
    pub fn encoder(&self) -> EncoderSettings {
        self.faults.borrow().content.encoder.unwrap_or_else(|| EncoderSettings::of(&self.spec))
    }

    pub fn profile(&self, content: ContentFaults) -> Profile {
        Profile::new(&self.spec, content, &self.name, self.hue)
    }

    /// RTP time of the picture track for a media time in its ticks.
    pub fn video_time(&self, at: i64, faults: &FaultSet) -> u32 {
        rtp_time(self.video_base, at, VIDEO_HZ, faults)
    }

    /// RTP time of the sound track for a media time in its ticks.
    pub fn audio_time(&self, at: i64, clock_hz: u32, faults: &FaultSet) -> u32 {
        rtp_time(self.audio_base, at, clock_hz, faults)
    }

    pub fn video_time_now(&self, now_us: i64, faults: &FaultSet) -> u32 {
        self.video_time(ticks(now_us, VIDEO_HZ), faults)
    }

    /// The loop on the air; `None` while it is being encoded and for a live stream.
    pub fn timeline(&self) -> Option<(Arc<TrackLoop>, i64)> {
        match &self.feed {
            Feed::Loop(timeline) => timeline.borrow().as_ref().map(|on_air| (on_air.clip.track.clone(), on_air.start)),
            Feed::Live(_) => None,
        }
    }

    /// Asks the live encoder for a key frame.
    pub fn want_key(&self) {
        if let Feed::Live(live) = &self.feed {
            live.key_wanted.store(true, Relaxed);
        }
    }

    /// Parameter sets, waiting until the content exists, and until the codec is the one that was set last. `None` when
    /// it does not come in time.
    pub async fn parameters(&self, wait: Duration) -> Option<Parameters> {
        let codec_of = |content: &ContentFaults| content.encoder.map_or(self.spec.codec, |encoder| encoder.codec);
        let is_it = |content: &ContentFaults| codec_of(content) == self.encoder().codec;
        let found = async {
            match &self.feed {
                Feed::Loop(timeline) => {
                    let mut timeline = timeline.subscribe();
                    let is_made = |on_air: &Option<Timeline>| on_air.as_ref().is_some_and(|made| is_it(&made.content));
                    let on_air = timeline.wait_for(is_made).await.ok()?;
                    on_air.as_ref().map(|on_air| on_air.clip.parameters.clone())
                }
                Feed::Live(live) => {
                    let mut on_air = live.on_air.subscribe();
                    let is_made = |on_air: &Option<(Parameters, ContentFaults)>| {
                        on_air.as_ref().is_some_and(|(_, made)| is_it(made))
                    };
                    let on_air = on_air.wait_for(is_made).await.ok()?;
                    on_air.as_ref().map(|(parameters, _)| parameters.clone())
                }
            }
        };
        tokio::time::timeout(wait, found).await.ok().flatten()
    }
}

fn rtp_time(base: u32, at: i64, clock_hz: u32, faults: &FaultSet) -> u32 {
    let at_us = super::media_clock::micros(at, clock_hz);
    let moved = faults.timestamp_offset.wrapping_add(faults.skew_ticks(at_us));
    let moved = i128::from(moved) * i128::from(clock_hz) / i128::from(VIDEO_HZ);
    // RTP time is the remainder modulo 2^32.
    base.wrapping_add(at as u32).wrapping_add(moved as u32)
}
