//! Coming, staying and going.

use crate::cameras::{Cameras, PATIENCE, check_times, read, stream, until, until_live, viewer};
use std::time::{Duration, Instant};
use tokio::time::timeout;
use watchwall_camsim::{Audio, Codec, StreamSpec};
use watchwall_media::{Track, hub::Received, ingest::InterestKind};
use watchwall_model::{AudioCodec, IngestEngine, Phase, Transport, VideoCodec};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_session_serves_everybody_and_ends_with_a_teardown() {
    let cameras = Cameras::one(stream()).await;
    let ingest = cameras.ingest(cameras.request(0));
    assert_eq!(ingest.snapshot().borrow().phase, Phase::Idle);
    let interests: Vec<_> = (0..20).map(|_| ingest.interest(InterestKind::Viewer)).collect();
    let mut viewers: Vec<_> = (0..20).map(|_| viewer(&ingest)).collect();
    for viewer in &mut viewers {
        let units = read(viewer, 30).await;
        assert!(units[0].is_key, "the first unit is decodable");
        check_times(&units);
    }
    assert_eq!(cameras.farm.counters(0).unwrap().main.sessions_max, 1);
    drop(interests);
    until(&ingest, "idle", |s| s.phase == Phase::Idle).await;
    cameras.until("the TEARDOWN", |c| c.teardowns() == 1 && c.sessions_now() == 0).await;
    assert!(ingest.hub().gop().is_empty(), "nothing is kept while nobody wants it");
    ingest.stop().await;
    cameras.farm.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_viewer_who_returns_in_time_finds_the_stream_running() {
    let mut cameras = Cameras::one(stream()).await;
    cameras.options.drain_after = Duration::from_secs(20);
    let ingest = cameras.ingest(cameras.request(0));
    let interest = ingest.interest(InterestKind::Viewer);
    until_live(&ingest).await;
    drop(interest);
    until(&ingest, "draining", |s| s.phase == Phase::Draining).await;
    let _interest = ingest.interest(InterestKind::Viewer);
    until_live(&ingest).await;
    assert_eq!(cameras.farm.counters(0).unwrap().sessions_total(), 1);
    ingest.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stop_is_quick_says_goodbye_and_closes() {
    let cameras = Cameras::one(stream()).await;
    let ingest = cameras.ingest(cameras.request(0));
    let _interest = ingest.interest(InterestKind::Recorder);
    let mut viewer = viewer(&ingest);
    read(&mut viewer, 5).await;
    let start = Instant::now();
    ingest.stop().await;
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    cameras.until("the TEARDOWN", |c| c.teardowns() == 1).await;
    let closed = async { while !matches!(viewer.recv().await, Received::Closed) {} };
    timeout(PATIENCE, closed).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropping_the_last_handle_ends_the_session() {
    let cameras = Cameras::one(stream()).await;
    let ingest = cameras.ingest(cameras.request(0));
    let interest = ingest.interest(InterestKind::Viewer);
    until_live(&ingest).await;
    drop((ingest, interest));
    cameras.until("the TEARDOWN", |c| c.teardowns() == 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_address_moves_the_stream_and_keeps_its_subscribers() {
    let two = vec![crate::cameras::camera(stream()), crate::cameras::camera(StreamSpec { width: 352, ..stream() })];
    let cameras = Cameras::start(two).await;
    let ingest = cameras.ingest(cameras.request(0));
    let _interest = ingest.interest(InterestKind::Viewer);
    let mut viewer = viewer(&ingest);
    let before = read(&mut viewer, 10).await;
    ingest.update(cameras.request(1));
    let mut units = crate::cameras::read_until(&mut viewer, |u| u.params.video.as_ref().unwrap().width == 352).await;
    units.splice(0..0, before);
    check_times(&units);
    let first = units.last().unwrap();
    assert!(first.is_key && first.is_discontinuity);
    assert_eq!(first.params.generation, 1);
    cameras.until("the TEARDOWN of the old one", |c| c.teardowns() == 1).await;
    ingest.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn codecs_are_told_apart_and_delivered() {
    let check = async |spec: StreamSpec, transport, video: VideoCodec, audio: Option<AudioCodec>| {
        let what = format!("{spec:?} {transport:?}");
        let cameras = Cameras::one(spec.clone()).await;
        let mut request = cameras.request(0);
        (request.engine, request.transport) = (IngestEngine::Retina, transport);
        let ingest = cameras.ingest(request);
        let _interest = ingest.interest(InterestKind::Viewer);
        let mut viewer = viewer(&ingest);
        let units = read(&mut viewer, 60).await;
        check_times(&units);
        let params = &units[0].params;
        let found = params.video.as_ref().unwrap();
        assert_eq!((&found.codec, found.width, found.height), (&video, spec.width, spec.height), "{what}");
        assert_eq!(params.audio.as_ref().map(|a| &a.codec), audio.as_ref(), "{what}");
        assert_eq!(units.iter().any(|u| u.track == Track::Audio), audio.is_some(), "{what}");
        if video != VideoCodec::Mjpeg {
            check_nals(&units, &video);
        }
        let facts =
            until(&ingest, "facts", |s| s.facts.as_ref().is_some_and(|f| f.frame_rate > 0.0)).await.facts.unwrap();
        assert!((facts.frame_rate - 25.0).abs() < 5.0, "{what}: {}", facts.frame_rate);
        ingest.stop().await;
        cameras.farm.shutdown().await;
    };
    let h264 = stream();
    let h265 = StreamSpec { codec: Codec::H265, ..stream() };
    let mjpeg = StreamSpec { codec: Codec::Mjpeg, ..stream() };
    check(StreamSpec { audio: Audio::Aac, ..h264.clone() }, Transport::Tcp, VideoCodec::H264, Some(AudioCodec::Aac))
        .await;
    check(StreamSpec { audio: Audio::Pcma, ..h265 }, Transport::Auto, VideoCodec::H265, Some(AudioCodec::Pcma)).await;
    check(StreamSpec { audio: Audio::Pcmu, ..mjpeg }, Transport::Tcp, VideoCodec::Mjpeg, Some(AudioCodec::Pcmu)).await;
    check(h264, Transport::Udp, VideoCodec::H264, None).await;
}

/// NAL units with 4-byte lengths that fill the unit, none of them a parameter set.
fn check_nals(units: &[std::sync::Arc<watchwall_media::AccessUnit>], codec: &VideoCodec) {
    for unit in units.iter().filter(|u| u.is_video()) {
        let mut rest = &unit.data[..];
        while let Some((length, after)) = rest.split_first_chunk::<4>() {
            let length = u32::from_be_bytes(*length) as usize;
            let is_set = match codec {
                VideoCodec::H265 => matches!(after[0] >> 1 & 0x3f, 32..=34),
                _ => matches!(after[0] & 0x1f, 7 | 8),
            };
            assert!(!is_set, "parameter sets are taken out");
            rest = &after[length..];
        }
        assert!(rest.is_empty());
    }
}
