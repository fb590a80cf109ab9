//! What a device recorded itself, fetched from virtual devices of Profile G.

use crate::cameras::{Cameras, camera, credentials, locked, stream};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use watchwall_camsim::{CameraSpec, Codec, DeviceSpec, EdgeStorage, FarmOptions, Fault, Quirk, StreamMode, StreamSpec};
use watchwall_media::{
    AccessUnit,
    ingest::{Bandwidth, ReplayDialect, ReplayRequest, replay},
};
use watchwall_model::{ErrorCode, Problem, SafeUrl, StreamPath, TimeRange, UtcMillis};

const FAST: u32 = 1_000_000;
/// Pictures of `stream()` lie so far apart.
const STEP_MS: i64 = 40;

async fn storage(camera: CameraSpec, change: impl FnOnce(DeviceSpec) -> DeviceSpec) -> Cameras {
    let edge_storage = Some(EdgeStorage { reaches_back: Duration::from_secs(3_600) });
    let device = DeviceSpec { edge_storage, ..DeviceSpec::new("Gate", vec![0]) };
    Cameras::with(FarmOptions { devices: vec![change(device)], ..FarmOptions::new(vec![camera]) }).await
}

/// Some seconds of a while ago.
fn request(cameras: &Cameras, seconds: i64) -> ReplayRequest {
    let start = UtcMillis::now().saturating_add_ms(-600_000);
    ReplayRequest {
        path: StreamPath::parse("cam_test_ch1_main").unwrap(),
        url: SafeUrl::split(&cameras.farm.storage_url(0)).unwrap().0,
        credentials: None,
        device_key: None,
        range: TimeRange::new(start, start.saturating_add_ms(seconds * 1000)).unwrap(),
        clock_offset_ms: 0,
        dialect: ReplayDialect::Onvif,
    }
}

async fn all(cameras: &Cameras, request: &ReplayRequest, kbps: u32) -> Result<(Vec<Arc<AccessUnit>>, u64), Problem> {
    let mut session = replay(request, &cameras.options, Bandwidth::new(kbps)).await?;
    let mut units = Vec::new();
    let outcome = loop {
        match session.next().await {
            Ok(Some(unit)) => units.push(unit),
            Ok(None) => break Ok(()),
            Err(problem) => break Err(problem),
        }
    };
    let read_bytes = session.read_bytes();
    session.stop().await;
    outcome.map(|()| (units, read_bytes))
}

/// From the key frame at or before the start to the end, every picture, each at its time.
#[track_caller]
fn check_whole(units: &[Arc<AccessUnit>], range: TimeRange, gop_ms: i64) {
    let times: Vec<i64> = units.iter().map(|unit| unit.capture_at.0).collect();
    let (start, end) = (range.start.0 * 1000, range.end.0 * 1000);
    assert!(units[0].is_key && times[0] <= start && start - times[0] < gop_ms * 1000, "{} {start}", times[0]);
    let last = *times.last().unwrap();
    assert!(last < end && end - last <= STEP_MS * 1000, "{last} {end}");
    for (n, pair) in units.windows(2).enumerate() {
        let (wall, media) = (pair[1].capture_at.0 - pair[0].capture_at.0, pair[1].dts - pair[0].dts);
        assert!((wall - STEP_MS * 1000).abs() < 1_000 && (media - 3_600).abs() < 90, "{n}: {wall} us, {media} ticks");
    }
    let keys = units.iter().filter(|unit| unit.is_key).count();
    let expect = units.len().div_ceil(usize::try_from(gop_ms / STEP_MS).unwrap());
    assert!(keys.abs_diff(expect) <= 1, "{keys} key frames of {}", units.len());
}

#[tokio::test]
async fn a_range_comes_whole_and_faster_than_it_was_recorded() {
    for codec in [Codec::H264, Codec::H265] {
        let cameras = storage(camera(StreamSpec { codec, ..stream() }), |device| device).await;
        let request = request(&cameras, 20);
        let begun = Instant::now();
        let (units, _) = all(&cameras, &request, FAST).await.unwrap();
        let took = begun.elapsed();
        println!("20 s of {codec:?} replayed in {took:?}");
        check_whole(&units, request.range, 1_000);
        assert!(took < Duration::from_secs(15), "{codec:?}: {took:?}");
        cameras
            .until("the end of the session", |counters| counters.main.teardowns == 1 && counters.sessions_now() == 0)
            .await;
    }
}

#[tokio::test]
async fn a_clock_that_is_wrong_is_taken_out() {
    const AHEAD_MS: i64 = 7_250;
    let cameras = storage(camera(stream()), |device| DeviceSpec { clock_offset_ms: AHEAD_MS, ..device }).await;
    let request = ReplayRequest { clock_offset_ms: AHEAD_MS, ..request(&cameras, 4) };
    let (units, _) = all(&cameras, &request, FAST).await.unwrap();
    check_whole(&units, request.range, 1_000);
}

