//! The watermark drill: small volumes fill again and again while one fails and returns, one hangs, and at last all of
//! them are gone for a moment. `WATCHWALL_DRILL_S=864 WATCHWALL_DRILL_STREAMS=8 WATCHWALL_DRILL_MIB=512` is a day at
//! 100 times its speed: streams of 40 Mbit/s write in 864 seconds what streams of 0.4 Mbit/s write in 24 hours.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking and says what it skips"
)]

mod recording_support;

use recording_support::{Bench, Farm, Footage, config, disk::LoopDisk, frames_in, path, until};
use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};
use watchwall_model::{
    GapReason, Plan, PlanRunning, Segment, SegmentId, SegmentState, TimeRange, UtcMillis, VolumeKind, VolumeState,
    config::RecordingConfig,
};
use watchwall_site::recording::NewVolume;

/// Two pictures of 25 a second.
const SEAM_MS: i64 = 80;
const FRAME_BYTES: usize = 200_000;
/// More than a recorder keeps of a stream for when a disk comes back: 32 MiB, and a quarter.
const MEMORY_FRAMES: usize = (40 << 20) / FRAME_BYTES;

fn from_environment(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(otherwise)
}

/// Three volumes of one size, each a file system of its own: `main`, `main2` and `main3`.
struct Rig {
    streams: usize,
    bench: Bench,
    disks: [LoopDisk; 3],
    begun: UtcMillis,
    /// Every row that was ever seen, as it was seen last. What made room is gone from the index.
    seen: Mutex<BTreeMap<SegmentId, (usize, Segment)>>,
    looks: AtomicUsize,
}

impl Rig {
    fn root(&self, code: &str) -> PathBuf {
        let disk = match code {
            "main" => &self.disks[0],
            "main2" => &self.disks[1],
            _ => &self.disks[2],
        };
        disk.root.join("recordings")
    }

    fn range(&self) -> TimeRange {
        TimeRange::new(self.begun.saturating_add_ms(-1_000), UtcMillis::now().saturating_add_ms(3_600_000)).unwrap()
    }

    async fn plans(&self) -> Vec<PlanRunning> {
        self.bench.recording.plans().await.unwrap().into_iter().map(|view| view.running).collect()
    }

    async fn remember(&self) {
        self.looks.fetch_add(1, Relaxed);
        for n in 0..self.streams {
            let rows = self.bench.store.segments().in_range(&path(n), self.range()).await.unwrap();
            let mut seen = self.seen.lock().unwrap();
            // What a disk had not made durable when it failed is cut off when it returns.
            seen.extend(rows.into_iter().map(|row| (row.id, (n, row))));
        }
    }

    /// Looks on for so long: no plan says that it does not record.
    async fn records_for(&self, time: Duration) {
        let end = tokio::time::Instant::now() + time;
        let mut every = tokio::time::interval(Duration::from_millis(250));
        while tokio::time::Instant::now() < end {
            every.tick().await;
            for plan in self.plans().await {
                assert!(matches!(plan, PlanRunning::Recording { .. }), "{plan:?}");
            }
            self.remember().await;
        }
    }

    /// All that was ever recorded of a stream, with nothing missing but this range.
    fn check_seams(&self, n: usize, but: TimeRange) -> i64 {
        let seen = self.seen.lock().unwrap();
        let mut pieces: Vec<_> = seen
            .values()
            .filter(|(of, _)| *of == n)
            .map(|(_, row)| (row.start, row.end, row.volume.0.clone()))
            .collect();
        pieces.sort_unstable();
        let (begin, mut end) = (pieces[0].0, pieces[0].0);
        for (start, next_end, volume) in &pieces {
            let missing = *start - end;
            let is_known = end >= but.start && *start <= but.end;
            if missing > SEAM_MS && !is_known {
                let at = |at: UtcMillis| at - self.begun;
                let all: Vec<_> =
                    pieces.iter().map(|(start, end, on)| (at(*start), at(*end), on.to_string())).collect();
                panic!("stream {n} lacks {missing} ms before {} on {volume}: {all:?}", at(*start));
            }
            end = end.max(*next_end);
        }
        end - begin
    }

    async fn state_is(&self, n: usize, is_writable: bool) {
        until(&format!("volume {n} writable: {is_writable}"), 60, || async {
            let volumes = self.bench.recording.volumes().await.unwrap();
            let code = if n == 0 { "main".to_owned() } else { format!("main{}", n + 1) };
            let view = volumes.into_iter().find(|view| view.volume.code.0 == code)?;
            ((view.health.state == VolumeState::ReadWrite) == is_writable).then_some(())
        })
        .await;
    }

    /// Takes a disk that stopped out of the machine and puts it back.
    async fn put_back(&self, n: usize) {
        self.disks[n].unmount().unwrap();
        until("a free device", 60, || async { self.disks[n].is_released().then_some(()) }).await;
        self.disks[n].mount().unwrap();
    }

    /// Until every stream records, or none does.
    async fn all_record(&self, do_they: bool) {
        until(&format!("recording: {do_they}"), 90, || async {
            let plans = self.plans().await;
            plans.iter().all(|plan| matches!(plan, PlanRunning::Recording { .. }) == do_they).then_some(())
        })
        .await;
    }
}

