//! Benchmarks 4, 5 and 6: CPU and memory of recording, and how many streams fit.

use crate::{
    Options,
    farm::Generator,
    peers::Peer,
    process,
    site::SiteUnderTest,
    table::{Row, Table, spread},
    verify,
};
use anyhow::{Context, Result};
use std::{path::Path, process::Child, time::Duration};

/// Warm-up before the measured time starts: sessions are up and the first fragments are on disk.
const WARM_UP: Duration = Duration::from_secs(6);

/// How often the lag of the index is read.
const LAG_READINGS: usize = 20;

/// A round with more foreign load than this is flagged.
const NOISY_PERCENT: f64 = 10.0;

#[derive(Clone, Copy, PartialEq)]
enum Contender {
    Ours,
    Peer(Peer),
}

impl Contender {
    fn name(self) -> String {
        match self {
            Self::Ours => "Watchwall (index, fdatasync and BLAKE3, ring of 1 s)".into(),
            Self::Peer(peer) => peer.name().into(),
        }
    }
}

#[derive(Default)]
struct Figures {
    cpu_per_stream: Vec<f64>,
    pss_per_stream_mb: Vec<f64>,
    threads: Vec<f64>,
    /// Frames on disk as percent of the frames the sources sent in the same time.
    kept_percent: Vec<f64>,
    broken: Vec<String>,
    /// CPU that neither we nor the contender used, in percent of a core, of each round.
    foreign: Vec<f64>,
}

pub async fn run(options: &Options, streams: usize) -> Result<Table> {
    let generator = Generator::start(streams).await?;
    let mut contenders = vec![Contender::Ours];
    let mut notes = vec![format!(
        "{streams} unsynchronised H.264 streams of 2 Mbit/s at 25 fps, RTP over TCP on loopback, 2 s GOP; {} rounds of {} s, ABBA; \
         sources on core 0, contender on core 1. Kept: frames on disk against frames a camera sends in the recorded time.",
        options.rounds, options.seconds
    )];
    for peer in Peer::ALL {
        match peer.program() {
            Some(_) => contenders.push(Contender::Peer(peer)),
            None => notes.push(format!("{}: not installed, so absent.", peer.name())),
        }
    }
    let mut figures: Vec<Figures> = contenders.iter().map(|_| Figures::default()).collect();
    for round in 0..options.rounds {
        let mut order: Vec<usize> = (0..contenders.len()).collect();
        if round % 2 == 1 {
            order.reverse();
        }
        for i in order {
            let temp = tempfile::tempdir_in(options.folder.as_deref().unwrap_or(Path::new("/var/tmp")))?;
            one_round(options, contenders[i], &generator, temp.path(), &mut figures[i]).await?;
        }
    }
    let mut table = Table::new(
        format!("Recording {streams} streams (benchmarks 4 and 5)"),
        &["CPU per stream, % of a core", "PSS per stream, MB", "threads", "frames kept, %"],
    );
    for (contender, figures) in contenders.iter().zip(&figures) {
        table.rows.push(Row {
            name: contender.name(),
            cells: vec![
                spread(&figures.cpu_per_stream, 3),
                spread(&figures.pss_per_stream_mb, 2),
                spread(&figures.threads, 0),
                spread(&figures.kept_percent, 1),
            ],
        });
        let noisy = figures.foreign.iter().filter(|percent| **percent > NOISY_PERCENT).count();
        if noisy > 0 {
            notes.push(format!(
                "{}: {noisy} of {} rounds noisy (foreign load over {NOISY_PERCENT} % of a core).",
                contender.name(),
                figures.foreign.len()
            ));
        }
        notes.extend(figures.broken.iter().map(|b| format!("{}: {b}", contender.name())));
    }
    table.notes = notes;
    generator.stop().await;
    Ok(table)
}

async fn one_round(
    options: &Options,
    contender: Contender,
    generator: &Generator,
    folder: &Path,
    figures: &mut Figures,
) -> Result<()> {
    let streams = generator.urls.len();
    let (mut children, site) = start(options, contender, generator, folder).await?;
    let roots: Vec<u32> = children.iter().map(Child::id).chain(site.as_ref().map(|s| s.child.id())).collect();
    tokio::time::sleep(WARM_UP).await;
    let (before, all_before) = (process::cost(&roots)?, process::cost(&[std::process::id()])?);
    tokio::time::sleep(Duration::from_secs(options.seconds)).await;
    let (after, all_after) = (process::cost(&roots)?, process::cost(&[std::process::id()])?);
    figures.foreign.push(process::foreign_percent(&all_before, &all_after));
    anyhow::ensure!(after.threads > 0, "{} ended during the round", contender.name());
    figures.cpu_per_stream.push(process::cpu_percent(&before, &after) / streams as f64);
    figures.pss_per_stream_mb.push(after.pss_bytes as f64 / streams as f64 / 1e6);
    figures.threads.push(after.threads as f64);
    if let Some(site) = site {
        site.stop()?;
    }
    for child in &mut children {
        process::stop(child, Duration::from_secs(10))?;
    }
    let (kept, broken) = kept_percent(folder)?;
    figures.kept_percent.push(kept);
    figures.broken.extend(broken);
    Ok(())
}

