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
                    open.cut_at = UtcMillis(i64::MIN);
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
mod tests {
    use super::*;
    use bytes::Bytes;
    use jiff::tz::TimeZone;
    use watchwall_media::{AudioParams, VideoParams};
    use watchwall_model::{AudioCodec, StreamPath, VideoCodec};

    /// 2026-03-01T10:00:00Z.
    const START_MS: i64 = 1_772_359_200_000;

    fn params(width: u32) -> Arc<StreamParams> {
        let video = VideoParams {
            codec: VideoCodec::H264,
            codec_string: "avc1.4d401f".into(),
            width,
            height: 360,
            frame_rate: 25.0,
            clock_rate: 90_000,
            config: Bytes::new(),
            max_reorder_frames: 0,
        };
        let audio = AudioParams {
            codec: AudioCodec::Aac,
            codec_string: "mp4a.40.2".into(),
            sample_rate: 16_000,
            channels: 1,
            clock_rate: 16_000,
            config: Bytes::new(),
        };
        Arc::new(StreamParams::new(width, Some(video), Some(audio)))
    }

    /// Feeds a stream of 25 frames per second to a cutter and writes down what it does.
    struct Bench {
        cutter: Cutter,
        params: Arc<StreamParams>,
        born: Instant,
        /// Wall clock, media clock and true time, milliseconds since the start.
        wall_ms: i64,
        media_ms: i64,
        true_ms: u64,
        bytes: usize,
        done: Vec<String>,
    }

    impl Bench {
        fn new(minutes: u32) -> Self {
            let path = StreamPath::parse("a").unwrap();
            let cutter = Cutter::new(Grid::new(TimeZone::UTC, minutes, &path), true);
            Self {
                cutter,
                params: params(640),
                born: Instant::now(),
                wall_ms: 0,
                media_ms: 0,
                true_ms: 0,
                bytes: 10_000,
                done: Vec::new(),
            }
        }

        fn feed(&mut self, event: Event) {
            for action in self.cutter.on(event) {
                self.done.push(match action {
                    Action::Open { params, start } => {
                        format!("open {} {}", start.0 - START_MS, params.video.as_ref().unwrap().width)
                    }
                    Action::Append(piece) => {
                        let key = if piece.is_key { "key " } else { "" };
                        format!("{key}{}+{} of {}", piece.start_ms, piece.duration_ms, piece.units.len())
                    }
                    Action::Close => "close".into(),
                    Action::Gap { from, reason } => format!("gap {} {reason:?}", from.0 - START_MS),
                });
            }
        }

        fn unit(&mut self, track: Track, is_key: bool, is_discontinuity: bool) {
            let unit = self.made(track, is_key, is_discontinuity);
            self.feed(Event::Unit(Arc::new(unit)));
        }

        fn made(&self, track: Track, is_key: bool, is_discontinuity: bool) -> AccessUnit {
            let rate = if track == Track::Video { 90 } else { 16 };
            AccessUnit::new(UnitParts {
                track,
                data: Bytes::from(vec![0; self.bytes]),
                is_key,
                is_discontinuity,
                pts: self.media_ms * rate,
                dts: self.media_ms * rate,
                duration: 40 * rate as u32,
                capture_at: UtcMillis(START_MS + self.wall_ms).to_micros(),
                received_at: self.born + Duration::from_millis(self.true_ms),
                sequence: 0,
                params: Arc::clone(&self.params),
            })
        }

        /// Frames of 40 ms each; every `gop`th is a key frame.
        fn play(&mut self, frames: usize, gop: usize) {
            for n in 0..frames {
                self.unit(Track::Video, n % gop == 0, false);
                self.pass(40);
            }
        }

        /// Time passes on all clocks.
        fn pass(&mut self, ms: i64) {
            self.wall_ms += ms;
            self.media_ms += ms;
            self.true_ms += ms as u64;
        }

        fn check(&mut self, expect: &[&str]) {
            assert_eq!(self.done, expect);
            self.done.clear();
        }
    }

    #[test]
    fn a_gop_is_a_fragment_and_a_long_one_is_several() {
        let mut bench = Bench::new(10);
        bench.play(51, 50);
        bench.check(&["open 0 640", "key 0+1000 of 25", "1000+1000 of 25"]);
        let mut bench = Bench::new(10);
        bench.play(61, 20);
        bench.check(&["open 0 640", "key 0+800 of 20", "key 800+800 of 20", "key 1600+800 of 20"]);
        // All key frames: some of them share a fragment.
        let mut bench = Bench::new(10);
        bench.play(30, 1);
        bench.check(&["open 0 640", "key 0+520 of 13", "key 520+520 of 13"]);
    }

