//! Servers that are no cameras, or cameras gone mad: each ends in time, with its code, and keeps no memory.

use crate::cameras::{Cameras, check_times, read, stream, until, until_code, until_live, viewer};
use std::{
    future::Future,
    net::SocketAddr,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use watchwall_camsim::{CameraSpec, Fault, StreamSpec};
use watchwall_media::ingest::{IngestOptions, IngestRequest, InterestKind, ProbeRequest, probe, start_ingest};
use watchwall_model::{ErrorCode, IngestEngine, Phase, SafeUrl, StreamPath, Transport};

/// Serves every connection in the same way.
pub async fn rogue<F>(serve: impl Fn(TcpStream) -> F + Send + 'static) -> (SocketAddr, JoinHandle<()>)
where
    F: Future<Output = std::io::Result<()>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            // The client leaving is the end that is waited for.
            drop(tokio::spawn(serve(socket)));
        }
    });
    (address, task)
}

pub fn options() -> IngestOptions {
    IngestOptions {
        connect_timeout: Duration::from_millis(800),
        read_timeout: Duration::from_millis(800),
        stall_after: Duration::from_secs(2),
        key_frame_within: Duration::from_secs(2),
        ..IngestOptions::default()
    }
}

/// Bytes that [`pour`] got rid of: what the other side took, and what socket buffers hold. Other tests share the
/// process, so its memory would say nothing.
static POURED: AtomicU64 = AtomicU64::new(0);

fn poured_mib() -> u64 {
    POURED.load(Ordering::Relaxed) >> 20
}

