//! Sender reports: RTP time and wall clock belong together, and faults move them apart.

use crate::{client::Client, farm, live, small};
use watchwall_camsim::Fault;
use watchwall_model::{StreamRole::Main, UtcMicros};

const NTP_EPOCH_S: i64 = 2_208_988_800;

/// Wall clock in milliseconds and RTP time of the next sender report.
async fn report(client: &mut Client) -> (i64, u32) {
    loop {
        let packet = client.packet().await.unwrap();
        if packet.channel == 1 {
            let ntp = u64::from_be_bytes(packet.data[8..16].try_into().unwrap());
            let ms = (i64::try_from(ntp >> 32).unwrap() - NTP_EPOCH_S) * 1000
                + i64::try_from(((ntp & 0xffff_ffff) * 1000) >> 32).unwrap();
            return (ms, u32::from_be_bytes(packet.data[16..20].try_into().unwrap()));
        }
    }
}

#[tokio::test]
async fn a_report_maps_rtp_time_to_the_wall_clock() {
    for spec in [small(), live()] {
        let farm = farm(vec![spec]).await;
        let mut client = Client::playing(&farm.rtsp_url(0, Main)).await;
        let (wall_ms, rtp) = report(&mut client).await;
        let now_ms = UtcMicros::now().to_millis().0;
        assert!((0..1000).contains(&(now_ms - wall_ms)), "{now_ms} {wall_ms}");
        let packet = client.video().await;
        let now_ms = UtcMicros::now().to_millis().0;
        let taken_ms = wall_ms + i64::from(packet.time().wrapping_sub(rtp).cast_signed()) / 90;
        assert!((-5..1000).contains(&(now_ms - taken_ms)), "taken at {taken_ms}, here at {now_ms}");
        farm.shutdown().await;
    }
}

#[tokio::test]
async fn a_skewed_or_unset_clock_shows_in_the_report() {
    let farm = farm(vec![small()]).await;
    let check = async |fault, expect: std::ops::Range<i64>| {
        farm.fault(0, fault).await.unwrap();
        let mut client = Client::playing(&farm.rtsp_url(0, Main)).await;
        let (wall_ms, _) = report(&mut client).await;
        assert!(expect.contains(&wall_ms), "{fault:?}: {wall_ms}");
        farm.clear(0).await.unwrap();
    };
    let now_ms = UtcMicros::now().to_millis().0;
    check(Fault::ClockSkew { ppm: 0, offset_ms: -3_600_000 }, now_ms - 3_601_000..now_ms - 3_540_000).await;
    check(Fault::ClockUnset, 0..600_000).await;
    farm.shutdown().await;
}

#[tokio::test]
async fn a_fast_clock_runs_ahead() {
    let farm = farm(vec![small()]).await;
    farm.fault(0, Fault::ClockSkew { ppm: 100_000, offset_ms: 0 }).await.unwrap();
    let mut client = Client::playing(&farm.rtsp_url(0, Main)).await;
    let mut last = client.video().await;
    let mut gaps = Vec::new();
    while gaps.len() < 5 {
        let next = client.video().await;
        if next.time() != last.time() {
            gaps.push(next.time().wrapping_sub(last.time()));
        }
        last = next;
    }
    assert!(gaps.iter().all(|gap| (9899..=9901).contains(gap)), "ten percent fast: {gaps:?}");
    farm.shutdown().await;
}
