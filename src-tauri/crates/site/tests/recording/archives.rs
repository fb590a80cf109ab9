//! Archives: finished recordings of some age move there and play from there, whatever happens in between.

use crate::recording_support::{
    Bench, Farm, Footage, config, disk::LoopDisk, files_below, frames_in, path, rounds::Rounds, until,
};
use futures::StreamExt;
use std::{
    path::{Path, PathBuf},
    sync::{Arc, atomic::Ordering::Relaxed},
};
use watchwall_model::{
    ErrorCode, Plan, Segment, SegmentState, TimeRange, UtcMillis, VolumeCode, VolumeKind, config::RecordingConfig,
};
use watchwall_site::recording::{NewVolume, VolumeChange};
use watchwall_store::NewEvidenceLock;

/// Some streams recorded on `main`, and a disk for an archive.
struct Rig {
    bench: Bench,
    archive: LoopDisk,
    _main: Option<LoopDisk>,
    farm: Arc<Farm>,
    streams: usize,
    begun: UtcMillis,
    main_root: PathBuf,
    folder: tempfile::TempDir,
}

impl Rig {
    async fn start(streams: usize, main_mib: Option<u64>, config: RecordingConfig) -> Option<Self> {
        let footage = Footage::encode()?;
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let make = |name: &str, mib| LoopDisk::make(&at(&format!("{name}.img")), &at(name), mib);
        let made = make("archive", 512)
            .and_then(|archive| Ok((archive, main_mib.map(|mib| make("main_disk", mib)).transpose()?)));
        let (archive, main) = match made {
            Ok(made) => made,
            Err(why) => {
                println!("skipped: {why}");
                return None;
            }
        };
        let main_root = main.as_ref().map_or_else(|| at("main"), |main| main.root.join("main"));
        let farm = Farm::new(streams);
        let config = RecordingConfig { folder: Some(main_root.clone()), ..config };
        let bench = Bench::start_with(folder.path(), &farm, &config).await;
        let begun = UtcMillis::now();
        farm.feed(footage);
        let rig = Self { bench, archive, _main: main, farm, streams, begun, main_root, folder };
        rig.next_files().await;
        Some(rig)
    }

    fn archive_root(&self) -> PathBuf {
        self.archive.root.join("archive")
    }

    fn new_archive(&self, after_days: u32) -> NewVolume {
        new_archive(&self.archive_root(), after_days)
    }

    async fn add_archive(&self, after_days: u32) {
        let view = self.bench.recording.add_volume(self.new_archive(after_days)).await.unwrap();
        assert_eq!(view.volume.code, archive());
    }

    async fn archive_after(&self, days: u32) {
        let change = VolumeChange { archive_after_days: Some(days), ..VolumeChange::default() };
        self.bench.recording.change_volume(&archive(), change).await.unwrap();
    }