fn volume(root: PathBuf) -> NewVolume {
    NewVolume {
        root: root.display().to_string(),
        name: "another".into(),
        kind: VolumeKind::Local,
        high_watermark_percent: 90.0,
        low_watermark_percent: 75.0,
        priority: 0,
        archive_after_days: None,
        object: None,
        take_over: false,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn volumes_that_fill_fail_and_return_cost_nothing() {
    let Some(footage) = Footage::encode() else { return };
    let seconds = from_environment("WATCHWALL_DRILL_S", 32);
    let streams = from_environment("WATCHWALL_DRILL_STREAMS", 2) as usize;
    let size_mib = from_environment("WATCHWALL_DRILL_MIB", 96);
    let folder = tempfile::tempdir().unwrap();
    let at = |name: String| folder.path().join(name);
    let mut disks = Vec::new();
    for n in 0..3 {
        match LoopDisk::make(&at(format!("{n}.img")), &at(format!("disk{n}")), size_mib) {
            Ok(disk) => disks.push(disk),
            Err(why) => return println!("skipped: {why}"),
        }
    }
    let Ok(disks) = <[LoopDisk; 3]>::try_from(disks) else { unreachable!("three were made") };
    let farm = Farm::new(streams);
    // 40 Mbit/s.
    farm.filler.store(FRAME_BYTES, Relaxed);
    let config = RecordingConfig { folder: Some(disks[0].root.join("recordings")), ..config() };
    let bench = Bench::start_with(folder.path(), &farm, &config).await;
    for disk in &disks[1..] {
        bench.recording.add_volume(volume(disk.root.join("recordings"))).await.unwrap();
    }
    for n in 0..streams {
        bench.recording.put_plan(Plan { segment_minutes: 1, ..Plan::continuous(path(n)) }).await.unwrap();
    }
    let begun = UtcMillis::now();
    farm.feed(footage);
    let rig = Rig { streams, bench, disks, begun, seen: Mutex::default(), looks: AtomicUsize::new(0) };
    rig.all_record(true).await;

    let part = |eighths: u64| Duration::from_millis(seconds * 125 * eighths);
    rig.records_for(part(2)).await;
    rig.disks[1].stop_device();
    rig.records_for(part(1)).await;
    rig.state_is(1, false).await;
    rig.put_back(1).await;
    rig.records_for(part(1)).await;
    rig.state_is(1, true).await;
    rig.disks[2].freeze();
    rig.records_for(part(1)).await;
    rig.disks[2].thaw();
    rig.records_for(part(1)).await;
    rig.state_is(2, true).await;
    assert_eq!(rig.bench.recording.stats().lost_ms, 0);

    // Nothing to record on at all.
    let last_good = UtcMillis::now();
    for disk in &rig.disks {
        disk.stop_device();
    }
    rig.all_record(false).await;
    // What no disk takes waits in memory: longer than that.
    let held = farm.pushed.load(Relaxed) + MEMORY_FRAMES;
    until("more than memory holds", 90, || async { (farm.pushed.load(Relaxed) >= held).then_some(()) }).await;
    for n in 0..3 {
        rig.put_back(n).await;
    }
    rig.all_record(true).await;
    let good_again = UtcMillis::now();
    rig.records_for(part(2)).await;

    // What cannot be kept anywhere is missed from the last moment that was durable, and said.
    let outage = TimeRange::new(last_good.saturating_add_ms(-2_000), good_again.saturating_add_ms(2_000)).unwrap();
    let mut gap_ms = 0;
    for n in 0..streams {
        let track = rig.bench.recording.timeline(&[path(n)], outage, 0).await.unwrap().remove(0).1;
        assert!(!track.gaps.is_empty() && track.gaps.iter().all(|gap| gap.reason == GapReason::Disk), "{track:?}");
        gap_ms = gap_ms.max(track.gaps.iter().map(|gap| gap.range.duration_ms()).sum());
    }
    farm.freeze(true);
    rig.bench.recording.stop().await;
    rig.remember().await;
    let recorded: Vec<_> = (0..streams).map(|n| rig.check_seams(n, outage)).collect();
    let (mut files, mut bytes) = (0, 0);
    for n in 0..streams {
        for segment in rig.bench.store.segments().in_range(&path(n), rig.range()).await.unwrap() {
            assert_ne!(segment.state, SegmentState::Recording, "{segment:?}");
            let kept_ms = frames_in(&rig.root(&segment.volume.0).join(&segment.file)) as i64 * 40;
            assert!((kept_ms - (segment.end - segment.start)).abs() < 1_000, "{kept_ms} ms in {segment:?}");
            (files, bytes) = (files + 1, bytes + segment.size_bytes);
        }
    }
    let (all, written) = {
        let seen = rig.seen.lock().unwrap();
        (seen.len(), seen.values().map(|(_, row)| row.size_bytes).sum::<u64>())
    };
    println!(
        "{recorded:?} ms recorded in {all} files of {} MB on 3 x {size_mib} MiB, {files} of {} MB left; {} looks; \
         {gap_ms} ms missed while no volume was there",
        written / 1_000_000,
        bytes / 1_000_000,
        rig.looks.load(Relaxed),
    );
    assert!(written > 2 * (size_mib << 20), "they never filled: {written} bytes");
    rig.bench.stop().await;
}
