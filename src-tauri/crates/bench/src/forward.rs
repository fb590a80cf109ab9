//! Benchmark 8: how long a frame stays inside the server, and what carrying a stream to a viewer costs.
//!
//! The server itself measures from the frame's last byte read to its WebSocket write (`stream_forward_latency_seconds`);
//! one viewer per stream reads here.

use crate::{
    Options,
    farm::Generator,
    process,
    site::SiteUnderTest,
    start,
    table::{Row, Table, spread},
};
use anyhow::{Context, Result};
use futures::StreamExt;
use std::{path::Path, time::Duration};

const STREAMS: usize = 20;

pub async fn run(options: &Options) -> Result<Table> {
    let mut table = Table::new(
        format!("Forwarding {STREAMS} streams of 2 Mbit/s to one viewer each (benchmark 8)"),
        &["average, ms", "p99 at most, ms", "CPU per stream, % of a core", "PSS per stream, MB"],
    );
    let generator = Generator::start(STREAMS).await?;
    let (mut average, mut p99, mut cpu, mut memory) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..options.rounds {
        let temp = tempfile::tempdir_in(options.folder.as_deref().unwrap_or(Path::new("/var/tmp")))?;
        let site = SiteUnderTest::start(options, temp.path())?;
        let mut viewers = tokio::task::JoinSet::new();
        for (i, url) in generator.urls.iter().enumerate() {
            let camera = site.add_camera(&format!("forward {i}"), url, None, false).await?;
            let path = camera["streams"][0]["path"].as_str().context("no path")?.to_owned();
            let mut socket = start::open(&site, &path).await?;
            viewers.spawn(async move { while let Some(Ok(_)) = socket.next().await {} });
        }
        tokio::time::sleep(Duration::from_secs(5)).await;
        let (before, histogram_before) = (process::cost(&[site.child.id()])?, histogram(&site.metrics().await?));
        tokio::time::sleep(Duration::from_secs(options.seconds)).await;
        let (after, histogram_after) = (process::cost(&[site.child.id()])?, histogram(&site.metrics().await?));
        let delta = histogram_after.since(&histogram_before);
        average.push(delta.average_ms());
        p99.push(delta.quantile_ms(0.99));
        cpu.push(process::cpu_percent(&before, &after) / STREAMS as f64);
        memory.push(after.pss_bytes as f64 / STREAMS as f64 / 1e6);
        viewers.abort_all();
        site.stop()?;
    }
    table.rows.push(Row {
        name: "Watchwall".into(),
        cells: vec![spread(&average, 3), spread(&p99, 3), spread(&cpu, 3), spread(&memory, 2)],
    });
    table.notes.push("p99 is the upper edge of the histogram bucket it falls in.".into());
    generator.stop().await;
    Ok(table)
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
