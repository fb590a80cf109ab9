//! Each fault does what it says, and clearing it heals.

use crate::{
    client::{Client, Packet},
    eventually, farm, live, small,
};
use std::time::{Duration, Instant};
use watchwall_camsim::{CameraSpec, Codec, Farm, Fault, StreamSpec};
use watchwall_model::StreamRole::{Main, Sub};

/// The picture packets up to and with the n-th end of an access unit.
async fn units(client: &mut Client, count: usize) -> Vec<Vec<Packet>> {
    let mut units = Vec::new();
    while units.len() < count {
        let mut unit = vec![client.video().await];
        while !unit.last().unwrap().marker() {
            unit.push(client.video().await);
        }
        units.push(unit);
    }
    units
}

fn has(unit: &[Packet], nal_type: u8) -> bool {
    unit.iter().any(|packet| packet.nal_types().contains(&nal_type))
}

async fn both_modes() -> [Farm; 2] {
    [farm(vec![small()]).await, farm(vec![live()]).await]
}

#[tokio::test]
async fn drop_connection_ends_the_sessions_of_now() {
    for farm in both_modes().await {
        let mut client = Client::playing(&farm.rtsp_url(0, Main)).await;
        client.video().await;
        farm.fault(0, Fault::DropConnection).await.unwrap();
        client.until_closed().await;
        Client::playing(&farm.rtsp_url(0, Main)).await.video().await;
        let counters = farm.counters(0).unwrap();
        assert_eq!((counters.main.sessions_total, counters.main.teardowns), (2, 0));
        farm.shutdown().await;
    }
}

#[tokio::test]
async fn a_frozen_stream_keeps_its_socket_and_thaws_at_a_key_frame() {
    for farm in both_modes().await {
        let mut client = Client::playing(&farm.rtsp_url(0, Main)).await;
        client.video().await;
        farm.fault(0, Fault::Freeze).await.unwrap();
        assert_eq!(client.request("GET_PARAMETER", "", "").await.status, 200);
        let before = farm.counters(0).unwrap().main.packets;
        assert!(client.is_silent_for(700).await);
        assert_eq!(client.request("GET_PARAMETER", "", "").await.status, 200);
        assert_eq!(farm.counters(0).unwrap().main.packets, before);
        farm.clear(0).await.unwrap();
        assert!(has(&units(&mut client, 1).await[0], 5));
        farm.shutdown().await;
    }
}

#[tokio::test]
async fn a_stalled_stream_catches_up() {
    let farm = farm(vec![small()]).await;
    let mut client = Client::playing(&farm.rtsp_url(0, Main)).await;
    let before = units(&mut client, 1).await[0][0].clone();
    farm.fault(0, Fault::Stall { ms: 1000 }).await.unwrap();
    let stalled = Instant::now();
    let after = units(&mut client, 8).await;
    assert!(stalled.elapsed() >= Duration::from_millis(700), "{:?}", stalled.elapsed());
    let times: Vec<_> = after.iter().map(|unit| unit[0].time().wrapping_sub(before.time())).collect();
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] == 9000), "no frame is missing: {times:?}");
    farm.shutdown().await;
}

#[tokio::test]
async fn lost_packets_leave_holes() {
    let farm = farm(vec![small()]).await;
    farm.fault(0, Fault::PacketLoss { percent: 50.0 }).await.unwrap();
    let mut client = Client::playing(&farm.rtsp_url(0, Main)).await;
    let mut sequence = client.video().await.sequence();
    let mut holes = 0;
    for _ in 0..20 {
        let next = client.video().await.sequence();
        holes += u32::from(next.wrapping_sub(sequence) != 1);
        sequence = next;
    }
    assert!(holes > 0);
    assert!(farm.counters(0).unwrap().main.lost_packets > 0);
    farm.shutdown().await;
}

