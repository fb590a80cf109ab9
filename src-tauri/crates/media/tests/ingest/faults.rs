//! Cameras that misbehave.

use crate::cameras::{Cameras, camera, check_times, read, read_until, stream, until, until_code, until_live, viewer};
use std::time::{Duration, Instant};
use watchwall_camsim::{CameraSpec, Fault, PortChoice, StreamSpec};
use watchwall_media::ingest::{IngestRequest, InterestKind};
use watchwall_model::{ErrorCode, IngestEngine, Phase, Transport, VideoCodec};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_connection_is_opened_again() {
    let cameras = Cameras::one(stream()).await;
    let ingest = cameras.ingest(cameras.request(0));
    let _interest = ingest.interest(InterestKind::Viewer);
    let mut viewer = viewer(&ingest);
    let mut units = read(&mut viewer, 10).await;
    cameras.fault(Fault::DropConnection).await;
    units.extend(read_until(&mut viewer, |u| u.is_discontinuity).await);
    check_times(&units);
    let after = units.last().unwrap();
    assert!(after.is_key);
    assert_eq!(after.params.generation, 0, "the same stream needs no new initialisation");
    let snapshot = until(&ingest, "reconnect", |s| s.reconnects == 1).await;
    assert_eq!(cameras.farm.counters(0).unwrap().main.sessions_max, 1, "{snapshot:?}");
    ingest.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_camera_stalls_and_recovers_within_ten_seconds_of_thawing() {
    let cameras = Cameras::one(stream()).await;
    let ingest = cameras.ingest(cameras.request(0));
    let _interest = ingest.interest(InterestKind::Viewer);
    until_live(&ingest).await;
    cameras.fault(Fault::Freeze).await;
    let frozen = Instant::now();
    until(&ingest, "stalled", |s| matches!(s.phase, Phase::Stalled { .. })).await;
    assert!(frozen.elapsed() < Duration::from_secs(4), "{:?}", frozen.elapsed());
    until_code(&ingest, ErrorCode::StreamStalled).await;
    cameras.farm.clear(0).await.unwrap();
    let thawed = Instant::now();
    until_live(&ingest).await;
    assert!(thawed.elapsed() < Duration::from_secs(10), "{:?}", thawed.elapsed());
    ingest.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_short_stall_costs_nothing_but_time() {
    let cameras = Cameras::one(stream()).await;
    let ingest = cameras.ingest(cameras.request(0));
    let _interest = ingest.interest(InterestKind::Viewer);
    let mut viewer = viewer(&ingest);
    read(&mut viewer, 5).await;
    cameras.fault(Fault::Stall { ms: 1_200 }).await;
    let units = read(&mut viewer, 60).await;
    check_times(&units);
    assert!(units.iter().all(|u| !u.is_discontinuity));
    assert_eq!(cameras.farm.counters(0).unwrap().sessions_total(), 1);
    ingest.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_camera_is_back_within_ten_seconds_of_returning() {
    let cameras = Cameras::one(stream()).await;
    let ingest = cameras.ingest(cameras.request(0));
    let _interest = ingest.interest(InterestKind::Viewer);
    until_live(&ingest).await;
    cameras.fault(Fault::Offline).await;
    // Long enough for the waits between attempts to have grown to their cap.
    until(&ingest, "the fifth attempt", |s| matches!(s.phase, Phase::Waiting { attempt: 5.., .. })).await;
    cameras.farm.clear(0).await.unwrap();
    let returned = Instant::now();
    until_live(&ingest).await;
    assert!(returned.elapsed() < Duration::from_secs(10), "{:?}", returned.elapsed());
    ingest.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_refusal_has_its_code() {
    let check = async |faults: Vec<Fault>, expect: ErrorCode| {
        let cameras = Cameras::start(vec![CameraSpec { faults, ..camera(stream()) }]).await;
        let mut request = cameras.request(0);
        request.engine = IngestEngine::Retina;
        let ingest = cameras.ingest(request);
        let _interest = ingest.interest(InterestKind::Viewer);
        until_code(&ingest, expect).await;
        ingest.stop().await;
        cameras.farm.shutdown().await;
    };
    check(vec![Fault::Offline], ErrorCode::PortRefused).await;
    check(vec![Fault::HtmlAnswer], ErrorCode::NotRtsp).await;
    check(vec![Fault::UnknownCodec], ErrorCode::CodecUnsupported).await;
    check(vec![Fault::NoKeyFrames], ErrorCode::NoKeyFrame).await;
    check(vec![Fault::Freeze], ErrorCode::StreamStalled).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_busy_camera_is_waited_for() {
    let cameras = Cameras::one(stream()).await;
    cameras.fault(Fault::RefuseSecondSession { status: 453 }).await;
    let first = cameras.ingest(cameras.request(0));
    let held = first.interest(InterestKind::Viewer);
    until_live(&first).await;
    let second = cameras.ingest(cameras.request(0));
    let _interest = second.interest(InterestKind::Viewer);
    until_code(&second, ErrorCode::CameraBusy).await;
    drop(held);
    first.stop().await;
    until_live(&second).await;
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_is_unavailable_is_not_called_busy() {
    for engine in [IngestEngine::Auto, IngestEngine::Gstreamer] {
        let spec = CameraSpec { port: PortChoice::Shared, ..camera(stream()) };
        let cameras = Cameras::start(vec![spec]).await;
        cameras.fault(Fault::Offline).await;
        let ingest = cameras.ingest(IngestRequest { engine, ..cameras.request(0) });
        let _interest = ingest.interest(InterestKind::Viewer);
        until_code(&ingest, ErrorCode::CameraUnavailable).await;
        cameras.farm.clear(0).await.unwrap();
        until_live(&ingest).await;
        ingest.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn new_parameters_are_a_new_generation_at_a_key_frame() {
    let cameras = Cameras::one(stream()).await;
    let ingest = cameras.ingest(cameras.request(0));
    let _interest = ingest.interest(InterestKind::Viewer);
    let mut viewer = viewer(&ingest);
    let mut units = read(&mut viewer, 10).await;
    cameras.fault(Fault::ParameterChange { width: 480, height: 272 }).await;
    units.extend(read_until(&mut viewer, |u| u.params.generation == 1).await);
    check_times(&units);
    let first = units.last().unwrap();
    let video = first.params.video.as_ref().unwrap();
    assert!(first.is_key);
    assert_eq!((video.width, video.height), (480, 272));
    until(&ingest, "new facts", |s| s.facts.as_ref().is_some_and(|f| f.width == 480)).await;
    ingest.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_packets_are_counted_and_marked() {
    let cameras = Cameras::one(StreamSpec { bitrate_kbps: 2_000, ..stream() }).await;
    let mut request = cameras.request(0);
    request.transport = Transport::Udp;
    let ingest = cameras.ingest(request);
    let _interest = ingest.interest(InterestKind::Viewer);
    let mut viewer = viewer(&ingest);
    read(&mut viewer, 5).await;
    cameras.fault(Fault::PacketLoss { percent: 5.0 }).await;
    let units = read_until(&mut viewer, |u| u.is_discontinuity).await;
    check_times(&units);
    until(&ingest, "lost packets", |s| s.lost_packets > 0).await;
    ingest.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_megabits_arrive_whole() {
    let cameras = Cameras::one(StreamSpec { width: 640, height: 480, ..stream() }).await;
    cameras.fault(Fault::Burst { kbps: 100_000 }).await;
    let ingest = cameras.ingest(cameras.request(0));
    let _interest = ingest.interest(InterestKind::Recorder);
    let mut viewer = viewer(&ingest);
    let units = read(&mut viewer, 75).await;
    check_times(&units);
    assert!(units[1..].iter().all(|u| !u.is_discontinuity));
    assert_eq!(units[0].params.video.as_ref().unwrap().codec, VideoCodec::H264);
    let bytes: usize = units[25..75].iter().map(|u| u.data.len()).sum();
    assert!(bytes > 12_000_000, "two seconds of it: {bytes}");
    ingest.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn odd_sizes_and_uneven_rates_are_taken_as_they_are() {
    for fault in [Fault::OddSize, Fault::VariableFrameRate] {
        let cameras = Cameras::start(vec![CameraSpec { faults: vec![fault], ..camera(stream()) }]).await;
        let ingest = cameras.ingest(cameras.request(0));
        let _interest = ingest.interest(InterestKind::Viewer);
        let mut viewer = viewer(&ingest);
        let units = read(&mut viewer, 60).await;
        check_times(&units);
        let video = units[0].params.video.as_ref().unwrap();
        let expect = if fault == Fault::OddSize { (326, 242) } else { (320, 240) };
        assert_eq!((video.width, video.height), expect);
        ingest.stop().await;
    }
}
