//! Requests, good and bad, and the life of a session.

use crate::{client::Client, eventually, farm, live, small};
use std::time::Duration;
use watchwall_camsim::{CameraSpec, Farm, FarmOptions, PortChoice, StreamSpec};
use watchwall_model::StreamRole::{Main, Sub};

#[tokio::test]
async fn a_session_is_described_set_up_played_and_torn_down() {
    let farm = farm(vec![small()]).await;
    let mut client = Client::connect(&farm.rtsp_url(0, Main)).await.unwrap();
    assert!(client.request("OPTIONS", "", "").await.head.contains("GET_PARAMETER"));
    let sdp = client.request("DESCRIBE", "", "").await;
    for line in ["a=framerate:10", "sprop-parameter-sets=Z", "a=control:track1", "packetization-mode=1"] {
        assert!(sdp.body.contains(line), "{line} in {}", sdp.body);
    }
    assert_eq!(client.request("PLAY", "", "").await.status, 454);
    let set_up = client.set_up().await;
    assert!(set_up.head.contains("interleaved=0-1"), "{}", set_up.head);
    assert_eq!(farm.counters(0).unwrap().main.sessions_now, 1);
    assert!(client.request("PLAY", "", "").await.head.contains("RTP-Info: url="));
    let first = client.video().await;
    assert_eq!(first.nal_types(), [7, 8], "begins with the parameter sets of a key frame");
    assert_eq!(client.request("GET_PARAMETER", "", "").await.status, 200);
    assert_eq!(client.request("PAUSE", "", "").await.status, 200);
    assert!(client.is_silent_for(500).await);
    assert_eq!(client.request("PLAY", "", "").await.status, 200);
    client.video().await;
    assert_eq!(client.request("TEARDOWN", "", "").await.status, 200);
    let counters = farm.counters(0).unwrap();
    assert_eq!((counters.main.sessions_now, counters.main.teardowns, counters.main.describes), (0, 1, 1));
    farm.shutdown().await;
}

#[tokio::test]
async fn wrong_requests_get_the_standards_answers() {
    let farm = farm(vec![small(), CameraSpec { sub: Some(live().main), ..small() }]).await;
    let check = async |camera, role, method: &str, suffix: &str, headers: &str, expect| {
        let mut client = Client::connect(&farm.rtsp_url(camera, role)).await.unwrap();
        let answer = client.request(method, suffix, headers).await;
        assert_eq!(answer.status, expect, "{method} {suffix} {headers}");
    };
    let tcp = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n";
    check(9, Main, "DESCRIBE", "", "", 404).await;
    check(0, Sub, "DESCRIBE", "", "", 404).await;
    check(0, Main, "DESCRIBE", "/nothing", "", 404).await;
    check(0, Main, "SETUP", "/track2", tcp, 404).await;
    check(0, Main, "SETUP", "/track1", "", 461).await;
    check(0, Main, "SETUP", "/track1", "Transport: RTP/SAVP;multicast\r\n", 461).await;
    check(0, Main, "PLAY", "", "Session: 12345678\r\n", 454).await;
    check(0, Main, "TEARDOWN", "", "", 454).await;
    check(0, Main, "RECORD", "", "", 501).await;
    let mut client = Client::connect(&farm.rtsp_url(1, Main)).await.unwrap();
    client.set_up().await;
    client.url = farm.rtsp_url(1, Sub);
    assert_eq!(client.set_up().await.status, 459);
    client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert_eq!(client.answer().await.status, 400);
    client.until_closed().await;
    assert_eq!(farm.counters(1).unwrap().bad_requests, 1);
    farm.shutdown().await;
}

#[tokio::test]
async fn a_silent_client_loses_its_session() {
    let options = FarmOptions { session_timeout: Duration::from_millis(300), ..FarmOptions::new(vec![small()]) };
    let farm = Farm::start(options).await.unwrap();
    let mut client = Client::playing(&farm.rtsp_url(0, Main)).await;
    client.until_closed().await;
    let counters = farm.counters(0).unwrap();
    assert_eq!((counters.main.sessions_now, counters.main.teardowns), (0, 0));
    farm.shutdown().await;
}

#[tokio::test]
async fn a_client_that_never_reads_is_cut_and_blocks_nobody() {
    let big = StreamSpec { gop_ms: 1000, ..StreamSpec::replay(320, 240, 25, 500) };
    let farm = farm(vec![CameraSpec::new("Big", big), small()]).await;
    farm.fault(0, watchwall_camsim::Fault::Burst { kbps: 100_000 }).await.unwrap();
    let deaf = Client::playing(&farm.rtsp_url(0, Main)).await;
    let mut other = Client::playing(&farm.rtsp_url(1, Main)).await;
    for _ in 0..20 {
        other.video().await;
    }
    eventually("the deaf client is cut", || farm.counters(0).unwrap().main.sessions_now == 0).await;
    drop(deaf);
    farm.shutdown().await;
}

#[tokio::test]
async fn a_camera_with_its_own_port_is_gone_when_offline() {
    let farm = farm(vec![CameraSpec { port: PortChoice::Own, ..small() }, small()]).await;
    let url = farm.rtsp_url(0, Main);
    let mut client = Client::playing(&url).await;
    let mut other = Client::connect(&url).await.unwrap();
    other.url = farm.rtsp_url(1, Main);
    assert_eq!(other.request("DESCRIBE", "", "").await.status, 404, "a port shows one camera");
    farm.fault(0, watchwall_camsim::Fault::Reboot { ms: 1000 }).await.unwrap();
    client.until_closed().await;
    let mut refused = false;
    let mut back = None;
    while back.is_none() {
        match Client::connect(&url).await {
            Ok(client) if refused => back = Some(client),
            Ok(_) => {}
            Err(_) => refused = true,
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(back.unwrap().request("DESCRIBE", "", "").await.status, 200);
    farm.shutdown().await;
}

#[tokio::test]
async fn cameras_that_cannot_exist_are_refused() {
    for (width, height, fps) in [(161, 120, 10), (160, 0, 10), (160, 120, 0), (10_000, 120, 10)] {
        let spec = CameraSpec::new("Bad", StreamSpec::replay(width, height, fps, 100));
        assert!(Farm::start(FarmOptions::new(vec![spec])).await.is_err(), "{width}x{height} {fps}");
    }
}
