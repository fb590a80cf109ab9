//! Real disks that misbehave under load: they hang, turn read-only, fail every call, and come back. Viewers notice
//! nothing, the plan says what is wrong, and what is lost is counted.

use crate::recording_support::{Bench, Farm, Footage, config, disk::LoopDisk, files_below, frames_in, path, until};
use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};
use tokio::task::JoinHandle;
use watchwall_media::hub::{Received, SubscriberClass};
use watchwall_model::{
    ErrorCode, GapReason, Plan, PlanRunning, Segment, SegmentState, TimeRange, UtcMillis, VolumeState,
    config::RecordingConfig,
};

/// Streams that are recorded on a disk of their own; database and viewers are elsewhere.
struct Rig {
    bench: Bench,
    farm: Arc<Farm>,
    disk: LoopDisk,
    viewers: Vec<JoinHandle<Duration>>,
    streams: usize,
    begun: UtcMillis,
    _folder: tempfile::TempDir,
}

impl Rig {
    async fn start(streams: usize, filler: usize) -> Option<Self> {
        let footage = Footage::encode()?;
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("disk");
        let disk = match LoopDisk::make(&folder.path().join("disk.img"), &root, 1_024) {
            Ok(disk) => disk,
            Err(why) => {
                println!("skipped: {why}");
                return None;
            }
        };
        let farm = Farm::new(streams);
        farm.filler.store(filler, Relaxed);
        let config = RecordingConfig { folder: Some(root.join("recordings")), ..config() };
        let bench = Bench::start_with(folder.path(), &farm, &config).await;
        for n in 0..streams {
            bench.recording.put_plan(Plan::continuous(path(n))).await.unwrap();
        }
        until("recorders", 30, || async { farm.is_heard() }).await;
        let begun = UtcMillis::now();
        farm.feed(footage);
        let viewers = (0..2).map(|n| tokio::spawn(watch(farm.hub(n % streams)))).collect();
        let rig = Self { bench, farm, disk, viewers, streams, begun, _folder: folder };
        rig.recording().await;
        Some(rig)
    }

    async fn plans(&self) -> Vec<PlanRunning> {
        self.bench.recording.plans().await.unwrap().into_iter().map(|view| view.running).collect()
    }

    /// Every plan records.
    async fn recording(&self) {
        until("recording", 60, || async {
            let plans = self.plans().await;
            plans.iter().all(|plan| matches!(plan, PlanRunning::Recording { .. })).then_some(())
        })
        .await;
    }

    /// Every plan says that it does not record, and why.
    async fn refused(&self) -> ErrorCode {
        until("refusals", 60, || async {
            let plans = self.plans().await;
            let codes: Vec<_> = plans
                .iter()
                .filter_map(|plan| match plan {
                    PlanRunning::NotRecording { code, .. } => Some(*code),
                    _ => None,
                })
                .collect();
            (codes.len() == self.streams).then(|| codes[0])
        })
        .await
    }

    async fn state(&self) -> (VolumeState, Option<ErrorCode>) {
        let health = self.bench.recording.volumes().await.unwrap().remove(0).health;
        (health.state, health.reason.map(|problem| problem.code))
    }

    async fn becomes(&self, state: VolumeState) {
        until("the volume's state", 30, || async { (self.state().await.0 == state).then_some(()) }).await;
    }

    fn since(&self) -> TimeRange {
        TimeRange::new(self.begun.saturating_add_ms(-1_000), self.begun.saturating_add_ms(600_000)).unwrap()
    }

    /// Gaps between the first and the last recorded moment.
    async fn gaps(&self, n: usize) -> Vec<(i64, GapReason)> {
        let tracks = self.bench.recording.timeline(&[path(n)], self.since(), 0).await.unwrap();
        let track = &tracks[0].1;
        let first = track.coverage.first().unwrap().start;
        let last = track.coverage.last().unwrap().end;
        let inside = track.gaps.iter().filter(|gap| gap.range.start >= first && gap.range.end <= last);
        inside.map(|gap| (gap.range.duration_ms(), gap.reason)).collect()
    }

