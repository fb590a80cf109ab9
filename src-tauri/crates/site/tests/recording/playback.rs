//! What was recorded is played: from any moment, forwards, backwards, frame by frame, and into what is being written.

use crate::recording_support::{Bench, Farm, Footage, frames_in, path, until, with_filler};
use futures::StreamExt;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use watchwall_media::{
    fmp4,
    hub::{BacklogLimits, Hub},
};
use watchwall_model::{ErrorCode, Plan, TimeRange, UtcMillis};
use watchwall_site::recording::{GapMode, PlaybackMessage, PlaybackOptions, PlaybackSession, Speed, StartMode};

/// Two recordings of one stream, 4 s and 6 s long, with 5 s of nothing between them, made at once.
struct Recorded {
    bench: Bench,
    farm: Arc<Farm>,
    start: UtcMillis,
    footage: Arc<Footage>,
    /// Where its second file begins.
    second_ms: i64,
    _folder: tempfile::TempDir,
}

const SECOND_AT_MS: i64 = 9_000;
const END_MS: i64 = 15_000;

impl Recorded {
    async fn make() -> Option<Self> {
        let footage = Footage::encode()?;
        let folder = tempfile::tempdir().unwrap();
        let farm = Farm::new(1);
        let bench = Bench::start(folder.path(), &farm).await;
        bench.recording.put_plan(Plan::continuous(path(0))).await.unwrap();
        let hub = farm.hub(0);
        until("subscription", 20, || async { (hub.statistics().recorder_subscribers > 0).then_some(()) }).await;
        // Far enough back that everything is over, at no boundary of a file.
        let start = UtcMillis((UtcMillis::now().0 - 600_000) / 600_000 * 600_000 + 60_000);
        push(&hub, &footage, start, 0, 100);
        push(&hub, &footage, start.saturating_add_ms(SECOND_AT_MS), 225, 375);
        let store = bench.store.clone();
        until("files", 30, || async {
            let range = TimeRange::new(start, start.saturating_add_ms(60_000)).unwrap();
            let segments = store.segments().in_range(&path(0), range).await.unwrap();
            (segments.len() == 2 && segments[1].end - segments[1].start >= 5_900).then_some(())
        })
        .await;
        Some(Self { bench, farm, start, footage, second_ms: SECOND_AT_MS, _folder: folder })
    }

    /// Twenty seconds without a gap at 4 Mbit/s, in two files that meet.
    async fn make_whole() -> Option<Self> {
        let footage = Footage::encode()?;
        let folder = tempfile::tempdir().unwrap();
        let farm = Farm::new(1);
        let bench = Bench::start(folder.path(), &farm).await;
        bench.recording.put_plan(Plan { segment_minutes: 1, ..Plan::continuous(path(0)) }).await.unwrap();
        let hub = farm.hub(0);
        until("subscription", 20, || async { (hub.statistics().recorder_subscribers > 0).then_some(()) }).await;
        let start = UtcMillis((UtcMillis::now().0 - 600_000) / 60_000 * 60_000 - 10_000);
        // Streams change their files at a moment of their own after the minute.
        for n in 0..500 {
            let mut unit = footage.unit(n, start.saturating_add_ms(n as i64 * 40).to_micros());
            unit.data = with_filler(&unit.data, 20_000);
            hub.push(unit);
        }
        let store = bench.store.clone();
        let second_ms = until("files", 30, || async {
            let range = TimeRange::new(start, start.saturating_add_ms(60_000)).unwrap();
            let segments = store.segments().in_range(&path(0), range).await.unwrap();
            (segments.len() == 2 && segments[1].end - start >= 19_900).then(|| segments[1].start - start)
        })
        .await;
        Some(Self { bench, farm, start, footage, second_ms, _folder: folder })
    }

    fn at(&self, ms: i64) -> UtcMillis {
        self.start.saturating_add_ms(ms)
    }

    fn open(&self, ms: i64, change: impl FnOnce(&mut PlaybackOptions)) -> PlaybackSession {
        let mut options = PlaybackOptions::at(self.at(ms));
        change(&mut options);
        self.bench.recording.open_playback(&path(0), options)
    }

