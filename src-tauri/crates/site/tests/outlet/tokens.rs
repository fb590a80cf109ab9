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
async fn an_address_is_good_while_its_pass_is_held_and_ends_its_sessions_with_it() {
    let bench = Bench::with(long_gop()).await;
    let _watched = bench.watched(0).await;
    let (address, pass) = bench.granted(0, "one");
    let (again, same) = bench.granted(0, "one");
    let (elsewhere, _other) = bench.granted(0, "two");
    assert!(again == address && elsewhere != address);
    let mut playing = Client::playing(&address).await;
    let mut set_up = Client::connect(&address).await;
    assert_eq!(set_up.set_up().await.status, 200);
    let mut neighbour = Client::playing(&elsewhere).await;
    drop(pass);
    playing.picture().await;
    assert_eq!(status(&address, "DESCRIBE").await, 200, "somebody holds it still");
    drop(same);
    let begun = Instant::now();
    playing.until_closed().await;
    set_up.until_closed().await;
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    assert_eq!(status(&address, "DESCRIBE").await, 404);
    // The neighbour's goes on, and the next pass is another.
    neighbour.picture().await;
    assert_eq!(neighbour.request("GET_PARAMETER", "", "").await.status, 200);
    assert_ne!(bench.granted(0, "one").0, address);
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_not_there_is_as_good_as_a_wrong_token() {
    let bench = Bench::with(long_gop()).await;
    assert_eq!(status(&bench.address(7), "DESCRIBE").await, 404);
    // It listens on this machine only: nobody else is told an address.
    let elsewhere = Way { from: Some([10, 0, 0, 9].into()), to: Some([10, 0, 0, 1].into()) };
    assert!(bench.outlet.grant(&path(0), elsewhere, "x").is_none());
    bench.outlet.stop().await;
    assert!(bench.outlet.listening().is_none());
    bench.stop().await;
}