/// What a probe and an ingest say about a server.
async fn check<F>(what: &str, expect: &[ErrorCode], serve: impl Fn(TcpStream) -> F + Send + 'static)
where
    F: Future<Output = std::io::Result<()>> + Send + 'static,
{
    let (address, server) = rogue(serve).await;
    let url = SafeUrl::split(&format!("rtsp://{address}/cam")).unwrap().0;
    let before = poured_mib();
    let start = Instant::now();
    let (engine, transport) = (IngestEngine::Auto, Transport::Auto);
    let request = ProbeRequest { url: url.clone(), credentials: None, engine, transport, device_key: None };
    let problem = probe(request, &options(), Duration::from_secs(8)).await.unwrap_err();
    assert!(expect.contains(&problem.code), "{what}: {problem}");
    assert!(start.elapsed() < Duration::from_secs(12), "{what}: {:?}", start.elapsed());

    let path = StreamPath::parse("rogue").unwrap();
    let request = IngestRequest { path, url, credentials: None, engine, transport, device_key: None };
    let ingest = start_ingest(request, options());
    let _interest = ingest.interest(InterestKind::Recorder);
    let snapshot =
        until(&ingest, what, |s| matches!(s.phase, Phase::Waiting { .. } | Phase::NeedsAttention { .. })).await;
    let (code, detail) = match snapshot.phase {
        Phase::Waiting { reason, .. } => (reason.code, reason.detail),
        Phase::NeedsAttention { reason } => (reason.code, reason.detail),
        other => unreachable!("{other:?}"),
    };
    assert!(expect.contains(&code), "{what}: {detail}");
    ingest.stop().await;
    // A handful of connections, each with its socket buffers; what is read is never more than a description.
    let taken = poured_mib() - before;
    assert!(taken < 64, "{what}: {taken} MiB");
    server.abort();
}

/// Writes the same for ever.
async fn pour(mut socket: TcpStream, head: &'static [u8], rest: &'static [u8]) -> std::io::Result<()> {
    let mut request = [0; 1024];
    let _ = socket.read(&mut request).await?;
    socket.write_all(head).await?;
    let block = rest.repeat(65_536 / rest.len());
    loop {
        POURED.fetch_add(socket.write(&block).await? as u64, Ordering::Relaxed);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_answers_is_named_in_time_and_forgotten() {
    use ErrorCode::{ConnectTimeout, NotRtsp, RtspError};
    check("silence", &[ConnectTimeout], |socket| async move {
        let _socket = socket;
        std::future::pending().await
    })
    .await;
    check("a closed door", &[NotRtsp, RtspError], |socket| async move {
        drop(socket);
        Ok(())
    })
    .await;
    check("a byte at a time", &[ConnectTimeout], |mut socket: TcpStream| async move {
        for byte in b"RTSP/1.0 200 OK\r\n".iter().cycle() {
            socket.write_all(&[*byte]).await?;
            tokio::time::sleep(Duration::from_millis(400)).await;
        }
        Ok(())
    })
    .await;
    check("noise", &[NotRtsp], |socket| pour(socket, b"", &[0xa5, 0, 0x24, 0x17, 0xff])).await;
    check("a web page", &[NotRtsp], |mut socket: TcpStream| async move {
        let _ = socket.read(&mut [0; 1024]).await?;
        socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>").await
    })
    .await;
    check("an endless header", &[RtspError], |socket| pour(socket, b"RTSP/1.0 200 OK\r\nX: ", b"aaaa")).await;
    check("endless headers", &[RtspError], |socket| async move {
        pour(socket, b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n", b"X-Header: value\r\n").await
    })
    .await;
    check("a description of two gigabytes", &[RtspError], |socket| async move {
        let head =
            b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Type: application/sdp\r\nContent-Length: 2147483648\r\n\r\nv=0\r\n";
        pour(socket, head, b"a=tool:x\r\n").await
    })
    .await;
}

/// Answers as a camera does, then sends what it is told to over the connection.
async fn scripted(mut socket: TcpStream, seed: u32) -> std::io::Result<()> {
    const SDP: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\na=control:*\r\n\
        m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1;\
        sprop-parameter-sets=Z0LADdkBQfsBEAAAAwAQAAADAyDxQqkg,aMuDyyA=\r\na=control:track1\r\n";
    let mut buffer = vec![0; 4096];
    let mut is_playing = false;
    while !is_playing {
        let count = socket.read(&mut buffer).await?;
        if count == 0 {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&buffer[..count]).into_owned();
        let cseq = text.lines().find_map(|line| line.strip_prefix("CSeq: ")).unwrap_or("1").to_owned();
        let method = text.split(' ').next().unwrap_or_default();
        let rest = match method {
            "DESCRIBE" => format!("Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{SDP}", SDP.len()),
            "SETUP" => "Session: 1\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n".to_owned(),
            "OPTIONS" => "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n\r\n".to_owned(),
            _ => "Session: 1\r\n\r\n".to_owned(),
        };
        is_playing = method == "PLAY";
        socket.write_all(format!("RTSP/1.0 200 OK\r\nCSeq: {cseq}\r\n{rest}").as_bytes()).await?;
    }
    let mut dice = seed;
    let mut roll = move || {
        dice = dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (dice >> 16) as u8
    };
    for sequence in 0_u16.. {
        let length = usize::from(roll()) % 200;
        let mut packet = vec![0x80, 96 | (roll() & 0x80)];
        packet.extend(sequence.to_be_bytes());
        packet.extend(if roll() < 200 { u32::from(sequence) * 3_600 } else { u32::from(roll()) << 24 }.to_be_bytes());
        packet.extend(7_u32.to_be_bytes());
        // Every kind of NAL unit, aggregates and fragments among them, with senseless insides.
        packet.extend((0..length).map(|_| roll()));
        let frame_length = u16::try_from(packet.len()).unwrap_or(0).to_be_bytes();
        socket.write_all(&[&[b'$', 0, frame_length[0], frame_length[1]], &*packet].concat()).await?;
        if sequence % 64 == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn senseless_packets_end_in_a_failure_and_nothing_else() {
    for seed in 1..4_u32 {
        let (address, server) = rogue(move |socket| scripted(socket, seed)).await;
        let url = SafeUrl::split(&format!("rtsp://{address}/cam")).unwrap().0;
        for engine in [IngestEngine::Auto, IngestEngine::Retina, IngestEngine::Gstreamer] {
            let path = StreamPath::parse("noise").unwrap();
            let request = IngestRequest {
                path,
                url: url.clone(),
                credentials: None,
                engine,
                transport: Transport::Auto,
                device_key: None,
            };
            let ingest = start_ingest(request, options());
            let _interest = ingest.interest(InterestKind::Viewer);
            let is_over = |phase: &Phase| matches!(phase, Phase::Waiting { .. } | Phase::NeedsAttention { .. });
            let snapshot =
                until(&ingest, "a failure or a picture", |s| is_over(&s.phase) || s.phase == Phase::Live).await;
            // A library may stumble; it is caught, counted and, with `auto`, replaced.
            let has_handed_over =
                snapshot.handed_over.is_some() || snapshot.engine_in_use == Some(IngestEngine::Gstreamer);
            assert!(snapshot.panics == 0 || engine == IngestEngine::Retina || has_handed_over, "{snapshot:?}");
            check_times(&ingest.hub().gop());
            ingest.stop().await;
        }
        server.abort();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_camera_that_vanishes_without_a_word_is_missed_and_found_again() {
    for engine in [IngestEngine::Retina, IngestEngine::Gstreamer] {
        let mut cameras = Cameras::one(stream()).await;
        cameras.options.read_timeout = Duration::from_millis(800);
        cameras.options.connect_timeout = Duration::from_millis(800);
        let ingest = cameras.ingest(IngestRequest { engine, ..cameras.request(0) });
        let _interest = ingest.interest(InterestKind::Recorder);
        let mut viewer = viewer(&ingest);
        let before = read(&mut viewer, 10).await;
        cameras.fault(Fault::Vanish).await;
        until(&ingest, "stalled", |s| matches!(s.phase, Phase::Stalled { .. })).await;
        until_code(&ingest, ErrorCode::StreamStalled).await;
        // Nobody answers the TEARDOWN, and nobody the next attempt.
        until_code(&ingest, ErrorCode::ConnectTimeout).await;
        cameras.farm.clear(0).await.unwrap();
        let returned = Instant::now();
        let units = [before, crate::cameras::read_until(&mut viewer, |u| u.is_discontinuity).await].concat();
        assert!(returned.elapsed() < Duration::from_secs(15), "{engine:?}: {:?}", returned.elapsed());
        check_times(&units);
        ingest.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vanished_camera_does_not_hold_up_a_stop() {
    let cameras = Cameras::one(stream()).await;
    let ingest = cameras.ingest(cameras.request(0));
    let _interest = ingest.interest(InterestKind::Viewer);
    until_live(&ingest).await;
    cameras.fault(Fault::Vanish).await;
    let start = Instant::now();
    ingest.stop().await;
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sizes_from_thumbnail_to_4k_and_odd_ones_are_told_as_they_are_shown() {
    let check = async |width, height, faults: Vec<Fault>, engine, expect| {
        let main = StreamSpec { width, height, fps: 5, ..stream() };
        let cameras = Cameras::start(vec![CameraSpec { faults, ..crate::cameras::camera(main) }]).await;
        let ingest = cameras.ingest(IngestRequest { engine, ..cameras.request(0) });
        let _interest = ingest.interest(InterestKind::Viewer);
        let mut viewer = viewer(&ingest);
        let units = read(&mut viewer, 3).await;
        let video = units[0].params.video.clone().unwrap();
        assert_eq!((video.width, video.height), expect, "{engine:?}");
        ingest.stop().await;
    };
    for engine in [IngestEngine::Retina, IngestEngine::Gstreamer] {
        check(160, 120, vec![], engine, (160, 120)).await;
        // Neither number is a multiple of a macroblock: cropping tells.
        check(638, 358, vec![], engine, (638, 358)).await;
        check(320, 240, vec![Fault::OddSize], engine, (326, 242)).await;
        check(3840, 2160, vec![], engine, (3840, 2160)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_runs_fast_does_not_move_the_age_of_the_picture() {
    // Half a percent: after ten seconds 50 ms, more than a hundred times what crystals do.
    let cameras = Cameras::one(stream()).await;
    cameras.fault(Fault::ClockSkew { ppm: 5_000, offset_ms: -3_600_000 }).await;
    let ingest = cameras.ingest(cameras.request(0));
    let _interest = ingest.interest(InterestKind::Viewer);
    let mut viewer = viewer(&ingest);
    let units = read(&mut viewer, 250).await;
    check_times(&units);
    let mut ages: Vec<_> = units[200..].iter().map(|u| (u.received_at, u.capture_at)).collect();
    ages.sort_unstable();
    let now = (Instant::now(), watchwall_model::UtcMicros::now().0);
    let age_ms = |(received, capture): &(Instant, watchwall_model::UtcMicros)| {
        let received_us = now.1 - i64::try_from(now.0.duration_since(*received).as_micros()).unwrap();
        (received_us - capture.0) / 1_000
    };
    let mut ages: Vec<_> = ages.iter().map(age_ms).collect();
    ages.sort_unstable();
    assert!((-5..150).contains(&ages[ages.len() / 2]), "{ages:?}");
    ingest.stop().await;
}
