//! Draws all live cameras on one thread and feeds their encoders, each at its own phase.

use super::{
    media_clock::{MediaClock, ticks},
    runtime::{Feed, LiveFeed, LiveUnit, StreamRuntime, VIDEO_HZ},
};
use crate::{
    CamsimError,
    content::{Parameters, Profile, VideoEncoder, filler_target},
    fault::ContentFaults,
    picture::Scene,
    rtp::Packetiser,
};
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread::JoinHandle,
    time::Duration,
};
use watchwall_model::UtcMillis;

/// The thread; dropping it stops and joins.
pub(crate) struct Studio {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// One live camera in the studio.
struct Seat {
    stream: Arc<StreamRuntime>,
    work: Option<Work>,
    fps: u32,
    /// When the next frame is due, and its number since the phase began.
    phase_us: i64,
    frame: i64,
    watched: bool,
}

struct Work {
    content: ContentFaults,
    profile: Profile,
    /// Frames handed over since the last key frame that was wanted.
    frames: u32,
    scene: Scene,
    encoder: VideoEncoder,
}

/// Longest sleep, so that an order to stop is heard.
const NAP: Duration = Duration::from_millis(100);
/// After an encoder failed.
const REST_US: i64 = 1_000_000;

impl Studio {
    pub fn start(streams: Vec<Arc<StreamRuntime>>, clock: MediaClock) -> io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let thread = std::thread::Builder::new().name("camsim-studio".into()).spawn(move || {
            let count = streams.len().max(1) as i64;
            let mut seats: Vec<_> = streams.into_iter().zip(0..).map(|(s, n)| Seat::new(s, n, count)).collect();
            while !stopped.load(Relaxed) && !seats.is_empty() {
                let due = seats.iter().map(Seat::due_us).min().unwrap_or(0);
                let wait = due - clock.now_us();
                if wait > 0 {
                    std::thread::sleep(Duration::from_micros(wait.unsigned_abs()).min(NAP));
                    continue;
                }
                for seat in seats.iter_mut().filter(|seat| seat.due_us() <= due) {
                    if let Err(error) = seat.tick(clock) {
                        tracing::error!(camera = seat.stream.name, %error, "the live encoder failed and is built anew");
                        seat.work = None;
                        seat.restart_phase(clock.now_us() + REST_US);
                    }
                }
            }
        })?;
        Ok(Self { stop, thread: Some(thread) })
    }
}

impl Drop for Studio {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the studio thread had panicked");
        }
    }
}

impl Seat {
    fn new(stream: Arc<StreamRuntime>, ordinal: i64, count: i64) -> Self {
        let fps = stream.spec.fps;
        let frame_us = 1_000_000 / i64::from(fps);
        Self { stream, work: None, fps, phase_us: ordinal * frame_us / count, frame: 0, watched: false }
    }

    fn due_us(&self) -> i64 {
        self.phase_us + self.frame * 1_000_000 / i64::from(self.fps)
    }

    fn restart_phase(&mut self, at_us: i64) {
        (self.phase_us, self.frame) = (at_us, 0);
    }

    fn tick(&mut self, clock: MediaClock) -> Result<(), CamsimError> {
        let stream = self.stream.clone();
        let Feed::Live(live) = &stream.feed else { return Ok(()) };
        let content = stream.faults().content;
        self.frame += if content.variable_rate { 1 + i64::from(self.frame % 3 == 1) * 3 } else { 1 };
        let late_us = clock.now_us() - self.due_us();
        if late_us > 1_000_000 {
            self.restart_phase(clock.now_us());
        }
        let settled = live.on_air.borrow().as_ref().is_some_and(|(_, on_air)| *on_air == content);
        if settled && live.units.receiver_count() == 0 {
            self.watched = false;
            return Ok(());
        }
        if self.work.as_ref().is_none_or(|work| work.content != content) {
            self.work = None;
            self.work = Some(Work::start(&stream, content)?);
            let fps = stream.encoder().fps;
            if fps != self.fps {
                self.fps = fps;
                self.restart_phase(clock.now_us());
            }
        }
        let Some(work) = &mut self.work else { return Ok(()) };
        if live.key_wanted.swap(false, Relaxed) || !self.watched {
            work.encoder.force_key();
            work.frames = 0;
            self.watched = true;
        }
        if work.profile.wants_key(work.frames) {
            work.encoder.force_key();
        }
        work.frames = work.frames.wrapping_add(1);
        // One moment on two clocks: what is drawn into the frame, and when it was taken.
        let (taken_us, taken_at) = (clock.now_us(), UtcMillis::now());
        let frame = work.scene.draw_live(taken_at);
        work.encoder.push(frame, u64::try_from(taken_us).unwrap_or(0) * 1000)
    }
}

impl Work {
    fn start(stream: &Arc<StreamRuntime>, content: ContentFaults) -> Result<Self, CamsimError> {
        let profile = stream.profile(content);
        let codec = profile.codec;
        let packetiser = Packetiser::new(codec, content.burst_kbps.map(|kbps| filler_target(kbps, profile.fps)));
        let target = stream.clone();
        let mut announced = false;
        let encoder = VideoEncoder::start(&profile, move |unit| {
            let Feed::Live(LiveFeed { units, on_air, .. }) = &target.feed else { return };
            if unit.key
                && !announced
                && let Some(parameters) = Parameters::find(codec, &unit.data)
            {
                announced = true;
                on_air.send_replace(Some((parameters, content)));
            }
            let taken_us = i64::try_from(unit.pts_ns / 1000).unwrap_or(0);
            let unit = LiveUnit { key: unit.key, time: ticks(taken_us, VIDEO_HZ), wire: packetiser.pack(&unit.data) };
            // Nobody listening is no error.
            let _ = units.send(Arc::new(unit));
        })?;
        let scene = Scene::new(&profile.scene);
        Ok(Self { content, profile, frames: 0, scene, encoder })
    }
}
