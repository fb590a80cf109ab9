//! What was recorded elsewhere, by RTSP: a device's own recordings (ONVIF Streaming Specification, chapter 6), each picture
//! with its time in the RTP header, or a site's, whose sender reports tell the times.
//!
//! `dialogue` speaks RTSP over one TCP connection, `message` reads it, `description` picks the track, `packet` reads times,
//! `depay` makes pictures of packets in a GStreamer pipeline, `units` gives them the times that files count in.
//! The source element of GStreamer is not used: behind it nothing holds the device back when pictures are taken
//! slowly, a wrong password goes out several times, and times of the header reach nobody before version 1.24.
//!
//! No task: whoever holds the [`Replay`] drives it. The pipeline's threads hand pictures over by a bounded channel; when
//! it is full they wait, then packets wait in front of them, then nothing more is read, and TCP holds the device back.
//! Pictures only: sound is left where it is.

mod bandwidth;
mod depay;
mod description;
mod dialogue;
mod message;
mod packet;
mod units;

pub use bandwidth::Bandwidth;

use super::{
    engine::TEARDOWN_WITHIN,
    login::Login,
    request::{IngestOptions, IngestRequest},
};
use crate::AccessUnit;
use depay::{Depay, Found};
use description::Described;
use dialogue::{Dialogue, Heard};
use packet::{Clock, Flag};
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, sleep_until, timeout};
use units::UnitMaker;
use watchwall_model::{
    Credentials, DeviceKey, ErrorCode, IngestEngine, Problem, SafeUrl, StreamPath, TimeRange, Transport, UtcMicros,
};

/// After a device has said that nothing more follows, it has nothing more.
const QUIET_AFTER_END: Duration = Duration::from_millis(1500);
/// A storage takes longer to go on than a camera to send: so many times what a live stream may be silent.
const SILENCES: u32 = 3;
/// What the pipeline still holds at the end is out within this.
const DRAIN_WITHIN: Duration = Duration::from_secs(5);
/// A last picture may lie so far before the end.
const NEAR_END_US: i64 = 200_000;

/// Whose recordings they are, and how they tell their times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplayDialect {
    /// By the RTP header.
    Onvif,
    /// By sender reports; a goodbye is the end.
    Site,
}

/// What is to be replayed.
#[derive(Clone, Debug)]
pub struct ReplayRequest {
    /// For the log.
    pub path: StreamPath,
    /// As the device's replay service gave it.
    pub url: SafeUrl,
    pub credentials: Option<Credentials>,
    /// The device in the lockout latch.
    pub device_key: Option<DeviceKey>,
    /// By our clock.
    pub range: TimeRange,
    /// How far the device's clock is ahead of ours.
    pub clock_offset_ms: i64,
    pub dialect: ReplayDialect,
}

/// A session that replays. Dropped, the connection closes; [`Replay::stop`] says goodbye before.
pub struct Replay {
    dialogue: Dialogue,
    depay: Depay,
    clock: Clock,
    units: UnitMaker,
    video_channel: u8,
    end: UtcMicros,
    /// A device that sends nothing for this long has stopped.
    silence: Duration,
    newest: Option<UtcMicros>,
    last_flags: u8,
    heard_at: Instant,
    /// A picture was given away since: how long its owner takes is not the device's silence.
    has_given: bool,
    dialect: ReplayDialect,
    farewell: Option<String>,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Playing,
    /// The device has sent all; the pipeline gives the rest.
    Draining {
        until: Instant,
    },
    Over,
}

/// What came first.
enum Turn {
    Found(Option<Found>),
    Heard(Result<Heard, Problem>),
    Room,
    Silent,
}

/// Opens a session for a range. No more than `bandwidth` lets through is read from the device, the start apart.
///
/// # Errors
/// By catalogue code, as a probe: `camera_busy` when no further session is allowed, `no_recording` when the device does
/// not have the range, `operation_unsupported` when it knows no replay.
pub async fn replay(request: &ReplayRequest, options: &IngestOptions, bandwidth: Bandwidth) -> Result<Replay, Problem> {
    let ingest = IngestRequest {
        path: request.path.clone(),
        url: request.url.clone(),
        credentials: request.credentials.clone(),
        engine: IngestEngine::Auto,
        transport: Transport::Tcp,
        device_key: request.device_key.clone(),
    };
    let mut dialogue = Dialogue::connect(&ingest, options, bandwidth).await?;
    if request.dialect == ReplayDialect::Site {
        dialogue.speak_plainly();
    }
    let mut login = Login::ask(&ingest, options, options.login_within()).await?;
    let sdp = match dialogue.describe().await {
        Ok(sdp) => {
            login.accepted();
            sdp
        }
        Err(problem) => {
            if problem.code == ErrorCode::CredentialsWrong {
                login.refused();
            }
            return Err(problem);
        }
    };
    let described = Described::read(&sdp, dialogue.base())?;
    let depay = Depay::start(&described)?;
    let set_up = dialogue.set_up(&described.control).await;
    if matches!(&set_up, Err(problem) if problem.code == ErrorCode::CredentialsWrong) {
        login.refused();
    }
    let video_channel = set_up?;
    let shifted = |at: watchwall_model::UtcMillis| at.saturating_add_ms(request.clock_offset_ms);
    let (from, until) = (shifted(request.range.start), shifted(request.range.end));
    dialogue.play(from, until).await?;
    Ok(Replay {
        dialogue,
        depay,
        clock: Clock::new(described.clock_rate),
        units: UnitMaker::new(request.clock_offset_ms),
        video_channel,
        end: until.to_micros(),
        silence: options.stall_after * SILENCES,
        newest: None,
        last_flags: 0,
        heard_at: Instant::now(),
        has_given: false,
        dialect: request.dialect,
        farewell: None,
        state: State::Playing,
    })
}