    /// Ends everything; gives the longest a viewer waited for a picture, and all rows. Every file plays.
    async fn end(self) -> (Duration, Vec<Segment>) {
        let mut longest = Duration::ZERO;
        self.farm.freeze(true);
        for n in 0..self.streams {
            self.farm.hub(n).close();
        }
        for viewer in self.viewers {
            longest = longest.max(viewer.await.unwrap());
        }
        self.bench.recording.stop().await;
        let mut segments = Vec::new();
        for n in 0..self.streams {
            let range = TimeRange::new(self.begun.saturating_add_ms(-1_000), UtcMillis::now()).unwrap();
            segments.extend(self.bench.store.segments().in_range(&path(n), range).await.unwrap());
        }
        let root = self.disk.root.join("recordings");
        assert_eq!(files_below(&root).len(), segments.len(), "{segments:?}");
        for segment in &segments {
            let file = root.join(&segment.file);
            assert_ne!(segment.state, SegmentState::Recording, "{segment:?}");
            assert_eq!(std::fs::metadata(&file).unwrap().len(), segment.size_bytes, "{segment:?}");
            let recorded_ms = frames_in(&file) as i64 * 40;
            assert!((recorded_ms - (segment.end - segment.start)).abs() < 1_000, "{recorded_ms} ms in {segment:?}");
        }
        self.bench.stop().await;
        (longest, segments)
    }
}

