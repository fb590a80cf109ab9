//! Records the streams named on the command line for a while and says what that cost.
//!
//! `cargo run --release -p watchwall-site --example record_bench -- SECONDS URL...`
//! Prints one JSON object: CPU seconds of this process, PSS, threads, fragments, bytes, and the waits of the disk.

use anyhow::{Context, Result, bail};
use serde_json::json;
use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::watch;
use watchwall_media::ingest::{IngestHandle, IngestOptions, IngestRequest, InterestKind, start_ingest};
use watchwall_model::{
    IngestEngine, Plan, SafeUrl, StreamPath, Transport,
    config::{IngestConfig, RecordingConfig},
};
use watchwall_site::recording::{Recording, StreamSource, StreamTap};
use watchwall_store::{DataFolder, Store};

/// The streams, without the cameras' domain around them.
struct Streams {
    ingests: BTreeMap<StreamPath, IngestHandle>,
    changes: watch::Sender<u64>,
}

impl StreamSource for Streams {
    fn stream(&self, path: &StreamPath) -> Option<StreamTap> {
        let ingest = self.ingests.get(path)?;
        let snapshot = ingest.snapshot();
        Some(StreamTap {
            hub: ingest.hub(),
            phase: Box::new(move || snapshot.borrow().phase.clone()),
            interest: Box::new(ingest.interest(InterestKind::Recorder)),
        })
    }

    fn changed(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let seconds: u64 = arguments.next().context("how many seconds?")?.parse()?;
    let urls: Vec<String> = arguments.collect();
    if urls.is_empty() {
        bail!("no stream to record");
    }
    // Without the ring, as the figure for memory asks.
    let options = IngestOptions::from(&IngestConfig { ring_seconds: 0, ..IngestConfig::default() });
    let mut ingests = BTreeMap::new();
    for (n, url) in urls.iter().enumerate() {
        let (url, credentials) = SafeUrl::split(url)?;
        let path = StreamPath::parse(&format!("bench_{n}"))?;
        let request = IngestRequest {
            path: path.clone(),
            url,
            credentials,
            engine: IngestEngine::Auto,
            transport: Transport::Auto,
            device_key: None,
        };
        ingests.insert(path, start_ingest(request, options.clone()));
    }
    let folder = std::env::var_os("BENCH_FOLDER")
        .map_or_else(|| std::env::temp_dir().join(format!("record-bench-{}", std::process::id())), PathBuf::from);
    let lock = DataFolder::lock(&folder)?;
    let (store, _) = Store::open(&lock).await?;
    let paths: Vec<StreamPath> = ingests.keys().cloned().collect();
    let streams = Arc::new(Streams { ingests, changes: watch::Sender::new(0) });
    let source: Arc<dyn StreamSource> = Arc::clone(&streams) as _;
    let recording = Recording::start(store.clone(), &RecordingConfig::default(), &folder, source).await?;
    for path in paths {
        recording.put_plan(Plan::continuous(path)).await?;
    }
    let limit = Instant::now() + Duration::from_secs(60);
    while recording.stats().active_plans < urls.len() {
        if Instant::now() > limit {
            bail!("only {} of {} streams are recorded", recording.stats().active_plans, urls.len());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let (cpu, begun, before) = (cpu_seconds()?, Instant::now(), recording.stats());
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    let (cpu, took, after) = (cpu_seconds()? - cpu, begun.elapsed().as_secs_f64(), recording.stats());
    let pss_kb = status_field("/proc/self/smaps_rollup", "Pss:").unwrap_or(0);
    let threads = status_field("/proc/self/status", "Threads:").unwrap_or(0);
    let (old, new) = (&before.volumes[0], &after.volumes[0]);
    let bytes = new.bytes - old.bytes;
    let answer = json!({
        "streams": urls.len(),
        "seconds": took,
        "cpu_seconds": cpu,
        "core_percent_per_stream": cpu * 100.0 / took / urls.len() as f64,
        "megabits_per_stream": bytes as f64 * 8.0 / 1e6 / took / urls.len() as f64,
        "pss_kb": pss_kb,
        "pss_kb_per_stream": pss_kb / urls.len() as u64,
        "threads": threads,
        "fragments": new.fragments - old.fragments,
        "bytes": bytes,
        "lost_ms": after.lost_ms,
        "overflows": new.overflows,
        "write_failures": new.write_failures,
        "stall_p50_ms": new.stalls.quantile_ms(0.5),
        "stall_p99_ms": new.stalls.quantile_ms(0.99),
        "syncs": new.syncs - old.syncs,
        "longest_sync_ms": new.longest_sync.as_millis() as u64,
        "index_lag_ms": after.index_lag.as_millis() as u64,
    });
    recording.stop().await;
    futures::future::join_all(streams.ingests.values().map(|ingest| ingest.stop())).await;
    store.close().await;
    if std::env::var_os("BENCH_FOLDER").is_none() {
        fs::remove_dir_all(&folder)?;
    }
    writeln!(std::io::stdout(), "{answer:#}")?;
    Ok(())
}

/// User and system time of this process.
fn cpu_seconds() -> Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let after_name = stat.rsplit(')').next().context("stat")?;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let ticks: f64 = fields[11].parse::<f64>()? + fields[12].parse::<f64>()?;
    // Linux counts in hundredths everywhere that matters.
    Ok(ticks / 100.0)
}

fn status_field(file: &str, name: &str) -> Option<u64> {
    let text = fs::read_to_string(file).ok()?;
    text.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()?.parse().ok()
}
