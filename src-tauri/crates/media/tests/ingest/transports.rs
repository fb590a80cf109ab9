//! Every way from a camera to us: frames come out of the hub.

use crate::cameras::{Cameras, check_times, read, read_until, stream, until, until_code, until_live, viewer};
use std::{collections::BTreeSet, time::Duration};
use watchwall_camsim::{Audio, CameraSpec, Codec, FarmOptions, Fault, PortChoice, StreamSpec};
use watchwall_media::{
    AccessUnit, Track, audio,
    ingest::{IngestRequest, InterestKind, ProbeRequest, probe},
};
use watchwall_model::{AudioCodec, ErrorCode, IngestEngine, SafeUrl, StreamRole, Transport};

async fn wrapped(main: StreamSpec, password: Option<&str>) -> Cameras {
    let spec = match password {
        Some(_) => crate::cameras::locked(main),
        None => crate::cameras::camera(main),
    };
    let loopback = ([127, 0, 0, 1], 0).into();
    Cameras::with(FarmOptions {
        tls_listen: Some(loopback),
        tunnel_listen: Some(loopback),
        ..FarmOptions::new(vec![CameraSpec { port: PortChoice::Shared, ..spec }])
    })
    .await
}

fn at(url: Option<String>, request: IngestRequest) -> IngestRequest {
    IngestRequest { url: SafeUrl::split(&url.unwrap()).unwrap().0, ..request }
}