impl Replay {
    /// The next picture, the first one a key frame at or before the start of the range; `None` at the end, which may
    /// come before that of the range. May be dropped half-way and called again.
    ///
    /// # Errors
    /// The connection breaks, the device falls silent, or what it sends is not readable or goes back in time.
    pub async fn next(&mut self) -> Result<Option<Arc<AccessUnit>>, Problem> {
        if std::mem::take(&mut self.has_given) {
            self.heard_at = Instant::now();
            if let State::Draining { until } = &mut self.state {
                *until = Instant::now() + DRAIN_WITHIN;
            }
        }
        loop {
            if self.state == State::Over {
                return Ok(None);
            }
            let is_playing = self.state == State::Playing;
            let deadline = match self.state {
                State::Draining { until } => until,
                _ if self.last_flags & Flag::END != 0 => self.heard_at + QUIET_AFTER_END,
                _ => self.heard_at + self.silence,
            };
            let has_room = is_playing && self.depay.has_room();
            let (pictures, wants_more) = self.depay.ends();
            let turn = tokio::select! {
                biased;
                found = pictures.recv() => Turn::Found(found),
                heard = self.dialogue.hear(), if has_room => Turn::Heard(heard),
                () = wants_more.notified(), if is_playing && !has_room => Turn::Room,
                () = sleep_until(deadline) => Turn::Silent,
            };
            match turn {
                Turn::Found(found) => {
                    if let Some(unit) = self.take(found)? {
                        self.has_given = true;
                        return Ok(Some(unit));
                    }
                }
                Turn::Heard(heard) => self.hear(heard?)?,
                Turn::Room => {}
                Turn::Silent => self.be_silent()?,
            }
        }
    }

    /// Ends the session with a goodbye.
    pub async fn stop(mut self) {
        self.depay.stop().await;
        if timeout(TEARDOWN_WITHIN, self.dialogue.tear_down()).await.is_err() {
            tracing::debug!("a device did not answer the end of a replay in time");
        }
    }

    /// Bytes read from the device so far, those of the dialogue included.
    pub const fn read_bytes(&self) -> u64 {
        self.dialogue.read_bytes()
    }

    /// The reason with which the other side said that nothing follows; `None` while it did not.
    pub fn farewell(&self) -> Option<&str> {
        self.farewell.as_deref()
    }

    fn hear(&mut self, heard: Heard) -> Result<(), Problem> {
        match heard {
            Heard::Packet { channel, packet } if channel == self.video_channel => {
                self.heard_at = Instant::now();
                let Some(stamped) = self.clock.read(&packet)? else { return Ok(()) };
                self.last_flags = stamped.flags;
                self.newest = self.newest.max(Some(stamped.at));
                self.depay.push(packet, stamped.at)?;
                let is_near_end = stamped.at.0 >= self.end.0 - NEAR_END_US;
                if is_near_end && stamped.is_unit_end && stamped.flags & Flag::END != 0 {
                    self.drain();
                }
            }
            Heard::Packet { channel, packet } if channel == self.video_channel.wrapping_add(1) => {
                if let Some(report) = packet::report(&packet).filter(|_| self.dialect == ReplayDialect::Site) {
                    self.clock.note_report(report);
                }
                if let Some(reason) = packet::goodbye(&packet) {
                    self.farewell = Some(reason);
                    self.drain();
                }
            }
            Heard::Packet { .. } | Heard::Answer => {}
            Heard::Closed if self.newest.is_some() => self.drain(),
            Heard::Closed => return Err(Problem::new(ErrorCode::StreamEnded).at("replay")),
        }
        Ok(())
    }

    fn take(&mut self, found: Option<Found>) -> Result<Option<Arc<AccessUnit>>, Problem> {
        match found {
            Some(Found::Params(params)) => {
                self.units.set_params(params);
                Ok(None)
            }
            Some(Found::Picture(picture)) => self.units.make(picture),
            Some(Found::Failed(problem)) => Err(problem),
            Some(Found::Ended) | None => {
                self.state = State::Over;
                Ok(None)
            }
        }
    }

    fn drain(&mut self) {
        if self.state == State::Playing {
            self.depay.finish();
            self.state = State::Draining { until: Instant::now() + DRAIN_WITHIN };
        }
    }

    fn be_silent(&mut self) -> Result<(), Problem> {
        match self.state {
            State::Playing if self.last_flags & Flag::END != 0 => {
                self.drain();
                Ok(())
            }
            State::Playing => {
                let problem = Problem::new(ErrorCode::StreamStalled).at("replay");
                Err(problem.with("timeout_ms", self.silence.as_millis()))
            }
            State::Draining { .. } | State::Over => {
                self.state = State::Over;
                Ok(())
            }
        }
    }
}