/// A live viewer: the longest it waited for a picture.
async fn watch(hub: Arc<watchwall_media::hub::Hub>) -> Duration {
    let mut viewer = hub.subscribe(SubscriberClass::Live);
    let (mut longest, mut last) = (Duration::ZERO, None::<Instant>);
    loop {
        match viewer.recv().await {
            Received::Unit(_) => {
                longest = longest.max(last.replace(Instant::now()).map_or(Duration::ZERO, |at| at.elapsed()));
            }
            Received::Lost { units, .. } => panic!("a viewer lost {units} pictures"),
            Received::Closed => return longest,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_hangs_for_ten_seconds_costs_nothing_but_time() {
    let Some(rig) = Rig::start(20, 0).await else { return };
    rig.disk.freeze();
    let frozen = Instant::now();
    assert_eq!(rig.refused().await, ErrorCode::DiskSlow);
    let told_after = frozen.elapsed();
    rig.becomes(VolumeState::Offline).await;
    assert_eq!(rig.state().await.1, Some(ErrorCode::DiskSlow));
    tokio::time::sleep_until((frozen + Duration::from_secs(10)).into()).await;
    rig.disk.thaw();
    rig.recording().await;
    rig.becomes(VolumeState::ReadWrite).await;
    let thawed = UtcMillis::now();
    until("the index", 30, || async {
        let segments = rig.bench.store.segments().in_range(&path(0), rig.since()).await.unwrap();
        segments.last().is_some_and(|segment| segment.end >= thawed).then_some(())
    })
    .await;
    for n in 0..20 {
        assert_eq!(rig.gaps(n).await, [], "of stream {n}");
    }
    let stats = rig.bench.recording.stats();
    assert_eq!((stats.lost_ms, stats.volumes[0].overflows, stats.volumes[0].write_failures), (0, 0, 0));
    // The lateness shows where lateness is counted.
    assert!(stats.volumes[0].stalls.counts[11] > 0, "{:?}", stats.volumes[0].stalls);
    let (longest_wait, segments) = rig.end().await;
    println!("said after {told_after:?}, viewers waited at most {longest_wait:?}");
    assert!(longest_wait < Duration::from_secs(3), "{longest_wait:?}");
    assert!(segments.iter().all(|segment| segment.state == SegmentState::Complete), "{segments:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hang_longer_than_memory_is_a_counted_gap() {
    // 25 MB/s; the queue of the volume holds 192 MB.
    let Some(rig) = Rig::start(2, 512 * 1024).await else { return };
    rig.disk.freeze();
    let full = |rig: &Rig| rig.bench.recording.stats().volumes[0].overflows > 0;
    until("an overflow", 60, || async { full(&rig).then_some(()) }).await;
    assert_eq!(rig.refused().await, ErrorCode::DiskSlow);
    let queued = rig.bench.recording.stats().volumes[0].queued_bytes;
    assert!(queued <= 192 << 20, "{queued}");
    // Long enough for a gap that the timeline shows.
    tokio::time::sleep(Duration::from_secs(6)).await;
    rig.farm.filler.store(0, Relaxed);
    rig.disk.thaw();
    rig.recording().await;
    until("the gap", 30, || async { (!rig.gaps(0).await.is_empty()).then_some(()) }).await;
    for n in 0..2 {
        let gaps = rig.gaps(n).await;
        assert!(gaps.iter().all(|(_, reason)| *reason == GapReason::Disk), "{gaps:?}");
    }
    assert!(rig.bench.recording.stats().lost_ms > 0);
    let (longest_wait, _) = rig.end().await;
    assert!(longest_wait < Duration::from_secs(3), "{longest_wait:?}");
}

/// The disk is broken, said to be so, mended, and used again; what was written before is still there.
async fn break_and_mend(break_it: impl Fn(&LoopDisk), codes: &[ErrorCode]) {
    let Some(rig) = Rig::start(6, 0).await else { return };
    until("rows", 30, || async {
        let segments = rig.bench.store.segments().in_range(&path(5), rig.since()).await.unwrap();
        segments.first().is_some_and(|segment| segment.end - segment.start > 2_000).then_some(())
    })
    .await;
    let broken_at = UtcMillis::now();
    break_it(&rig.disk);
    let code = rig.refused().await;
    assert!(codes.contains(&code), "{code}");
    until("a volume that is not written to", 30, || async {
        (rig.state().await.0 != VolumeState::ReadWrite).then_some(())
    })
    .await;
    // Long enough for a gap that the timeline shows.
    tokio::time::sleep(Duration::from_secs(4)).await;
    // Whoever mends it unmounts it; nobody keeps a file of it open for long.
    rig.disk.unmount().unwrap();
    until("a free device", 60, || async { rig.disk.is_released().then_some(()) }).await;
    rig.disk.mount().unwrap();
    rig.recording().await;
    until("rows of the mended disk", 60, || async {
        let segments = rig.bench.store.segments().in_range(&path(0), rig.since()).await.unwrap();
        let is_new = segments.last().is_some_and(|segment| segment.start > broken_at);
        let is_mended = segments.iter().filter(|segment| segment.state == SegmentState::Recording).count() <= 1;
        (is_new && is_mended).then_some(())
    })
    .await;
    for n in 0..6 {
        let gaps = rig.gaps(n).await;
        assert!(!gaps.is_empty() && gaps.iter().all(|(_, reason)| *reason == GapReason::Disk), "{gaps:?}");
    }
    assert!(rig.bench.recording.stats().lost_ms > 0);
    let (longest_wait, segments) = rig.end().await;
    assert!(longest_wait < Duration::from_secs(3), "{longest_wait:?}");
    for n in 0..6 {
        let first = segments.iter().find(|segment| segment.path == path(n)).unwrap();
        // At most the last two seconds before it broke are gone.
        assert!(broken_at - first.end <= 2_500, "{first:?} broke at {}", broken_at.0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_turns_read_only_is_used_again_once_mended() {
    let codes = [ErrorCode::VolumeNotWritable, ErrorCode::DiskFailed];
    break_and_mend(LoopDisk::turn_read_only, &codes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_fails_every_call_is_used_again_once_mended() {
    let codes = [ErrorCode::DiskFailed, ErrorCode::VolumeNotWritable];
    break_and_mend(LoopDisk::stop_device, &codes).await;
}