    /// Reads messages up to and including the `count`th picture to be shown; pictures are named by their millisecond.
    async fn read(&self, session: &mut PlaybackSession, count: usize) -> Vec<String> {
        let (mut told, mut shown) = (Vec::new(), 0);
        while shown < count {
            let message = tokio::time::timeout(Duration::from_secs(20), session.next()).await.expect("a message");
            match message {
                PlaybackMessage::Init { message, .. } => {
                    assert!(fmp4::scan_init(&message[16..]).is_ok());
                    told.push("init".to_owned());
                }
                PlaybackMessage::Unit { unit, message } => {
                    let ms = unit.capture_at.to_millis() - self.start;
                    let captured = i64::from_be_bytes(message[8..16].try_into().unwrap());
                    assert_eq!(captured, unit.capture_at.0);
                    let table = fmp4::TrackTable::of_ours(&unit.params);
                    assert_eq!(fmp4::samples(&message[16..], &table).unwrap().samples.len(), 1);
                    if message[1] & 8 == 0 {
                        shown += 1;
                        told.push(format!("{ms}"));
                    } else if told.last().is_none_or(|last| last != "lead-in") {
                        told.push("lead-in".to_owned());
                    }
                }
                PlaybackMessage::Seeked { at, .. } => told.push(format!("seeked {}", at - self.start)),
                PlaybackMessage::Gap { from, to, .. } => {
                    told.push(format!("gap {} {}", from - self.start, to - self.start))
                }
                PlaybackMessage::LiveEdge { at } => told.push(format!("edge {}", at - self.start)),
                PlaybackMessage::End { at } => {
                    told.push(format!("end {}", at - self.start));
                    return told;
                }
                PlaybackMessage::Error(problem) => panic!("{problem}"),
            }
        }
        told
    }
}

