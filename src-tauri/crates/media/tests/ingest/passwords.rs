//! Passwords: a camera locks out who guesses.

use crate::{
    cameras::{Cameras, PATIENCE, credentials, locked, stream, until, until_code, until_live},
    rogues::{options, rogue},
};
use futures::StreamExt;
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use watchwall_camsim::{AuthScheme, CameraSpec, Fault};
use watchwall_media::ingest::{IngestHandle, IngestRequest, InterestKind, ProbeRequest, probe, start_ingest};
use watchwall_model::{ErrorCode, IngestEngine, Phase, SafeUrl, StreamPath, Transport};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_scheme_lets_the_right_password_in() {
    for auth in [AuthScheme::Digest, AuthScheme::Basic, AuthScheme::Both] {
        let cameras = Cameras::start(vec![CameraSpec { auth, ..locked(stream()) }]).await;
        let mut request = cameras.request(0);
        request.credentials = credentials("right");
        let ingest = cameras.ingest(request);
        let _interest = ingest.interest(InterestKind::Viewer);
        until_live(&ingest).await;
        assert_eq!(cameras.farm.counters(0).unwrap().password_attempts, 0, "{auth:?}");
        ingest.stop().await;
    }
}

/// Streams of camera 0, pulled by these engines in turn, with a password.
fn ingests(cameras: &Cameras, count: usize, engines: &[IngestEngine], password: &str) -> Vec<IngestHandle> {
    let streams = (0..count).map(|number| {
        let mut request = request(cameras, number, password);
        request.engine = engines[number % engines.len()];
        cameras.ingest(request)
    });
    streams.collect()
}

fn request(cameras: &Cameras, number: usize, password: &str) -> IngestRequest {
    let path = StreamPath::parse(&format!("stream_{number}")).unwrap();
    IngestRequest { path, credentials: credentials(password), ..cameras.request(0) }
}

/// Waits until every stream waits for a person. Nothing happens by itself from there on: such an actor rests.
async fn until_refused(ingests: &[IngestHandle]) {
    for ingest in ingests {
        let is_refused = |phase: &Phase| matches!(phase, Phase::NeedsAttention { reason } if reason.code == ErrorCode::CredentialsWrong);
        until(ingest, "attention", |s| is_refused(&s.phase)).await;
    }
}

async fn stop(ingests: Vec<IngestHandle>) {
    for ingest in ingests {
        ingest.stop().await;
    }
}

