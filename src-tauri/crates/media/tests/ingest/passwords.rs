//! Passwords: a camera locks out who guesses.

use crate::cameras::{Cameras, credentials, locked, stream, until, until_code, until_live};
use std::time::Duration;
use tokio::time::sleep;
use watchwall_camsim::{AuthScheme, CameraSpec, Fault};
use watchwall_media::ingest::InterestKind;
use watchwall_model::{ErrorCode, IngestEngine, Phase, StreamPath};

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_is_tried_twice_by_all_streams_of_the_device_together() {
    for engine in [IngestEngine::Auto, IngestEngine::Gstreamer] {
        let cameras = Cameras::start(vec![locked(stream())]).await;
        let ingests: Vec<_> = (0..4)
            .map(|n| {
                let mut request = cameras.request(0);
                request.path = StreamPath::parse(&format!("stream_{n}")).unwrap();
                (request.credentials, request.engine) = (credentials("wrong"), engine);
                cameras.ingest(request)
            })
            .collect();
        let _interests: Vec<_> = ingests.iter().map(|i| i.interest(InterestKind::Recorder)).collect();
        for ingest in &ingests {
            let attention =
                |p: &Phase| matches!(p, Phase::NeedsAttention { reason } if reason.code == ErrorCode::CredentialsWrong);
            until(ingest, "attention", |s| attention(&s.phase)).await;
        }
        // Longer than any back-off that might follow.
        sleep(Duration::from_secs(3)).await;
        let attempts = cameras.farm.counters(0).unwrap().password_attempts;
        assert!((1..=2).contains(&attempts), "{engine:?}: {attempts}");
        let mut request = cameras.request(0);
        (request.path, request.engine) = (ingests[0].path().clone(), engine);
        request.credentials = credentials("right");
        ingests[0].update(request);
        until_live(&ingests[0]).await;
        for ingest in ingests {
            ingest.stop().await;
        }
    }
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
