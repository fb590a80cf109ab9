//! Clocks that are wrong: set while recording, never set, running fast, and told twice at the end of summer. No picture
//! is lost, no name is used twice, and the timeline says what it can.

use crate::recording_support::{Bench, Farm, Footage, config, files_below, frames_in, path, until};
use std::{
    collections::BTreeSet,
    path::Path,
    sync::{Arc, atomic::Ordering::Relaxed},
};
use watchwall_model::{Plan, Segment, SegmentState, TimeRange, UtcMillis, config::RecordingConfig};

const HOUR_MS: i64 = 3_600_000;

struct Clocks {
    bench: Bench,
    farm: Arc<Farm>,
    folder: tempfile::TempDir,
    config: RecordingConfig,
}

impl Clocks {
    async fn start(zone: &str, skew_ms: i64) -> Option<Self> {
        let footage = Footage::encode()?;
        let folder = tempfile::tempdir().unwrap();
        let farm = Farm::new(1);
        let config = RecordingConfig { time_zone: Some(zone.into()), ..config() };
        let bench = Bench::start_with(folder.path(), &farm, &config).await;
        bench.recording.put_plan(Plan::continuous(path(0))).await.unwrap();
        until("a recorder", 20, || async { farm.is_heard() }).await;
        farm.skew_ms.store(skew_ms, Relaxed);
        farm.feed(footage);
        Some(Self { bench, farm, folder, config })
    }

    /// Lets so many frames pass.
    async fn pass(&self, frames: usize) {
        let wanted = self.farm.pushed.load(Relaxed) + frames;
        until("frames", 60, || async { (self.farm.pushed.load(Relaxed) >= wanted).then_some(()) }).await;
    }

    async fn set(&self, skew_ms: i64, frames: usize) {
        self.farm.skew_ms.store(skew_ms, Relaxed);
        self.pass(frames).await;
    }

    /// Ends the recording and gives its rows, in the order of their times.
    async fn end(self) -> (Vec<Segment>, usize, tempfile::TempDir) {
        self.farm.freeze(true);
        let pushed = self.farm.pushed.load(Relaxed);
        until("an empty queue", 20, || async {
            let segments = rows(&self.bench).await;
            segments.iter().any(|s| s.state == SegmentState::Recording).then_some(())
        })
        .await;
        self.bench.recording.stop().await;
        let segments = rows(&self.bench).await;
        self.bench.stop().await;
        // Files and index still agree when all is compared.
        let bench = Bench::start_with(self.folder.path(), &Farm::new(1), &self.config).await;
        assert_eq!(bench.recording.recovered(), Default::default());
        assert_eq!(bench.recording.reindex().await.unwrap(), Default::default());
        assert_eq!(rows(&bench).await, segments);
        bench.stop().await;
        (segments, pushed, self.folder)
    }
}

async fn rows(bench: &Bench) -> Vec<Segment> {
    let all = TimeRange::new(UtcMillis(-1), UtcMillis(i64::MAX / 4)).unwrap();
    let mut segments = Vec::new();
    let mut from = all.start;
    while let Some(next) = bench.store.segments().next_after(&path(0), from).await.unwrap() {
        from = next.start.saturating_add_ms(1);
        segments.push(next);
    }
    segments
}