/// Pulls it, checks what comes, leaves; gives the units.
async fn pull(cameras: &Cameras, request: IngestRequest) -> Vec<std::sync::Arc<AccessUnit>> {
    let what = format!("{} {:?}", request.url, request.transport);
    let ingest = cameras.ingest(request);
    let _interest = ingest.interest(InterestKind::Recorder);
    let mut viewer = viewer(&ingest);
    let units = read(&mut viewer, 60).await;
    check_times(&units);
    assert!(units[0].is_video_key(), "{what}");
    until_live(&ingest).await;
    ingest.stop().await;
    cameras.until("its TEARDOWN", |c| c.sessions_now() == 0 && c.teardowns() > 0).await;
    units
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tls_with_a_certificate_the_camera_signed_itself() {
    for password in [None, Some("right")] {
        let cameras = wrapped(StreamSpec { audio: Audio::Aac, ..stream() }, password).await;
        let mut request = at(cameras.farm.rtsps_url(0, StreamRole::Main), cameras.request(0));
        request.credentials = password.and_then(crate::cameras::credentials);
        let units = pull(&cameras, request).await;
        assert!(units.iter().any(|u| u.track == Track::Audio));
        assert_eq!(cameras.farm.counters(0).unwrap().password_attempts, 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_over_tls_is_tried_twice_at_most() {
    let cameras = wrapped(stream(), Some("right")).await;
    let mut request = at(cameras.farm.rtsps_url(0, StreamRole::Main), cameras.request(0));
    request.credentials = crate::cameras::credentials("wrong");
    let ingest = cameras.ingest(request);
    let _interest = ingest.interest(InterestKind::Viewer);
    until_code(&ingest, ErrorCode::CredentialsWrong).await;
    ingest.stop().await;
    assert!(cameras.farm.counters(0).unwrap().password_attempts <= 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn through_an_http_tunnel() {
    for password in [None, Some("right")] {
        let cameras = wrapped(StreamSpec { audio: Audio::Pcmu, ..stream() }, password).await;
        let mut request = at(cameras.farm.tunnel_url(0, StreamRole::Main), cameras.request(0));
        request.transport = Transport::Http;
        request.credentials = password.and_then(crate::cameras::credentials);
        let units = pull(&cameras, request).await;
        assert!(units.iter().any(|u| u.track == Track::Audio));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn multicast_is_joined_where_the_camera_is() {
    let cameras = Cameras::one(StreamSpec { audio: Audio::Pcma, ..stream() }).await;
    let request = IngestRequest { transport: Transport::Multicast, ..cameras.request(0) };
    let units = pull(&cameras, request).await;
    assert!(units.iter().any(|u| u.track == Track::Audio));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn datagrams_out_of_order_are_put_in_order_and_lost_ones_are_marked() {
    let cameras = Cameras::one(StreamSpec { bitrate_kbps: 2_000, ..stream() }).await;
    let (engine, transport) = (IngestEngine::Gstreamer, Transport::Udp);
    let ingest = cameras.ingest(IngestRequest { engine, transport, ..cameras.request(0) });
    let _interest = ingest.interest(InterestKind::Viewer);
    let mut viewer = viewer(&ingest);
    let sizes = |units: &[std::sync::Arc<AccessUnit>]| units.iter().map(|u| u.data.len()).collect::<BTreeSet<_>>();
    // One whole loop: every picture that will ever come.
    let whole = sizes(&read(&mut viewer, 120).await);
    cameras.fault(Fault::PacketReorder { percent: 20.0 }).await;
    let units = read(&mut viewer, 100).await;
    check_times(&units);
    assert!(units.iter().all(|u| !u.is_discontinuity), "nothing is lost by order alone");
    assert!(sizes(&units).is_subset(&whole), "pictures are put together whole");
    cameras.fault(Fault::PacketLoss { percent: 3.0 }).await;
    let units = read_until(&mut viewer, |u| u.is_discontinuity).await;
    check_times(&units);
    until(&ingest, "lost units", |s| s.lost_units > 0).await;
    ingest.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_sound_is_delivered_and_named() {
    let check = async |sent: Audio, engine: IngestEngine, expect: AudioCodec, hz: u32, is_playable: bool| {
        let what = format!("{sent:?} {engine:?}");
        let cameras = Cameras::one(StreamSpec { audio: sent, ..stream() }).await;
        let ingest = cameras.ingest(IngestRequest { engine, ..cameras.request(0) });
        let _interest = ingest.interest(InterestKind::Viewer);
        let mut viewer = viewer(&ingest);
        let units = read_until(&mut viewer, |u| u.track == Track::Audio).await;
        check_times(&units);
        let sound = units.last().unwrap();
        let params = sound.params.audio.as_ref().unwrap();
        assert_eq!((&params.codec, params.sample_rate), (&expect, hz), "{what}");
        assert_eq!(audio::is_containable(params), is_playable, "{what}");
        assert_eq!(audio::container_frame(sound).is_some(), is_playable, "{what}");
        let more = read(&mut viewer, 40).await;
        assert!(more.iter().any(|u| u.is_video()) && more.iter().any(|u| !u.is_video()), "{what}");
        let facts = until(&ingest, "facts", |s| s.facts.as_ref().is_some_and(|f| f.audio.is_some())).await.facts;
        assert_eq!(facts.unwrap().audio, Some(expect), "{what}");
        ingest.stop().await;
    };
    for engine in [IngestEngine::Auto, IngestEngine::Gstreamer] {
        check(Audio::Aac, engine, AudioCodec::Aac, 16_000, true).await;
        check(Audio::Pcma, engine, AudioCodec::Pcma, 8_000, true).await;
        check(Audio::Pcmu, engine, AudioCodec::Pcmu, 8_000, true).await;
        check(Audio::Opus, engine, AudioCodec::Opus, 48_000, true).await;
        check(Audio::G726, engine, AudioCodec::G726, 8_000, false).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sound_that_nobody_knows_is_named_and_the_picture_plays() {
    for engine in [IngestEngine::Auto, IngestEngine::Gstreamer] {
        let main = StreamSpec { audio: Audio::Pcma, ..stream() };
        let cameras =
            Cameras::start(vec![CameraSpec { faults: vec![Fault::UnknownSound], ..crate::cameras::camera(main) }])
                .await;
        let ingest = cameras.ingest(IngestRequest { engine, ..cameras.request(0) });
        let _interest = ingest.interest(InterestKind::Viewer);
        let mut viewer = viewer(&ingest);
        let units = read(&mut viewer, 30).await;
        assert!(units.iter().all(|u| u.is_video()));
        let snapshot = until_live(&ingest).await;
        assert!(snapshot.skipped_tracks.iter().any(|track| track.contains("x-unheard")), "{snapshot:?}");
        ingest.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_retina_refuses_goes_to_gstreamer_and_is_remembered() {
    let faults = vec![Fault::OddContentType];
    let cameras = Cameras::start(vec![CameraSpec { faults, ..crate::cameras::camera(stream()) }]).await;
    let ingest = cameras.ingest(cameras.request(0));
    let interest = ingest.interest(InterestKind::Viewer);
    let snapshot = until_live(&ingest).await;
    assert_eq!(snapshot.engine_in_use, Some(IngestEngine::Gstreamer));
    let reason = snapshot.handed_over.expect("says why");
    assert_eq!(reason.code, ErrorCode::RtspError, "{reason}");
    let describes = || cameras.farm.counters(0).unwrap().main.describes;
    let asked = describes();
    // The second time retina is not asked again.
    drop(interest);
    until(&ingest, "idle", |s| s.phase == watchwall_model::Phase::Idle).await;
    let _interest = ingest.interest(InterestKind::Viewer);
    let again = until_live(&ingest).await;
    assert_eq!((again.engine_in_use, again.handed_over), (Some(IngestEngine::Gstreamer), None));
    assert_eq!(describes(), asked + 1);
    ingest.stop().await;
    // Nor after a restart of the site that kept what the snapshot said.
    let ingest = cameras.ingest(cameras.request(0));
    ingest.remember(IngestEngine::Gstreamer);
    let _interest = ingest.interest(InterestKind::Viewer);
    assert_eq!(until_live(&ingest).await.engine_in_use, Some(IngestEngine::Gstreamer));
    assert_eq!(describes(), asked + 2);
    ingest.stop().await;
    let url = cameras.request(0).url;
    let request = ProbeRequest {
        url,
        credentials: None,
        engine: IngestEngine::Auto,
        transport: Transport::Auto,
        device_key: None,
    };
    let report = probe(request, &cameras.options, crate::cameras::PATIENCE).await.unwrap();
    assert_eq!(report.engine, IngestEngine::Gstreamer);
    assert!(report.handed_over.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_camera_that_refuses_tcp_is_pulled_over_udp() {
    let faults = vec![Fault::UdpOnly];
    let cameras = Cameras::start(vec![CameraSpec { faults, ..crate::cameras::camera(stream()) }]).await;
    let ingest = cameras.ingest(cameras.request(0));
    let _interest = ingest.interest(InterestKind::Viewer);
    let mut viewer = viewer(&ingest);
    check_times(&read(&mut viewer, 30).await);
    let snapshot = until_live(&ingest).await;
    assert_eq!((snapshot.engine_in_use, snapshot.transport), (Some(IngestEngine::Retina), Some(Transport::Udp)));
    ingest.stop().await;
    let forced = cameras.ingest(IngestRequest { transport: Transport::Tcp, ..cameras.request(0) });
    let _interest = forced.interest(InterestKind::Viewer);
    until_code(&forced, ErrorCode::RtspError).await;
    forced.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_remembered_wrongly_is_forgotten() {
    // GStreamer's strictness is not at stake here: the picture never becomes decodable, which may be the engine.
    let cameras = Cameras::one(StreamSpec { codec: Codec::H264, ..stream() }).await;
    cameras.fault(Fault::NoKeyFrames).await;
    let ingest = cameras.ingest(cameras.request(0));
    ingest.remember(IngestEngine::Gstreamer);
    let _interest = ingest.interest(InterestKind::Viewer);
    until(&ingest, "a failure", |s| matches!(s.phase, watchwall_model::Phase::Waiting { .. })).await;
    cameras.farm.clear(0).await.unwrap();
    let live = tokio::time::timeout(Duration::from_secs(30), until_live(&ingest)).await.unwrap();
    assert_eq!(live.engine_in_use, Some(IngestEngine::Retina));
    ingest.stop().await;
}
