//! Pure rules of a recorder: which units form a fragment, and where a file begins and ends.
//!
//! A fragment is one GOP, or one second of it when the GOP is longer. A file begins at a key frame and ends at
//! the first key frame after its cut, at a change of parameters, at a jump of the clock, or when nothing comes.

use super::grid::Grid;
use std::{
    mem,
    sync::Arc,
    time::{Duration, Instant},
};
use watchwall_media::{AccessUnit, StreamParams, Track, UnitParts, fmp4::DecodeBase};
use watchwall_model::{GapReason, UtcMicros, UtcMillis};

/// At most this much is lost with the process.
const FRAGMENT_SPAN: Duration = Duration::from_secs(1);
/// GOPs shorter than this share a fragment: a Motion JPEG stream is all key frames.
const SHORT_GOP: Duration = Duration::from_millis(500);
/// A gathered fragment is handed over after this long even when no further unit arrives.
const FRAGMENT_AGE: Duration = Duration::from_millis(1_200);
/// A camera at 100 Mbit/s fills a fragment before its second is over.
const FRAGMENT_BYTES: usize = 4 * 1024 * 1024;
/// Wall clock and media clock may disagree by this much before the file is cut.
const JUMP_US: i64 = 2_000_000;
/// Silence that ends a file.
const SILENCE: Duration = Duration::from_secs(10);

/// What happens to a recorder.
#[derive(Debug)]
pub enum Event {
    Unit(Arc<AccessUnit>),
    /// The queue from the hub ran over.
    Lost,
    /// The file cannot be written; what comes after this moment is gone.
    Faulted {
        from: UtcMillis,
    },
    Tick(Instant),
    /// No more is wanted: the file ends where the next picture would follow.
    Pause {
        next: Option<Arc<AccessUnit>>,
    },
    /// The next key frame begins a file, wherever the grid is.
    Move,
    Stop,
}

/// What its actor is to do.
#[derive(Debug)]
pub enum Action {
    Open {
        params: Arc<StreamParams>,
        start: UtcMillis,
    },
    Append(Piece),
    /// Nothing more comes into this file.
    Close,
    /// From here on nothing is recorded, and why. Until the next `Open`.
    Gap {
        from: UtcMillis,
        reason: GapReason,
    },
}

/// Units that become one fragment.
#[derive(Debug)]
pub struct Piece {
    pub units: Vec<Arc<AccessUnit>>,
    /// Against the file's start.
    pub start_ms: u32,
    pub duration_ms: u32,
    pub is_key: bool,
    /// Raised by one within a file, from 1.
    pub sequence: u32,
    /// Decode times of the file's start, per track in its own ticks.
    pub base: DecodeBase,
}

/// Every key frame is past it.
const AT_NEXT_KEY: UtcMillis = UtcMillis(i64::MIN);

/// The file being written.
#[derive(Debug)]
struct Open {
    params: Arc<StreamParams>,
    start: UtcMillis,
    cut_at: UtcMillis,
    /// After a leap of the wall clock, until the next key frame begins a file: what is added to go on as before.
    leap_us: i64,
    base: DecodeBase,
    /// End of the last fragment against the file's start.
    end_ms: u32,
    sequence: u32,
}

/// The recorder's mind. It holds no file and no clock.
#[derive(Debug)]
pub struct Cutter {
    grid: Grid,
    with_audio: bool,
    open: Option<Open>,
    gathered: Vec<Arc<AccessUnit>>,
    gathered_bytes: usize,
    last_video: Option<Arc<AccessUnit>>,
    last_heard: Option<Instant>,
}

impl Cutter {
    pub const fn new(grid: Grid, with_audio: bool) -> Self {
        Self {
            grid,
            with_audio,
            open: None,
            gathered: Vec::new(),
            gathered_bytes: 0,
            last_video: None,
            last_heard: None,
        }
    }

    /// The file ends at the next key frame, wherever the next one goes.
    pub fn is_moving(&self) -> bool {
        self.open.as_ref().is_some_and(|open| open.cut_at == AT_NEXT_KEY)
    }

    pub fn on(&mut self, event: Event) -> Vec<Action> {
        let mut actions = Vec::new();
        match event {
            Event::Unit(unit) => self.on_unit(unit, &mut actions),
            Event::Lost => self.end_file(GapReason::Us, &mut actions),
            Event::Faulted { from } => {
                self.close(&mut actions);
                actions.push(Action::Gap { from, reason: GapReason::Disk });
            }
            Event::Tick(now) => self.on_tick(now, &mut actions),
            Event::Pause { next } => {
                let next = next.map(|unit| self.in_file_time(&unit));
                self.flush(next.as_deref(), &mut actions);
                self.close(&mut actions);
                self.last_heard = None;
            }
            Event::Move => {
                if let Some(open) = &mut self.open {
                    open.cut_at = AT_NEXT_KEY;
                }
            }
            Event::Stop => {
                self.flush(None, &mut actions);
                self.close(&mut actions);
            }
        }
        actions
    }

