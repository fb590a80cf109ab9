//! What one client cannot do to the others.

use crate::{
    bench::{Bench, Tape, long_gop, path, until},
    client::Client,
};
use std::time::{Duration, Instant};
use tokio::io::AsyncReadExt;
use watchwall_camsim::StreamSpec;
use watchwall_site::outlet::MOST_SESSIONS;

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_read_is_let_go_and_disturbs_nobody() {
    // A megabyte a second: what the systems hold between both ends is full at once.
    let bench = Bench::with(StreamSpec { gop_ms: 1_000, ..StreamSpec::replay(1280, 720, 25, 8_000) }).await;
    let _watched = bench.watched(0).await;
    let tape = Tape::of(&bench.hub(0));
    let mut good = Client::playing(&bench.address(0)).await;
    let slow = Client::connect_with(&bench.address(0), Some(4_096)).await.play().await;
    let begun = Instant::now();
    let mut last_us = good.picture().await.taken_us;
    let mut worst_us = 0;
    while bench.outlet.figures().too_slow == 0 {
        let picture = good.picture().await;
        worst_us = worst_us.max(picture.taken_us - last_us);
        last_us = picture.taken_us;
        assert!(begun.elapsed() < Duration::from_secs(25), "the slow one is still there");
    }
    let took = begun.elapsed();
    assert!(took >= Duration::from_secs(9), "let go after {took:?}");
    // Two pictures in a row of each other, all the time; the tape has found none missing in the hub.
    assert!(worst_us < 100_000, "{worst_us} us between two pictures");
    assert!(tape.units().len() > 200);
    let figures = bench.outlet.figures();
    assert_eq!((figures.too_slow, figures.sessions), (1, 1));
    assert!(figures.skipped > 0);
    drop(slow);
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn there_are_so_many_places_and_a_place_left_is_free() {
    let bench = Bench::with(long_gop()).await;
    let _watched = bench.watched(0).await;
    let address = bench.address(0);
    let mut clients = Vec::new();
    for _ in 0..MOST_SESSIONS {
        clients.push(Client::playing(&address).await);
    }
    let mut late = Client::connect(&address).await;
    assert_eq!(late.request("DESCRIBE", "", "").await.status, 453);
    late.until_closed().await;
    let figures = bench.outlet.figures();
    assert_eq!((figures.sessions, figures.turned_away), (MOST_SESSIONS, 1));
    // All of them play, from one session with the camera.
    for client in &mut clients {
        client.picture().await;
    }
    assert_eq!(bench.counters(0).main.sessions_max, 1);
    drop(clients.pop());
    until("a free place", || (bench.outlet.figures().sessions < MOST_SESSIONS).then_some(())).await;
    Client::playing(&address).await.picture().await;
    drop(clients);
    until("all have gone", || (bench.outlet.figures().sessions == 0).then_some(())).await;
    assert_eq!(bench.hub(0).statistics().gateway_subscribers, 0);
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_shows_nothing_does_not_stay() {
    let bench = Bench::with(long_gop()).await;
    let address = bench.outlet.listening().unwrap();
    let mut silent = tokio::net::TcpStream::connect(address).await.unwrap();
    // Asks again and again for what is free.
    let mut chatty = Client::connect(&format!("rtsp://{address}/x/{}", path(0))).await;
    let begun = Instant::now();
    let mut answers = 0;
    let talk = async {
        while begun.elapsed() < Duration::from_secs(9) {
            answers += u32::from(chatty.request("OPTIONS", "", "").await.status == 200);
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        chatty.until_closed().await;
    };
    let mut buffer = [0; 16];
    let (read, ()) = tokio::join!(crate::bench::within("the end", silent.read(&mut buffer)), talk);
    assert_eq!(read.unwrap(), 0);
    assert!(answers > 10);
    assert!((9..15).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
    // What is no RTSP ends at once.
    let mut web = Client::connect(&format!("rtsp://{address}/")).await;
    assert_eq!(web.raw(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.status, 400);
    web.until_closed().await;
    bench.stop().await;
}
