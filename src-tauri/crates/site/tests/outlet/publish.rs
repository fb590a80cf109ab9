//! Programs from elsewhere publish, and whoever may not is told so.

use crate::{
    bench::{Tape, until, within},
    client::Client,
};
use std::{process::Stdio, sync::Arc, time::Duration};
use tokio::process::{Child, Command};
use watchwall_media::hub::{BacklogLimits, Hub};
use watchwall_model::{StreamPath, UtcMicros, config::OutletConfig};
use watchwall_site::outlet::{Outlet, OutletSource, OutletTap, Publication, Way};

struct NoCameras;

impl OutletSource for NoCameras {
    fn open(&self, _: &StreamPath) -> Option<OutletTap> {
        None
    }
}

struct Stage {
    outlet: Outlet,
    hub: Arc<Hub>,
}

impl Stage {
    fn open() -> Self {
        Self {
            outlet: Outlet::start(&OutletConfig::default(), Arc::new(NoCameras)),
            hub: Hub::new(BacklogLimits::default()),
        }
    }

    fn publication(&self) -> (String, Publication) {
        let here = Some([127, 0, 0, 1].into());
        let path = StreamPath::parse("ai_task_7").unwrap();
        let way = Way { from: here, to: here };
        let (address, publication) = self.outlet.publication(&path, Arc::clone(&self.hub), way).unwrap();
        (address.reveal().to_owned(), publication)
    }
}

/// Until it is stopped or told to go; `None` (said on the console) without the program.
fn ffmpeg(address: &str, codec: &[&str]) -> Option<Child> {
    let source = ["-v", "error", "-re", "-f", "lavfi", "-i", "testsrc=size=320x180:rate=15", "-g", "15"];
    let target = ["-pix_fmt", "yuv420p", "-f", "rtsp", "-rtsp_transport", "tcp", address];
    let mut command = Command::new("ffmpeg");
    command.args(source).args(codec).args(target).stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    match command.spawn() {
        Ok(child) => Some(child),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            println!("skipped: ffmpeg is missing");
            None
        }
        Err(error) => panic!("ffmpeg: {error}"),
    }
}

const X264: [&str; 6] = ["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency"];

#[tokio::test(flavor = "multi_thread")]
async fn ffmpeg_publishes_until_another_does_or_nobody_wants_it() {
    let stage = Stage::open();
    let tape = Tape::of(&stage.hub);
    let (address, publication) = stage.publication();
    assert!(!publication.is_live());
    let Some(mut first) = ffmpeg(&address, &X264) else { return };
    let units = tape.of_length(20).await;
    assert!(publication.is_live());
    let video = units[0].params.video.clone().unwrap();
    assert_eq!((video.width, video.height, video.codec.as_str()), (320, 180, "h264"));
    assert!(units[0].is_key && units.iter().filter(|unit| unit.is_key).count() >= 2);
    assert!(units.windows(2).all(|pair| pair[0].dts < pair[1].dts));
    let age_ms = (UtcMicros::now().0 - units[19].capture_at.0) / 1_000;
    assert!((0..5_000).contains(&age_ms), "{age_ms} ms");

    // Another one takes over; the hub goes on.
    let mut second = ffmpeg(&address, &X264).unwrap();
    within("the end of the first", first.wait()).await.unwrap();
    let before = tape.units().len();
    let units = tape.of_length(before + 5).await;
    assert!(units.windows(2).all(|pair| pair[0].dts < pair[1].dts));
    assert!(Arc::ptr_eq(&units[0].params, &units[before + 4].params), "the same coding goes on");

    // Nobody wants it any more: who is there is sent away, and nobody else comes in.
    drop(publication);
    within("the end of the second", second.wait()).await.unwrap();
    let mut late = Client::connect(&address).await;
    assert_eq!(late.announce("m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n").await.status, 404);
    until("no sessions", || (stage.outlet.figures().sessions == 0).then_some(())).await;
    stage.outlet.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_taken_is_answered_with_a_reason() {
    let stage = Stage::open();
    let (address, _publication) = stage.publication();
    let h264 = "m=video 0 RTP/AVP 96\r\na=control:track1\r\na=rtpmap:96 H264/90000\r\n";
    let mut client = Client::connect(&address).await;
    for (tracks, reason) in
        [("m=video 0 RTP/AVP 96\r\na=rtpmap:96 H265/90000\r\n", "H265/90000"), ("m=audio 0 RTP/AVP 0\r\n", "one track")]
    {
        let answer = client.announce(tracks).await;
        assert!(answer.status == 415 && answer.head.contains("X-Reason") && answer.head.contains(reason), "{answer:?}");
    }
    assert_eq!(client.announce(h264).await.status, 200);
    // Once is enough, and nobody looks where he publishes.
    assert_eq!(client.announce(h264).await.status, 455);
    assert_eq!(client.request("DESCRIBE", "", "").await.status, 455);
    assert_eq!(client.request("RECORD", "", "").await.status, 454);
    let by_udp = "Transport: RTP/AVP;unicast;client_port=5000-5001;mode=record\r\n";
    assert_eq!(client.request("SETUP", "/track1", by_udp).await.status, 461);
    let set_up = "Transport: RTP/AVP/TCP;unicast;interleaved=2-3;mode=record\r\n";
    let answer = client.request("SETUP", "/streamid=0", set_up).await;
    assert!(answer.status == 200 && answer.head.contains("interleaved=2-3;mode=record"), "{answer:?}");
    assert_eq!(client.request("RECORD", "", "").await.status, 200);
    // Whatever it sends now, it stays; and the word that publishes opens no pictures.
    client.say(b"$\x02\x00\x03abc$\x03\x00\x04\x80\xc8\x00\x00$\x07\x00\x00$\x02\x00\x0e\x80\x60\0\0\0\0\0\0\0\0\0\x01\x65a").await;
    assert_eq!(client.request("GET_PARAMETER", "", "").await.status, 200);
    assert_eq!(Client::connect(&address).await.request("DESCRIBE", "", "").await.status, 404);
    assert_eq!(client.request("TEARDOWN", "", "").await.status, 200);
    assert_eq!(client.announce(h264).await.status, 200);
    let wrong = address.replace("ai_task_7", "ai_task_8");
    assert_eq!(Client::connect(&wrong).await.announce(h264).await.status, 404);
    assert!(stage.hub.current_params().is_none());
    // Dropped in the middle of it.
    client.say(&[b'$', 2, 0xff, 0xff]).await;
    drop(client);
    until("no sessions", || (stage.outlet.figures().sessions == 0).then_some(())).await;
    tokio::time::timeout(Duration::from_secs(5), stage.outlet.stop()).await.unwrap();
}