async fn start(
    options: &Options,
    contender: Contender,
    generator: &Generator,
    folder: &Path,
) -> Result<(Vec<Child>, Option<SiteUnderTest>)> {
    match contender {
        Contender::Ours => {
            let site = SiteUnderTest::start_without_ring(options, folder)?;
            for (i, url) in generator.urls.iter().enumerate() {
                site.add_camera(&format!("bench {i}"), url, None, true).await?;
            }
            site.wait_recording(generator.urls.len(), Duration::from_secs(60)).await?;
            Ok((Vec::new(), Some(site)))
        }
        Contender::Peer(peer) => {
            let program = peer.program().context("the peer vanished")?;
            Ok((peer.record(&program, &generator.urls, folder)?, None))
        }
    }
}

/// Packets on disk against duration times frame rate, over all files, and the first broken file.
fn kept_percent(folder: &Path) -> Result<(f64, Option<String>)> {
    let (mut frames, mut expected, mut broken) = (0u64, 0f64, None);
    for file in verify::files(folder, "mp4") {
        let report = verify::frames(&file)?;
        frames += report.frames;
        expected += report.seconds * 25.0;
        if !report.errors.is_empty() && broken.is_none() {
            broken = Some(format!("{}: {}", file.display(), report.errors.lines().next().unwrap_or_default()));
        }
    }
    Ok((if expected > 0.0 { frames as f64 / expected * 100.0 } else { 0.0 }, broken))
}

/// Benchmark 6: ours alone, growing until a core's worth of 60 % is passed or a frame is lost.
pub async fn run_capacity(options: &Options) -> Result<Table> {
    let mut table = Table::new(
        "Streams recorded (benchmark 6), and how late the index is (11)",
        &["CPU, % of a core", "PSS, MB", "frames kept, %", "lost, ms", "index lag p95, s"],
    );
    for streams in [50, 100, 200] {
        let generator = Generator::start(streams).await?;
        let temp = tempfile::tempdir_in(options.folder.as_deref().unwrap_or(Path::new("/var/tmp")))?;
        let (_, site) = start(options, Contender::Ours, &generator, temp.path()).await?;
        let site = site.context("no server")?;
        tokio::time::sleep(WARM_UP).await;
        let before = process::cost(&[site.child.id()])?;
        tokio::time::sleep(Duration::from_secs(options.seconds)).await;
        let after = process::cost(&[site.child.id()])?;
        let lag = lag_p95(&site).await?;
        let lost = sum_of(&site.metrics().await?, "recording_lost_milliseconds_total");
        site.stop()?;
        let (kept, broken) = kept_percent(temp.path())?;
        table.notes.extend(broken);
        table.rows.push(Row {
            name: format!("{streams} streams"),
            cells: vec![
                format!("{:.1}", process::cpu_percent(&before, &after)),
                format!("{:.1}", after.pss_bytes as f64 / 1e6),
                format!("{kept:.1}"),
                format!("{lost:.0}"),
                format!("{lag:.2}"),
            ],
        });
        generator.stop().await;
    }
    table.notes.push(format!(
        "Index lag: the worst stream's, from the end of what was recorded to its row, read {LAG_READINGS} times a second apart."
    ));
    Ok(table)
}

/// After the measured time: reading it costs the site something.
async fn lag_p95(site: &SiteUnderTest) -> Result<f64> {
    let mut lags = Vec::with_capacity(LAG_READINGS);
    for _ in 0..LAG_READINGS {
        tokio::time::sleep(Duration::from_secs(1)).await;
        lags.push(sum_of(&site.metrics().await?, "recording_file_index_lag_seconds"));
    }
    lags.sort_by(f64::total_cmp);
    lags.get(LAG_READINGS * 95 / 100).copied().context("no reading")
}

/// Of a metric on the page, over all its labels.
fn sum_of(page: &str, metric: &str) -> f64 {
    page.lines()
        .filter(|line| line.starts_with(metric))
        .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
        .sum()
}
