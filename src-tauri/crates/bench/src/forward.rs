//! Benchmark 8: how long a frame stays inside the server, and what carrying a stream to a viewer costs.
//!
//! The server itself measures from the frame's last byte read to its WebSocket write (`stream_forward_latency_seconds`);
//! one viewer per stream reads here.

use crate::{
    Options,
    farm::Generator,
    peers, process, rtsp_reader,
    site::SiteUnderTest,
    start,
    table::{Row, Table, spread},
};
use anyhow::{Context, Result};
use futures::{SinkExt, StreamExt};
use std::{
    fmt::Write as _,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::task::JoinSet;
use tokio_tungstenite::{connect_async, tungstenite::Message};

const STREAMS: usize = 20;
/// Sessions are up and their first bursts are over.
const WARM_UP: Duration = Duration::from_secs(5);
/// Bytes per second that a viewer of a 2 Mbit/s stream must at least see for a round to count.
const LEAST_RATE: f64 = 200_000.0;

#[derive(Clone, Copy, PartialEq)]
enum Contender {
    Ours,
    /// Its own MSE socket, which is what its page uses.
    Go2rtc,
    /// RTSP over TCP.
    Mediamtx,
}

#[derive(Default)]
struct Figures {
    average_ms: Vec<f64>,
    p99_ms: Vec<f64>,
    cpu: Vec<f64>,
    pss_mb: Vec<f64>,
}

pub async fn run(options: &Options) -> Result<Table> {
    let mut table = Table::new(
        format!("Forwarding {STREAMS} streams of 2 Mbit/s to one viewer each (benchmark 8)"),
        &["average, ms", "p99 at most, ms", "CPU per stream, % of a core", "PSS per stream, MB"],
    );
    let mut contenders = vec![(Contender::Ours, "Watchwall (WebSocket fMP4, ring of 1 s)")];
    for (contender, name, variable, program) in [
        (Contender::Go2rtc, "go2rtc (WebSocket fMP4)", "GO2RTC_BIN", "go2rtc"),
        (Contender::Mediamtx, "MediaMTX (RTSP over TCP)", "MEDIAMTX_BIN", "mediamtx"),
    ] {
        match peers::program(variable, program) {
            Some(_) => contenders.push((contender, name)),
            None => table.notes.push(format!("{program}: not installed, so absent.")),
        }
    }
    let generator = Generator::start(STREAMS).await?;
    let mut figures: Vec<Figures> = contenders.iter().map(|_| Figures::default()).collect();
    for round in 0..options.rounds {
        let mut order: Vec<usize> = (0..contenders.len()).collect();
        if round % 2 == 1 {
            order.reverse();
        }
        for i in order {
            let temp = tempfile::tempdir_in(options.folder.as_deref().unwrap_or(Path::new("/var/tmp")))?;
            match contenders[i].0 {
                Contender::Ours => ours(options, &generator, temp.path(), &mut figures[i]).await?,
                peer => theirs(options, peer, &generator, temp.path(), &mut figures[i]).await?,
            }
        }
    }
    for ((_, name), figures) in contenders.iter().zip(&figures) {
        table.rows.push(Row {
            name: (*name).to_owned(),
            cells: vec![
                spread(&figures.average_ms, 3),
                spread(&figures.p99_ms, 3),
                spread(&figures.cpu, 3),
                spread(&figures.pss_mb, 2),
            ],
        });
    }
    table.notes.push(
        "Latency is ours by our own histogram, from the last byte read of a frame to its WebSocket write; p99 is the upper \
         edge of its bucket. Peers publish none. Server on core 1, cameras and viewers on core 0."
            .into(),
    );
    generator.stop().await;
    Ok(table)
}

async fn ours(options: &Options, generator: &Generator, folder: &Path, figures: &mut Figures) -> Result<()> {
    let site = SiteUnderTest::start_without_ring(options, folder)?;
    let bytes = Arc::new(AtomicU64::new(0));
    let mut viewers = JoinSet::new();
    for (i, url) in generator.urls.iter().enumerate() {
        let camera = site.add_camera(&format!("forward {i}"), url, None, false).await?;
        let path = camera["streams"][0]["path"].as_str().context("no path")?.to_owned();
        let mut socket = start::open(&site, &path).await?;
        let bytes = Arc::clone(&bytes);
        viewers.spawn(async move {
            while let Some(Ok(message)) = socket.next().await {
                bytes.fetch_add(message.len() as u64, Ordering::Relaxed);
            }
        });
    }
    tokio::time::sleep(WARM_UP).await;
    let histogram_before = histogram(&site.metrics().await?);
    let watched = watch(&[site.child.id()], options.seconds, &bytes).await?;
    let delta = histogram(&site.metrics().await?).since(&histogram_before);
    figures.average_ms.push(delta.average_ms());
    figures.p99_ms.push(delta.quantile_ms(0.99));
    figures.add(watched);
    viewers.abort_all();
    site.stop()?;
    Ok(())
}

async fn theirs(
    options: &Options,
    peer: Contender,
    generator: &Generator,
    folder: &Path,
    figures: &mut Figures,
) -> Result<()> {
    let (mut child, addresses) = start_peer(peer, generator, folder)?;
    let bytes = Arc::new(AtomicU64::new(0));
    wait_listening(&addresses[0]).await?;
    let mut viewers = JoinSet::new();
    for address in addresses {
        let bytes = Arc::clone(&bytes);
        viewers.spawn(async move {
            match peer {
                Contender::Go2rtc => play_mse(address, bytes).await,
                _ => rtsp_reader::play(address, bytes).await,
            }
        });
    }
    tokio::time::sleep(WARM_UP).await;
    let watched = watch(&[child.id()], options.seconds, &bytes).await;
    let ended = viewers.try_join_next();
    process::stop(&mut child, Duration::from_secs(10))?;
    if let Some(ended) = ended {
        ended??;
    }
    figures.add(watched?);
    Ok(())
}

struct Watched {
    cpu: f64,
    pss_mb: f64,
}

/// CPU and memory per stream over the measured time, in which every viewer must have been fed.
async fn watch(roots: &[u32], seconds: u64, bytes: &AtomicU64) -> Result<Watched> {
    let (before, bytes_before) = (process::cost(roots)?, bytes.load(Ordering::Relaxed));
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    let (after, bytes_after) = (process::cost(roots)?, bytes.load(Ordering::Relaxed));
    let rate = (bytes_after - bytes_before) as f64 / seconds as f64 / STREAMS as f64;
    anyhow::ensure!(rate > LEAST_RATE, "viewers got {rate:.0} bytes per second each, not a stream's worth");
    Ok(Watched {
        cpu: process::cpu_percent(&before, &after) / STREAMS as f64,
        pss_mb: after.pss_bytes as f64 / STREAMS as f64 / 1e6,
    })
}

impl Figures {
    fn add(&mut self, watched: Watched) {
        self.cpu.push(watched.cpu);
        self.pss_mb.push(watched.pss_mb);
    }
}

/// The process on core 1 and where each stream is played from.
fn start_peer(peer: Contender, generator: &Generator, folder: &Path) -> Result<(Child, Vec<String>)> {
    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let config = folder.join("config.yml");
    let cameras = || generator.urls.iter().enumerate();
    let (mut command, yaml, addresses);
    if peer == Contender::Go2rtc {
        let mut text = format!(
            "api:\n  listen: \"127.0.0.1:{port}\"\nrtsp:\n  listen: \"\"\nwebrtc:\n  listen: \"\"\nlog:\n  level: error\nstreams:\n"
        );
        cameras().try_for_each(|(i, url)| writeln!(text, "  cam{i}: {url}"))?;
        command = Command::new(peers::program("GO2RTC_BIN", "go2rtc").context("the peer vanished")?);
        command.arg("-config");
        addresses = cameras().map(|(i, _)| format!("ws://127.0.0.1:{port}/api/ws?src=cam{i}")).collect();
        yaml = text;
    } else {
        let mut text = format!(
            "logLevel: error\nrtspTransports: [tcp]\nrtspAddress: 127.0.0.1:{port}\nrtmp: no\nhls: no\nwebrtc: no\nsrt: no\nmoq: no\n\
             api: no\npathDefaults:\n  rtspTransport: tcp\npaths:\n"
        );
        cameras().try_for_each(|(i, url)| writeln!(text, "  cam{i}:\n    source: {url}"))?;
        command = Command::new(peers::program("MEDIAMTX_BIN", "mediamtx").context("the peer vanished")?);
        addresses = cameras().map(|(i, _)| format!("rtsp://127.0.0.1:{port}/cam{i}")).collect();
        yaml = text;
    }
    std::fs::write(&config, yaml)?;
    command.arg(&config).current_dir(folder).stdout(Stdio::null()).stderr(Stdio::null());
    Ok((process::spawn_on(1, &mut command)?, addresses))
}

/// Until the peer of this address accepts connections and had time to pull its cameras.
async fn wait_listening(address: &str) -> Result<()> {
    let host = address.split('/').nth(2).context("no host")?.to_owned();
    let listening = tokio::time::timeout(Duration::from_secs(15), async {
        while tokio::net::TcpStream::connect(&host).await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    listening.await.with_context(|| format!("nobody listens at {host}"))?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    Ok(())
}

/// What go2rtc's own page asks for, and everything it is sent.
async fn play_mse(address: String, bytes: Arc<AtomicU64>) -> Result<()> {
    let (mut socket, _) = connect_async(&address).await?;
    socket.send(Message::text(r#"{"type":"mse","value":"avc1.640029,avc1.64002A,avc1.640033"}"#)).await?;
    while let Some(message) = socket.next().await {
        bytes.fetch_add(message?.len() as u64, Ordering::Relaxed);
    }
    anyhow::bail!("{address} closed")
}

/// A Prometheus histogram, all label sets added up.
#[derive(Default, Debug)]
struct Histogram {
    /// (upper edge in seconds, cumulative count)
    buckets: Vec<(f64, f64)>,
    sum: f64,
    count: f64,
}

fn histogram(metrics: &str) -> Histogram {
    let mut histogram = Histogram::default();
    for line in metrics.lines().filter(|l| l.starts_with("stream_forward_latency_seconds")) {
        let Some(value) = line.rsplit(' ').next().and_then(|v| v.parse::<f64>().ok()) else { continue };
        if line.starts_with("stream_forward_latency_seconds_sum") {
            histogram.sum += value;
        } else if line.starts_with("stream_forward_latency_seconds_count") {
            histogram.count += value;
        } else if let Some(edge) = line.split("le=\"").nth(1).and_then(|l| l.split('"').next()) {
            let edge = edge.parse().unwrap_or(f64::INFINITY);
            match histogram.buckets.iter_mut().find(|(e, _)| *e == edge) {
                Some((_, count)) => *count += value,
                None => histogram.buckets.push((edge, value)),
            }
        }
    }
    histogram.buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
    histogram
}

impl Histogram {
    fn since(&self, before: &Self) -> Self {
        let earlier = |edge: f64| before.buckets.iter().find(|(e, _)| *e == edge).map_or(0.0, |(_, c)| *c);
        Self {
            buckets: self.buckets.iter().map(|(edge, count)| (*edge, count - earlier(*edge))).collect(),
            sum: self.sum - before.sum,
            count: self.count - before.count,
        }
    }

    fn average_ms(&self) -> f64 {
        self.sum / self.count * 1000.0
    }

    fn quantile_ms(&self, quantile: f64) -> f64 {
        let wanted = self.count * quantile;
        self.buckets.iter().find(|(_, count)| *count >= wanted).map_or(f64::NAN, |(edge, _)| edge * 1000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_come_from_the_difference_of_two_scrapes() {
        let text = |low: u32, high: u32| {
            format!(
                "stream_forward_latency_seconds_bucket{{le=\"0.001\"}} {low}\n\
                 stream_forward_latency_seconds_bucket{{le=\"+Inf\"}} {high}\n\
                 stream_forward_latency_seconds_sum {}\nstream_forward_latency_seconds_count {high}\n",
                f64::from(high) / 1000.0
            )
        };
        let delta = histogram(&text(199, 200)).since(&histogram(&text(100, 100)));
        assert_eq!(delta.quantile_ms(0.5), 1.0);
        assert_eq!(delta.quantile_ms(0.999), f64::INFINITY);
        assert!((delta.average_ms() - 1.0).abs() < 1e-9);
    }
}
