//! Benchmark 10: many devices added at once, from the list to stored cameras whose streams were really received.

use crate::{
    Options,
    site::SiteUnderTest,
    table::{Row, Table, spread},
};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    time::{Duration, Instant},
};
use watchwall_camsim::{CameraSpec, DeviceSpec, Farm, FarmOptions, StreamSpec};
use watchwall_model::Secret;

const COUNTS: [usize; 4] = [10, 50, 100, 200];
/// Of every SOAP call.
const THINK_TIME: Duration = Duration::from_millis(60);
/// A stream is joined in the middle of a GOP, so half of one is waited for.
const GOP_MS: u32 = 200;
/// How often the list is asked how far it is.
const LOOK_EVERY: Duration = Duration::from_millis(20);
const DEADLINE: Duration = Duration::from_secs(300);
const USER: &str = "admin";
const PASSWORD: &str = "bench";

#[derive(Default)]
struct Figures {
    p50: Vec<f64>,
    p95: Vec<f64>,
    p99: Vec<f64>,
    /// The same from the start of the list, waiting for a turn included.
    queued: [Vec<f64>; 3],
    added_percent: Vec<f64>,
    whole_s: Vec<f64>,
    /// Of the steps, in the order they are shown: name and median milliseconds.
    steps: Vec<(String, Vec<f64>)>,
}

pub async fn run(options: &Options) -> Result<Table> {
    let columns = ["p50, ms", "p95, ms", "p99, ms", "added, %", "from the list's start: p50, ms", "p95, ms", "p99, ms"];
    let mut table = Table::new("Adding devices in parallel (benchmark 10)", &columns);
    table.notes.push(format!(
        "Each device is an own address on loopback with one main stream (320x180, 25 fps, GOP {GOP_MS} ms), HTTP Digest, {} ms of \
         think time per SOAP call that it lets in, one request at a time; the time of a device is from its turn to its stored \
         cameras, the first key frame of its stream included (the rest of the GOP and what the device tells besides follow); 64 \
         have their turn at once. Devices on core 0, site on core 1; {} rounds.",
        THINK_TIME.as_millis(),
        options.rounds
    ));
    for count in COUNTS {
        let farm = farm(count).await?;
        let mut figures = Figures::default();
        for _ in 0..options.rounds {
            let temp = tempfile::tempdir_in(options.folder.as_deref().unwrap_or(Path::new("/var/tmp")))?;
            let site = SiteUnderTest::start(options, temp.path())?;
            let outcome = round(&site, &farm, count, &mut figures).await;
            site.stop()?;
            outcome?;
        }
        table.rows.push(Row {
            name: format!("Watchwall, {count} devices"),
            cells: vec![
                spread(&figures.p50, 0),
                spread(&figures.p95, 0),
                spread(&figures.p99, 0),
                spread(&figures.added_percent, 1),
                spread(&figures.queued[0], 0),
                spread(&figures.queued[1], 0),
                spread(&figures.queued[2], 0),
            ],
        });
        table.notes.push(format!("{count} devices: the whole list {} s.", spread(&figures.whole_s, 2)));
        let steps: Vec<String> =
            figures.steps.iter().map(|(step, times)| format!("{step} {}", spread(times, 0))).collect();
        table.notes.push(format!("{count} devices, median ms of each step: {}.", steps.join(", ")));
        farm.shutdown().await;
    }
    Ok(table)
}

async fn farm(count: usize) -> Result<Farm> {
    let main = StreamSpec { gop_ms: GOP_MS, ..StreamSpec::replay(320, 180, 25, 300) };
    let credentials = Some((USER.to_owned(), Secret::new(PASSWORD)));
    let cameras = (0..count).map(|n| CameraSpec {
        credentials: credentials.clone(),
        ..CameraSpec::new(format!("Bench {n}"), main.clone())
    });
    let devices = (0..count).map(|n| {
        let host = Ipv4Addr::from(u32::from(Ipv4Addr::new(127, 10, 0, 1)) + u32::try_from(n).unwrap_or(0));
        let device = DeviceSpec::new(format!("Bench {n}"), vec![n]).at(SocketAddr::from((host, 0)));
        DeviceSpec { think_time: THINK_TIME, ..device }
    });
    let options = FarmOptions { devices: devices.collect(), ..FarmOptions::new(cameras.collect()) };
    let farm = Farm::start(options).await?;
    farm.ready().await?;
    Ok(farm)
}

async fn round(site: &SiteUnderTest, farm: &Farm, count: usize, figures: &mut Figures) -> Result<()> {
    let mut rows = Vec::new();
    for n in 0..count {
        rows.push(json!({ "address": farm.device_url(n)?, "username": USER, "password": PASSWORD }));
    }
    let started = Instant::now();
    let mut added_after = Vec::with_capacity(count);
    let job = site.post("/api/v1/onboarding", &json!({ "rows": rows, "record": false })).await?;
    loop {
        let seen = site.get(&format!("/api/v1/onboarding/{}?limit=1", job["id"])).await?;
        let added = seen["added"].as_u64().context("no count")?;
        added_after.resize(usize::try_from(added)?, started.elapsed().as_secs_f64() * 1_000.0);
        if seen["state"] != "running" {
            break;
        }
        anyhow::ensure!(started.elapsed() < DEADLINE, "only {} of {count} were added", seen["added"]);
        tokio::time::sleep(LOOK_EVERY).await;
    }
    figures.whole_s.push(started.elapsed().as_secs_f64());
    let job = site.get(&format!("/api/v1/onboarding/{}?limit=500", job["id"])).await?;
    let rows = job["rows"].as_array().context("no rows")?;
    let added: Vec<&Value> = rows.iter().filter(|row| row["state"] == "added").collect();
    let mut times: Vec<f64> = added.iter().filter_map(|row| row["took_ms"].as_f64()).collect();
    times.sort_by(f64::total_cmp);
    for (figure, percent) in figures.queued.iter_mut().zip([50.0, 95.0, 99.0]) {
        figure.push(percentile(&added_after, percent));
    }
    figures.added_percent.push(added.len() as f64 * 100.0 / count as f64);
    figures.p50.push(percentile(&times, 50.0));
    figures.p95.push(percentile(&times, 95.0));
    figures.p99.push(percentile(&times, 99.0));
    for step in added.first().and_then(|row| row["steps"].as_array()).into_iter().flatten() {
        let name = step["step"].as_str().unwrap_or_default();
        let mut took: Vec<f64> = added
            .iter()
            .flat_map(|row| row["steps"].as_array().into_iter().flatten())
            .filter(|step| step["step"] == name)
            .filter_map(|step| step["took_ms"].as_f64())
            .collect();
        took.sort_by(f64::total_cmp);
        match figures.steps.iter_mut().find(|(known, _)| known == name) {
            Some((_, all)) => all.push(percentile(&took, 50.0)),
            None => figures.steps.push((name.to_owned(), vec![percentile(&took, 50.0)])),
        }
    }
    Ok(())
}

/// Nearest rank; not a number without values.
fn percentile(sorted: &[f64], percent: f64) -> f64 {
    let rank = (percent / 100.0 * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.max(1) - 1).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_seen() {
        let values: Vec<f64> = (1..=200).map(f64::from).collect();
        let check = |percent, expect| assert_eq!(percentile(&values, percent), expect);
        check(50.0, 100.0);
        check(95.0, 190.0);
        check(99.0, 198.0);
        assert_eq!(percentile(&[7.0], 99.0), 7.0);
        assert!(percentile(&[], 50.0).is_nan());
    }
}
