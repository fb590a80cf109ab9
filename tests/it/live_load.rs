//! Many viewers, and one that never reads.

use anyhow::{Context, Result};
use futures::future::join_all;
use std::time::{Duration, Instant};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpSocket,
};
use watchwall_camsim::{CameraSpec, StreamSpec};
use watchwall_model::StreamRole;
use watchwall_tests::{SiteOptions, TestSite, demo_like, farm, until};

const VIEWERS: usize = 200;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_viewers_see_every_picture() -> Result<()> {
    let farm = farm(vec![demo_like("Gate")]).await?;
    let site = TestSite::start().await?;
    let sub = farm.rtsp_url(0, StreamRole::Sub);
    let camera = site.add_camera("Gate", &farm.rtsp_url(0, StreamRole::Main), Some(&sub), false).await?;
    let path = TestSite::path_of(&camera, "sub");
    site.live(&path, "?select=exact").await?.video().await?;
    let watch = async || -> Result<(Duration, u32)> {
        let started = Instant::now();
        let mut socket = site.live(&path, "?select=exact").await?;
        let mut last = socket.video().await?;
        let first_picture = started.elapsed();
        let mut missed = 0;
        for _ in 0..30 {
            let next = socket.video().await?;
            missed += next.sequence - last.sequence - 1;
            last = next;
        }
        Ok((first_picture, missed))
    };
    let seen = join_all((0..VIEWERS).map(|_| watch())).await.into_iter().collect::<Result<Vec<_>>>()?;
    let mut firsts: Vec<_> = seen.iter().map(|(first, _)| *first).collect();
    firsts.sort_unstable();
    println!(
        "first picture of {VIEWERS} viewers at once: median {:?}, p95 {:?}",
        firsts[VIEWERS / 2],
        firsts[VIEWERS * 95 / 100]
    );
    assert_eq!(seen.iter().map(|(_, missed)| missed).sum::<u32>(), 0);
    let (sum, count) = (
        site.admin.metric("stream_forward_latency_seconds_sum").await?,
        site.admin.metric("stream_forward_latency_seconds_count").await?,
    );
    println!("forwarding took {:.2} ms on average over {count} writes", sum / count * 1_000.0);
    // One pull, however many watch.
    let counters = farm.counters(0)?;
    assert_eq!(counters.sub.sessions_max, 1, "{counters:?}");
    until("all places to be freed", Duration::from_secs(10), async || {
        site.admin.metric("live_viewers").await.ok().filter(|n| *n == 0.0)
    })
    .await?;
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_many_viewers_are_refused() -> Result<()> {
    let farm = farm(vec![demo_like("Gate")]).await?;
    let site = TestSite::start_with(SiteOptions { max_viewers: Some(2), ..SiteOptions::default() }).await?;
    let camera = site.add_camera("Gate", &farm.rtsp_url(0, StreamRole::Main), None, false).await?;
    let path = TestSite::path_of(&camera, "main");
    let (mut a, mut b) = (site.live(&path, "").await?, site.live(&path, "").await?);
    a.video().await?;
    b.video().await?;
    let (error, closed) = site.live(&path, "").await?.closing().await?;
    assert_eq!((error["code"].as_str(), closed.code), (Some("too_many_viewers"), 4503));
    assert_eq!(error["params"]["max"], "2");
    drop(a);
    until("a free place", Duration::from_secs(5), async || site.live(&path, "").await.ok()?.video().await.ok()).await?;
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}

/// Opens a live socket by hand and then reads nothing more.
async fn deaf_viewer(site: &TestSite, path: &str) -> Result<tokio::net::TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(16 * 1_024)?;
    let mut stream = socket.connect(site.address()).await?;
    let token = site.admin.token().context("no token")?;
    let request = format!(
        "GET /api/v1/live/{path}?select=exact HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\nConnection: Upgrade\r\n\
         Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        site.address()
    );
    stream.write_all(request.as_bytes()).await?;
    let mut head = [0; 12];
    stream.read_exact(&mut head).await?;
    assert_eq!(&head, b"HTTP/1.1 101");
    Ok(stream)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_viewer_that_never_reads_is_closed_and_disturbs_nobody() -> Result<()> {
    let heavy = StreamSpec { gop_ms: 1_000, ..StreamSpec::replay(1280, 720, 15, 8_000) };
    let farm = farm(vec![CameraSpec::new("Heavy", heavy)]).await?;
    let site = TestSite::start().await?;
    let camera = site.add_camera("Heavy", &farm.rtsp_url(0, StreamRole::Main), None, false).await?;
    let path = TestSite::path_of(&camera, "main");
    let mut good = site.live(&path, "?select=exact").await?;
    good.video().await?;
    let deaf = deaf_viewer(&site, &path).await?;
    let started = Instant::now();
    let (mut longest, mut before) = (Duration::ZERO, Instant::now());
    // The buffers fill, then ten seconds pass without a byte taken.
    while site.admin.metric("live_client_too_slow_total").await? < 1.0 {
        assert!(started.elapsed() < Duration::from_secs(60), "the deaf viewer is still there");
        for _ in 0..15 {
            good.video().await?;
            longest = longest.max(before.elapsed());
            before = Instant::now();
        }
    }
    println!("closed after {:?}; the other viewer's longest wait was {longest:?}", started.elapsed());
    assert!(longest < Duration::from_secs(2), "{longest:?}");
    until("its place to be freed", Duration::from_secs(5), async || {
        site.admin.metric("live_viewers").await.ok().filter(|n| *n == 1.0)
    })
    .await?;
    drop(deaf);
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}