#[tokio::test]
async fn no_more_is_read_than_allowed() {
    // Motion JPEG, for the weight of it.
    let cameras = storage(camera(StreamSpec { codec: Codec::Mjpeg, ..stream() }), |device| device).await;
    let request = request(&cameras, 30);
    for kbps in [2_000, 4_000] {
        let begun = Instant::now();
        let (units, read_bytes) = all(&cameras, &request, kbps).await.unwrap();
        let rate = read_bytes as f64 * 8.0 / 1000.0 / begun.elapsed().as_secs_f64();
        println!("limit {kbps} kbit/s, read {read_bytes} bytes in {:?}: {rate:.0} kbit/s", begun.elapsed());
        assert!(units.len() >= 700 && read_bytes > 2_000_000, "{} {read_bytes}", units.len());
        assert!(rate < f64::from(kbps) * 1.05 && rate > f64::from(kbps) * 0.5, "{rate} of {kbps}");
    }
}

#[tokio::test]
async fn a_slow_reader_holds_the_device_back() {
    let cameras = storage(camera(StreamSpec { codec: Codec::Mjpeg, ..stream() }), |device| device).await;
    let request = request(&cameras, 300);
    let mut session = replay(&request, &cameras.options, Bandwidth::new(FAST)).await.unwrap();
    assert!(session.next().await.unwrap().unwrap().is_key);
    let sent = || cameras.farm.counters(0).unwrap().main.bytes;
    // Nobody takes anything: what is sent comes to an end.
    let mut last = 0;
    let still = async {
        while last == 0 || sent() != last {
            last = sent();
            tokio::time::sleep(Duration::from_millis(700)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), still).await.unwrap();
    println!("{last} bytes are under way to a reader that does not read");
    assert!(last < 8_000_000, "{last}");
    session.stop().await;
}

/// A device that does not keep its word.
async fn ends_with(quirk: Quirk, expect: ErrorCode) {
    let cameras = storage(camera(stream()), |device| device.with(quirk)).await;
    let error = all(&cameras, &request(&cameras, 10), FAST).await.unwrap_err();
    assert_eq!(error.code, expect, "{quirk:?}: {error}");
    cameras.until("the end of the session", |counters| counters.sessions_now() == 0).await;
}

#[tokio::test]
async fn quirk_replay_refused() {
    ends_with(Quirk::ReplayRefused, ErrorCode::OperationUnsupported).await;
}

#[tokio::test]
async fn quirk_replay_range_missing() {
    ends_with(Quirk::ReplayRangeMissing, ErrorCode::NoRecording).await;
}

#[tokio::test]
async fn quirk_replay_ends_early() {
    ends_with(Quirk::ReplayEndsEarly, ErrorCode::StreamStalled).await;
}

#[tokio::test]
async fn quirk_replay_other_time() {
    let cameras = storage(camera(stream()), |device| device.with(Quirk::ReplayOtherTime)).await;
    let request = request(&cameras, 4);
    let mut session = replay(&request, &cameras.options, Bandwidth::new(FAST)).await.unwrap();
    // Told as the device says it: whoever asked sees that it is of another time.
    let first = session.next().await.unwrap().unwrap();
    let later_ms = first.capture_at.0 / 1000 - request.range.start.0;
    assert!((later_ms - 3_600_000).abs() <= 1_000, "{later_ms}");
    session.stop().await;
}

#[tokio::test]
async fn quirk_replay_slow() {
    let cameras = storage(camera(stream()), |device| device.with(Quirk::ReplaySlow)).await;
    let request = request(&cameras, 2);
    let begun = Instant::now();
    let (units, _) = all(&cameras, &request, FAST).await.unwrap();
    check_whole(&units, request.range, 1_000);
    assert!(begun.elapsed() > Duration::from_secs(6), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_camera_without_a_session_to_spare_says_so() {
    let cameras = storage(camera(StreamSpec { mode: StreamMode::Live, ..stream() }), |device| device).await;
    cameras.fault(Fault::SessionLimit { sessions: 0 }).await;
    let error = all(&cameras, &request(&cameras, 10), FAST).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::CameraBusy, "{error}");
}

#[tokio::test]
async fn a_wrong_password_goes_out_once_and_is_remembered() {
    let cameras = storage(locked(stream()), |device| device).await;
    let good = ReplayRequest { credentials: credentials("right"), ..request(&cameras, 2) };
    assert!(!all(&cameras, &good, FAST).await.unwrap().0.is_empty());
    let bad = ReplayRequest { credentials: credentials("wrong"), ..good };
    for _ in 0..5 {
        assert_eq!(all(&cameras, &bad, FAST).await.unwrap_err().code, ErrorCode::CredentialsWrong);
    }
    let attempts = cameras.farm.counters(0).unwrap().password_attempts;
    assert!(attempts <= 2, "{attempts} wrong passwords");
}