fn attempts(cameras: &Cameras) -> u64 {
    cameras.farm.counters(0).unwrap().password_attempts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_is_tried_twice_by_all_streams_of_the_device_together() {
    use IngestEngine::{Auto, Gstreamer};
    for engines in [&[Auto][..], &[Gstreamer], &[Auto, Gstreamer]] {
        let cameras = Cameras::start(vec![locked(stream())]).await;
        let ingests = ingests(&cameras, 10, engines, "wrong");
        // Left and wanted again: each time a stream of its own accord would log in anew.
        for round in 0..3 {
            let interests: Vec<_> = ingests.iter().map(|i| i.interest(InterestKind::Recorder)).collect();
            until_refused(&ingests).await;
            drop(interests);
            // Another engine, transport or address is no other password.
            for (number, ingest) in ingests.iter().enumerate() {
                let transport = if (round + number) % 2 == 0 { Transport::Tcp } else { Transport::Udp };
                let engine = engines[(round + number) % engines.len()];
                ingest.update(IngestRequest { transport, engine, ..request(&cameras, number, "wrong") });
            }
        }
        let again = ProbeRequest {
            url: cameras.request(0).url,
            credentials: credentials("wrong"),
            engine: engines[0],
            transport: Transport::Auto,
            device_key: None,
        };
        let refused = probe(again, &cameras.options, PATIENCE).await.unwrap_err();
        assert_eq!((refused.code, refused.step), (ErrorCode::CredentialsWrong, Some("latched")));
        assert!((1..=2).contains(&attempts(&cameras)), "{engines:?}: {}", attempts(&cameras));
        let _interest = ingests[0].interest(InterestKind::Viewer);
        ingests[0].update(request(&cameras, 0, "right"));
        until_live(&ingests[0]).await;
        assert!(attempts(&cameras) <= 2, "{engines:?}: {}", attempts(&cameras));
        stop(ingests).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn passwords_typed_back_and_forth_are_tried_twice_each() {
    let cameras = Cameras::start(vec![locked(stream())]).await;
    let ingests = ingests(&cameras, 4, &[IngestEngine::Auto], "wrong 0");
    let _interests: Vec<_> = ingests.iter().map(|i| i.interest(InterestKind::Recorder)).collect();
    until_refused(&ingests).await;
    for round in 1..6 {
        let password = format!("wrong {}", round % 2);
        for (number, ingest) in ingests.iter().enumerate() {
            ingest.update(request(&cameras, number, &password));
        }
        until(&ingests[0], "the new attempt", |s| !matches!(s.phase, Phase::NeedsAttention { .. })).await;
        until_refused(&ingests).await;
    }
    assert!((2..=4).contains(&attempts(&cameras)), "{}", attempts(&cameras));
    stop(ingests).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_camera_that_does_not_answer_a_login_is_asked_by_one_stream_at_a_time() {
    let (open, most): (Arc<AtomicU32>, Arc<AtomicU32>) = Default::default();
    let (in_server, seen) = (Arc::clone(&open), Arc::clone(&most));
    let (address, server) = rogue(move |mut socket| {
        let (open, most) = (Arc::clone(&in_server), Arc::clone(&seen));
        async move {
            let mut text = String::new();
            let mut bytes = [0; 2048];
            loop {
                let length = socket.read(&mut bytes).await?;
                if length == 0 {
                    return Ok(());
                }
                text += &String::from_utf8_lossy(&bytes[..length]);
                if !text.ends_with("\r\n\r\n") {
                    continue;
                }
                if text.contains("Authorization:") {
                    break;
                }
                let number = text.lines().find_map(|line| line.strip_prefix("CSeq:")).unwrap_or("1").trim().to_owned();
                let challenge = r#"WWW-Authenticate: Digest realm="r", nonce="n""#;
                let answer = format!("RTSP/1.0 401 Unauthorized\r\nCSeq: {number}\r\n{challenge}\r\n\r\n");
                socket.write_all(answer.as_bytes()).await?;
                text.clear();
            }
            most.fetch_max(open.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            // Whoever asked gives up and leaves.
            while matches!(socket.read(&mut bytes).await, Ok(1..)) {}
            open.fetch_sub(1, Ordering::SeqCst);
            Ok(())
        }
    })
    .await;
    let options = options();
    let ingests: Vec<_> = (0..6)
        .map(|number| {
            let request = IngestRequest {
                path: StreamPath::parse(&format!("stream_{number}")).unwrap(),
                url: SafeUrl::split(&format!("rtsp://{address}/cam")).unwrap().0,
                credentials: credentials("right"),
                engine: IngestEngine::Auto,
                transport: Transport::Auto,
                device_key: None,
            };
            start_ingest(request, options.clone())
        })
        .collect();
    let _interests: Vec<_> = ingests.iter().map(|i| i.interest(InterestKind::Viewer)).collect();
    // All but the one whose turn it is.
    let waiting = futures::stream::iter(ingests.iter().map(|ingest| until_code(ingest, ErrorCode::LoginPending)));
    assert_eq!(waiting.buffer_unordered(6).take(5).count().await, 5);
    assert_eq!(most.load(Ordering::SeqCst), 1);
    stop(ingests).await;
    server.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_password_is_asked_for_at_once() {
    let cameras = Cameras::start(vec![locked(stream())]).await;
    let ingest = cameras.ingest(cameras.request(0));
    let _interest = ingest.interest(InterestKind::Viewer);
    let snapshot = until_code(&ingest, ErrorCode::CredentialsMissing).await;
    assert!(matches!(snapshot.phase, Phase::NeedsAttention { .. }));
    ingest.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_may_ask_again_after_unlocking_the_device() {
    let cameras = Cameras::start(vec![locked(stream())]).await;
    cameras.fault(Fault::WrongPassword).await;
    let mut request = cameras.request(0);
    request.credentials = credentials("right");
    let ingest = cameras.ingest(request);
    let _interest = ingest.interest(InterestKind::Viewer);
    until(&ingest, "attention", |s| matches!(s.phase, Phase::NeedsAttention { .. })).await;
    cameras.farm.clear(0).await.unwrap();
    ingest.retry();
    until_live(&ingest).await;
    ingest.stop().await;
}
