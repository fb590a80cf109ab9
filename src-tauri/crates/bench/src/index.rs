//! Benchmark 11: a restart, the timeline and a full comparison with the disk, at half a million recordings.

use crate::{
    Options,
    site::SiteUnderTest,
    table::{Row, Table, spread},
};
use anyhow::{Context, Result};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};
use tokio::sync::watch;
use watchwall_model::{
    Fragment, SegmentOrigin, SegmentState, StreamPath, StreamRole, UtcMillis, Volume, config::RecordingConfig,
};
use watchwall_site::recording::{Recording, StreamSource, StreamTap};
use watchwall_store::{DataFolder, NewSegment, SegmentProgress, Store, encode_fragments};

const CAMERAS: i64 = 116;
/// Thirty days of ten minutes.
const PER_CAMERA: i64 = 4_320;
const MINUTES_10: i64 = 600_000;
/// What is asked of the timeline: 64 cameras, as wide as a screen.
const ON_TIMELINE: i64 = 64;
const SCREEN: i64 = 1_600;

/// Nothing is recorded while the index is looked at.
struct Nothing;

impl StreamSource for Nothing {
    fn stream(&self, _: &StreamPath) -> Option<StreamTap> {
        None
    }

    fn changed(&self) -> watch::Receiver<u64> {
        watch::Sender::new(0).subscribe()
    }
}

pub async fn run(options: &Options) -> Result<Table> {
    let temp = tempfile::tempdir_in(options.folder.as_deref().unwrap_or(Path::new("/var/tmp")))?;
    let data = temp.path();
    let now = UtcMillis(UtcMillis::now().0 / MINUTES_10 * MINUTES_10);
    SiteUnderTest::start(options, data)?.stop()?;
    let volume = fill(data, now).await?;
    make_files(&volume, now)?;

    let (mut ready, mut first, mut later) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..options.rounds {
        let site = SiteUnderTest::start(options, data)?;
        ready.push(site.ready_after.as_secs_f64() * 1_000.0);
        first.push(ask_timeline(&site, now).await?);
        for _ in 0..5 {
            later.push(ask_timeline(&site, now).await?);
        }
        site.stop()?;
    }
    let compared = compare(options, data).await?;

    let rows = CAMERAS * PER_CAMERA;
    let mut table = Table::new(format!("Index of {rows} recordings (benchmark 11)"), &["figure"]);
    for (name, cell) in [
        ("restart, from the process's start to its ready line, ms", spread(&ready, 0)),
        ("timeline of 30 days x 64 cameras over HTTP, first after a start, ms", spread(&first, 1)),
        ("the same again, ms", spread(&later, 1)),
        ("every file compared with its row, files per second", spread(&compared, 0)),
    ] {
        table.rows.push(Row { name: name.into(), cells: vec![cell] });
    }
    table
        .notes
        .push(format!("{} rounds; both cores; an empty file for each row, the page cache warm.", options.rounds));
    Ok(table)
}

/// In milliseconds, the answer read whole.
async fn ask_timeline(site: &SiteUnderTest, now: UtcMillis) -> Result<f64> {
    let paths: Vec<String> = (0..ON_TIMELINE).map(|camera| path(camera).to_string()).collect();
    let month = PER_CAMERA * MINUTES_10;
    let query = format!(
        "/api/v1/timeline?paths={}&from={}&to={}&resolution_ms={}",
        paths.join(","),
        now.0 - month,
        now.0,
        month / SCREEN
    );
    let asked = Instant::now();
    let answer = site.get(&query).await?;
    let took = asked.elapsed().as_secs_f64() * 1_000.0;
    let tracks = answer["tracks"].as_array().context("a timeline without tracks")?;
    let is_full = |track: &serde_json::Value| track["coverage"].as_array().is_some_and(|ranges| !ranges.is_empty());
    anyhow::ensure!(tracks.len() as i64 == ON_TIMELINE && tracks.iter().all(is_full), "the timeline is not complete");
    Ok(took)
}

/// Files per second of each full comparison.
async fn compare(options: &Options, data: &Path) -> Result<Vec<f64>> {
    let lock = DataFolder::lock(data)?;
    let (store, _) = Store::open(&lock).await?;
    let recording = Recording::start(store.clone(), &RecordingConfig::default(), data, Arc::new(Nothing)).await?;
    let mut rates = Vec::new();
    for _ in 0..options.rounds {
        let begun = Instant::now();
        let found = recording.reindex().await?;
        rates.push((CAMERAS * PER_CAMERA) as f64 / begun.elapsed().as_secs_f64());
        anyhow::ensure!(found.missing == 0, "{} files are said to be missing", found.missing);
    }
    recording.stop().await;
    store.close().await;
    Ok(rates)
}

fn path(camera: i64) -> StreamPath {
    StreamPath::for_camera(&format!("10.0.0.{camera}"), 1, StreamRole::Main)
}

/// As a recorder names it, in the zone of this machine.
fn name(camera: i64, start: UtcMillis) -> Result<String> {
    let start = jiff::Timestamp::from_millisecond(start.0)?.to_zoned(jiff::tz::TimeZone::system());
    Ok(format!("{}/{}.mp4", path(camera), start.strftime("%Y-%m-%d/%H-%M-%S")))
}

/// The last one ends now.
fn start_of(now: UtcMillis, n: i64) -> UtcMillis {
    now.saturating_add_ms((n - PER_CAMERA) * MINUTES_10)
}

/// Rows of 30 days on the first volume, and where that is.
async fn fill(data: &Path, now: UtcMillis) -> Result<PathBuf> {
    let lock = DataFolder::lock(data)?;
    let (store, _) = Store::open(&lock).await?;
    let volume: Volume = store.volumes().all().await?.into_iter().next().context("a site without a volume")?;
    let fragments: Vec<Fragment> = (0..300)
        .map(|n| Fragment {
            offset: 900 + n * 500_000,
            size_bytes: 500_000,
            start_ms: n as u32 * 2_000,
            duration_ms: 2_000,
            is_key: true,
        })
        .collect();
    let blob = encode_fragments(None, &fragments);
    for camera in 0..CAMERAS {
        let mut new = Vec::new();
        for n in 0..PER_CAMERA {
            let start = start_of(now, n);
            new.push(NewSegment {
                path: path(camera),
                volume: volume.code.clone(),
                file: name(camera, start)?,
                start,
                video_codec: "avc1.4d401f".into(),
                width: 1920,
                height: 1080,
                has_audio: false,
                init_bytes: 900,
                origin: SegmentOrigin::Live,
            });
        }
        let ids = store.segments().insert_all(&new).await?;
        let progress: Vec<SegmentProgress> = ids
            .into_iter()
            .zip(&new)
            .map(|(id, new)| SegmentProgress {
                id,
                end: new.start.saturating_add_ms(MINUTES_10),
                size_bytes: 150_000_000,
                fragments: blob.clone(),
                state: SegmentState::Complete,
            })
            .collect();
        store.segments().commit_progress(&progress).await?;
    }
    store.close().await;
    Ok(volume.root)
}

fn make_files(root: &Path, now: UtcMillis) -> Result<()> {
    for camera in 0..CAMERAS {
        for n in 0..PER_CAMERA {
            let file = root.join(name(camera, start_of(now, n))?);
            if let Some(day) = file.parent() {
                fs::create_dir_all(day)?;
            }
            fs::File::create(file)?;
        }
    }
    Ok(())
}
