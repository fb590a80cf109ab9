//! The cutter, fragment by fragment.

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
    assert!(!bench.cutter.is_moving());
    bench.feed(Event::Move);
    bench.unit(Track::Video, false, false);
    bench.pass(40);
    bench.check(&["open 0 640"]);
    assert!(bench.cutter.is_moving(), "asked once, it waits for its key frame");
    bench.play(1, 1);
    assert!(!bench.cutter.is_moving());
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