    #[test]
    fn a_heavy_stream_is_handed_over_sooner() {
        let mut bench = Bench::new(10);
        bench.bytes = 1024 * 1024;
        bench.play(9, 50);
        bench.check(&["open 0 640", "key 0+160 of 4", "160+160 of 4"]);
    }

    #[test]
    fn files_are_cut_at_the_first_key_frame_past_the_grid() {
        let mut bench = Bench::new(1);
        // The stagger of this stream is below four seconds; the clock is set to just before the boundary.
        bench.wall_ms = 58_000;
        bench.play(25 * 8, 50);
        let opens: Vec<_> = bench.done.iter().filter(|line| line.starts_with("open")).cloned().collect();
        assert_eq!(opens.len(), 2, "{:?}", bench.done);
        let second: i64 = opens[1].split(' ').nth(1).unwrap().parse().unwrap();
        assert!((60_000..66_000).contains(&second) && (second - 58_000) % 2_000 == 0, "{second}");
        let close = bench.done.iter().position(|line| line == "close").unwrap();
        assert!(bench.done[close + 1].starts_with("open"));
        // The last fragment reaches to the cut: nothing is missing between the files.
        let last: Vec<u32> = bench.done[close - 1].split([' ', '+']).filter_map(|word| word.parse().ok()).collect();
        assert_eq!(i64::from(last[0] + last[1]), second - 58_000);
    }

    #[test]
    fn a_move_begins_a_file_at_the_next_key_frame() {
        let mut bench = Bench::new(10);
        bench.feed(Event::Move);
        bench.play(10, 50);
        bench.feed(Event::Move);
        bench.unit(Track::Video, false, false);
        bench.pass(40);
        bench.check(&["open 0 640"]);
        bench.play(1, 1);
        bench.check(&["key 0+440 of 11", "close", "open 440 640"]);
    }

    #[test]
    fn what_was_gathered_can_be_given_again() {
        let mut bench = Bench::new(10);
        bench.play(30, 50);
        bench.check(&["open 0 640", "key 0+1000 of 25"]);
        let gathered = bench.cutter.take_gathered();
        assert_eq!(gathered.len(), 5);
        bench.feed(Event::Faulted { from: UtcMillis(START_MS) });
        bench.check(&["close", "gap 0 Disk"]);
        for unit in gathered {
            bench.feed(Event::Unit(unit));
        }
        bench.check(&[]);
    }

    #[test]
    fn nothing_begins_without_a_key_frame() {
        let mut bench = Bench::new(10);
        bench.unit(Track::Audio, true, false);
        bench.unit(Track::Video, false, false);
        bench.check(&[]);
        bench.unit(Track::Video, true, false);
        bench.check(&["open 0 640"]);
    }

    #[test]
    fn another_coding_is_another_file() {
        let mut bench = Bench::new(10);
        bench.play(10, 50);
        bench.params = params(1280);
        bench.play(1, 1);
        bench.check(&["open 0 640", "key 0+400 of 10", "close", "open 400 1280"]);
    }

    #[test]
    fn clocks_that_part_cut_the_file() {
        let mut bench = Bench::new(10);
        bench.play(10, 50);
        bench.wall_ms += 3_000;
        bench.true_ms += 3_000;
        bench.play(5, 50);
        bench.check(&["open 0 640", "key 0+400 of 10", "close", "gap 400 Network", "open 3400 640"]);
    }

    #[test]
    fn a_system_clock_that_is_set_loses_nothing() {
        let check = |leap_ms: i64, expect: &[&str]| {
            let mut bench = Bench::new(10);
            bench.play(10, 50);
            bench.wall_ms += leap_ms;
            // The rest of the GOP goes on in the file as if nothing had been; the next key frame begins another.
            for _ in 0..10 {
                bench.unit(Track::Video, false, false);
                bench.pass(40);
            }
            bench.play(10, 50);
            bench.feed(Event::Stop);
            bench.check(&[&["open 0 640", "key 0+800 of 20", "close"], expect, &["key 0+400 of 10", "close"]].concat());
        };
        check(3_600_000, &["gap 800 Unknown", "open 3600800 640"]);
        check(-3_600_000, &["open -3599200 640"]);
        check(-START_MS, &[&format!("open {} 640", 800 - START_MS)]);
    }

