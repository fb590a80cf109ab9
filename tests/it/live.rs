//! Live view over its socket.

use anyhow::{Result, ensure};
use serde_json::json;
use sqlx::Connection;
use std::{process::Stdio, time::Duration};
use tokio_tungstenite::tungstenite::Message;
use watchwall_camsim::{Codec, Farm, Fault, StreamSpec};
use watchwall_model::{StreamRole, UtcMicros};
use watchwall_tests::{
    BinaryMessage, Closed, Heard, SiteOptions, TestSite, demo_like, farm, has_box, small_stream, top_boxes, until,
};

async fn site_with(cameras: Vec<watchwall_camsim::CameraSpec>) -> Result<(TestSite, Farm, Vec<serde_json::Value>)> {
    let farm = farm(cameras).await?;
    let site = TestSite::start().await?;
    let mut added = Vec::new();
    for index in 0..farm.cameras() {
        let sub = farm.rtsp_url(index, StreamRole::Sub);
        let sub = (!sub.is_empty()).then_some(sub);
        added.push(
            site.add_camera(&format!("Camera {index}"), &farm.rtsp_url(index, StreamRole::Main), sub.as_deref(), false)
                .await?,
        );
    }
    Ok((site, farm, added))
}

/// What ffprobe counts in these bytes; `None` when it is not installed.
async fn frames_in(bytes: &[u8]) -> Result<Option<u32>> {
    let folder = watchwall_tests::DataFolder::new()?;
    let file = folder.path().join("live.mp4");
    std::fs::write(&file, bytes)?;
    let arguments = [
        "-v",
        "error",
        "-count_frames",
        "-select_streams",
        "v",
        "-show_entries",
        "stream=nb_read_frames",
        "-of",
        "csv=p=0",
    ];
    let probe =
        tokio::process::Command::new("ffprobe").args(arguments).arg(&file).stderr(Stdio::piped()).output().await;
    let Ok(probe) = probe else { return Ok(None) };
    ensure!(probe.stderr.is_empty(), "{}", String::from_utf8_lossy(&probe.stderr));
    Ok(Some(String::from_utf8_lossy(&probe.stdout).trim().parse()?))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_message_can_be_decoded() -> Result<()> {
    let (site, farm, cameras) = site_with(vec![demo_like("Gate")]).await?;
    let path = TestSite::path_of(&cameras[0], "main");
    for _ in 0..2 {
        let mut socket = site.live(&path, "?select=exact").await?;
        let hello = socket.json("hello").await?;
        assert_eq!(
            (&hello["path"], &hello["role"], &hello["reason"]),
            (&json!(path), &json!("main"), &json!("as_asked"))
        );
        assert_eq!(
            (&hello["width"], &hello["height"], &hello["transcoded"]),
            (&json!(640), &json!(360), &json!(false))
        );
        assert!(hello["mime"].as_str().unwrap_or_default().starts_with("video/mp4; codecs=\"avc1."));
        let init = socket.binary().await?;
        assert_eq!(init.kind, BinaryMessage::INIT);
        let kinds: Vec<_> = top_boxes(&init.body).into_iter().map(|(kind, _)| kind).collect();
        assert_eq!(kinds, ["ftyp", "moov"]);
        assert!(has_box(&init.body, "avc1") && !has_box(&init.body, "mehd"));
        let first = socket.video().await?;
        assert!(first.is_key());
        let kinds: Vec<_> = top_boxes(&first.body).into_iter().map(|(kind, _)| kind).collect();
        assert_eq!(kinds, ["moof", "mdat"]);
        let mut file = [&init.body[..], &first.body[..]].concat();
        let mut last = first;
        for _ in 0..9 {
            let next = socket.video().await?;
            assert!(next.sequence > last.sequence && next.captured_at > last.captured_at);
            file.extend_from_slice(&next.body);
            last = next;
        }
        let age_ms = (UtcMicros::now().0 - last.captured_at) / 1_000;
        assert!((-50..2_000).contains(&age_ms), "{age_ms} ms");
        match frames_in(&file).await? {
            Some(frames) => assert_eq!(frames, 10),
            None => println!("skipped: ffprobe is not installed"),
        }
    }
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_stream_follows_the_tile_and_the_commands() -> Result<()> {
    let (site, farm, cameras) = site_with(vec![demo_like("Gate")]).await?;
    let path = TestSite::path_of(&cameras[0], "main");
    let mut socket = site.live(&path, "?max_height=200").await?;
    let hello = socket.json("hello").await?;
    assert_eq!(
        (&hello["role"], &hello["reason"], &hello["height"]),
        (&json!("sub"), &json!("sub_by_height"), &json!(180))
    );
    socket.say(&json!({ "type": "select", "role": "auto", "max_height": 900 })).await?;
    let hello = socket.json("hello").await?;
    assert_eq!((&hello["role"], &hello["reason"]), (&json!("main"), &json!("main_by_height")));
    let init = socket.binary().await?;
    let first = socket.video().await?;
    assert!(init.kind == BinaryMessage::INIT && first.is_key());

    socket.say(&json!({ "type": "ping", "client_at": 42 })).await?;
    let pong = socket.json("pong").await?;
    assert_eq!(pong["client_at"], 42);
    assert!((UtcMicros::now().0 - pong["server_at"].as_i64().unwrap_or(0)).abs() < 2_000_000);

    // After the pause nothing comes but what was under way; after resuming a key frame is first.
    socket.say(&json!({ "type": "pause" })).await?;
    socket.say(&json!({ "type": "ping", "client_at": 43 })).await?;
    socket.json("pong").await?;
    socket.say(&json!({ "type": "ping", "client_at": 44 })).await?;
    match socket.hear().await? {
        Heard::Json(pong) => assert_eq!(pong["client_at"], 44),
        other => panic!("a picture while paused: {other:?}"),
    }
    socket.say(&json!({ "type": "resume" })).await?;
    assert!(socket.video().await?.is_key());

    socket
        .say(&json!({ "type": "stats", "live_age_ms": 120.0, "dropped_frames": 0, "is_stale": true, "step": null }))
        .await?;
    let stale = until("the report", Duration::from_secs(5), async || {
        site.admin.metric("live_stale_tiles").await.ok().filter(|n| *n == 1.0)
    });
    stale.await?;
    assert_eq!(site.admin.metric("wall_tile_age_seconds_count").await?, 1.0);
    assert_eq!(site.admin.metric("live_viewers").await?, 1.0);
    drop(socket);
    until("the place to be freed", Duration::from_secs(5), async || {
        site.admin.metric("live_viewers").await.ok().filter(|n| *n == 0.0)
    })
    .await?;
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn malformed_messages_are_ignored_and_counted() -> Result<()> {
    let (site, farm, cameras) = site_with(vec![demo_like("Gate")]).await?;
    let path = TestSite::path_of(&cameras[0], "sub");
    let mut socket = site.live(&path, "?select=exact").await?;
    socket.json("hello").await?;
    let nonsense = [
        "",
        "null",
        "[]",
        "{\"type\":\"fly\"}",
        "{\"type\":\"select\",\"role\":\"both\"}",
        "\u{0}\u{fffd}",
        "{\"type\":\"audio\"}",
    ];
    for text in nonsense {
        socket.say_raw(Message::text(text)).await?;
    }
    socket.say_raw(Message::binary(vec![1, 2, 3])).await?;
    socket.say_raw(Message::Ping(vec![7; 100].into())).await?;
    socket.say(&json!({ "type": "ping", "client_at": 1 })).await?;
    socket.json("pong").await?;
    socket.video().await?;
    assert_eq!(site.admin.metric("live_unknown_messages_total").await?, (nonsense.len() + 1) as f64);
    // Too long for any command: the socket goes, the site does not.
    socket.say_raw(Message::text("x".repeat(64 * 1024))).await?;
    let end = until("the end", Duration::from_secs(5), async || match socket.hear().await {
        Ok(Heard::Closed(_)) | Err(_) => Some(()),
        Ok(_) => None,
    });
    end.await?;
    assert!(site.live(&path, "?select=exact").await?.json("hello").await.is_ok());
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}

/// The engine that the site has stored for a stream, read beside it.
async fn stored_engine(data: &std::path::Path, path: &str) -> Result<Option<String>> {
    let file = data.join("watchwall.db");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file).read_only(true);
    let mut connection = sqlx::SqliteConnection::connect_with(&options).await?;
    let engine = sqlx::query_scalar("SELECT engine_in_use FROM streams WHERE path = ?1");
    let engine = engine.bind(path).fetch_one(&mut connection).await?;
    connection.close().await?;
    Ok(engine)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_engine_of_a_camera_is_known_after_a_restart() -> Result<()> {
    let odd = watchwall_camsim::CameraSpec { faults: vec![Fault::OddContentType], ..demo_like("Odd") };
    let (site, farm, cameras) = site_with(vec![odd]).await?;
    let path = TestSite::path_of(&cameras[0], "main");
    let asked = || farm.counters(0).map(|counters| counters.main.describes);
    site.live(&path, "?select=exact").await?.video().await?;
    until("the engine in the database", Duration::from_secs(20), async || {
        stored_engine(site.data.path(), &path).await.ok().flatten().filter(|engine| engine == "gstreamer")
    })
    .await?;
    let data = site.stop_keeping().await;
    let before = asked()?;
    let site = TestSite::start_with(SiteOptions { data: Some(data), ..SiteOptions::default() }).await?;
    site.live(&path, "?select=exact").await?.video().await?;
    // One attempt, by the engine that can.
    assert_eq!(asked()?, before + 1);
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_codecs_are_converted_or_refused() -> Result<()> {
    let h265 = watchwall_camsim::CameraSpec::new("H.265", StreamSpec { codec: Codec::H265, ..small_stream() });
    let mjpeg = watchwall_camsim::CameraSpec::new("MJPEG", StreamSpec { codec: Codec::Mjpeg, ..small_stream() });
    let (site, farm, cameras) = site_with(vec![h265, mjpeg]).await?;
    let path = |index: usize| TestSite::path_of(&cameras[index], "main");
    // The client plays it: the camera's own frames.
    let hello = site.live(&path(0), "?codecs=h264,h265").await?.json("hello").await?;
    assert_eq!((&hello["codec"], &hello["transcoded"]), (&json!("h265"), &json!(false)));
    let mut stills = site.live(&path(1), "?codecs=h264,mjpeg").await?;
    assert_eq!(stills.json("hello").await?["mime"], "image/jpeg");
    // It does not: H.264, with the camera's own capture times.
    for index in [0, 1] {
        let mut socket = site.live(&path(index), "?codecs=h264").await?;
        let hello = socket.json("hello").await?;
        assert_eq!(
            (&hello["codec"], &hello["transcoded"], &hello["reason"]),
            (&json!("h264"), &json!(true), &json!("transcoded_codec"))
        );
        assert_eq!(socket.binary().await?.kind, BinaryMessage::INIT);
        let first = socket.video().await?;
        assert!(first.is_key());
        let mut newest = first.captured_at;
        for _ in 0..10 {
            newest = socket.video().await?.captured_at;
        }
        let age_ms = (UtcMicros::now().0 - newest) / 1_000;
        assert!((-50..3_000).contains(&age_ms), "{age_ms} ms");
    }
    let (error, closed) = site.live(&path(1), "?codecs=h265").await?.closing().await?;
    assert_eq!((error["code"].as_str(), closed.code), (Some("codec_impossible"), 4406));
    until("transcodes to end", Duration::from_secs(15), async || {
        site.admin.metric("stream_transcode_count").await.ok().filter(|n| *n == 0.0)
    })
    .await?;
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_camera_that_goes_and_comes_is_told() -> Result<()> {
    let (site, farm, cameras) = site_with(vec![demo_like("Gate")]).await?;
    let path = TestSite::path_of(&cameras[0], "main");
    let mut socket = site.live(&path, "?select=exact").await?;
    socket.video().await?;
    farm.fault(0, Fault::Offline).await?;
    let waiting = async {
        loop {
            let status = socket.json("status").await?;
            if status["phase"] == "waiting" {
                return anyhow::Ok(status);
            }
        }
    };
    let status = watchwall_tests::soon("the news", Duration::from_secs(15), waiting).await??;
    assert!(status["code"].is_string() && status["retry_at"].is_i64());
    farm.clear(0).await?;
    // The same socket shows the picture again.
    let picture = watchwall_tests::soon("the picture", Duration::from_secs(12), socket.video()).await??;
    assert!(picture.is_key());
    // The outage is measured once it is over.
    watchwall_tests::until("the outage", Duration::from_secs(10), async || {
        let count = site.admin.metric("camera_offline_event_duration_seconds_count").await.ok()?;
        (count >= 1.0).then_some(())
    })
    .await?;
    let disable = json!({ "enabled": false });
    let at = format!("/api/v1/cameras/{}", cameras[0]["id"]);
    site.admin.send_json(reqwest::Method::PATCH, &at, &disable).await?.ok()?;
    let (error, closed) = socket.closing().await?;
    assert_eq!(
        (error["code"].as_str(), closed),
        (Some("camera_disabled"), Closed { code: 4409, reason: "camera_disabled".into() })
    );
    let (error, _) = site.live(&path, "").await?.closing().await?;
    assert_eq!(error["code"], "camera_disabled");
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_snapshot_is_quick_and_shared() -> Result<()> {
    let (site, farm, cameras) = site_with(vec![demo_like("Gate")]).await?;
    let path = TestSite::path_of(&cameras[0], "main");
    let url = format!("/api/v1/live/{path}/snapshot.jpg?max_height=180");
    let jpeg = site.admin.bytes(&url).await?;
    assert_eq!(&jpeg[..3], &[0xff, 0xd8, 0xff]);
    let mut slowest = Duration::ZERO;
    for _ in 0..20 {
        let started = std::time::Instant::now();
        site.admin.bytes(&url).await?;
        slowest = slowest.max(started.elapsed());
    }
    println!("slowest of 20 snapshots: {slowest:?}");
    assert!(slowest < Duration::from_secs(2), "{slowest:?}");
    assert_eq!(site.admin.get("/api/v1/live/cam_none_ch1_main/snapshot.jpg").await?.code(), "camera_not_found");
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}

/// Without a plan memory holds only what somebody watched: a tile that shows the sub stream plays that again, although
/// the camera is asked for by its main stream.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn instant_replay_plays_what_was_watched() -> Result<()> {
    let farm = farm(vec![demo_like("Gate")]).await?;
    let site = TestSite::start().await?;
    let (main, sub) = (farm.rtsp_url(0, StreamRole::Main), farm.rtsp_url(0, StreamRole::Sub));
    let camera = site.add_camera("Gate", &main, Some(&sub), false).await?;
    let (main, sub) = (TestSite::path_of(&camera, "main"), TestSite::path_of(&camera, "sub"));
    let mut live = site.live(&sub, "?select=exact").await?;
    let first = live.video().await?.captured_at;
    while live.video().await?.captured_at - first < 5_000_000 {}
    let mut replay = site.live(&main, "?replay_s=30").await?;
    assert_eq!(replay.json("hello").await?["path"], json!(sub));
    let again = replay.video().await?;
    assert!(again.is_key() && again.captured_at - first < 1_500_000, "{} us late", again.captured_at - first);
    // The very stream that is asked for stays what it is.
    let mut exact = site.live(&sub, "?replay_s=3&select=exact").await?;
    assert_eq!(exact.json("hello").await?["path"], json!(sub));
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}
