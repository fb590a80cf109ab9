//! The metadata track of a stream: there for whoever wants it, and never at the cost of the pictures.

use crate::{
    cameras::{Cameras, PATIENCE, camera, read, stream, until, until_live, viewer},
    rogues,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use watchwall_camsim::{DeviceEvent, DeviceSpec, EventTopic, FarmOptions, Quirk};
use watchwall_media::ingest::{IngestRequest, InterestKind, MetadataTap, MetadataTrack, Tapped, start_ingest};
use watchwall_model::{IngestEngine, Phase, SafeUrl, StreamPath, Transport};

async fn with(quirk: Quirk) -> Cameras {
    let devices = vec![DeviceSpec::new("Gate", vec![0]).with(quirk)];
    Cameras::with(FarmOptions { devices, ..FarmOptions::new(vec![camera(stream())]) }).await
}

/// The next document that holds these words.
async fn document(tap: &mut MetadataTap, words: &str) -> String {
    let wait = async {
        loop {
            match tap.next().await {
                Some(Tapped::Document(document)) => {
                    let text = String::from_utf8(document.to_vec()).unwrap();
                    if text.contains(words) {
                        return text;
                    }
                }
                other => unreachable!("{other:?}"),
            }
        }
    };
    timeout(PATIENCE, wait).await.expect("a document comes")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn documents_come_beside_the_pictures() {
    for transport in [Transport::Tcp, Transport::Udp] {
        let cameras = with(Quirk::MetadataTrack).await;
        let ingest = cameras.ingest(IngestRequest { transport, ..cameras.request(0) });
        let mut tap = ingest.metadata();
        let _interest = ingest.interest(InterestKind::Task);
        let snapshot = until_live(&ingest).await;
        assert_eq!((snapshot.metadata, snapshot.skipped_tracks), (MetadataTrack::Taken, vec![]), "{transport:?}");
        // How things stand: more than fits one packet.
        let first = document(&mut tap, "Initialized").await;
        assert!(first.len() > 1_400 && first.ends_with("</tt:MetadataStream>"), "{first}");
        cameras.farm.event(0, DeviceEvent { topic: EventTopic::Motion, index: 0, state: true }).unwrap();
        let told = document(&mut tap, "Changed").await;
        assert!(told.contains("tns1:VideoSource/MotionAlarm") && told.contains("Value=\"true\""), "{told}");
        let mut viewer = viewer(&ingest);
        assert_eq!(read(&mut viewer, 10).await.len(), 10);
        assert_eq!(cameras.farm.counters(0).unwrap().sessions_total(), 1);
        ingest.stop().await;
        assert_eq!(timeout(PATIENCE, tap.next()).await.unwrap(), None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_later_has_the_stream_opened_anew_once() {
    let cameras = with(Quirk::MetadataTrack).await;
    let ingest = cameras.ingest(cameras.request(0));
    let _interest = ingest.interest(InterestKind::Viewer);
    let before = until_live(&ingest).await;
    assert_eq!(before.metadata, MetadataTrack::Offered);
    assert_eq!(before.skipped_tracks, ["application/vnd.onvif.metadata"]);
    let mut tap = ingest.metadata();
    document(&mut tap, "Initialized").await;
    until(&ingest, "live with it", |s| s.metadata == MetadataTrack::Taken && s.phase == Phase::Live).await;
    // Who goes leaves the connection as it is, and another one finds the track there.
    drop(tap);
    let mut tap = ingest.metadata();
    cameras.farm.event(0, DeviceEvent { topic: EventTopic::Vehicle, index: 0, state: true }).unwrap();
    document(&mut tap, "VehicleDetect").await;
    assert_eq!(cameras.farm.counters(0).unwrap().sessions_total(), 2);
    ingest.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_track_that_is_refused_is_left_out() {
    let cameras = with(Quirk::MetadataRefused).await;
    let ingest = cameras.ingest(cameras.request(0));
    let _tap = ingest.metadata();
    let _interest = ingest.interest(InterestKind::Viewer);
    let snapshot = until_live(&ingest).await;
    assert_eq!(snapshot.metadata, MetadataTrack::Refused);
    assert_eq!(snapshot.skipped_tracks, ["application/vnd.onvif.metadata"]);
    let mut viewer = viewer(&ingest);
    read(&mut viewer, 30).await;
    assert_eq!(cameras.farm.counters(0).unwrap().sessions_total(), 1, "it is opened once");
    ingest.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_track_nothing_is_different() {
    let cameras = Cameras::one(stream()).await;
    let ingest = cameras.ingest(cameras.request(0));
    let _tap = ingest.metadata();
    let _interest = ingest.interest(InterestKind::Viewer);
    assert_eq!(until_live(&ingest).await.metadata, MetadataTrack::Absent);
    assert_eq!(cameras.farm.counters(0).unwrap().sessions_total(), 1);
    ingest.stop().await;
}

const SDP: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\na=control:*\r\n\
    m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1;\
    sprop-parameter-sets=Z00AKpWoHgCJ+WEAAAMAAQAAAwAyhA==,aO48gA==\r\na=control:track1\r\n\
    m=application 0 RTP/AVP 107\r\na=rtpmap:107 vnd.onvif.metadata/90000\r\na=control:track3\r\n";

/// What a camera does with its metadata track.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Habit {
    /// SETUP is never answered.
    Silent,
    /// PLAY is refused when it was set up.
    RefusesPlay,
    /// It is given, and sends what no client can use.
    Noise,
}

fn rtp(channel: u8, kind: u8, sequence: u16, time: u32, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(12 + payload.len()).unwrap().to_be_bytes();
    let mut packet = vec![b'$', channel, length[0], length[1], 0x80, kind];
    packet.extend(sequence.to_be_bytes());
    packet.extend(time.to_be_bytes());
    packet.extend(u32::from(channel).to_be_bytes());
    packet.extend(payload);
    packet
}

/// A camera with one key frame for ever. Counts the sessions that play without the metadata track, and with it.
async fn camera_of(
    mut socket: TcpStream,
    habit: Habit,
    plain: Arc<AtomicU32>,
    whole: Arc<AtomicU32>,
) -> std::io::Result<()> {
    let mut buffer = vec![0; 4096];
    let mut has_metadata = false;
    loop {
        let count = socket.read(&mut buffer).await?;
        if count == 0 {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&buffer[..count]).into_owned();
        let cseq = text.lines().find_map(|line| line.strip_prefix("CSeq: ")).unwrap_or("1").to_owned();
        let is_metadata = text.contains("track3");
        let method = text.split(' ').next().unwrap_or_default();
        let (status, rest) = match method {
            "DESCRIBE" => (200, format!("Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{SDP}", SDP.len())),
            "SETUP" if is_metadata && habit == Habit::Silent => continue,
            "SETUP" => {
                has_metadata |= is_metadata;
                let channels = if is_metadata { "2-3" } else { "0-1" };
                (200, format!("Session: 1\r\nTransport: RTP/AVP/TCP;unicast;interleaved={channels}\r\n\r\n"))
            }
            "OPTIONS" => (200, "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n\r\n".to_owned()),
            "PLAY" if has_metadata && habit == Habit::RefusesPlay => (500, "Session: 1\r\n\r\n".to_owned()),
            _ => (200, "Session: 1\r\n\r\n".to_owned()),
        };
        socket.write_all(format!("RTSP/1.0 {status} Word\r\nCSeq: {cseq}\r\n{rest}").as_bytes()).await?;
        if method == "PLAY" && status == 200 {
            break;
        }
    }
    let counter = if has_metadata { whole } else { plain };
    counter.fetch_add(1, Ordering::SeqCst);
    for sequence in 0_u16.. {
        let time = u32::from(sequence) * 3_600;
        socket.write_all(&rtp(0, 0x80 | 96, sequence, time, &[0x65, 0x88, 0x84, 0x00, 0x33])).await?;
        if has_metadata {
            // Packets of one document with different times, then one that never ends.
            let time_of = |n: u16| if sequence < 10 { time + u32::from(n) } else { 36_000 };
            for n in 0..40_u16 {
                let number = sequence.wrapping_mul(40).wrapping_add(n);
                socket.write_all(&rtp(2, 107, number, time_of(n), &[b'<'; 100])).await?;
            }
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}

async fn check(habit: Habit, expect: MetadataTrack) {
    let (plain, whole) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let counts = (Arc::clone(&plain), Arc::clone(&whole));
    let (address, server) =
        rogues::rogue(move |socket| camera_of(socket, habit, Arc::clone(&counts.0), Arc::clone(&counts.1))).await;
    let request = IngestRequest {
        path: StreamPath::parse("odd").unwrap(),
        url: SafeUrl::split(&format!("rtsp://{address}/cam")).unwrap().0,
        credentials: None,
        engine: IngestEngine::Auto,
        transport: Transport::Auto,
        device_key: None,
    };
    let ingest = start_ingest(request, rogues::options());
    let mut tap = ingest.metadata();
    let _interest = ingest.interest(InterestKind::Viewer);
    let snapshot = until_live(&ingest).await;
    assert_eq!((snapshot.metadata, snapshot.engine_in_use), (expect, Some(IngestEngine::Retina)), "{habit:?}");
    let mut viewer = viewer(&ingest);
    read(&mut viewer, 100).await;
    let snapshot = ingest.snapshot().borrow().clone();
    assert_eq!((snapshot.phase, snapshot.reconnects, snapshot.lost_units), (Phase::Live, 0, 0), "{habit:?}");
    if expect == MetadataTrack::Taken {
        assert!(matches!(timeout(PATIENCE, tap.next()).await.unwrap(), Some(Tapped::Lost(1..))));
    }
    let is_taken = u32::from(expect == MetadataTrack::Taken);
    assert_eq!((plain.load(Ordering::SeqCst), whole.load(Ordering::SeqCst)), (1 - is_taken, is_taken), "{habit:?}");
    ingest.stop().await;
    server.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_camera_that_stumbles_over_its_own_track_shows_its_pictures() {
    check(Habit::Silent, MetadataTrack::Refused).await;
    check(Habit::RefusesPlay, MetadataTrack::Refused).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_track_disturbs_no_picture() {
    check(Habit::Noise, MetadataTrack::Taken).await;
}
