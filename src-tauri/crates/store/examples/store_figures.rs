//! Times what the recorder asks of the store every second and what the timeline asks at every zoom.
//!
//! `cargo run -p watchwall-store --example store_figures [-- DAYS CAMERAS STREAMS]`, defaults 30 64 200. Works in a
//! temporary folder on the disk that `TMPDIR` names. Prints one line per figure: name, median, worst, unit.
#![allow(clippy::print_stdout, reason = "the figures are the output")]

use sqlx::{Connection as _, SqliteConnection};
use std::{
    error::Error,
    path::Path,
    time::{Duration, Instant},
};
use watchwall_model::{Fragment, SegmentOrigin, SegmentState, StreamPath, TimeRange, UtcMillis, VolumeCode};
use watchwall_store::{DataFolder, NewSegment, SegmentProgress, Store, encode_fragments};

const SEGMENT_MS: i64 = 600_000;
const DAY_MS: i64 = 86_400_000;
/// 2026-01-01.
const BEGIN_MS: i64 = 1_767_225_600_000;
const GOPS: u32 = 600;
const FILL: &str = "INSERT INTO segments (path, volume, file, start_ms, end_ms, size_bytes, video_codec, width, height, \
     has_audio, state, init_bytes, fragments) VALUES (?1, 'v1', ?2, ?3, ?4, 45000000, 'avc1.4d401f', 1920, 1080, 0, \
     'complete', 800, ?5)";

type Outcome<T> = Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> Outcome<()> {
    let mut numbers = std::env::args().skip(1).map(|text| text.parse::<i64>());
    let mut next = |default: i64| numbers.next().transpose().map(|number| number.unwrap_or(default));
    let (days, cameras, streams) = (next(30)?, next(64)?, next(200)?);
    let folder = tempfile::tempdir()?;
    let lock = DataFolder::lock(folder.path())?;
    let (store, _) = Store::open(&lock).await?;
    fill(folder.path(), days, cameras).await?;
    coverage(&store, days, cameras).await?;
    maintenance(&store).await?;
    progress(&store, streams).await?;
    restart(store, &lock).await
}

/// A full archive, written past the repository functions: they commit row by row.
async fn fill(folder: &Path, days: i64, cameras: i64) -> Outcome<()> {
    let started = Instant::now();
    let fragments: Vec<Fragment> = (0..GOPS).map(gop).collect();
    let blob = encode_fragments(None, &fragments);
    let mut connection =
        SqliteConnection::connect(&format!("sqlite:{}", folder.join("watchwall.db").display())).await?;
    let mut transaction = connection.begin().await?;
    let segments = days * DAY_MS / SEGMENT_MS;
    for number in 0..segments {
        for camera in 0..cameras {
            let (start, path) = (BEGIN_MS + number * SEGMENT_MS, stream(camera)?);
            sqlx::query(FILL)
                .bind(path.as_str())
                .bind(format!("{path}/day-{}/{number}.mp4", number * SEGMENT_MS / DAY_MS))
                .bind(start)
                .bind(start + SEGMENT_MS)
                .bind(&blob)
                .execute(&mut *transaction)
                .await?;
        }
    }
    transaction.commit().await?;
    connection.close().await?;
    let size = std::fs::metadata(folder.join("watchwall.db"))?.len();
    println!("filled: {} segments, {} MB, {:.1} s", segments * cameras, size >> 20, started.elapsed().as_secs_f64());
    Ok(())
}

async fn coverage(store: &Store, days: i64, cameras: i64) -> Outcome<()> {
    let range = TimeRange::new(UtcMillis(BEGIN_MS), UtcMillis(BEGIN_MS + days * DAY_MS)).ok_or("no days")?;
    let paths = (0..cameras).map(stream).collect::<Outcome<Vec<_>>>()?;
    let mut times = Vec::new();
    for _ in 0..10 {
        let started = Instant::now();
        for path in &paths {
            let pieces = store.segments().coverage(path, range, 2_000).await?;
            if pieces != [range] {
                return Err(format!("{path}: {} pieces instead of one", pieces.len()).into());
            }
        }
        times.push(started.elapsed());
    }
    report(&format!("coverage of {days} days x {cameras} cameras, first question"), times.drain(..1).collect());
    report(&format!("coverage of {days} days x {cameras} cameras"), times);
    let mut times = Vec::new();
    let hour = TimeRange::new(UtcMillis(BEGIN_MS + DAY_MS / 2), UtcMillis(BEGIN_MS + DAY_MS / 2 + 3_600_000))
        .ok_or("no hour")?;
    for path in &paths {
        let started = Instant::now();
        store.segments().in_range(path, hour).await?;
        times.push(started.elapsed());
    }
    report("segments of one hour, one camera", times);
    Ok(())
}