    fn on_unit(&mut self, unit: Arc<AccessUnit>, actions: &mut Vec<Action>) {
        if unit.track == Track::Audio {
            if self.with_audio && self.open.is_some() {
                self.gather(unit);
            }
            return;
        }
        self.last_heard = Some(unit.received_at);
        match self.last_video.as_deref().map(|last| Step::between(last, &unit)) {
            Some(Step::Break) => self.end_file(GapReason::Network, actions),
            Some(Step::Leap { by_us }) => {
                if let Some(open) = &mut self.open {
                    open.leap_us -= by_us;
                }
            }
            Some(Step::Even) | None => {}
        }
        let arrived = unit;
        let unit = self.in_file_time(&arrived);
        if let Some(open) = &self.open {
            let other_coding = !open.params.is_same_coding(&unit.params);
            let leapt = unit.is_key && open.leap_us != 0;
            let due = unit.is_key && unit.capture_at.to_millis() >= open.cut_at;
            if leapt {
                let is_forward = open.leap_us < 0;
                self.flush(Some(&unit), actions);
                if is_forward {
                    // Nothing is missing; these moments never were.
                    self.end_file(GapReason::Unknown, actions);
                } else {
                    self.close(actions);
                }
            } else if other_coding || due {
                self.flush(Some(&unit), actions);
                self.close(actions);
            } else if self.is_enough(&unit) {
                self.flush(Some(&unit), actions);
            }
        }
        if self.open.is_none() {
            if !arrived.is_key {
                return;
            }
            self.open_at(&arrived, actions);
        }
        let unit = if self.open.as_ref().is_some_and(|open| open.leap_us != 0) { unit } else { Arc::clone(&arrived) };
        self.last_video = Some(arrived);
        self.gather(unit);
    }

    /// The unit with the time that the file it goes into counts in.
    fn in_file_time(&self, unit: &Arc<AccessUnit>) -> Arc<AccessUnit> {
        match self.open.as_ref().map(|open| open.leap_us) {
            Some(leap_us) if leap_us != 0 => {
                let capture_at = UtcMicros(unit.capture_at.0.saturating_add(leap_us));
                Arc::new(AccessUnit::new(UnitParts { capture_at, ..UnitParts::clone(unit) }))
            }
            _ => Arc::clone(unit),
        }
    }

    fn open_at(&mut self, unit: &Arc<AccessUnit>, actions: &mut Vec<Action>) {
        let start = unit.capture_at.to_millis();
        let video_rate = unit.params.video.as_ref().map_or(90_000, |v| v.clock_rate);
        let audio_rate = unit.params.audio.as_ref().map_or(0, |a| a.clock_rate);
        // Both tracks' ticks count from the same start of the stream.
        let base = DecodeBase { video: unit.dts, audio: rescale(unit.dts, video_rate, audio_rate) };
        self.open = Some(Open {
            params: Arc::clone(&unit.params),
            start,
            cut_at: self.grid.next_cut(start),
            leap_us: 0,
            base,
            end_ms: 0,
            sequence: 0,
        });
        actions.push(Action::Open { params: Arc::clone(&unit.params), start });
    }

    fn gather(&mut self, unit: Arc<AccessUnit>) {
        self.gathered_bytes += unit.data.len();
        self.gathered.push(unit);
    }

    /// Whether what is gathered becomes a fragment before `next` joins it.
    fn is_enough(&self, next: &AccessUnit) -> bool {
        let Some(first) = self.gathered.iter().find(|unit| unit.is_video()) else { return false };
        let rate = next.params.video.as_ref().map_or(90_000, |v| v.clock_rate);
        let span_us = rescale(next.dts - first.dts, rate, 1_000_000);
        let wanted = if next.is_key { SHORT_GOP } else { FRAGMENT_SPAN };
        span_us >= i64::try_from(wanted.as_micros()).unwrap_or(i64::MAX) || self.gathered_bytes >= FRAGMENT_BYTES
    }