    fn rounds(&self) -> Rounds<'_> {
        Rounds { bench: &self.bench, streams: self.streams, begun: self.begun }
    }

    async fn next_files(&self) {
        self.rounds().next_files().await;
    }

    async fn segments(&self, n: usize) -> Vec<Segment> {
        self.rounds().segments(n).await
    }

    /// Of each stream, finished files in the archive and not.
    async fn lie(&self) -> Vec<(usize, usize)> {
        self.rounds().lie(&archive()).await
    }

    /// Every finished file lies in the archive, so many of each stream at least.
    async fn moved(&self, at_least: usize) {
        self.rounds().are_finished().await;
        self.archive_after(0).await;
        until("recordings in the archive", 60, || async {
            let is_done = |(there, here): &(usize, usize)| *there >= at_least && *here == 0;
            self.lie().await.iter().all(is_done).then_some(())
        })
        .await;
    }

    /// Files and rows agree on both volumes, everything plays, and nothing is missing in between.
    async fn is_whole(&self) {
        let mut rows: Vec<PathBuf> = Vec::new();
        for n in 0..self.streams {
            let segments = self.segments(n).await;
            let mut end = segments[0].start;
            for segment in &segments {
                let at = segment.start - self.begun;
                assert!(segment.start - end <= 80, "stream {n} lacks {} ms before {at}", segment.start - end);
                end = segment.end;
                let root = if segment.volume == archive() { self.archive_root() } else { self.main_root.clone() };
                let file = root.join(&segment.file);
                if segment.state != SegmentState::Recording {
                    assert_eq!(std::fs::metadata(&file).unwrap().len(), segment.size_bytes, "{segment:?}");
                    let recorded_ms = frames_in(&file) as i64 * 40;
                    assert!((recorded_ms - (segment.end - segment.start)).abs() < 1_000, "{recorded_ms} {segment:?}");
                }
                rows.push(file);
            }
        }
        rows.sort();
        let mut files = files_below(&self.main_root);
        files.extend(files_below(&self.archive_root()));
        files.sort();
        assert_eq!(files, rows);
        assert_eq!(self.bench.recording.stats().lost_ms, 0);
    }

    /// Pictures of one clip over everything of a stream, against the time it covers.
    async fn clip_is_whole(&self, n: usize) {
        let segments = self.segments(n).await;
        let (first, last) = (segments.first().unwrap(), segments.iter().rfind(|s| s.state != SegmentState::Recording));
        let range = TimeRange::new(first.start, last.unwrap().end).unwrap();
        let clips = self.bench.recording.clips(&path(n), range).await.unwrap();
        assert_eq!(clips.len(), 1);
        let file = self.folder.path().join("clip.mp4");
        let mut bytes = Vec::new();
        let mut blocks = clips[0].read(0..clips[0].len);
        while let Some(block) = blocks.next().await {
            bytes.extend_from_slice(&block.unwrap());
        }
        std::fs::write(&file, bytes).unwrap();
        let recorded_ms = frames_in(&file) as i64 * 40;
        // It ends with the GOP that holds the end.
        let more_ms = recorded_ms - range.duration_ms();
        assert!((-200..2_000).contains(&more_ms), "{recorded_ms} ms of {}", range.duration_ms());
    }
}

fn new_archive(root: &Path, after_days: u32) -> NewVolume {
    NewVolume {
        root: root.display().to_string(),
        name: "archive".into(),
        kind: VolumeKind::Archive,
        high_watermark_percent: 90.0,
        low_watermark_percent: 75.0,
        priority: 0,
        archive_after_days: Some(after_days),
        object: None,
        take_over: false,
    }
}

fn archive() -> VolumeCode {
    VolumeCode("main2".into())
}

