//! One viewer of a recording: pulled by the connection, paced here.
//!
//! [`PlaybackSession::next`] gives the next message when it is due and may be dropped at any await without losing
//! one, so a connection waits for it and for its client's commands at the same time. At most one fragment (and the
//! lead-in of a seek) is held in memory; a client that does not pull makes the session fall behind, never grow.

use super::{
    message::{GapMode, PlaybackMessage, PlaybackOptions, SoundMode, StartMode},
    pace::Pace,
    source::{Chunk, Source, StoredUnit},
    speed::{PlayLine, Speed},
};
use crate::recording::timeline::JOIN_MS;
use bytes::{Bytes, BytesMut};
use std::{
    collections::VecDeque,
    future,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use watchwall_media::{AccessUnit, StreamParams, Track, UnitParts, fmp4::Sound, live};
use watchwall_model::{ErrorCode, GapReason, Problem, UtcMicros, UtcMillis};

/// Flag bit 3 of a message header.
const BEFORE_TARGET: u8 = 1 << 3;
/// A session at the live edge looks again this often even when nobody says that there is more.
const EDGE_PATIENCE: Duration = Duration::from_millis(200);
/// Steps back at most this many frames at once.
const MOST_STEPS: i32 = 100;

pub struct PlaybackSession {
    source: Source,
    options: PlaybackOptions,
    speed: Speed,
    is_playing: bool,
    /// Pictures still to be sent while paused.
    owed: u32,
    stage: Stage,
    /// Pictures that end before this recorded moment are only for the decoder.
    target_us: i64,
    line: PlayLine,
    pace: Pace,
    ready: VecDeque<Ready>,
    sent_params: Option<Arc<StreamParams>>,
    /// Recorded moment of the last picture sent to be shown.
    shown_us: i64,
    seek_id: u64,
    /// The last seek has not been answered yet.
    owes_seeked: bool,
    /// The client knows since its last seek that it has caught up.
    told_edge: bool,
    sequence: u64,
    counted: Option<Counted>,
}

/// Takes the session out of the count when it is dropped.
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Where the session reads.
#[derive(Clone)]
enum Stage {
    Seek {
        at_us: i64,
    },
    After(Chunk),
    /// After this chunk (or this moment, when there is none yet) more is being recorded.
    Edge {
        after: Option<Chunk>,
        at_us: i64,
    },
    Ended,
}

struct Ready {
    message: PlaybackMessage,
    /// Play time at which it is due; `None` goes at once.
    due_us: Option<i64>,
    /// A picture to be shown.
    is_shown: bool,
}

impl PlaybackSession {
    pub(crate) fn new(source: Source, options: PlaybackOptions) -> Self {
        let from_us = options.from.to_micros().0;
        let mut session = Self {
            source,
            speed: options.speed,
            is_playing: options.start == StartMode::Playing,
            owed: 0,
            stage: Stage::Ended,
            target_us: from_us,
            line: PlayLine::new(),
            pace: Pace::default(),
            ready: VecDeque::new(),
            sent_params: None,
            shown_us: from_us,
            seek_id: 0,
            owes_seeked: false,
            told_edge: false,
            sequence: 0,
            counted: None,
            options,
        };
        session.go_to(from_us);
        session
    }

    /// Counts this session for as long as it lives.
    #[must_use]
    pub(crate) fn counted(mut self, count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        self.counted = Some(Counted(Arc::clone(count)));
        self
    }

    /// Plays on, from `at` when given, at `speed` when given.
    pub fn play(&mut self, at: Option<UtcMillis>, speed: Option<Speed>) {
        let changes_speed = speed.is_some_and(|speed| speed != self.speed);
        let here_us = self.position().to_micros().0;
        if let Some(speed) = speed {
            self.speed = speed;
        }
        self.is_playing = true;
        self.pace.restart();
        match at {
            Some(at) => self.go_to(at.to_micros().0),
            None if changes_speed => self.go_to(here_us),
            None => {}
        }
    }

    /// Stops sending after what is under way; the place stays.
    pub fn pause(&mut self) {
        self.is_playing = false;
        self.owed = 0;
        self.pace.restart();
    }

    /// Goes to a moment, playing on or showing its picture.
    pub fn seek(&mut self, at: UtcMillis) {
        self.go_to(at.to_micros().0);
    }

    /// Pauses and shows the picture this many frames on (or back, when negative).
    ///
    /// # Errors
    /// When the recording cannot be read.
    pub async fn step(&mut self, frames: i32) -> Result<(), Problem> {
        let frames = frames.clamp(-MOST_STEPS, MOST_STEPS);
        self.is_playing = false;
        self.pace.restart();
        if frames >= 0 && !self.speed.is_keys_only() {
            self.owed += frames.unsigned_abs();
            return Ok(());
        }
        let picture = self.source.picture_from(self.shown_us, frames).await?;
        // Whole frames again, whatever the speed was.
        self.speed = Speed::NORMAL;
        if let Some(at_us) = picture {
            self.go_to(at_us);
        }
        Ok(())
    }

    pub fn set_gaps(&mut self, gaps: GapMode) {
        self.options.gaps = gaps;
    }

    pub fn set_audio(&mut self, audio: SoundMode) {
        self.options.audio = audio;
    }

    /// The recorded moment a viewer without delay sees now.
    pub fn position(&self) -> UtcMillis {
        let us = match self.pace.play_us(Instant::now()) {
            Some(play_us) if self.is_playing && !self.speed.is_backwards() => {
                self.line.wall_at(play_us).min(self.shown_us)
            }
            _ => self.shown_us,
        };
        UtcMicros(us).to_millis()
    }

    /// The next message, when it is due. Waits for ever while paused or at the end.
    pub async fn next(&mut self) -> PlaybackMessage {
        loop {
            let now = Instant::now();
            match self.ready.front() {
                Some(front) if front.due_us.is_none() => return self.take(),
                Some(front) if self.is_playing => {
                    let due_us = front.due_us.unwrap_or(0);
                    match self.pace.wait(due_us, now) {
                        None => return self.take(),
                        Some(wait) => tokio::time::sleep(wait).await,
                    }
                }
                Some(_) if self.owed > 0 => return self.take(),
                Some(_) => future::pending().await,
                None => {
                    if let Err(problem) = self.fill().await {
                        self.stage = Stage::Ended;
                        return PlaybackMessage::Error(problem);
                    }
                }
            }
        }
    }

    fn take(&mut self) -> PlaybackMessage {
        let Some(ready) = self.ready.pop_front() else {
            return PlaybackMessage::Error(Problem::new(ErrorCode::Internal).at("playback"));
        };
        if let (true, PlaybackMessage::Unit { unit, .. }) = (ready.is_shown, &ready.message) {
            self.shown_us = unit.capture_at.0;
            if !self.is_playing {
                self.owed = self.owed.saturating_sub(1);
            }
        }
        if let PlaybackMessage::Init { params, .. } = &ready.message {
            self.sent_params = Some(Arc::clone(params));
        }
        ready.message
    }

    fn go_to(&mut self, at_us: i64) {
        self.ready.clear();
        self.pace.restart();
        self.seek_id += 1;
        self.owes_seeked = true;
        self.told_edge = false;
        self.target_us = at_us;
        self.shown_us = at_us;
        self.stage = Stage::Seek { at_us };
        // A paused viewer is shown the picture it went to.
        self.owed = u32::from(!self.is_playing);
    }

    /// Reads the next chunk. Changes nothing before the last await has passed.
    async fn fill(&mut self) -> Result<(), Problem> {
        match self.stage.clone() {
            Stage::Seek { at_us } => self.fill_seek(at_us).await,
            Stage::After(chunk) => self.fill_after(&chunk).await,
            Stage::Edge { after, at_us } => {
                // Whatever comes first; both ways the next look decides.
                let _ = tokio::time::timeout(EDGE_PATIENCE, self.source.changed()).await;
                match after {
                    Some(chunk) => self.fill_after(&chunk).await,
                    None => self.fill_seek(at_us).await,
                }
            }
            Stage::Ended => future::pending().await,
        }
    }

    async fn fill_seek(&mut self, at_us: i64) -> Result<(), Problem> {
        let backwards = self.speed.is_backwards();
        let mut found = self.source.find(at_us).await?;
        if backwards && found.as_ref().is_none_or(|chunk| chunk.start_us > at_us) {
            found = self.source.last_before(at_us).await?;
        }
        let Some(chunk) = found else { return self.no_more(None, at_us).await };
        let lead_in = self.source.lead_in(&chunk).await?;
        let gap = self.gap_between(at_us, chunk.start_us).await?;
        let mut units = Vec::new();
        let params = if self.speed.is_keys_only() {
            let first = lead_in.first().unwrap_or(&chunk);
            self.source.load(first, &mut units).await?
        } else {
            for earlier in &lead_in {
                self.source.load(earlier, &mut units).await?;
            }
            self.source.load(&chunk, &mut units).await?
        };
        // From here on nothing awaits.
        let first_us = units.iter().find(|unit| unit.track == Track::Video).map_or(chunk.start_us, |unit| unit.dts_us);
        // A key frame alone stands for the moments after it.
        self.target_us = if self.speed.is_keys_only() { i64::MIN } else { at_us.max(chunk.start_us) };
        self.line.anchor(first_us, self.speed);
        self.answer_seek(at_us.max(if backwards { i64::MIN } else { chunk.start_us }));
        if let Some(gap) = gap {
            self.say(gap);
        }
        self.emit(&params, units, chunk.run_end_us - chunk.start_us);
        let first = lead_in.into_iter().next();
        self.stage = Stage::After(if self.speed.is_keys_only() { first.unwrap_or(chunk) } else { chunk });
        Ok(())
    }

    async fn fill_after(&mut self, last: &Chunk) -> Result<(), Problem> {
        let next = match (self.speed.is_keys_only(), self.speed.is_backwards()) {
            (_, true) => self.source.previous_key(last).await?,
            (true, false) => self.source.next_key(last).await?,
            (false, false) => self.source.next(last).await?,
        };
        let Some(chunk) = next else {
            let at_us = if self.speed.is_backwards() { last.start_us } else { last.end_us };
            return self.no_more(Some(last), at_us).await;
        };
        let (from_us, to_us) = match (self.speed.is_keys_only(), self.speed.is_backwards()) {
            (_, true) => (chunk.end_us, chunk.end_us),
            // Chunks without a key frame were passed over; only the source knows of real gaps between them.
            (true, false) => (last.run_end_us.max(last.end_us), chunk.start_us),
            (false, false) => (last.end_us, chunk.start_us),
        };
        let gap = self.gap_between(from_us, to_us).await?;
        let mut units = Vec::new();
        let params = self.source.load(&chunk, &mut units).await?;
        // From here on nothing awaits.
        if matches!(self.stage, Stage::Edge { .. }) {
            self.pace.restart();
        }
        if let Some(gap) = gap {
            if self.options.gaps == GapMode::Skip {
                self.line.anchor(chunk.start_us, self.speed);
            }
            self.say(gap);
        }
        let lasts_us =
            if self.speed.is_backwards() { last.start_us - chunk.start_us } else { chunk.run_end_us - chunk.start_us };
        self.emit(&params, units, lasts_us);
        self.stage = Stage::After(chunk);
        Ok(())
    }

    async fn no_more(&mut self, last: Option<&Chunk>, at_us: i64) -> Result<(), Problem> {
        let at = UtcMicros(at_us).to_millis();
        let is_live = !self.speed.is_backwards() && self.source.is_live().await?;
        self.answer_seek(at_us);
        if !is_live {
            self.say(PlaybackMessage::End { at });
            self.stage = Stage::Ended;
            return Ok(());
        }
        if !std::mem::replace(&mut self.told_edge, true) {
            self.say(PlaybackMessage::LiveEdge { at });
        }
        self.stage = Stage::Edge { after: last.cloned(), at_us };
        Ok(())
    }

    async fn gap_between(&self, from_us: i64, to_us: i64) -> Result<Option<PlaybackMessage>, Problem> {
        if to_us - from_us <= JOIN_MS * 1000 {
            return Ok(None);
        }
        let (from, to) = (UtcMicros(from_us).to_millis(), UtcMicros(to_us).to_millis());
        let reason = self.source.gap_reason(from, to).await?.unwrap_or(GapReason::Unknown);
        Ok(Some(PlaybackMessage::Gap { from, to, reason }))
    }

    /// The first thing said after a seek, whether there is a picture for it or not.
    fn answer_seek(&mut self, at_us: i64) {
        if std::mem::take(&mut self.owes_seeked) {
            self.say(PlaybackMessage::Seeked { at: UtcMicros(at_us).to_millis(), seek_id: self.seek_id });
        }
    }

    fn say(&mut self, message: PlaybackMessage) {
        self.ready.push_back(Ready { message, due_us: None, is_shown: false });
    }

    fn emit(&mut self, params: &Arc<StreamParams>, mut units: Vec<StoredUnit>, key_lasts_us: i64) {
        let is_known = self.sent_params.as_ref().is_some_and(|sent| sent.is_same_coding(params));
        let in_queue = self.ready.iter().any(|ready| matches!(ready.message, PlaybackMessage::Init { .. }));
        if !is_known && !in_queue {
            match live::init_message(params, Sound::from(self.with_audio(params))) {
                Ok(message) => self.say(PlaybackMessage::Init { params: Arc::clone(params), message }),
                Err(error) => return self.say(PlaybackMessage::Error(error.into())),
            }
        }
        if self.speed.is_keys_only() {
            let key = units.into_iter().find(|unit| unit.track == Track::Video && unit.is_key);
            if let Some(mut key) = key {
                key.duration_us = key_lasts_us.clamp(1, 10_000_000);
                self.emit_unit(params, key);
            }
            return;
        }
        // A fragment holds all its pictures before all its sound; both are sent when they are due.
        units.sort_by_key(|unit| unit.dts_us);
        for unit in units {
            self.emit_unit(params, unit);
        }
    }

    fn emit_unit(&mut self, params: &Arc<StreamParams>, stored: StoredUnit) {
        let is_video = stored.track == Track::Video;
        let (rate, place) = if is_video {
            let rate = params.video.as_ref().map_or(90_000, |video| video.clock_rate);
            (rate, self.line.place(stored.dts_us, stored.pts_us, stored.duration_us))
        } else {
            let wanted = self.with_audio(params) && self.speed.has_sound() && stored.pts_us >= self.target_us;
            let Some(audio) = params.audio.as_ref().filter(|_| wanted) else { return };
            let Some(place) = self.line.place_sound(stored.pts_us, stored.duration_us) else { return };
            (audio.clock_rate, place)
        };
        let is_before_target = is_video && stored.pts_us + stored.duration_us <= self.target_us;
        self.sequence += 1;
        let ticks = |us: i64| us * i64::from(rate) / 1_000_000;
        let unit = Arc::new(AccessUnit::new(UnitParts {
            track: stored.track,
            data: stored.data,
            is_key: stored.is_key,
            is_discontinuity: false,
            pts: ticks(place.pts_us),
            dts: ticks(place.dts_us),
            duration: u32::try_from(ticks(place.duration_us)).unwrap_or(u32::MAX).max(1),
            capture_at: UtcMicros(stored.pts_us),
            received_at: Instant::now(),
            sequence: self.sequence,
            params: Arc::clone(params),
        }));
        let message = match live::unit_message(&unit) {
            Ok(message) if is_before_target => flagged(message),
            Ok(message) => message,
            Err(error) => return self.say(PlaybackMessage::Error(error.into())),
        };
        let due_us = (!is_before_target).then_some(place.dts_us);
        self.ready.push_back(Ready {
            message: PlaybackMessage::Unit { unit, message },
            due_us,
            is_shown: is_video && !is_before_target,
        });
    }

    fn with_audio(&self, params: &StreamParams) -> bool {
        self.options.audio == SoundMode::Audible && live::carries_sound(params)
    }
}

/// Marks a message as one to decode and not to show.
fn flagged(message: Bytes) -> Bytes {
    let mut bytes = BytesMut::from(message);
    if let Some(flags) = bytes.get_mut(1) {
        *flags |= BEFORE_TARGET;
    }
    bytes.freeze()
}
