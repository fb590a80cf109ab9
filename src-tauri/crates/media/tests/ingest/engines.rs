//! The second engine, and the way from one to the other.

use crate::cameras::{Cameras, check_times, read, stream, until, until_code, until_live, viewer};
use std::{process::Command, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    time::sleep,
};
use watchwall_camsim::{Audio, Codec, Fault, StreamSpec};
use watchwall_media::{Track, ingest::InterestKind};
use watchwall_model::{AudioCodec, ErrorCode, IngestEngine, SafeUrl, Transport, VideoCodec};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gstreamer_delivers_the_same_as_retina() {
    for (codec, audio, transport) in [
        (Codec::H264, Audio::Aac, Transport::Tcp),
        (Codec::H265, Audio::Pcma, Transport::Tcp),
        (Codec::Mjpeg, Audio::Pcmu, Transport::Tcp),
        (Codec::H264, Audio::None, Transport::Udp),
    ] {
        let cameras = Cameras::one(StreamSpec { codec, audio, ..stream() }).await;
        let mut seen = Vec::new();
        for engine in [IngestEngine::Retina, IngestEngine::Gstreamer] {
            let mut request = cameras.request(0);
            (request.engine, request.transport) = (engine, transport);
            let ingest = cameras.ingest(request);
            let _interest = ingest.interest(InterestKind::Viewer);
            let mut viewer = viewer(&ingest);
            let units = read(&mut viewer, 60).await;
            check_times(&units);
            let params = units.last().unwrap().params.clone();
            let video = params.video.clone().unwrap();
            let audio = params.audio.as_ref().map(|a| (a.codec.clone(), a.sample_rate, a.channels, a.config.clone()));
            seen.push((video.codec, video.codec_string, video.width, video.height, audio));
            assert_eq!(until_live(&ingest).await.engine_in_use, Some(engine));
            ingest.stop().await;
        }
        assert_eq!(seen[0], seen[1]);
        cameras.until("both TEARDOWNs", |c| c.teardowns() == 2 && c.sessions_now() == 0).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gstreamer_recovers_like_retina() {
    let cameras = Cameras::one(stream()).await;
    let mut request = cameras.request(0);
    request.engine = IngestEngine::Gstreamer;
    let ingest = cameras.ingest(request);
    let _interest = ingest.interest(InterestKind::Viewer);
    until_live(&ingest).await;
    cameras.fault(Fault::Offline).await;
    until_code(&ingest, ErrorCode::PortRefused).await;
    cameras.farm.clear(0).await.unwrap();
    until_live(&ingest).await;
    ingest.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_plays_at_its_own_pace_and_starts_over() {
    let folder = std::env::temp_dir().join(format!("watchwall-ingest-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("clip.mp4");
    let made = Command::new("gst-launch-1.0")
        .args(["-q", "videotestsrc", "num-buffers=50", "!", "video/x-raw,width=160,height=120,framerate=25/1"])
        .args(["!", "x264enc", "tune=zerolatency", "key-int-max=25", "!", "mp4mux", "!", "filesink"])
        .arg(format!("location={}", file.display()))
        .status();
    if !made.is_ok_and(|status| status.success()) {
        eprintln!("skipped: gst-launch-1.0 cannot write an MP4 file here");
        return;
    }
    let cameras = Cameras::one(stream()).await;
    let mut request = cameras.request(0);
    request.url = SafeUrl::split(&format!("file://{}", file.display())).unwrap().0;
    let ingest = cameras.ingest(request);
    let _interest = ingest.interest(InterestKind::Viewer);
    let mut viewer = viewer(&ingest);
    let start = std::time::Instant::now();
    let units = read(&mut viewer, 60).await;
    assert!(start.elapsed() > Duration::from_millis(1_800), "{:?}", start.elapsed());
    check_times(&units);
    assert_eq!(units[0].params.video.as_ref().unwrap().codec, VideoCodec::H264);
    until(&ingest, "the second round", |s| s.reconnects >= 1).await;
    ingest.stop().await;
    std::fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pictures_over_http_are_taken() {
    let cameras = Cameras::one(StreamSpec { codec: Codec::Mjpeg, ..stream() }).await;
    let pictures = {
        let ingest = cameras.ingest(cameras.request(0));
        let _interest = ingest.interest(InterestKind::Viewer);
        let mut viewer = viewer(&ingest);
        let units = read(&mut viewer, 5).await;
        ingest.stop().await;
        units.into_iter().map(|u| u.data.clone()).collect::<Vec<_>>()
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let pictures = pictures.clone();
            tokio::spawn(async move {
                let _ = socket.read(&mut [0; 2_048]).await;
                let head = "HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=cut\r\n\r\n";
                let mut sent = socket.write_all(head.as_bytes()).await;
                for picture in pictures.iter().cycle() {
                    if sent.is_err() {
                        break;
                    }
                    let head =
                        format!("--cut\r\nContent-Type: image/jpeg\r\nContent-Length: {}\r\n\r\n", picture.len());
                    sent = socket.write_all(&[head.as_bytes(), picture, b"\r\n"].concat()).await;
                    sleep(Duration::from_millis(40)).await;
                }
            });
        }
    });
    let mut request = cameras.request(0);
    request.url = SafeUrl::split(&format!("http://{address}/video.mjpg")).unwrap().0;
    let ingest = cameras.ingest(request);
    let _interest = ingest.interest(InterestKind::Viewer);
    let mut viewer = viewer(&ingest);
    let units = read(&mut viewer, 30).await;
    check_times(&units);
    let video = units[0].params.video.as_ref().unwrap();
    assert_eq!((&video.codec, video.width, video.height), (&VideoCodec::Mjpeg, 320, 240));
    assert!(units.iter().all(|u| u.is_key && u.data.starts_with(&[0xff, 0xd8])));
    assert_eq!(until_live(&ingest).await.engine_in_use, Some(IngestEngine::Gstreamer));
    ingest.stop().await;
    server.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sound_stays_out_until_the_picture_is_known() {
    let cameras = Cameras::one(StreamSpec { audio: Audio::Aac, gop_ms: 2_000, ..stream() }).await;
    for engine in [IngestEngine::Retina, IngestEngine::Gstreamer] {
        let mut request = cameras.request(0);
        request.engine = engine;
        let ingest = cameras.ingest(request);
        let _interest = ingest.interest(InterestKind::Viewer);
        let mut viewer = viewer(&ingest);
        let units = read(&mut viewer, 40).await;
        assert!(units[0].is_video_key());
        let audio = units.iter().find(|u| u.track == Track::Audio).unwrap();
        assert_eq!(audio.params.audio.as_ref().unwrap().codec, AudioCodec::Aac);
        ingest.stop().await;
    }
}
