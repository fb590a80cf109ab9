//! Variants of real streams.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests fail by panicking, as the tests do"
)]

#[path = "fmp4_support/mod.rs"]
mod fmp4_support;

use fmp4_support::encode::{Audio, ClipSpec, Video, clip};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::time::timeout;
use watchwall_media::{
    AccessUnit, Track, UnitParts,
    hub::{BacklogLimits, Hub, Received, SubscriberClass},
    pixels::{TranscodePool, VariantSpec, VariantState},
};
use watchwall_model::{ErrorCode, StreamPath, UtcMicros, VideoCodec};

fn path(name: &str) -> StreamPath {
    StreamPath::parse(name).unwrap()
}

fn units(spec: ClipSpec) -> Option<Vec<Arc<AccessUnit>>> {
    clip(spec).map_err(|why| println!("skipped: {why}")).ok()
}

/// Pushes units at the pace of the camera, arriving now.
async fn play(hub: Arc<Hub>, units: Vec<Arc<AccessUnit>>) {
    let start = tokio::time::Instant::now();
    let first = units[0].capture_at.0;
    for unit in units {
        let offset = u64::try_from(unit.capture_at.0 - first).unwrap_or(0);
        tokio::time::sleep_until(start + Duration::from_micros(offset)).await;
        hub.push(UnitParts { received_at: Instant::now(), ..UnitParts::clone(&unit) });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_variant_keeps_times_and_sound() {
    let cases = [
        (Video::H265, 640, 480, 240, (320, 240)),
        (Video::H264Reordered, 640, 360, 360, (640, 360)),
        (Video::Mjpeg, 642, 362, 1080, (642, 362)),
    ];
    for (video, width, height, max_height, expect) in cases {
        let spec = ClipSpec { width, height, frames: 60, gop: 20, ..ClipSpec::new(video, Audio::Pcmu) };
        let Some(units) = units(spec) else { return };
        let pool = TranscodePool::new(2);
        let source = Hub::new(BacklogLimits::default());
        let lease =
            pool.acquire(&path("cam"), Arc::clone(&source), VariantSpec { max_height, max_fps: 0 }).await.unwrap();
        let mut subscription = lease.hub().subscribe(SubscriberClass::Live);
        let player = tokio::spawn(play(Arc::clone(&source), units.clone()));
        let params = lease.ready(Duration::from_secs(20)).await.unwrap();
        let coded = params.video.clone().unwrap();
        assert_eq!(coded.codec, VideoCodec::H264);
        assert!(coded.codec_string.starts_with("avc1."), "{}", coded.codec_string);
        assert_eq!((coded.width, coded.height), expect, "{video:?}");

        let last = units.iter().filter(|unit| unit.is_video()).map(|unit| unit.capture_at).max().unwrap();
        let (mut pictures, mut sounds, mut last_dts) = (0, 0, i64::MIN);
        loop {
            let received = timeout(Duration::from_secs(20), subscription.recv()).await.expect("pictures keep coming");
            let Received::Unit(unit) = received else { panic!("{received:?}") };
            if unit.track == Track::Audio {
                sounds += 1;
                continue;
            }
            assert!(pictures > 0 || unit.is_key, "the first picture is decodable");
            let original = units
                .iter()
                .find(|source| source.is_video() && source.capture_at == unit.capture_at)
                .expect("a capture time of the source");
            assert_eq!(unit.pts, original.pts, "{video:?}");
            assert!(unit.dts > last_dts);
            last_dts = unit.dts;
            pictures += 1;
            // Reordering decoders hold the last ones until more come.
            if unit.capture_at.0 >= last.0 - 160_000 {
                break;
            }
        }
        player.await.unwrap();
        assert!(pictures >= 40, "{video:?}: {pictures} of 60 pictures");
        assert!(sounds > 50, "{video:?}: {sounds} sound frames");
        let stats = &pool.stats()[0];
        println!(
            "{video:?} {width}x{height} to {expect:?} with {:?} and {:?}: p95 {} ms",
            stats.decoder, stats.encoder, stats.latency_p95_ms
        );
        drop(lease);
        pool.stop().await;
        assert!(matches!(timeout(Duration::from_secs(5), drain(&mut subscription)).await, Ok(())));
    }
}

async fn drain(subscription: &mut watchwall_media::hub::Subscription) {
    while !matches!(subscription.recv().await, Received::Closed) {}
}

#[tokio::test(flavor = "multi_thread")]
async fn variants_are_shared_counted_and_bounded() {
    let pool = TranscodePool::new(1);
    let hub = Hub::new(BacklogLimits::default());
    let spec = VariantSpec::for_height(360);
    let one = pool.acquire(&path("a"), Arc::clone(&hub), spec).await.unwrap();
    let two = pool.acquire(&path("a"), Arc::clone(&hub), spec).await.unwrap();
    assert!(Arc::ptr_eq(&one.hub(), &two.hub()));
    assert_eq!((pool.running(), pool.stats()[0].viewers), (1, 2));
    let refused = pool.acquire(&path("b"), Arc::clone(&hub), spec).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::TooManyTranscodes);
    assert_eq!(refused.params["limit"], "1");
    let shared = one.hub();
    drop(one);
    assert_eq!(pool.running(), 1);
    drop(two);
    assert_eq!(pool.running(), 0);
    timeout(Duration::from_secs(5), drain(&mut shared.subscribe(SubscriberClass::Live))).await.expect("the hub closes");
    let other = pool.acquire(&path("b"), Arc::clone(&hub), spec).await.unwrap();
    hub.close();
    timeout(Duration::from_secs(5), drain(&mut other.hub().subscribe(SubscriberClass::Live)))
        .await
        .expect("it ends with its source");
    pool.stop().await;
    assert_eq!(pool.acquire(&path("c"), hub, spec).await.unwrap_err().code, ErrorCode::ShuttingDown);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_cannot_be_decoded_ends_with_a_reason() {
    let Some(units) = units(ClipSpec { frames: 10, ..ClipSpec::new(Video::H264, Audio::None) }) else { return };
    let params = Arc::new(watchwall_media::StreamParams::new(
        1,
        units[0]
            .params
            .video
            .clone()
            .map(|video| watchwall_media::VideoParams { codec: VideoCodec::Other("av9".to_owned()), ..video }),
        None,
    ));
    let pool = TranscodePool::new(1);
    let hub = Hub::new(BacklogLimits::default());
    let lease = pool.acquire(&path("a"), Arc::clone(&hub), VariantSpec::for_height(360)).await.unwrap();
    hub.push(UnitParts { params, received_at: Instant::now(), ..UnitParts::clone(&units[0]) });
    let problem = lease.ready(Duration::from_secs(20)).await.unwrap_err();
    assert_eq!(problem.code, ErrorCode::CodecUnsupported, "{problem}");
    assert!(matches!(lease.state(), VariantState::Failed(_)));
    assert_eq!(pool.running(), 0);
    pool.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_coding_goes_on_in_the_same_hub() {
    let small = ClipSpec { width: 320, height: 240, frames: 30, gop: 10, ..ClipSpec::new(Video::H265, Audio::None) };
    let Some(first) = units(small) else { return };
    let Some(second) = units(ClipSpec { width: 640, height: 480, ..small }) else { return };
    let shift_us = 3_000_000;
    let second = second.into_iter().map(|unit| {
        let shift = shift_us * 90 / 1000;
        Arc::new(AccessUnit::new(UnitParts {
            pts: unit.pts + shift,
            dts: unit.dts + shift,
            capture_at: UtcMicros(unit.capture_at.0 + shift_us),
            ..UnitParts::clone(&unit)
        }))
    });
    let pool = TranscodePool::new(1);
    let hub = Hub::new(BacklogLimits::default());
    let lease = pool.acquire(&path("a"), Arc::clone(&hub), VariantSpec::for_height(1080)).await.unwrap();
    let mut subscription = lease.hub().subscribe(SubscriberClass::Live);
    let player = tokio::spawn(play(hub, first.into_iter().chain(second).collect()));
    let mut heights = Vec::new();
    while heights.last() != Some(&480) {
        let received = timeout(Duration::from_secs(20), subscription.recv()).await.expect("pictures keep coming");
        let Received::Unit(unit) = received else { panic!("{received:?}") };
        let height = unit.params.video.as_ref().unwrap().height;
        if heights.last() != Some(&height) {
            assert!(unit.is_key, "a new size begins with a key frame");
            heights.push(height);
        }
    }
    assert_eq!(heights, [240, 480]);
    player.abort();
    pool.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn latency_at_720p() {
    let spec = ClipSpec { width: 1920, height: 1080, frames: 150, gop: 50, ..ClipSpec::new(Video::H265, Audio::None) };
    let Some(units) = units(spec) else { return };
    let pool = TranscodePool::new(1);
    let hub = Hub::new(BacklogLimits::default());
    let lease = pool.acquire(&path("a"), Arc::clone(&hub), VariantSpec::for_height(720)).await.unwrap();
    let started = Instant::now();
    let player = tokio::spawn(play(hub, units));
    lease.ready(Duration::from_secs(20)).await.unwrap();
    println!("first picture after {} ms", started.elapsed().as_millis());
    player.await.unwrap();
    let stats = pool.stats().remove(0);
    println!(
        "1080p H.265 to 720p: {} of {} pictures, p95 {} ms, {:?} to {:?}",
        stats.pictures_out, stats.pictures_in, stats.latency_p95_ms, stats.decoder, stats.encoder
    );
    assert!(stats.pictures_out > 10);
    drop(lease);
    pool.stop().await;
}
