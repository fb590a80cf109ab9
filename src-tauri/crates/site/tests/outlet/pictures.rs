//! What clients receive is what the hub has, unit for unit.

use crate::bench::{Bench, Tape, long_gop, path, pull, until};
use std::{sync::Arc, time::Duration};
use watchwall_camsim::{Codec, Fault, StreamSpec};
use watchwall_media::{AccessUnit, ingest::InterestKind};
use watchwall_model::{IngestEngine, StreamRole, Transport};

/// Clocks of both ends are the same; a unit's time is told in microseconds.
const TIMES_APART_US: i64 = 5_000;

/// Every unit that came is one that was sent, none is missing between, and it says the time of the one that was sent.
/// `settled` units at the start may tell another time: those of the past came all at once, and a client believes the
/// sender's clock only when its pictures come soon after.
fn check_same(sent: &[Arc<AccessUnit>], came: &[Arc<AccessUnit>], settled: usize) {
    let first = &came[0];
    let same_data = |unit: &&Arc<AccessUnit>| unit.data == first.data;
    assert!(sent.iter().any(|unit| same_data(&unit)), "the first picture is none of those that were sent");
    // The camera plays a loop: of those that look the same, the one from which all others follow.
    let starts = (0..sent.len()).filter(|n| sent[*n].data == first.data && sent.len() - n >= came.len());
    let is_run = |start: &usize| came.iter().zip(&sent[*start..]).all(|(came, sent)| came.data == sent.data);
    let newest_is_near = |start: &usize| {
        let (came, sent) = (&came[came.len() - 1], &sent[start + came.len() - 1]);
        (came.capture_at.0 - sent.capture_at.0).abs() < 100_000
    };
    let run: Vec<usize> = starts.filter(is_run).filter(newest_is_near).collect();
    assert_eq!(run.len(), 1, "{} of {} units are not a run of them", came.len(), sent.len());
    for (n, (came, sent)) in came.iter().zip(&sent[run[0]..]).enumerate() {
        assert_eq!(came.is_key, sent.is_key, "unit {n}");
        let apart_us = came.capture_at.0 - sent.capture_at.0;
        assert!(n < settled || apart_us.abs() <= TIMES_APART_US, "unit {n} is told {apart_us} us apart");
    }
}

async fn check(stream: StreamSpec, engine: IngestEngine, transport: Transport) {
    let bench = Bench::with(stream.clone()).await;
    let tape = Tape::of(&bench.hub(0));
    let _watched = bench.watched(0).await;
    let client = pull(&path(1), &bench.address(0), engine, transport);
    let received = Tape::of(&client.hub());
    let interest = client.interest(InterestKind::Viewer);
    // A whole GOP and the begin of the next.
    let came = received.of_length(60).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    check_same(&tape.units(), &came, 50);
    let (here, there) = (bench.hub(0).current_params().unwrap(), client.hub().current_params().unwrap());
    let (here, there) = (here.video.as_ref().unwrap(), there.video.as_ref().unwrap());
    assert_eq!((&here.codec, here.width, here.height), (&there.codec, there.width, there.height));
    assert_eq!(here.parameter_sets(), there.parameter_sets());
    assert_eq!(client.snapshot().borrow().lost_packets, 0);
    drop(interest);
    client.stop().await;
    until("the goodbye", || (bench.outlet.figures().sessions == 0).then_some(())).await;
    // However many pull the site: the camera saw one.
    assert_eq!((bench.counters(0).main.sessions_max, bench.counters(0).main.sessions_total), (1, 1));
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn h264_by_tcp() {
    check(long_gop(), IngestEngine::Retina, Transport::Tcp).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn h264_by_udp() {
    // Key frames of many packets.
    let stream = StreamSpec { gop_ms: 4_000, ..StreamSpec::replay(1280, 720, 10, 4_000) };
    check(stream, IngestEngine::Retina, Transport::Udp).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn h264_by_the_other_engine() {
    check(long_gop(), IngestEngine::Gstreamer, Transport::Tcp).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn h265_by_tcp() {
    check(StreamSpec { codec: Codec::H265, ..long_gop() }, IngestEngine::Retina, Transport::Tcp).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn h265_by_the_other_engine() {
    check(StreamSpec { codec: Codec::H265, ..long_gop() }, IngestEngine::Gstreamer, Transport::Tcp).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mjpeg_by_tcp() {
    check(StreamSpec { codec: Codec::Mjpeg, ..long_gop() }, IngestEngine::Retina, Transport::Tcp).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_the_picture_comes_in_band() {
    let bench = Bench::with(StreamSpec { gop_ms: 1_000, ..long_gop() }).await;
    let client = pull(&path(1), &bench.address(0), IngestEngine::Retina, Transport::Tcp);
    let _interest = client.interest(InterestKind::Viewer);
    let size = || client.hub().newest().video.and_then(|unit| unit.params.video.as_ref().map(|v| (v.width, v.height)));
    until("the first size", || size().filter(|size| *size == (320, 180))).await;
    bench.farm.fault_stream(0, StreamRole::Main, Fault::ParameterChange { width: 640, height: 360 }).await.unwrap();
    until("the second size", || size().filter(|size| *size == (640, 360))).await;
    // In the same session.
    assert_eq!((bench.outlet.figures().opened, bench.counters(0).main.sessions_total), (1, 1));
    client.stop().await;
    bench.stop().await;
}
