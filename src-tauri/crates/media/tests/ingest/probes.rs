//! Looking before saving.

use crate::cameras::{Cameras, PATIENCE, camera, credentials, locked, stream};
use std::time::{Duration, Instant};
use tokio::{io::AsyncWriteExt, net::TcpListener};
use watchwall_camsim::{Audio, CameraSpec, Codec, Fault, StreamSpec};
use watchwall_media::ingest::{IngestOptions, ProbeReport, ProbeRequest, probe};
use watchwall_model::{AudioCodec, ErrorCode, IngestEngine, Problem, SafeUrl, Transport, VideoCodec};

fn request(url: &str) -> ProbeRequest {
    ProbeRequest {
        url: SafeUrl::split(url).unwrap().0,
        credentials: None,
        engine: IngestEngine::Auto,
        transport: Transport::Auto,
        device_key: None,
    }
}

async fn look(cameras: &Cameras, password: Option<&str>) -> Result<ProbeReport, Problem> {
    let url = cameras.farm.rtsp_url(0, watchwall_model::StreamRole::Main);
    let credentials = password.and_then(credentials);
    probe(ProbeRequest { credentials, ..request(&url) }, &cameras.options, PATIENCE).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_says_what_it_found_and_leaves() {
    let spec = StreamSpec { codec: Codec::H265, audio: Audio::Pcma, ..stream() };
    let cameras = Cameras::start(vec![locked(spec)]).await;
    let report = look(&cameras, Some("right")).await.unwrap();
    let facts = &report.facts;
    assert_eq!((facts.video.as_ref(), facts.width, facts.height), (Some(&VideoCodec::H265), 320, 240));
    assert_eq!((facts.audio.as_ref(), facts.audio_sample_rate), (Some(&AudioCodec::Pcma), Some(8_000)));
    assert!((facts.frame_rate - 25.0).abs() < 5.0, "{facts:?}");
    assert_eq!(facts.gop_ms, Some(1_000));
    assert_eq!((report.engine, report.transport), (IngestEngine::Retina, Transport::Tcp));
    let steps: Vec<_> = report.steps.iter().map(|s| s.step).collect();
    assert_eq!(steps, ["describe", "setup", "play", "first_picture"]);
    assert!(report.picture.first().is_some_and(|u| u.is_key));
    cameras.until("the TEARDOWN", |c| c.teardowns() == 1 && c.sessions_now() == 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_refusal_has_its_code() {
    let check = async |spec: CameraSpec, password, expect: ErrorCode| {
        let what = format!("{:?} {password:?}", spec.faults);
        let cameras = Cameras::start(vec![spec]).await;
        let problem = look(&cameras, password).await.unwrap_err();
        assert_eq!(problem.code, expect, "{what}: {problem}");
        cameras.until("the end of its session", |c| c.sessions_now() == 0).await;
    };
    let with = |fault| CameraSpec { faults: vec![fault], ..camera(stream()) };
    check(locked(stream()), None, ErrorCode::CredentialsMissing).await;
    check(locked(stream()), Some("wrong"), ErrorCode::CredentialsWrong).await;
    check(with(Fault::Offline), None, ErrorCode::PortRefused).await;
    check(with(Fault::HtmlAnswer), None, ErrorCode::NotRtsp).await;
    check(with(Fault::UnknownCodec), None, ErrorCode::CodecUnsupported).await;
    check(with(Fault::NoKeyFrames), None, ErrorCode::NoKeyFrame).await;
    check(with(Fault::Freeze), None, ErrorCode::StreamStalled).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_addresses_are_told_apart() {
    let options = IngestOptions {
        connect_timeout: Duration::from_millis(700),
        read_timeout: Duration::from_millis(700),
        ..IngestOptions::default()
    };
    let check = async |url: &str, expect: &[ErrorCode]| {
        let start = Instant::now();
        let problem = probe(request(url), &options, Duration::from_secs(8)).await.unwrap_err();
        assert!(expect.contains(&problem.code), "{url}: {problem}");
        assert!(start.elapsed() < Duration::from_secs(10), "{url}: {:?}", start.elapsed());
    };
    let cameras = Cameras::one(stream()).await;
    let unknown = cameras.farm.rtsp_url(7, watchwall_model::StreamRole::Main);
    check(&unknown, &[ErrorCode::StreamPathUnknown]).await;
    check("rtsp://no-such-host.invalid/a", &[ErrorCode::HostUnknown]).await;
    check("rtsp://127.0.0.1:1/a", &[ErrorCode::PortRefused]).await;
    check("rtsps://127.0.0.1:1/a", &[ErrorCode::PortRefused]).await;
    check("http://127.0.0.1:1/a.mjpg", &[ErrorCode::PortRefused]).await;
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    check(&format!("rtsp://{}/a", silent.local_addr().unwrap()), &[ErrorCode::ConnectTimeout]).await;
    let closing = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = closing.local_addr().unwrap();
    let server = tokio::spawn(async move {
        while let Ok((mut socket, _)) = closing.accept().await {
            // Whatever was asked: the answer of a web server, and good-bye.
            let _ = socket.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").await;
        }
    });
    check(&format!("rtsp://{address}/a"), &[ErrorCode::NotRtsp]).await;
    server.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadline_ends_it() {
    let cameras = Cameras::start(vec![CameraSpec { faults: vec![Fault::Freeze], ..camera(stream()) }]).await;
    let url = cameras.farm.rtsp_url(0, watchwall_model::StreamRole::Main);
    let start = Instant::now();
    assert!(probe(request(&url), &cameras.options, Duration::from_millis(500)).await.is_err());
    assert!(start.elapsed() < Duration::from_secs(5));
}
