//! Recorded, found again, played back and taken out, all over HTTP.

use anyhow::{Context, Result};
use reqwest::Method;
use serde_json::json;
use std::time::Duration;
use watchwall_camsim::{Audio, CameraSpec, Codec, Farm, StreamSpec};
use watchwall_model::StreamRole;
use watchwall_tests::{
    BinaryMessage, Heard, Socket, TestSite, demo_like, farm, has_box, small_stream, soon, top_boxes,
};

/// A site that has recorded for some seconds: the stream's path and its first moment.
async fn recorded(seconds: i64) -> Result<(TestSite, Farm, String, i64)> {
    recorded_from(demo_like("Gate"), seconds).await
}

async fn recorded_from(camera: CameraSpec, seconds: i64) -> Result<(TestSite, Farm, String, i64)> {
    let farm = farm(vec![camera]).await?;
    let site = TestSite::start().await?;
    let camera = site.add_camera("Gate", &farm.rtsp_url(0, StreamRole::Main), None, true).await?;
    let path = TestSite::path_of(&camera, "main");
    let from = site.recorded_since(&path, seconds * 1_000).await?;
    Ok((site, farm, path, from))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clip_is_exact_and_comes_in_ranges() -> Result<()> {
    let (site, farm, path, from) = recorded(6).await?;
    let url = format!("/api/v1/playback/{path}/clip.mp4?from={}&to={}", from + 1_500, from + 4_000);
    let whole = site.admin.bytes(&url).await?;
    let kinds: Vec<_> = top_boxes(&whole).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(&kinds[..2], ["ftyp", "moov"]);
    assert_eq!(top_boxes(&whole).iter().map(|(_, size)| size).sum::<usize>(), whole.len());
    let head = site.admin.send(site.admin.request(Method::HEAD, &url)).await?.ok()?;
    assert_eq!(head.header("content-length"), whole.len().to_string());
    assert_eq!(head.header("accept-ranges"), "bytes");
    assert!(head.header("content-disposition").contains(&path));
    let tag = head.header("etag").to_owned();
    let held: Vec<i64> = head.header("x-recorded-range").split('-').map(str::parse).collect::<Result<_, _>>()?;
    assert!(held[0] <= from + 1_500 && held[1] >= from + 4_000, "{held:?}");
    let check = async |range: &str, status: u16, expect: &[u8]| -> Result<()> {
        let answer = site.admin.request(Method::GET, &url).header("range", range).send().await?;
        assert_eq!(answer.status().as_u16(), status, "{range}");
        assert_eq!(&answer.bytes().await?[..], expect, "{range}");
        Ok(())
    };
    check("bytes=0-99", 206, &whole[..100]).await?;
    check("bytes=1000-", 206, &whole[1_000..]).await?;
    check("bytes=-7", 206, &whole[whole.len() - 7..]).await?;
    check("bytes=0-0", 206, &whole[..1]).await?;
    check("bytes=5-99999999999", 206, &whole[5..]).await?;
    check("bytes=-99999999999", 206, &whole).await?;
    check(&format!("bytes={}-", whole.len()), 416, &[]).await?;
    check("bytes=-0", 416, &[]).await?;
    // What is no range we know is answered with the whole (RFC 9110, 14.2).
    for none in ["bytes=9-5", "bytes=x-y", "items=0-5", "bytes=0-1,5-9"] {
        check(none, 200, &whole).await?;
    }
    let resumed = async |tag: &str| -> Result<(u16, usize)> {
        let request = site.admin.request(Method::GET, &url).header("range", "bytes=100-").header("if-range", tag);
        let answer = request.send().await?;
        Ok((answer.status().as_u16(), answer.bytes().await?.len()))
    };
    assert_eq!(resumed(&tag).await?, (206, whole.len() - 100));
    assert_eq!(resumed("\"other\"").await?, (200, whole.len()));
    assert_eq!(resumed("Wed, 21 Oct 2015 07:28:00 GMT").await?, (200, whole.len()));
    let same = site.admin.send(site.admin.request(Method::GET, &url).header("if-none-match", &tag)).await?;
    assert_eq!(same.status, 304);
    let refuse = async |query: &str, code: &str| -> Result<()> {
        let answer = site.admin.get(&format!("/api/v1/playback/{path}/clip.mp4?{query}")).await?;
        assert_eq!(answer.code(), code, "{query}");
        Ok(())
    };
    refuse("from=5&to=4", "range_invalid").await?;
    refuse("from=0&to=999999999999", "range_invalid").await?;
    refuse("from=1000&to=2000", "no_recording").await?;
    refuse("from=x&to=2000", "request_invalid").await?;
    let audit = site.admin.get("/api/v1/audit").await?.ok()?.json;
    assert!(audit["items"].as_array().context("no audit")?.iter().any(|entry| entry["action"] == "clip.download"));
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn playback_seeks_pauses_and_steps() -> Result<()> {
    let (site, farm, path, from) = recorded(6).await?;
    // The server's clock for this playback starts after ours, however late we read.
    let started = std::time::Instant::now();
    let mut socket = Socket::open(&site.admin, &format!("/api/v1/playback/{path}?from={from}")).await?;
    let hello = socket.json("hello").await?;
    assert_eq!((&hello["width"], &hello["transcoded"]), (&json!(640), &json!(false)));
    assert_eq!(socket.binary().await?.kind, BinaryMessage::INIT);
    let first = socket.video().await?;
    assert!(first.is_key() && (first.captured_at / 1_000 - from).abs() < 1_500, "{} {from}", first.captured_at);
    // Paced: the twentieth picture of ten a second is due two seconds after the first, less the 0.4 s that the server
    // sends ahead.
    for _ in 0..20 {
        socket.video().await?;
    }
    let took = started.elapsed();
    assert!(took > Duration::from_millis(1_500), "{took:?}");

    let target = from + 4_300;
    let asked = std::time::Instant::now();
    socket.say(&json!({ "type": "seek", "at": target })).await?;
    let seeked = socket.json("seeked").await?;
    assert!((seeked["at"].as_i64().context("no time")? - target).abs() < 200);
    let mut shown = socket.video().await?;
    assert!(shown.is_key());
    while shown.is_before_target() {
        shown = socket.video().await?;
    }
    println!("first picture {:?} after the seek", asked.elapsed());
    assert!((shown.captured_at / 1_000 - target).abs() <= 150, "{} {target}", shown.captured_at / 1_000);

    socket.say(&json!({ "type": "pause" })).await?;
    socket.say(&json!({ "type": "step", "frames": 1 })).await?;
    let next = soon("a step", Duration::from_secs(5), socket.video()).await??;
    assert!(next.captured_at > shown.captured_at);
    // Nonsense is answered or ignored; the socket stays.
    socket.say(&json!({ "type": "play", "at": null, "speed": 99.0 })).await?;
    assert_eq!(socket.json("error").await?["code"], "request_invalid");
    socket.say(&json!({ "type": "dance" })).await?;
    // To the edge of what is recorded, and on as it grows.
    socket.say(&json!({ "type": "play", "at": from, "speed": 16.0 })).await?;
    let edge = soon("the live edge", Duration::from_secs(20), socket.json("live_edge")).await??;
    assert!(edge["at"].as_i64().context("no time")? >= from + 4_000);
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}

/// The client plays no H.265: a seek costs the decoding of what leads in to its picture, and no more than that is sent.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recording_that_is_converted_is_sought_and_stepped_like_any_other() -> Result<()> {
    let main = StreamSpec { codec: Codec::H265, gop_ms: 4_000, ..StreamSpec::replay(640, 360, 25, 800) };
    let (site, farm, path, from) = recorded_from(CameraSpec::new("H.265", main), 9).await?;
    let url = format!("/api/v1/playback/{path}?codecs=h264");
    let mut socket = Socket::open(&site.admin, &url).await?;
    let mut times = Vec::new();
    // There and back, into the middle of groups of pictures and onto their first.
    for target in [from + 5_000, from + 1_030, from + 7_310, from + 7_350, from] {
        let asked = std::time::Instant::now();
        socket.say(&json!({ "type": "pause" })).await?;
        socket.say(&json!({ "type": "seek", "at": target })).await?;
        socket.json("seeked").await?;
        let shown = socket.video().await?;
        times.push(asked.elapsed().as_millis());
        assert!(shown.is_key() && !shown.is_before_target(), "who seeks can begin with nothing else");
        let off = target - shown.captured_at / 1_000;
        assert!((-45..=45).contains(&off), "the picture of {target} is {off} ms off");
    }
    println!("converted: first pictures after {times:?} ms");
    socket.say(&json!({ "type": "step", "frames": 1 })).await?;
    let next = soon("a step", Duration::from_secs(5), socket.video()).await??;
    assert!((30..60).contains(&(next.captured_at / 1_000 - from)), "{}", next.captured_at / 1_000 - from);
    // Backwards every key frame is a picture, whatever the moment asked for.
    socket.say(&json!({ "type": "play", "at": from + 8_900, "speed": -4.0 })).await?;
    socket.json("seeked").await?;
    let mut last = i64::MAX;
    for _ in 0..2 {
        let picture = soon("a key frame", Duration::from_secs(10), socket.video()).await??;
        assert!(picture.captured_at < last);
        last = picture.captured_at;
    }
    assert_eq!(site.admin.metric("stream_transcode_count").await?, 1.0);
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recording_is_heard_by_who_asks_for_it() -> Result<()> {
    let main = StreamSpec { audio: Audio::Pcma, ..small_stream() };
    let (site, farm, path, from) = recorded_from(CameraSpec::new("Gate", main), 4).await?;
    let open = async |query: &str| -> Result<(BinaryMessage, Socket)> {
        let mut socket = Socket::open(&site.admin, &format!("/api/v1/playback/{path}?from={from}{query}")).await?;
        assert_eq!(socket.json("hello").await?["has_audio"], true);
        let init = socket.binary().await?;
        assert_eq!(init.kind, BinaryMessage::INIT);
        Ok((init, socket))
    };
    let (init, mut socket) = open("&audio=true").await?;
    assert!(has_box(&init.body, "fLaC"));
    let mut sounds = Vec::new();
    let mut pictures = Vec::new();
    while pictures.len() < 15 {
        let message = socket.binary().await?;
        let times = if message.kind == BinaryMessage::VIDEO { &mut pictures } else { &mut sounds };
        times.push(message.captured_at);
    }
    // As many milliseconds of sound as of pictures, on the same clock.
    let span = |times: &[i64]| (times.last().unwrap_or(&0) - times.first().unwrap_or(&0)) / 1_000;
    assert!(sounds.is_sorted() && (span(&sounds) - span(&pictures)).abs() < 400, "{sounds:?} {pictures:?}");
    // At other speeds, and for who did not ask, there is none.
    socket.say(&json!({ "type": "play", "at": from, "speed": 2.0 })).await?;
    socket.json("seeked").await?;
    for _ in 0..15 {
        assert_eq!(socket.binary().await?.kind, BinaryMessage::VIDEO);
    }
    let (init, mut silent) = open("").await?;
    assert!(!has_box(&init.body, "fLaC"));
    for _ in 0..10 {
        assert_eq!(silent.binary().await?.kind, BinaryMessage::VIDEO);
    }
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn moments_and_the_last_seconds_are_shown() -> Result<()> {
    let (site, farm, path, from) = recorded(4).await?;
    for file in ["frame.jpg", "thumbnail.jpg"] {
        let jpeg =
            site.admin.bytes(&format!("/api/v1/playback/{path}/{file}?at={}&max_height=180", from + 2_000)).await?;
        assert_eq!(&jpeg[..3], &[0xff, 0xd8, 0xff], "{file}");
    }
    assert_eq!(site.admin.get(&format!("/api/v1/playback/{path}/frame.jpg?at=1000")).await?.code(), "no_recording");
    let now = from + 60_000;
    let timeline =
        site.admin.get(&format!("/api/v1/timeline?paths={path}&from={}&to={now}", from - 60_000)).await?.ok()?.json;
    let track = &timeline["tracks"][0];
    assert_eq!(track["path"], json!(path));
    assert_eq!(track["coverage"][0][0], json!(from));
    assert!(track["gaps"][0]["reason"].is_string());
    let bad = site.admin.get("/api/v1/timeline?paths=../etc&from=1&to=2").await?;
    assert_eq!((bad.status.as_u16(), bad.code()), (422, "stream_path_invalid"));
    // Instant replay from a live tile.
    let mut replay = site.live(&path, "?replay_s=3&select=exact").await?;
    assert_eq!(replay.json("hello").await?["path"], json!(path));
    let first = replay.video().await?;
    assert!(first.is_key() && first.captured_at / 1_000 < watchwall_model::UtcMillis::now().0 - 1_000);
    let plans = site.admin.get("/api/v1/plans").await?.ok()?.json;
    assert_eq!(plans["items"][0]["running"], "recording");
    let volumes = site.admin.get("/api/v1/volumes").await?.ok()?.json;
    let code = volumes["items"][0]["code"].as_str().context("no volume")?.to_owned();
    let patch = async |body| site.admin.send_json(Method::PATCH, &format!("/api/v1/volumes/{code}"), &body).await;
    assert_eq!(
        patch(json!({ "high_watermark_percent": 50.0, "low_watermark_percent": 60.0 })).await?.code(),
        "volume_invalid"
    );
    let changed = patch(json!({ "name": "Disk", "high_watermark_percent": 80.0 })).await?.ok()?.json;
    assert_eq!((&changed["name"], &changed["high_watermark_percent"]), (&json!("Disk"), &json!(80.0)));
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unrecorded_stream_ends_at_once() -> Result<()> {
    let site = TestSite::start().await?;
    let camera = site.add_camera("Gate", "rtsp://192.0.2.1/main", None, false).await?;
    let path = TestSite::path_of(&camera, "main");
    let mut socket = Socket::open(&site.admin, &format!("/api/v1/playback/{path}?from=1000")).await?;
    let told = loop {
        match socket.hear().await? {
            Heard::Json(message) if message["type"] != "seeked" => break message,
            Heard::Json(_) => {}
            other => panic!("{other:?}"),
        }
    };
    assert!(told["type"] == "end" || told["code"] == "no_recording", "{told}");
    site.stop().await;
    Ok(())
}