async fn maintenance(store: &Store) -> Outcome<()> {
    let volume = VolumeCode("v1".into());
    let (mut totals, mut oldest) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        let started = Instant::now();
        store.segments().totals(&volume).await?;
        totals.push(started.elapsed());
        let started = Instant::now();
        store.segments().oldest_unlocked(&volume, 500).await?;
        oldest.push(started.elapsed());
    }
    report("totals of a volume", totals);
    report("500 oldest segments", oldest);
    let doomed: Vec<_> = store.segments().oldest_unlocked(&volume, 500).await?.into_iter().map(|s| s.id).collect();
    let started = Instant::now();
    store.segments().mark_deleting(&doomed).await?;
    store.segments().forget(&doomed).await?;
    report("mark and forget 500 segments", vec![started.elapsed()]);
    Ok(())
}

/// One GOP per second and stream, the last tenth of a full segment included.
async fn progress(store: &Store, streams: i64) -> Outcome<()> {
    let mut ids = Vec::new();
    let started = Instant::now();
    for number in 0..streams {
        let path = stream(1_000 + number)?;
        let new = NewSegment {
            file: format!("{path}/now.mp4"),
            path,
            volume: VolumeCode("v1".into()),
            start: UtcMillis(BEGIN_MS + 365 * DAY_MS),
            video_codec: "avc1.4d401f".into(),
            width: 1920,
            height: 1080,
            has_audio: false,
            init_bytes: 800,
            origin: SegmentOrigin::Live,
        };
        ids.push(store.segments().insert(&new).await?);
    }
    report(&format!("begin {streams} segments one by one"), vec![started.elapsed()]);
    let mut times = Vec::new();
    for second in 0..GOPS {
        let previous = second.checked_sub(1).map(gop);
        let fragments = encode_fragments(previous.as_ref(), &[gop(second)]);
        let end = UtcMillis(BEGIN_MS + 365 * DAY_MS + i64::from(second + 1) * 1_000);
        let size_bytes = 800 + u64::from(second + 1) * 75_000;
        let batch: Vec<_> = ids
            .iter()
            .map(|id| SegmentProgress {
                id: *id,
                end,
                size_bytes,
                fragments: fragments.clone(),
                state: SegmentState::Recording,
            })
            .collect();
        let started = Instant::now();
        store.segments().commit_progress(&batch).await?;
        times.push(started.elapsed());
    }
    let late = times.split_off(times.len() * 9 / 10);
    report(&format!("commit_progress of {streams} segments, first nine minutes"), times);
    report(&format!("commit_progress of {streams} segments, last minute"), late);
    Ok(())
}

async fn restart(store: Store, lock: &DataFolder) -> Outcome<()> {
    let started = Instant::now();
    let backup = store.backup().await?;
    println!("backup: {} kB, {:.1} ms", std::fs::metadata(&backup)?.len() >> 10, ms(started.elapsed()));
    store.close().await;
    let started = Instant::now();
    let (store, _) = Store::open(lock).await?;
    report("open after a clean end", vec![started.elapsed()]);
    drop(store);
    // Without `close` the end was not clean: the next start checks the pages.
    let started = Instant::now();
    let (store, _) = Store::open(lock).await?;
    report("open after an unclean end", vec![started.elapsed()]);
    store.close().await;
    Ok(())
}

fn gop(number: u32) -> Fragment {
    Fragment {
        offset: 800 + u64::from(number) * 75_000,
        size_bytes: 75_000,
        start_ms: number * 1_000,
        duration_ms: 1_000,
        is_key: true,
    }
}

fn stream(number: i64) -> Outcome<StreamPath> {
    Ok(StreamPath::parse(&format!("cam_192_168_1_{number}_ch1_main"))?)
}

fn report(name: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let (Some(middle), Some(worst)) = (times.get(times.len() / 2), times.last()) else { return };
    println!("{name}: median {:.2} ms, worst {:.2} ms, {} rounds", ms(*middle), ms(*worst), times.len());
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
