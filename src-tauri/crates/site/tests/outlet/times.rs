//! When the first picture comes, and what it says of when it was taken.

use crate::{
    bench::{Bench, Tape, long_gop},
    client::Client,
};
use std::time::{Duration, Instant};

const FIRST_PICTURE: Duration = Duration::from_millis(300);

#[tokio::test(flavor = "multi_thread")]
async fn the_first_picture_is_there_at_once_and_every_picture_says_when_it_was_taken() {
    let bench = Bench::with(long_gop()).await;
    let tape = Tape::of(&bench.hub(0));
    let _watched = bench.watched(0).await;
    // In the middle of a GOP.
    tape.of_length(15).await;
    let address = bench.address(0);
    let begun = Instant::now();
    let mut client = Client::playing(&address).await;
    let first = client.picture().await;
    let took = begun.elapsed();
    assert!(took < FIRST_PICTURE, "the first picture took {took:?}");
    assert_eq!(first.kinds[..2], [7, 8]);

    let mut pictures = vec![first];
    while pictures.len() < 100 {
        pictures.push(client.picture().await);
    }
    let sent = tape.of_length(1).await;
    for (n, picture) in pictures.iter().enumerate() {
        let nearest = sent.iter().min_by_key(|unit| (unit.capture_at.0 - picture.taken_us).abs()).unwrap();
        let apart_us = (nearest.capture_at.0 - picture.taken_us).abs();
        assert!(apart_us <= 1_000, "picture {n} says {apart_us} us too much");
        assert_eq!(picture.data, nearest.data, "picture {n}");
        assert_eq!(picture.kinds.contains(&7), nearest.is_key, "picture {n}");
    }
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_camera_that_nobody_looked_at_is_pulled_and_left_again() {
    let bench = Bench::with(long_gop()).await;
    assert_eq!(bench.counters(0).main.sessions_total, 0);
    let mut client = Client::playing(&bench.address(0)).await;
    client.picture().await;
    assert_eq!((bench.counters(0).main.sessions_now, bench.outlet.figures().sessions), (1, 1));
    assert_eq!(client.request("GET_PARAMETER", "", "").await.status, 200);
    assert_eq!(client.request("TEARDOWN", "", "").await.status, 200);
    assert_eq!(bench.outlet.figures().sessions, 0);
    assert_eq!(bench.hub(0).statistics().gateway_subscribers, 0);
    crate::bench::until("the camera is left", || (bench.counters(0).main.sessions_now == 0).then_some(())).await;
    // The same connection may be let in again.
    assert_eq!(client.request("PLAY", "", "").await.status, 454);
    bench.stop().await;
}