/// Every frame that was pushed is in exactly one file, and every file plays.
fn nothing_is_lost(folder: &Path, segments: &[Segment], pushed: usize) {
    let root = folder.join("recordings");
    let names: BTreeSet<_> = segments.iter().map(|segment| segment.file.clone()).collect();
    assert_eq!(names.len(), segments.len());
    assert_eq!(files_below(&root).len(), segments.len());
    let frames: usize = segments.iter().map(|segment| frames_in(&root.join(&segment.file))).sum();
    // The last frame pushed may have been too late for the count, or counted too late.
    assert!(frames.abs_diff(pushed) <= 1, "{frames} of {pushed} frames in {segments:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_while_recording_costs_no_picture() {
    let Some(clocks) = Clocks::start("Asia/Shanghai", 0).await else { return };
    let to_1970 = -UtcMillis::now().0 + 120_000;
    clocks.pass(70).await;
    clocks.set(HOUR_MS, 70).await;
    clocks.set(-HOUR_MS, 70).await;
    clocks.set(to_1970, 70).await;
    clocks.set(0, 120).await;
    let now = UtcMillis::now();
    let asked = TimeRange::new(now.saturating_add_ms(-2 * HOUR_MS), now.saturating_add_ms(2 * HOUR_MS)).unwrap();
    let tracks = clocks.bench.recording.timeline(&[path(0)], asked, 0).await.unwrap();
    let coverage = &tracks[0].1.coverage;
    assert!(coverage.windows(2).all(|pair| pair[0].end < pair[1].start), "{coverage:?}");
    // An hour ago, now, now again after the clock had been elsewhere, and in an hour.
    assert_eq!(coverage.len(), 4, "{coverage:?}");
    assert!(tracks[0].1.gaps.windows(2).all(|pair| pair[0].range.end <= pair[1].range.start));
    assert_eq!(clocks.bench.recording.stats().lost_ms, 0);
    let (segments, pushed, folder) = clocks.end().await;
    assert_eq!(segments.len(), 5, "{segments:?}");
    assert!(segments[0].file.contains("/1970-01-01/"), "{segments:?}");
    nothing_is_lost(folder.path(), &segments, pushed);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hour_that_is_told_twice_has_names_of_its_own() {
    // 02:30 summer time in Berlin, and an hour later 02:30 again.
    let first = "2026-10-25T00:30:00Z".parse::<jiff::Timestamp>().unwrap().as_millisecond();
    let skew = first - UtcMillis::now().0;
    let Some(clocks) = Clocks::start("Europe/Berlin", skew).await else { return };
    clocks.pass(60).await;
    clocks.set(skew + HOUR_MS, 60).await;
    // And again the same second of the same pass.
    clocks.set(skew, 100).await;
    let (segments, pushed, folder) = clocks.end().await;
    nothing_is_lost(folder.path(), &segments, pushed);
    assert_eq!(segments.len(), 3, "{segments:?}");
    let repeated: Vec<_> = segments.iter().filter(|segment| segment.file.contains("_r")).collect();
    assert!(repeated.len() == 1 && repeated[0].start.0 - first >= HOUR_MS, "{segments:?}");
    assert!(segments.iter().all(|segment| segment.file.contains("/2026-10-25/02-30-")), "{segments:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn summer_begins_and_ends_at_a_cut() {
    for (change, names) in
        [("2026-03-29T01:00:00Z", ["01-59-5", "03-00-0"]), ("2026-10-25T01:00:00Z", ["02-59-5", "02-00-0"])]
    {
        let change = change.parse::<jiff::Timestamp>().unwrap().as_millisecond();
        let Some(clocks) = Clocks::start("Europe/Berlin", change - 3_000 - UtcMillis::now().0).await else { return };
        // Streams cut within four seconds after the boundary, at their next key frame two seconds on.
        clocks.pass(25 * 11).await;
        let (segments, pushed, folder) = clocks.end().await;
        nothing_is_lost(folder.path(), &segments, pushed);
        assert_eq!(segments.len(), 2, "{segments:?}");
        assert!(segments[1].start - segments[0].end <= 40, "{segments:?}");
        for (segment, name) in segments.iter().zip(names) {
            assert!(segment.file.split('/').nth(2).unwrap().starts_with(name), "{segments:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_camera_whose_clock_runs_fast_is_recorded_by_ours() {
    let Some(clocks) = Clocks::start("UTC", 0).await else { return };
    clocks.farm.ticks.store(3_780, Relaxed);
    clocks.pass(250).await;
    let (segments, pushed, folder) = clocks.end().await;
    nothing_is_lost(folder.path(), &segments, pushed);
    // Ten minutes may have ended meanwhile.
    assert!(segments.len() <= 2, "{segments:?}");
    let recorded_ms: i64 = segments.iter().map(|segment| segment.end - segment.start).sum();
    assert!((recorded_ms - pushed as i64 * 40).abs() < 500, "{recorded_ms} ms for {pushed} frames");
}
