//! Fifty streams, a process killed at random moments: every file plays, at most two seconds are lost, index and disk
//! agree. `WATCHWALL_KILL_ROUNDS=200` makes it long.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking and says what it skips"
)]

mod recording_support;

use recording_support::{Bench, Farm, Footage, files_below, frames_in, path};
use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};
use watchwall_model::{Plan, Segment, SegmentState, TimeRange, UtcMillis};

const STREAMS: usize = 50;
const CHILD: &str = "WATCHWALL_KILL_CHILD";
/// Most that may be lost of each stream.
const MOST_LOST_MS: i64 = 2_000;

/// The recorder that is killed. Says when it records, and nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn child() {
    let Ok(folder) = std::env::var(CHILD) else { return };
    let Some(footage) = Footage::encode() else { return };
    let farm = Farm::new(STREAMS);
    let bench = Bench::start(Path::new(&folder), &farm).await;
    for n in 0..STREAMS {
        bench.recording.put_plan(Plan { segment_minutes: 1, ..Plan::continuous(path(n)) }).await.unwrap();
    }
    farm.feed(footage);
    println!("\nfeeding");
    tokio::time::sleep(Duration::from_secs(600)).await;
}

/// Runs the recorder for a while and kills it; says when the last frames were taken.
fn record_and_kill(folder: &Path, for_long: Duration) -> UtcMillis {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--nocapture"])
        .env(CHILD, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let started = lines.by_ref().map_while(Result::ok).any(|line| line.contains("feeding"));
    assert!(started, "the recorder did not start");
    std::thread::sleep(for_long);
    let at = UtcMillis::now();
    child.kill().unwrap();
    child.wait().unwrap();
    at
}

#[test]
fn killed_at_any_moment_nothing_but_the_last_two_seconds_is_lost() {
    if std::env::var(CHILD).is_ok() || Footage::encode().is_none() {
        return;
    }
    let rounds = std::env::var("WATCHWALL_KILL_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(5);
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (mut worst_ms, mut rows) = (0, BTreeMap::new());
    for round in 0..rounds {
        // Spread over all phases of fragments, syncs and index rounds.
        // The last streams begin with their first key frame, up to two seconds in.
        let for_long = Duration::from_millis(3_500 + (round * 7_919 + 137) % 2_600);
        let killed_at = record_and_kill(folder.path(), for_long);
        worst_ms = worst_ms.max(runtime.block_on(look(folder.path(), killed_at, round, &mut rows)));
    }
    for (file, segment) in &rows {
        let frames = frames_in(file) as i64;
        assert!((frames * 40 - (segment.end - segment.start)).abs() <= 200, "{frames} frames in {segment:?}");
    }
    println!("{rounds} rounds, at most {worst_ms} ms lost");
}

/// Starts on what is left, compares and lists it; says how much the worst stream lost.
async fn look(folder: &Path, killed_at: UtcMillis, round: u64, rows: &mut BTreeMap<PathBuf, Segment>) -> i64 {
    // Nothing is fed, so nothing is recorded while we look.
    let farm = Farm::new(STREAMS);
    let bench = Bench::start(folder, &farm).await;
    let root = folder.join("recordings");
    let range = TimeRange::new(killed_at.saturating_add_ms(-86_400_000), killed_at.saturating_add_ms(60_000)).unwrap();
    rows.clear();
    let mut worst_ms = 0;
    for n in 0..STREAMS {
        let segments = bench.store.segments().in_range(&path(n), range).await.unwrap();
        let last = segments.last().unwrap_or_else(|| panic!("round {round}: nothing of {}", path(n)));
        worst_ms = worst_ms.max(killed_at - last.end);
        assert!(killed_at - last.end <= MOST_LOST_MS, "round {round}: {} lost {} ms", path(n), killed_at - last.end);
        for segment in segments {
            assert_ne!(segment.state, SegmentState::Recording, "{segment:?}");
            let fragments = bench.store.segments().fragments(segment.id).await.unwrap();
            let end = fragments.last().map_or(0, |f| f.offset + u64::from(f.size_bytes));
            assert!(end <= segment.size_bytes && !fragments.is_empty(), "{segment:?}");
            rows.insert(root.join(&segment.file), segment);
        }
    }
    let files = files_below(&root);
    assert_eq!(files, rows.keys().cloned().collect::<Vec<_>>(), "round {round}: files and rows differ");
    for (file, segment) in rows.iter() {
        assert_eq!(segment.size_bytes, std::fs::metadata(file).unwrap().len(), "{segment:?}");
    }
    bench.stop().await;
    worst_ms
}
