//! Times: lawful and true whatever the camera's clocks do.

use crate::cameras::{Cameras, camera, check_times, read, stream, until, viewer};
use std::time::Duration;
use watchwall_camsim::{Audio, CameraSpec, Fault, StreamSpec};
use watchwall_media::{Track, ingest::InterestKind};
use watchwall_model::{IngestEngine, UtcMicros};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jumps_and_wraps_do_not_show() {
    for fault in [
        Fault::TimestampJump { ticks: 90_000 * 3_600 },
        Fault::TimestampJump { ticks: -90_000 * 3_600 },
        Fault::TimestampJump { ticks: 90_000 * 20_000 },
        Fault::TimestampWrap,
    ] {
        let cameras = Cameras::one(stream()).await;
        let ingest = cameras.ingest(cameras.request(0));
        let _interest = ingest.interest(InterestKind::Viewer);
        let mut viewer = viewer(&ingest);
        let mut units = read(&mut viewer, 10).await;
        cameras.fault(fault).await;
        // The wrap comes five seconds after its own jump.
        units.extend(read(&mut viewer, if fault == Fault::TimestampWrap { 160 } else { 40 }).await);
        check_times(&units);
        for pair in units.windows(2) {
            let ms = (pair[1].pts - pair[0].pts) / 90;
            assert!((0..1_000).contains(&ms), "{fault:?}: a step of {ms} ms");
        }
        let jumps = until(&ingest, "the jump", |s| s.timestamp_jumps > 0).await.timestamp_jumps;
        assert_eq!(jumps, 1, "{fault:?}: the wrap itself is none");
        ingest.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn capture_time_is_true_to_a_few_milliseconds_whatever_the_camera_says() {
    let check = async |faults: Vec<Fault>, engine, expect_skew_ms: Option<i64>| {
        let cameras = Cameras::start(vec![CameraSpec { faults: faults.clone(), ..camera(stream()) }]).await;
        let mut request = cameras.request(0);
        request.engine = engine;
        let ingest = cameras.ingest(request);
        let _interest = ingest.interest(InterestKind::Viewer);
        let mut viewer = viewer(&ingest);
        read(&mut viewer, 25).await;
        let mut ages = Vec::new();
        for unit in read(&mut viewer, 75).await {
            let arrived_us = UtcMicros::now().0 - unit.received_at.elapsed().as_micros() as i64;
            ages.push((arrived_us - unit.capture_at.0) / 1_000);
        }
        ages.sort_unstable();
        let (least, median) = (ages[0], ages[ages.len() / 2]);
        assert!(
            least >= -1 && median <= 40,
            "{faults:?} {engine:?}: least {least} median {median} most {:?}",
            ages.last()
        );
        if let Some(expect) = expect_skew_ms {
            let skew = until(&ingest, "skew", |s| s.clock_skew_ms.is_some()).await.clock_skew_ms.unwrap();
            assert!((skew - expect).abs() < 100, "{faults:?}: {skew}");
        }
        ingest.stop().await;
    };
    let off = |offset_ms| vec![Fault::ClockSkew { ppm: 0, offset_ms }];
    check(vec![], IngestEngine::Retina, Some(0)).await;
    check(vec![Fault::ClockUnset], IngestEngine::Retina, None).await;
    check(off(5 * 3_600_000), IngestEngine::Retina, Some(-5 * 3_600_000)).await;
    check(off(-3_000), IngestEngine::Retina, Some(3_000)).await;
    check(vec![], IngestEngine::Gstreamer, None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b_frames_are_decoded_before_they_are_shown() {
    for engine in [IngestEngine::Retina, IngestEngine::Gstreamer] {
        let cameras = Cameras::start(vec![CameraSpec { faults: vec![Fault::BFrames], ..camera(stream()) }]).await;
        let mut request = cameras.request(0);
        request.engine = engine;
        let ingest = cameras.ingest(request);
        let _interest = ingest.interest(InterestKind::Viewer);
        let mut viewer = viewer(&ingest);
        let units = read(&mut viewer, 60).await;
        check_times(&units);
        assert!(units[0].params.video.as_ref().unwrap().max_reorder_frames > 0);
        assert!(units.windows(2).any(|w| w[1].pts < w[0].pts), "{engine:?}: pictures are out of order");
        let mut shown: Vec<_> = units[..50].iter().map(|u| u.pts).collect();
        shown.sort_unstable();
        let steps: Vec<_> = shown[5..45].windows(2).map(|w| (w[1] - w[0]) / 90).collect();
        assert!(steps.iter().all(|ms| (38..=42).contains(ms)), "{engine:?}: {steps:?}");
        until(&ingest, "facts", |s| s.facts.as_ref().is_some_and(|f| f.has_b_frames)).await;
        ingest.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sound_and_picture_share_one_time() {
    let cameras = Cameras::one(StreamSpec { audio: Audio::Pcmu, ..stream() }).await;
    let ingest = cameras.ingest(cameras.request(0));
    let _interest = ingest.interest(InterestKind::Viewer);
    let mut viewer = viewer(&ingest);
    let units = read(&mut viewer, 150).await;
    check_times(&units);
    let newest = |track| units.iter().rev().find(|u| u.track == track).unwrap();
    let (video, audio) = (newest(Track::Video), newest(Track::Audio));
    let video_us = video.pts * 1_000_000 / 90_000;
    let audio_us = audio.pts * 1_000_000 / 8_000;
    let by_clock_us = video.capture_at.0 - audio.capture_at.0;
    let apart = ((video_us - audio_us) - by_clock_us).abs();
    assert!(Duration::from_micros(apart as u64) < Duration::from_millis(80), "{apart} us");
    ingest.stop().await;
}
