//! Who is let in.

use crate::{
    bench::{Bench, long_gop, path},
    client::Client,
};
use std::time::{Duration, Instant};
use watchwall_site::outlet::Way;

async fn status(url: &str, method: &str) -> u16 {
    let mut client = Client::connect(url).await;
    let status = client.request(method, "", "Transport: RTP/AVP/TCP;unicast\r\n").await.status;
    if status == 404 {
        client.until_closed().await;
    }
    status
}

#[tokio::test(flavor = "multi_thread")]
async fn only_its_own_token_opens_a_stream() {
    let bench = Bench::start(&[long_gop(), long_gop()]).await;
    let _watched = bench.watched(0).await;
    let address = bench.address(0);
    let (start, token) = address.strip_suffix(&format!("/{}", path(0))).unwrap().rsplit_once('/').unwrap();
    let turned = |digit: char| if digit == '0' { '1' } else { '0' };
    let wrong: String = token[..31].chars().chain([turned(token.chars().last().unwrap())]).collect();
    // OPTIONS tells nothing and is free.
    assert_eq!(status(&format!("{start}/{wrong}/{}", path(0)), "OPTIONS").await, 200);
    let refused = [
        (format!("{start}/{wrong}/{}", path(0)), "DESCRIBE"),
        (format!("{start}/{token}/{}", path(1)), "DESCRIBE"),
        (format!("{start}/{token}/{}", path(1)), "SETUP"),
        (format!("{start}/{}", path(0)), "DESCRIBE"),
        (format!("{start}/{token}/../{}", path(0)), "DESCRIBE"),
    ];
    for (url, method) in &refused {
        assert_eq!(status(url, method).await, 404, "{method} {url}");
    }
    assert_eq!(bench.outlet.figures().refused, 5);
    // Guessing on is slow; the right one is let in at once.
    let begun = Instant::now();
    assert_eq!(status(&refused[0].0, "DESCRIBE").await, 404);
    assert!(begun.elapsed() >= Duration::from_secs(2));
    let begun = Instant::now();
    assert_eq!(status(&address, "DESCRIBE").await, 200);
    assert!(begun.elapsed() < Duration::from_secs(2));
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ended_token_opens_nothing_and_ends_nothing() {
    let bench = Bench::with(long_gop()).await;
    let _watched = bench.watched(0).await;
    let lifetime = Duration::from_secs(2);
    let begun = Instant::now();
    let token = bench.outlet.token(&path(0), lifetime);
    let address = format!("rtsp://{}/{}/{}", bench.outlet.listening().unwrap(), token.reveal(), path(0));
    let mut client = Client::playing(&address).await;
    client.picture().await;
    tokio::time::sleep(lifetime.saturating_sub(begun.elapsed())).await;
    assert_eq!(status(&address, "DESCRIBE").await, 404);
    let mut pictures = 0;
    while pictures < 60 {
        client.picture().await;
        pictures += 1;
    }
    assert_eq!(client.request("GET_PARAMETER", "", "").await.status, 200);
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_not_there_is_as_good_as_a_wrong_token() {
    let bench = Bench::with(long_gop()).await;
    assert_eq!(status(&bench.address(7), "DESCRIBE").await, 404);
    // It listens on this machine only: nobody else is told an address.
    let elsewhere = Way { from: Some([10, 0, 0, 9].into()), to: Some([10, 0, 0, 1].into()) };
    assert!(bench.outlet.address(&path(0), elsewhere).is_none());
    bench.outlet.stop().await;
    assert!(bench.outlet.listening().is_none());
    bench.stop().await;
}