/// Frames `from..to` of the stream, the first of them taken at `start`.
fn push(hub: &Hub, footage: &Footage, start: UtcMillis, from: usize, to: usize) {
    // Recordings begin at a key frame.
    let first = from.div_ceil(50) * 50;
    for n in from..to {
        let mut unit = footage.unit(n + first - from, start.saturating_add_ms((n - from) as i64 * 40).to_micros());
        unit.pts = n as i64 * 3_600;
        unit.dts = unit.pts;
        unit.is_discontinuity = n == from;
        hub.push(unit);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn seeks_show_the_picture_of_the_moment() {
    let Some(recorded) = Recorded::make().await else { return };
    let mut session = recorded.open(1_010, |options| options.start = StartMode::Paused);
    let begun = Instant::now();
    assert_eq!(recorded.read(&mut session, 1).await, ["seeked 1010", "init", "lead-in", "1000"]);
    println!("first picture after {:?}", begun.elapsed());
    // Frame by frame, and over the key frame at two seconds both ways.
    session.step(1).await.unwrap();
    assert_eq!(recorded.read(&mut session, 1).await, ["1040"]);
    session.seek(recorded.at(2_000));
    assert_eq!(recorded.read(&mut session, 1).await, ["seeked 2000", "2000"]);
    session.step(-1).await.unwrap();
    assert_eq!(recorded.read(&mut session, 1).await, ["seeked 1980", "lead-in", "1960"]);
    session.step(-2).await.unwrap();
    assert_eq!(recorded.read(&mut session, 1).await.last().unwrap(), "1880");
    // Into the gap: the next picture there is.
    session.seek(recorded.at(6_000));
    assert_eq!(recorded.read(&mut session, 1).await, ["seeked 9000", "gap 6000 9000", "9000"]);
    // And back over it.
    session.step(-1).await.unwrap();
    assert_eq!(recorded.read(&mut session, 1).await.last().unwrap(), "3960");
    assert_eq!(session.position(), recorded.at(3_960));
    recorded.bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_are_exact_over_files_and_gaps() {
    let Some(recorded) = Recorded::make_whole().await else { return };
    let meet_ms = recorded.second_ms;
    let mut session = recorded.open(meet_ms - 80, |options| options.start = StartMode::Paused);
    assert_eq!(recorded.read(&mut session, 1).await.last().unwrap(), &format!("{}", meet_ms - 80));
    let mut check = async |frames: i32, expect_ms: i64| {
        session.step(frames).await.unwrap();
        let shown = frames.max(1) as usize;
        let told = recorded.read(&mut session, shown).await;
        assert_eq!(told.last().unwrap(), &format!("{}", meet_ms + expect_ms), "{frames}: {told:?}");
    };
    for (frames, expect_ms) in [(1, -40), (1, 0), (1, 40), (-1, 0), (-1, -40), (-1, -80)] {
        check(frames, expect_ms).await;
    }
    // Several at once, over a key frame and the meeting of two files.
    for (frames, expect_ms) in [(5, 120), (-7, -160), (-100, -4_160), (100, -160)] {
        check(frames, expect_ms).await;
    }
    recorded.bench.stop().await;
    let Some(recorded) = Recorded::make().await else { return };
    let mut session = recorded.open(3_960, |options| options.start = StartMode::Paused);
    assert_eq!(recorded.read(&mut session, 1).await.last().unwrap(), "3960");
    session.step(1).await.unwrap();
    assert_eq!(recorded.read(&mut session, 1).await, ["gap 4000 9000", "9000"]);
    session.step(-1).await.unwrap();
    assert_eq!(recorded.read(&mut session, 1).await.last().unwrap(), "3960");
    // At the outermost pictures there is nothing to step to.
    session.seek(recorded.at(0));
    assert_eq!(recorded.read(&mut session, 1).await.last().unwrap(), "0");
    session.step(-1).await.unwrap();
    assert_eq!(session.position(), recorded.at(0));
    recorded.bench.stop().await;
}

/// The figure for a whole machine is 150 ms; the pictures come from memory here, and tests run beside others.
#[tokio::test(flavor = "multi_thread")]
async fn a_seek_shows_its_picture_at_once() {
    const SEEKS: usize = 300;
    const MOST: Duration = Duration::from_millis(150);
    let Some(recorded) = Recorded::make_whole().await else { return };
    let mut session = recorded.open(0, |options| options.start = StartMode::Paused);
    recorded.read(&mut session, 1).await;
    let (mut times, mut seed) = (Vec::with_capacity(SEEKS), 7_u64);
    for _ in 0..SEEKS {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let to_ms = i64::try_from(seed >> 33).unwrap() % 19_960;
        let asked = Instant::now();
        session.seek(recorded.at(to_ms));
        let told = recorded.read(&mut session, 1).await;
        times.push(asked.elapsed());
        let shown: i64 = told.last().unwrap().parse().unwrap();
        assert!((0..40).contains(&(to_ms - shown)), "{to_ms}: {told:?}");
    }
    times.sort_unstable();
    let (median, p95, worst) = (times[SEEKS / 2], times[SEEKS * 95 / 100], times[SEEKS - 1]);
    println!("{SEEKS} random seeks: median {median:?}, p95 {p95:?}, worst {worst:?}");
    assert!(p95 < MOST, "p95 {p95:?}");
    recorded.bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn speeds_pace_and_gaps_are_told() {
    let Some(recorded) = Recorded::make().await else { return };
    // Four times as fast, over the gap.
    let mut session = recorded.open(0, |options| options.speed = Speed::new(4.0).unwrap());
    let begun = Instant::now();
    let told = recorded.read(&mut session, 200).await;
    let took = begun.elapsed();
    assert_eq!(told[..3], ["seeked 0", "init", "0"]);
    assert!(told.contains(&"gap 4000 9000".to_owned()), "{told:?}");
    assert_eq!(told.last().unwrap(), "12960");
    // 8 s of pictures in 2 s, the lead of 0.4 s aside.
    assert!(took > Duration::from_millis(1_300) && took < Duration::from_secs(15), "{took:?}");
    // Backwards by key frames, to the beginning.
    let mut session = recorded.open(14_000, |options| options.speed = Speed::new(-16.0).unwrap());
    let told = recorded.read(&mut session, 100).await;
    assert_eq!(told, ["seeked 14000", "init", "13000", "11000", "9000", "2000", "0", "end 0"]);
    // Sixteen times as fast: key frames only.
    let mut session = recorded.open(0, |options| options.speed = Speed::new(16.0).unwrap());
    let told = recorded.read(&mut session, 5).await;
    assert_eq!(told, ["seeked 0", "init", "0", "2000", "gap 4000 9000", "9000", "11000", "13000"]);
    // A gap that is shown takes its time: nothing comes for a while.
    let mut session = recorded.open(3_900, |options| options.gaps = GapMode::Show);
    let told = recorded.read(&mut session, 3).await;
    assert_eq!(told, ["seeked 3900", "init", "lead-in", "3880", "3920", "3960"]);
    assert!(matches!(session.next().await, PlaybackMessage::Gap { .. }));
    assert!(tokio::time::timeout(Duration::from_millis(600), session.next()).await.is_err());
    recorded.bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn playback_follows_what_is_being_recorded() {
    let Some(recorded) = Recorded::make().await else { return };
    let hub = recorded.farm.hub(0);
    let mut session = recorded.open(14_500, |_| {});
    let told = recorded.read(&mut session, 13).await;
    assert_eq!(told.last().unwrap(), "14960", "{told:?}");
    let message = tokio::time::timeout(Duration::from_secs(20), session.next()).await.expect("the live edge");
    assert!(matches!(message, PlaybackMessage::LiveEdge { .. }), "{message:?}");
    let more = recorded.start.saturating_add_ms(END_MS);
    for n in 375..450 {
        let mut unit = recorded.footage.unit(n, more.saturating_add_ms((n as i64 - 375) * 40).to_micros());
        unit.pts = n as i64 * 3_600;
        unit.dts = unit.pts;
        hub.push(unit);
    }
    let told = recorded.read(&mut session, 26).await;
    assert_eq!((told[0].as_str(), told[25].as_str(), told.len()), ("15000", "16000", 26), "{told:?}");
    recorded.bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_seek_is_answered_once_before_its_first_picture() {
    let Some(recorded) = Recorded::make().await else { return };
    let hub = recorded.farm.hub(0);
    let mut session = recorded.open(1_000, |options| options.start = StartMode::Paused);
    assert_eq!(recorded.read(&mut session, 1).await[0], "seeked 1000");
    for (to_ms, expect) in [(0, "seeked 0"), (6_000, "seeked 9000"), (-5_000, "seeked 0"), (14_000, "seeked 14000")] {
        session.seek(recorded.at(to_ms));
        let told = recorded.read(&mut session, 1).await;
        assert_eq!(told[0], expect);
        assert_eq!(told.iter().filter(|one| one.starts_with("seeked")).count(), 1, "{told:?}");
    }
    // Where nothing is recorded yet: the answer comes at once, and not again with the first picture.
    session.seek(recorded.at(END_MS + 1_000));
    let mut said = Vec::new();
    while said.len() < 2 {
        said.push(tokio::time::timeout(Duration::from_secs(20), session.next()).await.expect("an answer"));
    }
    let answered = |message: &PlaybackMessage| matches!(message, PlaybackMessage::Seeked { at, seek_id: 6 } if *at == recorded.at(END_MS + 1_000));
    assert!(answered(&said[0]) && matches!(said[1], PlaybackMessage::LiveEdge { .. }), "{said:?}");
    for n in 375..450 {
        let at = recorded.at(END_MS + (n as i64 - 375) * 40);
        let mut unit = recorded.footage.unit(n, at.to_micros());
        unit.pts = n as i64 * 3_600;
        unit.dts = unit.pts;
        hub.push(unit);
    }
    let told = recorded.read(&mut session, 1).await;
    assert_eq!(told, ["16000"]);
    // A seek that another one overtakes is not answered; the other is.
    session.seek(recorded.at(500));
    session.seek(recorded.at(2_000));
    assert_eq!(recorded.read(&mut session, 1).await, ["seeked 2000", "2000"]);
    // Backwards from the very beginning there is an answer and an end.
    session.play(Some(recorded.at(-1_000)), Some(Speed::new(-1.0).unwrap()));
    assert_eq!(recorded.read(&mut session, 1).await, ["seeked -1000", "end -1000"]);
    recorded.bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn playback_goes_on_when_the_recordings_get_another_folder() {
    let Some(footage) = Footage::encode() else { return };
    let folder = tempfile::tempdir().unwrap();
    let farm = Farm::new(1);
    let bench = Bench::start(folder.path(), &farm).await;
    bench.recording.put_plan(Plan::continuous(path(0))).await.unwrap();
    farm.feed(footage);
    let day = TimeRange::new(UtcMillis(0), UtcMillis(i64::MAX / 2)).unwrap();
    let store = bench.store.clone();
    let begun = until("a recording", 30, || async {
        let segments = store.segments().in_range(&path(0), day).await.unwrap();
        segments.first().map(|segment| segment.start)
    })
    .await;
    let mut session = bench.recording.open_playback(&path(0), PlaybackOptions::at(begun));
    let next = async |session: &mut PlaybackSession| {
        tokio::time::timeout(Duration::from_secs(30), session.next()).await.expect("playback goes on")
    };
    let follow = async |session: &mut PlaybackSession, at: UtcMillis| loop {
        match next(session).await {
            PlaybackMessage::Unit { unit, .. } if unit.capture_at.to_millis() >= at => return,
            PlaybackMessage::End { at } => panic!("an end at {at:?}"),
            PlaybackMessage::Error(problem) => panic!("{problem}"),
            _ => {}
        }
    };
    follow(&mut session, begun.saturating_add_ms(1_000)).await;
    let elsewhere = folder.path().join("elsewhere");
    let typed = elsewhere.to_string_lossy().into_owned();
    let (moved, ()) = bench.recording.move_first_volume(&typed, async { Ok(()) }).await.unwrap();
    assert_ne!(moved.from.code, moved.to.code, "what is recorded stays where it is");
    let moved_at = UtcMillis::now();
    // Onto the new volume, and back to the old one.
    follow(&mut session, moved_at.saturating_add_ms(1_000)).await;
    session.seek(begun);
    follow(&mut session, begun).await;
    session.seek(moved_at.saturating_add_ms(1_500));
    follow(&mut session, moved_at.saturating_add_ms(1_500)).await;
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ring_replays_a_stream_nobody_records() {
    let Some(footage) = Footage::encode() else { return };
    let folder = tempfile::tempdir().unwrap();
    let farm = Farm::new(1);
    let bench = Bench::start(folder.path(), &farm).await;
    let options = || PlaybackOptions::at(UtcMillis::now());
    let refused = bench.recording.open_replay(&path(7), 30, options()).await.err().map(|problem| problem.code);
    assert_eq!(refused, Some(ErrorCode::CameraNotFound));
    let empty = bench.recording.open_replay(&path(0), 30, options()).await.err().map(|problem| problem.code);
    assert_eq!(empty, Some(ErrorCode::NoRecording));
    farm.hub(0).set_limits(BacklogLimits { ring: Duration::from_secs(30), ..BacklogLimits::default() });
    farm.feed(footage);
    until("a ring", 20, || async { (farm.hub(0).ring_since(watchwall_model::UtcMicros(0)).len() > 60).then_some(()) })
        .await;
    let mut session = bench.recording.open_replay(&path(0), 2, options()).await.unwrap();
    let (mut last, mut pictures) = (0, 0);
    while pictures < 100 {
        match tokio::time::timeout(Duration::from_secs(20), session.next()).await.unwrap() {
            PlaybackMessage::Unit { unit, .. } => {
                assert!(unit.capture_at.0 > last);
                (last, pictures) = (unit.capture_at.0, pictures + 1);
            }
            PlaybackMessage::Error(problem) => panic!("{problem}"),
            _ => {}
        }
    }
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clip_is_one_file_of_known_length_in_any_order() {
    let Some(recorded) = Recorded::make().await else { return };
    let recording = &recorded.bench.recording;
    let range = |from, to| TimeRange::new(recorded.at(from), recorded.at(to)).unwrap();
    let clip = recording.clip(&path(0), range(2_500, 11_000)).await.unwrap();
    // From the key frame before; both files, without the gap.
    assert_eq!((clip.range.start, clip.range.end), (recorded.at(2_000), recorded.at(11_000)));
    let read = async |range: std::ops::Range<u64>| {
        let blocks: Vec<_> = clip.read(range).collect().await;
        blocks.into_iter().flat_map(|block| block.unwrap().to_vec()).collect::<Vec<u8>>()
    };
    let whole = read(0..u64::MAX).await;
    assert_eq!(whole.len() as u64, clip.len);
    let mut pieces = Vec::new();
    for from in (0..clip.len).step_by(9_973) {
        pieces.extend(read(from..from + 9_973).await);
    }
    assert_eq!(pieces, whole);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("clip.mp4");
    std::fs::write(&file, &whole).unwrap();
    assert_eq!(frames_in(&file), 100);
    assert_eq!(recording.clip(&path(0), range(2_500, 11_000)).await.unwrap().etag, clip.etag);
    assert_ne!(recording.clip(&path(0), range(0, 1_000)).await.unwrap().etag, clip.etag);
    let refused = async |from, to| recording.clip(&path(0), range(from, to)).await.err().map(|problem| problem.code);
    assert_eq!(refused(5_000, 8_000).await, Some(ErrorCode::NoRecording));
    assert_eq!(refused(0, 90_000_000).await, Some(ErrorCode::RangeInvalid));
    recorded.bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recorded_moment_is_a_picture() {
    let Some(recorded) = Recorded::make().await else { return };
    let recording = &recorded.bench.recording;
    let begun = Instant::now();
    let picture = recording.frame_jpeg(&path(0), recorded.at(3_030), Some(90)).await.unwrap();
    println!("picture after {:?}", begun.elapsed());
    assert_eq!(picture.at, recorded.at(3_000));
    assert_eq!(&picture.jpeg[..2], [0xff, 0xd8]);
    let small = recording.thumbnail(&path(0), recorded.at(9_999)).await.unwrap();
    assert_eq!(recording.thumbnail(&path(0), recorded.at(1)).await.unwrap(), small);
    let refused = recording.frame_jpeg(&path(0), recorded.at(3_600_000), None).await.err().map(|problem| problem.code);
    assert_eq!(refused, Some(ErrorCode::NoRecording));
    recorded.bench.stop().await;
}