    /// Hands the gathered units over as a fragment that lasts until `next`.
    fn flush(&mut self, next: Option<&AccessUnit>, actions: &mut Vec<Action>) {
        let Some(open) = &mut self.open else { return self.forget_gathered() };
        let Some(first) = self.gathered.iter().find(|unit| unit.is_video()) else {
            // Audio alone waits for its picture, but not for ever.
            if next.is_none() {
                self.forget_gathered();
            }
            return;
        };
        let is_key = first.is_key;
        let start_ms = since_ms(open.start, first.capture_at).max(open.end_ms);
        let end_ms = next.map_or_else(
            || start_ms.saturating_add(media_ms(&self.gathered)),
            |next| since_ms(open.start, next.capture_at).max(start_ms + 1),
        );
        open.sequence += 1;
        open.end_ms = end_ms;
        let piece = Piece {
            units: mem::take(&mut self.gathered),
            start_ms,
            duration_ms: end_ms - start_ms,
            is_key,
            sequence: open.sequence,
            base: open.base,
        };
        self.gathered_bytes = 0;
        actions.push(Action::Append(piece));
    }

    fn close(&mut self, actions: &mut Vec<Action>) {
        self.forget_gathered();
        self.last_video = None;
        if self.open.take().is_some() {
            actions.push(Action::Close);
        }
    }

    fn end_file(&mut self, reason: GapReason, actions: &mut Vec<Action>) {
        self.flush(None, actions);
        let end = self.end();
        self.close(actions);
        if let Some(from) = end {
            actions.push(Action::Gap { from, reason });
        }
    }

    fn end(&self) -> Option<UtcMillis> {
        self.open.as_ref().map(|open| open.start.saturating_add_ms(i64::from(open.end_ms)))
    }

    fn on_tick(&mut self, now: Instant, actions: &mut Vec<Action>) {
        if self.last_heard.is_some_and(|heard| now.saturating_duration_since(heard) >= SILENCE) {
            self.end_file(GapReason::CameraOffline, actions);
            self.last_heard = None;
            return;
        }
        let oldest = self.gathered.iter().find(|unit| unit.is_video()).map(|unit| unit.received_at);
        if oldest.is_some_and(|at| now.saturating_duration_since(at) >= FRAGMENT_AGE) {
            self.flush(None, actions);
        }
    }

    /// What no fragment holds yet.
    pub fn take_gathered(&mut self) -> Vec<Arc<AccessUnit>> {
        self.gathered_bytes = 0;
        mem::take(&mut self.gathered)
    }

    fn forget_gathered(&mut self) {
        self.gathered.clear();
        self.gathered_bytes = 0;
    }
}

/// How one picture follows the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Even,
    /// Pictures are missing, or the camera began to count anew.
    Break,
    /// The wall clock was set by so much while the pictures went on evenly.
    Leap {
        by_us: i64,
    },
}

impl Step {
    fn between(last: &AccessUnit, next: &AccessUnit) -> Self {
        let rate = next.params.video.as_ref().map_or(90_000, |v| v.clock_rate);
        let wall_us = next.capture_at.0 - last.capture_at.0;
        let media_us = rescale(next.dts - last.dts, rate, 1_000_000);
        let arrived_us = next.received_at.saturating_duration_since(last.received_at).as_micros();
        let arrived_us = i64::try_from(arrived_us).unwrap_or(i64::MAX);
        let went_on = !next.is_discontinuity && (0..JUMP_US).contains(&media_us) && arrived_us < JUMP_US;
        let silence_us = i64::try_from(SILENCE.as_micros()).unwrap_or(i64::MAX);
        let allowed_us = if next.is_discontinuity { JUMP_US } else { silence_us };
        let apart_us = wall_us - media_us;
        if apart_us.abs() > JUMP_US {
            if went_on { Self::Leap { by_us: apart_us } } else { Self::Break }
        } else if wall_us > allowed_us {
            Self::Break
        } else {
            Self::Even
        }
    }
}

/// Whole milliseconds of both, as a rebuilt index would count them.
fn since_ms(start: UtcMillis, at: UtcMicros) -> u32 {
    u32::try_from((at.to_millis() - start).max(0)).unwrap_or(u32::MAX)
}

/// How long the units last by their own durations.
fn media_ms(units: &[Arc<AccessUnit>]) -> u32 {
    let ticks: i64 = units.iter().filter(|unit| unit.is_video()).map(|unit| i64::from(unit.duration)).sum();
    let rate = units.iter().find_map(|unit| unit.params.video.as_ref()).map_or(90_000, |v| v.clock_rate);
    u32::try_from(rescale(ticks, rate, 1000)).unwrap_or(0).max(1)
}

/// Ticks of one clock in ticks of another.
fn rescale(ticks: i64, from: u32, to: u32) -> i64 {
    let value = i128::from(ticks) * i128::from(to) / i128::from(from.max(1));
    i64::try_from(value).unwrap_or(if ticks < 0 { i64::MIN } else { i64::MAX })
}

#[cfg(test)]
#[path = "cutter_tests.rs"]
mod tests;
