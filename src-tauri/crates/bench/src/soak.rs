//! Soak: many streams recorded and watched for a long time; memory, threads and file descriptors must stay flat.

use crate::{
    Options,
    farm::Generator,
    process,
    site::SiteUnderTest,
    start,
    table::{Row, Table},
};
use anyhow::{Context, Result};
use futures::StreamExt;
use std::{
    path::Path,
    time::{Duration, Instant},
};

const STREAMS: usize = 64;
const TILES: usize = 16;
/// Caches, rings and allocator pools are full by then.
const SETTLE: Duration = Duration::from_secs(60);

pub async fn run(options: &Options) -> Result<Table> {
    let generator = Generator::start(STREAMS).await?;
    let temp = tempfile::tempdir_in(options.folder.as_deref().unwrap_or(Path::new("/var/tmp")))?;
    let site = SiteUnderTest::start(options, temp.path())?;
    let mut paths = Vec::new();
    for (i, url) in generator.urls.iter().enumerate() {
        let camera = site.add_camera(&format!("soak {i}"), url, None, true).await?;
        paths.push(camera["streams"][0]["path"].as_str().context("no path")?.to_owned());
    }
    site.wait_recording(STREAMS, Duration::from_secs(120)).await?;
    let mut tiles = tokio::task::JoinSet::new();
    for path in paths.iter().take(TILES) {
        let mut socket = start::open(&site, path).await?;
        tiles.spawn(async move {
            let mut messages = 0u64;
            while let Some(Ok(_)) = socket.next().await {
                messages += 1;
            }
            messages
        });
    }
    tokio::time::sleep(SETTLE).await;
    let mut table = Table::new(
        format!("Soak: {STREAMS} streams recorded, {TILES} watched, {} min", options.soak_seconds / 60),
        &["PSS, MB", "threads", "files", "CPU since the row above, % of a core"],
    );
    let started = Instant::now();
    let every = Duration::from_secs((options.soak_seconds / 12).max(5));
    let mut last = process::cost(&[site.child.id()])?;
    while started.elapsed() < Duration::from_secs(options.soak_seconds) {
        tokio::time::sleep(every).await;
        let now = process::cost(&[site.child.id()])?;
        anyhow::ensure!(now.threads > 0, "the server ended during the soak");
        table.rows.push(Row {
            name: format!("{:.0} min", started.elapsed().as_secs_f64() / 60.0),
            cells: vec![
                format!("{:.1}", now.pss_bytes as f64 / 1e6),
                now.threads.to_string(),
                now.files.to_string(),
                format!("{:.1}", process::cpu_percent(&last, &now)),
            ],
        });
        last = now;
    }
    anyhow::ensure!(tiles.try_join_next().is_none(), "a tile's socket closed during the soak");
    let metrics = site.metrics().await?;
    table.notes.extend(
        metrics
            .lines()
            .filter(|l| l.starts_with("recording_lost_milliseconds_total") || l.starts_with("stream_reconnects_total"))
            .filter(|l| !l.ends_with(" 0"))
            .take(8)
            .map(str::to_owned),
    );
    tiles.abort_all();
    site.stop()?;
    generator.stop().await;
    Ok(table)
}