    #[test]
    fn a_clock_set_at_a_key_frame_or_twice_within_a_gop_is_followed() {
        let mut bench = Bench::new(10);
        bench.play(10, 50);
        bench.wall_ms += 3_600_000;
        bench.play(10, 50);
        bench.check(&["open 0 640", "key 0+400 of 10", "close", "gap 400 Unknown", "open 3600400 640"]);
        bench.wall_ms -= 3_600_000;
        bench.unit(Track::Video, false, false);
        bench.pass(40);
        bench.wall_ms += 3_600_000;
        bench.unit(Track::Video, false, false);
        bench.pass(40);
        bench.unit(Track::Video, true, false);
        // Back where it was: nothing was cut.
        bench.check(&[]);
        bench.feed(Event::Stop);
        bench.check(&["key 0+520 of 13", "close"]);
    }

    #[test]
    fn a_short_loss_stays_in_the_file() {
        let mut bench = Bench::new(10);
        bench.play(10, 50);
        bench.pass(1_000);
        bench.unit(Track::Video, false, true);
        bench.check(&["open 0 640", "key 0+1400 of 10"]);
    }

    #[test]
    fn a_slow_stream_is_no_jump() {
        let mut bench = Bench::new(10);
        for _ in 0..3 {
            bench.unit(Track::Video, true, false);
            bench.pass(5_000);
        }
        bench.check(&["open 0 640", "key 0+5000 of 1", "key 5000+5000 of 1"]);
    }

    #[test]
    fn silence_hands_over_and_then_closes() {
        let mut bench = Bench::new(10);
        bench.play(5, 50);
        let at = |bench: &Bench, ms| Event::Tick(bench.born + Duration::from_millis(ms));
        let event = at(&bench, 1_000);
        bench.feed(event);
        bench.check(&["open 0 640"]);
        let event = at(&bench, 1_300);
        bench.feed(event);
        bench.check(&["key 0+200 of 5"]);
        let event = at(&bench, 10_200);
        bench.feed(event);
        bench.check(&["close", "gap 200 CameraOffline"]);
        let event = at(&bench, 60_000);
        bench.feed(event);
        bench.check(&[]);
    }

    #[test]
    fn faults_and_losses_end_the_file() {
        let mut bench = Bench::new(10);
        bench.play(5, 50);
        bench.feed(Event::Faulted { from: UtcMillis(START_MS + 100) });
        bench.check(&["open 0 640", "close", "gap 100 Disk"]);
        bench.play(5, 50);
        bench.feed(Event::Lost);
        bench.check(&["open 200 640", "key 0+200 of 5", "close", "gap 400 Us"]);
        bench.play(5, 50);
        bench.feed(Event::Stop);
        bench.check(&["open 400 640", "key 0+200 of 5", "close"]);
    }

    #[test]
    fn a_pause_reaches_to_the_picture_it_ends_at() {
        let mut bench = Bench::new(10);
        bench.play(60, 50);
        let next = bench.made(Track::Video, true, false);
        bench.feed(Event::Pause { next: Some(Arc::new(next)) });
        bench.check(&["open 0 640", "key 0+1000 of 25", "1000+1000 of 25", "key 2000+400 of 10", "close"]);
        // No silence follows: nobody listens.
        let event = Event::Tick(bench.born + Duration::from_secs(60));
        bench.feed(event);
        bench.check(&[]);
        bench.play(5, 50);
        bench.feed(Event::Pause { next: None });
        bench.check(&["open 2400 640", "key 0+200 of 5", "close"]);
    }

    #[test]
    fn sound_goes_with_its_picture() {
        let mut bench = Bench::new(10);
        bench.play(2, 50);
        bench.unit(Track::Audio, true, false);
        bench.feed(Event::Stop);
        bench.check(&["open 0 640", "key 0+80 of 3", "close"]);
        bench.cutter.with_audio = false;
        bench.play(2, 50);
        bench.unit(Track::Audio, true, false);
        bench.feed(Event::Stop);
        bench.check(&["open 80 640", "key 0+80 of 2", "close"]);
    }
}
