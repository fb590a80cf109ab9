use super::*;
use crate::hub::{BacklogLimits, Received, SubscriberClass, Subscription};
use std::time::Duration;
use watchwall_model::{AudioCodec, VideoCodec};

fn video() -> VideoParams {
    VideoParams {
        codec: VideoCodec::H264,
        codec_string: "avc1.640028".into(),
        width: 64,
        height: 64,
        frame_rate: 25.0,
        clock_rate: 90_000,
        config: Bytes::from_static(b"a"),
        max_reorder_frames: 0,
    }
}

fn audio() -> AudioParams {
    AudioParams {
        codec: AudioCodec::Pcmu,
        codec_string: "flac".into(),
        sample_rate: 8_000,
        channels: 1,
        clock_rate: 8_000,
        config: Bytes::new(),
    }
}

struct Bench {
    hub: Arc<Hub>,
    reader: Subscription,
    start: Instant,
}

impl Bench {
    fn new() -> Self {
        let hub = Hub::new(BacklogLimits::default());
        let reader = hub.subscribe(SubscriberClass::Recorder);
        Self { hub, reader, start: Instant::now() }
    }

    fn connect(&self) -> Assembler {
        let mut assembler = Assembler::new(Arc::clone(&self.hub), Arc::default());
        assembler.set_params(Some(video()), None);
        assembler
    }

    fn raw(&self, at_ms: u64, ticks: i64, is_key: bool) -> RawUnit {
        RawUnit {
            track: Track::Video,
            data: Bytes::from_static(b"x"),
            is_key,
            ticks,
            play_us: None,
            received_at: self.start + Duration::from_millis(at_ms),
            lost_packets: 0,
        }
    }

    fn read(&mut self) -> Vec<Arc<AccessUnit>> {
        let mut units = Vec::new();
        while let Some(Received::Unit(unit)) = self.reader.try_recv() {
            units.push(unit);
        }
        units
    }
}

#[test]
fn a_new_connection_goes_on_where_the_last_one_ended() {
    let mut bench = Bench::new();
    let mut first = bench.connect();
    first.push(bench.raw(0, 1_000, true));
    first.push(bench.raw(40, 4_600, false));
    let mut second = bench.connect();
    second.push(bench.raw(5_040, 77, true));
    let units = bench.read();
    assert_eq!(units.iter().map(|u| u.pts).collect::<Vec<_>>(), [0, 3_600, 453_600]);
    assert_eq!(units.iter().map(|u| u.is_discontinuity).collect::<Vec<_>>(), [true, false, true]);
    assert!(units.iter().all(|u| u.params.generation == 0), "the same coding keeps its generation");
    assert!(Arc::ptr_eq(&units[0].params, &units[2].params));
}

#[test]
fn changed_parameters_are_the_next_generation() {
    let mut bench = Bench::new();
    let mut assembler = bench.connect();
    assembler.push(bench.raw(0, 0, true));
    assembler.set_params(Some(VideoParams { width: 128, ..video() }), None);
    assembler.push(bench.raw(40, 3_600, true));
    assert_eq!(bench.read().iter().map(|u| u.params.generation).collect::<Vec<_>>(), [0, 1]);
}

#[test]
fn undeclared_b_frames_are_declared_from_the_next_key_frame_on() {
    let mut bench = Bench::new();
    let mut assembler = bench.connect();
    // I P B B, then again, in units of one frame; pts per frame 3600.
    for (n, frame) in [0, 3, 1, 2, 6, 4, 5, 9, 7, 8, 12].into_iter().enumerate() {
        let is_key = frame == 0 || frame == 9;
        assembler.push(bench.raw(40 * n as u64, frame * 3_600, is_key));
    }
    let units = bench.read();
    let depths: Vec<_> = units.iter().map(|u| u.params.video.as_ref().unwrap().max_reorder_frames).collect();
    assert_eq!(depths, [0, 0, 0, 0, 0, 0, 0, 2, 2, 2, 2]);
    assert!(units.windows(2).all(|w| w[0].dts < w[1].dts));
    assert!(units.iter().all(|u| u.dts <= u.pts));
}

#[test]
fn tracks_start_together_by_arrival_or_by_the_servers_word() {
    let starts = |video_play_us, audio_play_us| {
        let mut bench = Bench::new();
        let mut assembler = bench.connect();
        assembler.set_params(Some(video()), Some(audio()));
        assembler.push(RawUnit { play_us: video_play_us, ..bench.raw(0, 55, true) });
        let raw = bench.raw(100, 99, true);
        assembler.push(RawUnit { track: Track::Audio, play_us: audio_play_us, ..raw });
        bench.read().iter().map(|u| u.pts).collect::<Vec<_>>()
    };
    assert_eq!(starts(None, None), [0, 800]);
    assert_eq!(starts(Some(10_000), Some(60_000)), [0, 400]);
    assert_eq!(starts(Some(10_000), Some(99_000_000)), [0, 800], "absurd words are not believed");
}

#[test]
fn losses_and_jumps_are_marked_and_counted() {
    let mut bench = Bench::new();
    let counts: Arc<IngestCounts> = Arc::default();
    let mut assembler = Assembler::new(Arc::clone(&bench.hub), Arc::clone(&counts));
    assembler.push(bench.raw(0, 0, true));
    assembler.set_params(Some(video()), None);
    assembler.push(bench.raw(0, 0, true));
    assembler.push(RawUnit { lost_packets: 3, ..bench.raw(40, 3_600, false) });
    assembler.push(bench.raw(80, 90_000 * 3_600, false));
    assembler.note_break(Track::Video, 2);
    assembler.push(bench.raw(120, 90_000 * 3_600 + 3_600, false));
    let units = bench.read();
    assert!(units.iter().all(|u| u.is_discontinuity));
    assert_eq!(units.iter().map(|u| u.pts / 90).collect::<Vec<_>>(), [0, 40, 80, 120]);
    let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
    assert_eq!((read(&counts.lost_packets), read(&counts.lost_units), read(&counts.jumps)), (3, 3, 1));
}

#[test]
fn no_timestamps_make_it_stumble() {
    for seed in 1..40_u64 {
        let mut bench = Bench::new();
        let mut dice = seed;
        let mut roll = move || {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            dice >> 33
        };
        let mut assembler = bench.connect();
        let (mut ticks, mut at_ms) = (0_i64, 0);
        for _ in 0..400 {
            at_ms += roll() % 50;
            ticks += match roll() % 12 {
                0 => i64::try_from(roll()).unwrap() << 20,
                1 => -(i64::try_from(roll()).unwrap() << 20),
                2 => 0,
                3 => -3_600,
                _ => 3_600,
            };
            match roll() % 60 {
                0 => assembler = bench.connect(),
                1 => {
                    assembler.set_params(Some(VideoParams { max_reorder_frames: (roll() % 17) as u8, ..video() }), None)
                }
                2 => assembler.note_report(Track::Video, ticks, roll() << 32 | roll()),
                3 => assembler.note_break(Track::Video, roll()),
                _ => {}
            }
            let mut raw = bench.raw(at_ms, ticks, roll() % 8 == 0);
            raw.play_us = (roll() % 3 == 0).then(|| i64::try_from(roll()).unwrap() << 10);
            raw.lost_packets = roll() % 3;
            assembler.push(raw);
        }
        let units = bench.read();
        // A recorder begins at the first key frame.
        assert!(units.len() > 300, "{seed}: {}", units.len());
        assert!(units.windows(2).all(|w| w[0].dts < w[1].dts), "{seed}");
        assert!(units.iter().all(|u| u.dts <= u.pts && u.duration > 0), "{seed}");
    }
}