#[tokio::test]
async fn a_second_session_is_refused_while_the_first_lasts() {
    let farm = farm(vec![CameraSpec { sub: Some(live().main), ..small() }]).await;
    farm.fault(0, Fault::RefuseSecondSession { status: 453 }).await.unwrap();
    let mut first = Client::playing(&farm.rtsp_url(0, Main)).await;
    let mut second = Client::connect(&farm.rtsp_url(0, Main)).await.unwrap();
    assert_eq!(second.set_up().await.status, 453);
    let mut sub = Client::connect(&farm.rtsp_url(0, Sub)).await.unwrap();
    assert_eq!(sub.set_up().await.status, 200, "another stream is another session");
    assert_eq!(first.request("TEARDOWN", "", "").await.status, 200);
    assert_eq!(second.set_up().await.status, 200);
    assert_eq!(farm.counters(0).unwrap().main.sessions_max, 1);
    farm.shutdown().await;
}

#[tokio::test]
async fn changed_parameters_come_in_band() {
    for farm in both_modes().await {
        let mut client = Client::playing(&farm.rtsp_url(0, Main)).await;
        let sets = |unit: &[Packet]| unit[0].data[12..].to_vec();
        let before = sets(&units(&mut client, 1).await[0]);
        farm.fault(0, Fault::ParameterChange { width: 352, height: 288 }).await.unwrap();
        let mut tries = 0;
        loop {
            let unit = units(&mut client, 1).await.remove(0);
            if has(&unit, 7) && sets(&unit) != before {
                break;
            }
            tries += 1;
            assert!(tries < 100, "new parameter sets");
        }
        farm.shutdown().await;
    }
}

#[tokio::test]
async fn b_frames_come_out_of_order_and_time_goes_on() {
    for farm in both_modes().await {
        farm.fault(0, Fault::BFrames).await.unwrap();
        let mut client = Client::playing(&farm.rtsp_url(0, Main)).await;
        let times: Vec<_> = units(&mut client, 20).await.iter().map(|unit| unit[0].time()).collect();
        let back = times.windows(2).filter(|pair| pair[1].wrapping_sub(pair[0]).cast_signed() < 0).count();
        assert!(back >= 4, "{times:?}");
        let mut sorted: Vec<_> = times.iter().map(|time| time.wrapping_sub(times[0]).cast_signed()).collect();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), times.len(), "no time twice");
        farm.shutdown().await;
    }
}

#[tokio::test]
async fn rtp_time_jumps_and_wraps() {
    let farm = farm(vec![small()]).await;
    let mut client = Client::playing(&farm.rtsp_url(0, Main)).await;
    let before = client.video().await.time();
    farm.fault(0, Fault::TimestampJump { ticks: -9_000_000 }).await.unwrap();
    let mut ahead = 0;
    while ahead > -8_000_000 {
        ahead = client.video().await.time().wrapping_sub(before).cast_signed();
        assert!(ahead < 900_000, "the jump");
    }
    farm.fault(0, Fault::TimestampWrap).await.unwrap();
    let mut last = client.video().await.time();
    while last < 0xf000_0000 {
        last = client.video().await.time();
    }
    loop {
        let next = client.video().await.time();
        assert!(next.wrapping_sub(last) < 90_000, "{last} {next}");
        if next < 1_000_000 {
            break;
        }
        last = next;
    }
    farm.shutdown().await;
}

#[tokio::test]
async fn without_key_frames_only_the_others_come() {
    for farm in both_modes().await {
        farm.fault(0, Fault::NoKeyFrames).await.unwrap();
        let mut client = Client::playing(&farm.rtsp_url(0, Main)).await;
        let seen = units(&mut client, 25).await;
        assert!(seen.iter().all(|unit| !has(unit, 5) && !has(unit, 7) && has(unit, 1)));
        farm.shutdown().await;
    }
}

#[tokio::test]
async fn a_web_page_answers_every_request() {
    let farm = farm(vec![small()]).await;
    farm.fault(0, Fault::HtmlAnswer).await.unwrap();
    let mut client = Client::connect(&farm.rtsp_url(0, Main)).await.unwrap();
    let answer = client.request("DESCRIBE", "", "").await;
    assert!(answer.head.starts_with("HTTP/1.1 200 OK") && answer.body.contains("<html>"), "{answer:?}");
    client.until_closed().await;
    farm.shutdown().await;
}

