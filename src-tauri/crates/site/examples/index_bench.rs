//! Times the index at size: a restart with half a million rows, the timeline of 64 cameras over 30 days, a full
//! comparison with the disk.
//!
//! `cargo run --release -p watchwall-site --example index_bench -- [files]`: with `files`, an empty file is made for each row and
//! all are compared.

use anyhow::Result;
use serde_json::json;
use std::{fs, io::Write, sync::Arc, time::Instant};
use tokio::sync::watch;
use watchwall_model::{
    Fragment, SegmentOrigin, SegmentState, StreamPath, TimeRange, UtcMillis, VolumeCode, config::RecordingConfig,
};
use watchwall_site::recording::{Recording, StreamSource, StreamTap};
use watchwall_store::{DataFolder, NewSegment, SegmentProgress, Store, encode_fragments};

struct Nothing;

impl StreamSource for Nothing {
    fn stream(&self, _: &StreamPath) -> Option<StreamTap> {
        None
    }

    fn changed(&self) -> watch::Receiver<u64> {
        watch::Sender::new(0).subscribe()
    }
}

const CAMERAS: i64 = 116;
const PER_CAMERA: i64 = 4_320;
const MINUTES_10: i64 = 600_000;

#[tokio::main]
async fn main() -> Result<()> {
    let files = if std::env::args().nth(1).is_some() { (CAMERAS * PER_CAMERA) as usize } else { 0 };
    let folder = std::env::temp_dir().join(format!("index-bench-{}", std::process::id()));
    let now = UtcMillis(UtcMillis::now().0 / MINUTES_10 * MINUTES_10);
    {
        let lock = DataFolder::lock(&folder)?;
        let (store, _) = Store::open(&lock).await?;
        let recording = start(&store, &folder).await?;
        recording.stop().await;
        fill(&store, now).await?;
        store.close().await;
    }
    if files > 0 {
        make_files(&folder, now)?;
    }

    let begun = Instant::now();
    let lock = DataFolder::lock(&folder)?;
    let (store, _) = Store::open(&lock).await?;
    let opened_ms = begun.elapsed().as_millis() as u64;
    let recording = start(&store, &folder).await?;
    let restart_ms = begun.elapsed().as_millis() as u64;

    let paths: Vec<StreamPath> = (0..64).map(path).collect();
    let month = TimeRange::new(now.saturating_add_ms(-30 * 86_400_000), now);
    // The site does this in the background after a start.
    let begun = Instant::now();
    store.segments().warm().await?;
    let warm_ms = begun.elapsed().as_millis() as u64;
    let mut timeline_ms: Vec<f64> = Vec::new();
    for _ in 0..9 {
        let begun = Instant::now();
        if let Some(month) = month {
            recording.timeline(&paths, month, 0).await?;
        }
        timeline_ms.push(begun.elapsed().as_secs_f64() * 1000.0);
    }
    let timeline_first_ms = timeline_ms[0];
    timeline_ms.sort_by(f64::total_cmp);
    let begun = Instant::now();
    let compared = if files > 0 { Some(recording.reindex().await?) } else { None };
    let compare_s = begun.elapsed().as_secs_f64();
    recording.stop().await;
    store.close().await;
    drop(lock);
    fs::remove_dir_all(&folder)?;
    let answer = json!({
        "rows": CAMERAS * PER_CAMERA,
        "open_ms": opened_ms,
        "restart_ms": restart_ms,
        "warm_ms": warm_ms,
        "timeline_64x30d_first_ms": timeline_first_ms,
        "timeline_64x30d_median_ms": timeline_ms[timeline_ms.len() / 2],
        "files_compared": files,
        "files_per_second": compared.map(|_| files as f64 / compare_s),
        "missing": compared.map(|c| c.missing),
    });
    writeln!(std::io::stdout(), "{answer:#}")?;
    Ok(())
}

async fn start(store: &Store, folder: &std::path::Path) -> Result<Recording> {
    Ok(Recording::start(store.clone(), &RecordingConfig::default(), folder, Arc::new(Nothing)).await?)
}

fn path(camera: i64) -> StreamPath {
    StreamPath::for_camera(&format!("10.0.0.{camera}"), 1, watchwall_model::StreamRole::Main)
}

/// As a recorder names it, in the zone of this machine.
fn name(camera: i64, start: UtcMillis) -> Result<String> {
    let start = jiff::Timestamp::from_millisecond(start.0)?.to_zoned(jiff::tz::TimeZone::system());
    Ok(format!("{}/{}.mp4", path(camera), start.strftime("%Y-%m-%d/%H-%M-%S")))
}

fn start_of(now: UtcMillis, n: i64) -> UtcMillis {
    now.saturating_add_ms((n - PER_CAMERA) * MINUTES_10)
}

/// Rows of 30 days.
async fn fill(store: &Store, now: UtcMillis) -> Result<()> {
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
                volume: VolumeCode("main".into()),
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
    Ok(())
}

fn make_files(folder: &std::path::Path, now: UtcMillis) -> Result<()> {
    for camera in 0..CAMERAS {
        for n in 0..PER_CAMERA {
            let file = folder.join("recordings").join(name(camera, start_of(now, n))?);
            if let Some(day) = file.parent() {
                fs::create_dir_all(day)?;
            }
            fs::File::create(file)?;
        }
    }
    Ok(())
}