#[tokio::test(flavor = "multi_thread")]
async fn old_recordings_move_and_play_from_where_they_are() {
    let Some(rig) = Rig::start(2, None, config()).await else { return };
    rig.add_archive(1).await;
    rig.next_files().await;
    rig.next_files().await;
    assert_eq!(rig.lie().await, [(0, 2), (0, 2)], "they are too young");
    // A reader that began before they move goes on.
    let range = TimeRange::new(rig.begun.saturating_add_ms(-1_000), UtcMillis::now()).unwrap();
    let before = rig.bench.recording.clips(&path(0), range).await.unwrap();
    rig.moved(2).await;
    let mut read = 0;
    let mut blocks = before[0].read(0..before[0].len);
    while let Some(block) = blocks.next().await {
        read += block.unwrap().len() as u64;
    }
    assert_eq!(read, before[0].len);
    rig.clip_is_whole(0).await;
    rig.is_whole().await;
    // What is locked moves as well, and stays locked.
    let open = rig.segments(1).await.pop().unwrap();
    let lock = NewEvidenceLock {
        paths: vec![path(1)],
        range: TimeRange::new(open.start, open.end).unwrap(),
        reason: "theft".into(),
        locked_by: "anna".into(),
        created_at: UtcMillis::now(),
        until: None,
    };
    rig.bench.store.evidence_locks().insert(&lock).await.unwrap();
    rig.next_files().await;
    rig.moved(3).await;
    let locked = rig.segments(1).await.into_iter().find(|segment| segment.id == open.id).unwrap();
    assert!(locked.locked && locked.volume == archive(), "{locked:?}");
    rig.bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_interrupted_move_left_is_finished_and_nothing_is_there_twice() {
    let Some(rig) = Rig::start(1, None, config()).await else { return };
    rig.next_files().await;
    rig.next_files().await;
    let segments = rig.segments(0).await;
    // Copied, and not noted before the power went.
    let root = rig.archive_root();
    for (n, segment) in segments.iter().take(2).enumerate() {
        let target = root.join(&segment.file);
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::copy(rig.main_root.join(&segment.file), &target).unwrap();
        if n == 0 {
            let staged = root.join(".moving");
            std::fs::create_dir_all(&staged).unwrap();
            std::fs::write(staged.join("99.mp4"), b"half a file").unwrap();
        }
    }
    rig.add_archive(3_650).await;
    assert_eq!(rig.segments(0).await.len(), 5, "each of the two is known twice");
    let found = rig.bench.recording.reindex().await.unwrap();
    assert_eq!((found.found, found.missing), (0, 0), "the start had found them");
    rig.moved(2).await;
    rig.is_whole().await;
    assert!(!root.join(".moving").join("99.mp4").exists());
    let found = rig.bench.recording.reindex().await.unwrap();
    assert_eq!((found.found, found.missing), (0, 0));
    rig.bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_that_fails_holds_up_nothing() {
    let Some(rig) = Rig::start(2, None, config()).await else { return };
    rig.add_archive(0).await;
    rig.next_files().await;
    rig.moved(1).await;
    rig.archive.stop_device();
    rig.next_files().await;
    rig.next_files().await;
    assert!(rig.lie().await.iter().all(|(there, here)| *there == 1 && *here == 2), "{:?}", rig.lie().await);
    let health = || async {
        let volumes = rig.bench.recording.volumes().await.unwrap();
        volumes.into_iter().find(|view| view.volume.code == archive()).map(|view| view.health)
    };
    until("an archive that is told to fail", 30, || async {
        health().await.filter(|health| health.reason.is_some()).map(|_| ())
    })
    .await;
    rig.archive.unmount().unwrap();
    until("a free device", 60, || async { rig.archive.is_released().then_some(()) }).await;
    rig.archive.mount().unwrap();
    until("an archive that is back", 30, || async {
        health().await.filter(|health| health.reason.is_none()).map(|_| ())
    })
    .await;
    rig.moved(3).await;
    rig.is_whole().await;
    rig.bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_volume_is_relieved_before_anything_is_deleted() {
    let Some(rig) = Rig::start(2, Some(256), config()).await else { return };
    rig.add_archive(3_650).await;
    let marks = VolumeChange {
        high_watermark_percent: Some(30.0),
        low_watermark_percent: Some(10.0),
        ..VolumeChange::default()
    };
    rig.bench.recording.change_volume(&VolumeCode("main".into()), marks).await.unwrap();
    // 10 MB/s: the high watermark is reached after eight seconds, the end of the disk after twenty-five.
    rig.farm.filler.store(200 * 1024, Relaxed);
    until("recordings in the archive", 60, || async {
        rig.next_files().await;
        (rig.lie().await.iter().map(|(there, _)| there).sum::<usize>() >= 4).then_some(())
    })
    .await;
    rig.farm.filler.store(0, Relaxed);
    let deleted: u64 = rig.bench.recording.stats().volumes.iter().map(|volume| volume.deleted_files).sum();
    assert_eq!(deleted, 0, "{:?}", rig.lie().await);
    // More was to move: wherever that is cut short, files and rows agree.
    rig.bench.recording.stop().await;
    rig.is_whole().await;
    rig.bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_archives_have_an_age_and_nothing_is_recorded_on_them() {
    let folder = tempfile::tempdir().unwrap();
    let farm = Farm::new(1);
    let bench = Bench::start(folder.path(), &farm).await;
    let at = |name: &str| folder.path().join(name);
    let local = NewVolume { kind: VolumeKind::Local, ..new_archive(&at("a"), 1) };
    assert_eq!(bench.recording.add_volume(local).await.unwrap_err().code, ErrorCode::VolumeInvalid);
    let never = new_archive(&at("a"), 4_000);
    assert_eq!(bench.recording.add_volume(never).await.unwrap_err().code, ErrorCode::VolumeInvalid);
    let default = NewVolume { archive_after_days: None, ..new_archive(&at("a"), 0) };
    let look = bench.recording.look_at_new_volume(&default.root, None).await.unwrap();
    assert_eq!(look.shares_disk_with, [VolumeCode("main".into())]);
    let view = bench.recording.add_volume(default).await.unwrap();
    assert_eq!(view.volume.archive_after_days, Some(2));
    assert_eq!(view.shares_disk_with, [VolumeCode("main".into())]);
    // A plan that names it could not be kept.
    let named = Plan { volume: Some(archive()), ..Plan::continuous(path(0)) };
    let refused = bench.recording.put_plan(named).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::VolumeNotFound);
    bench.stop().await;
}
