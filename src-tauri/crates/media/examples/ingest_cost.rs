//! What pulling costs: N replayed streams of 2 Mbit/s into subscribers that drop everything.
//!
//! `cargo run --release -p watchwall-media --example ingest_cost -- 50 30 retina 1` (streams, seconds, engine, seconds of
//! ring)
//!
//! The cameras run in a process of their own. Printed: CPU per stream in percent of one core, from `/proc/self/stat`;
//! memory beyond an empty process; and how long units take from the socket to the subscriber.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    time::{Duration, Instant},
};
use watchwall_camsim::{
    Audio, AuthScheme, CameraSpec, Codec, Farm, FarmOptions, Look, PortChoice, StreamMode, StreamSpec,
};
use watchwall_media::{
    hub::{Received, SubscriberClass},
    ingest::{IngestOptions, IngestRequest, InterestKind, start_ingest},
};
use watchwall_model::{IngestEngine, SafeUrl, StreamPath, StreamRole, Transport};

fn main() {
    let mut args = std::env::args().skip(1);
    let first = args.next().unwrap_or_else(|| "50".into());
    if first == "farm" {
        return run(2, farm(args.next().unwrap().parse().unwrap()));
    }
    let seconds = args.next().map_or(30, |s| s.parse().unwrap());
    let engine =
        if args.next().as_deref() == Some("gstreamer") { IngestEngine::Gstreamer } else { IngestEngine::Retina };
    let ring = Duration::from_secs(args.next().map_or(0, |s| s.parse().unwrap()));
    run(2, measure(first.parse().unwrap(), Duration::from_secs(seconds), engine, ring));
}

fn run(threads: usize, work: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build().unwrap().block_on(work);
}

/// Serves cameras until its input closes.
async fn farm(cameras: usize) {
    let main = StreamSpec {
        codec: Codec::H264,
        width: 1280,
        height: 720,
        fps: 25,
        bitrate_kbps: 2_000,
        gop_ms: 2_000,
        mode: StreamMode::Replay,
        audio: Audio::None,
        look: Look::Shared,
    };
    let spec = CameraSpec {
        name: "Cost".into(),
        main,
        sub: None,
        credentials: None,
        auth: AuthScheme::Digest,
        port: PortChoice::Shared,
        faults: Vec::new(),
    };
    let farm = Farm::start(FarmOptions::new(vec![spec; cameras])).await.unwrap();
    farm.ready().await.unwrap();
    for camera in 0..cameras {
        println!("{}", farm.rtsp_url(camera, StreamRole::Main));
    }
    tokio::task::spawn_blocking(|| std::io::stdin().lines().count()).await.unwrap();
    farm.shutdown().await;
}

async fn measure(streams: usize, time: Duration, engine: IngestEngine, ring: Duration) {
    let mut cameras = Command::new(std::env::current_exe().unwrap())
        .args(["farm", &streams.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let urls: Vec<_> =
        BufReader::new(cameras.stdout.take().unwrap()).lines().take(streams).map(Result::unwrap).collect();
    let empty_kib = anonymous_kib();
    let mut options = IngestOptions::default();
    options.backlog.ring = ring;
    let mut held = Vec::new();
    let mut readers = Vec::new();
    for (number, url) in urls.iter().enumerate() {
        let request = IngestRequest {
            path: StreamPath::parse(&format!("cost_{number}")).unwrap(),
            url: SafeUrl::split(url).unwrap().0,
            credentials: None,
            engine,
            transport: Transport::Tcp,
            device_key: None,
        };
        let ingest = start_ingest(request, options.clone());
        let mut subscription = ingest.hub().subscribe(SubscriberClass::Recorder);
        held.push((ingest.interest(InterestKind::Recorder), ingest));
        readers.push(tokio::spawn(async move {
            let mut delays = Vec::new();
            loop {
                match subscription.recv().await {
                    Received::Unit(unit) => delays.push(unit.received_at.elapsed().as_micros() as u64),
                    Received::Lost { .. } => {}
                    Received::Closed => return delays,
                }
            }
        }));
        // Cameras do not tick together.
        tokio::time::sleep(Duration::from_millis(1_000 / streams as u64 + 13)).await;
    }
    tokio::time::sleep(Duration::from_secs(5)).await;
    let (cpu, start) = (cpu_ticks(), Instant::now());
    let bytes: u64 = held.iter().map(|(_, i)| i.hub().statistics().bytes).sum();
    tokio::time::sleep(time).await;
    let used = (cpu_ticks() - cpu) as f64 / 100.0 / start.elapsed().as_secs_f64() * 100.0;
    let bytes = held.iter().map(|(_, i)| i.hub().statistics().bytes).sum::<u64>() - bytes;
    let kib = anonymous_kib() - empty_kib;
    for (_, ingest) in &held {
        ingest.stop().await;
    }
    let mut delays = Vec::new();
    for reader in readers {
        delays.extend(reader.await.unwrap());
    }
    delays.sort_unstable();
    let mean = delays.iter().sum::<u64>() / delays.len().max(1) as u64;
    println!(
        "{streams} streams, {engine:?}, {:.2} Mbit/s each",
        bytes as f64 * 8e-6 / time.as_secs_f64() / streams as f64
    );
    println!("CPU {used:.2} % of a core, {:.3} % per stream", used / streams as f64);
    println!("memory {kib} KiB, {} KiB per stream", kib / streams as u64);
    println!(
        "socket to subscriber: mean {mean} us, p99 {} us, units {}",
        delays[delays.len() * 99 / 100],
        delays.len()
    );
    drop(cameras.stdin.take());
    cameras.wait().unwrap();
}

/// User and system time of this process, in hundredths of a second.
fn cpu_ticks() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<_> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

fn anonymous_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with("RssAnon:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