#[tokio::test]
async fn an_unknown_codec_is_named_in_the_description() {
    let farm = farm(vec![small()]).await;
    farm.fault(0, Fault::UnknownCodec).await.unwrap();
    let mut client = Client::connect(&farm.rtsp_url(0, Main)).await.unwrap();
    assert!(client.request("DESCRIBE", "", "").await.body.contains("X-UNKNOWN/90000"));
    farm.shutdown().await;
}

#[tokio::test]
async fn a_burst_reaches_its_bit_rate() {
    for codec in [Codec::H264, Codec::H265, Codec::Mjpeg] {
        let farm = farm(vec![CameraSpec::new("Burst", StreamSpec { codec, ..small().main })]).await;
        farm.fault(0, Fault::Burst { kbps: 20_000 }).await.unwrap();
        let mut client = Client::playing(&farm.rtsp_url(0, Main)).await;
        for unit in units(&mut client, 3).await {
            let size: usize = unit.iter().map(|packet| packet.data.len() - 12).sum();
            assert!((240_000..280_000).contains(&size), "{codec:?}: 20 Mbit/s at 10 fps are 250 kB, not {size}");
        }
        farm.shutdown().await;
    }
}

#[tokio::test]
async fn a_variable_frame_rate_is_uneven() {
    for farm in both_modes().await {
        farm.fault(0, Fault::VariableFrameRate).await.unwrap();
        let mut client = Client::playing(&farm.rtsp_url(0, Main)).await;
        let times: Vec<_> = units(&mut client, 12).await.iter().map(|unit| unit[0].time()).collect();
        let gaps: Vec<_> = times.windows(2).map(|pair| pair[1].wrapping_sub(pair[0])).collect();
        let (short, long) = (gaps.iter().min().unwrap(), gaps.iter().max().unwrap());
        assert!(*short < 15_000 && *long > 20_000, "{gaps:?}");
        farm.shutdown().await;
    }
}

#[tokio::test]
async fn an_offline_camera_on_the_shared_port_refuses_and_cuts() {
    let farm = farm(vec![small(), small()]).await;
    let mut client = Client::playing(&farm.rtsp_url(0, Main)).await;
    farm.fault(0, Fault::Offline).await.unwrap();
    client.until_closed().await;
    let mut again = Client::connect(&farm.rtsp_url(0, Main)).await.unwrap();
    assert_eq!(again.request("DESCRIBE", "", "").await.status, 503);
    again.until_closed().await;
    Client::playing(&farm.rtsp_url(1, Main)).await.video().await;
    farm.clear(0).await.unwrap();
    Client::playing(&farm.rtsp_url(0, Main)).await.video().await;
    farm.fault(0, Fault::Reboot { ms: 300 }).await.unwrap();
    eventually("the camera is back", || !farm.faults(0, Main).unwrap().offline).await;
    Client::playing(&farm.rtsp_url(0, Main)).await.video().await;
    farm.shutdown().await;
}

#[tokio::test]
async fn faults_of_one_stream_leave_the_other_alone() {
    let farm = farm(vec![CameraSpec { sub: Some(live().main), ..small() }]).await;
    farm.fault_stream(0, Sub, Fault::Freeze).await.unwrap();
    assert!(farm.faults(0, Sub).unwrap().frozen && !farm.faults(0, Main).unwrap().frozen);
    Client::playing(&farm.rtsp_url(0, Main)).await.video().await;
    farm.shutdown().await;
}

#[tokio::test]
async fn faults_can_be_in_force_from_the_start() {
    let farm = farm(vec![CameraSpec { faults: vec![Fault::OddSize, Fault::HtmlAnswer], ..small() }]).await;
    let faults = farm.faults(0, Main).unwrap();
    assert!(faults.content.odd_size && faults.html_answer);
    assert!(farm.fault(7, Fault::Freeze).await.is_err());
    assert!(farm.fault(0, Fault::ParameterChange { width: 1, height: 1 }).await.is_err());
    assert!(farm.fault(0, Fault::PacketLoss { percent: 200.0 }).await.is_err());
    farm.shutdown().await;
}
