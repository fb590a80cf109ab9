//! Several volumes: recordings go on elsewhere when a disk fails, hangs, fills up or is taken away, and come back when it
//! does, without a second missing.

use crate::recording_support::{Bench, Farm, Footage, config, disk::LoopDisk, files_below, frames_in, path, until};
use std::{
    path::{Path, PathBuf},
    sync::{Arc, atomic::Ordering::Relaxed},
};
use watchwall_model::{
    ErrorCode, Plan, PlanRunning, Segment, SegmentState, TimeRange, UtcMillis, VolumeCode, VolumeKind, VolumeState,
    config::RecordingConfig,
};
use watchwall_site::recording::{NewVolume, VolumeChange, VolumeView};

/// Some streams and two volumes: `main`, and one of higher priority on a disk of its own that can be broken.
struct Rig {
    bench: Bench,
    disk: LoopDisk,
    /// That of `main`, where it is not just a folder.
    _main: Option<LoopDisk>,
    farm: Arc<Farm>,
    streams: usize,
    begun: UtcMillis,
    main_root: PathBuf,
    /// Goes after the disks in it.
    _folder: tempfile::TempDir,
}

impl Rig {
    async fn start(streams: usize, size_mib: u64) -> Option<Self> {
        Self::start_on(streams, size_mib, None).await
    }

    async fn start_on(streams: usize, size_mib: u64, main_mib: Option<u64>) -> Option<Self> {
        let footage = Footage::encode()?;
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let make = |image: &str, root: &str, mib| LoopDisk::make(&at(image), &at(root), mib);
        let made = make("disk.img", "disk", size_mib).and_then(|disk| {
            let main = main_mib.map(|mib| make("main.img", "main_disk", mib)).transpose()?;
            Ok((disk, main))
        });
        let (disk, main) = match made {
            Ok(made) => made,
            Err(why) => {
                println!("skipped: {why}");
                return None;
            }
        };
        let main_root = main.as_ref().map_or_else(|| at("main"), |main| main.root.join("main"));
        let farm = Farm::new(streams);
        let config = RecordingConfig { folder: Some(main_root.clone()), ..config() };
        let bench = Bench::start_with(folder.path(), &farm, &config).await;
        bench.recording.add_volume(new_volume(&disk.root.join("recordings"), 10)).await.unwrap();
        for n in 0..streams {
            bench.recording.put_plan(Plan::continuous(path(n))).await.unwrap();
        }
        let begun = UtcMillis::now();
        farm.feed(footage);
        let rig = Self { bench, disk, _main: main, main_root, farm, streams, begun, _folder: folder };
        rig.recorded_on("main2").await;
        Some(rig)
    }

    fn range(&self) -> TimeRange {
        TimeRange::new(self.begun.saturating_add_ms(-1_000), self.begun.saturating_add_ms(600_000)).unwrap()
    }

    async fn plans(&self) -> Vec<PlanRunning> {
        self.bench.recording.plans().await.unwrap().into_iter().map(|view| view.running).collect()
    }

    /// Every stream has two seconds on this volume in a file begun from now on.
    async fn recorded_on(&self, code: &str) {
        let code = VolumeCode(code.into());
        until(&format!("recording on {code}"), 60, || async {
            for n in 0..self.streams {
                let last = self.segments(n).await.pop()?;
                if last.volume != code || last.end - last.start < 2_000 {
                    return None;
                }
            }
            Some(())
        })
        .await;
    }

    async fn segments(&self, n: usize) -> Vec<Segment> {
        self.bench.store.segments().in_range(&path(n), self.range()).await.unwrap()
    }

    async fn volume(&self, code: &str) -> VolumeView {
        let volumes = self.bench.recording.volumes().await.unwrap();
        volumes.into_iter().find(|view| view.volume.code.0 == code).unwrap()
    }

    /// Nothing is missing between the first and the last recorded moment of any stream.
    async fn is_without_gaps(&self) {
        for n in 0..self.streams {
            let at = |at: UtcMillis| at - self.begun;
            let mut pieces: Vec<_> =
                self.segments(n).await.into_iter().map(|s| (at(s.start), at(s.end), s.volume.0)).collect();
            pieces.sort_unstable();
            let mut end = pieces[0].1;
            for (start, next_end, _) in &pieces {
                assert!(*start - end <= 80, "stream {n} lacks {} ms: {pieces:?}", start - end);
                end = end.max(*next_end);
            }
        }
        assert_eq!(self.bench.recording.stats().lost_ms, 0);
    }

    /// Ends everything. Every file plays, on whichever volume, and has its row.
    async fn end(self) -> Vec<Segment> {
        self.farm.freeze(true);
        self.bench.recording.stop().await;
        let mut segments = Vec::new();
        for n in 0..self.streams {
            segments.extend(self.segments(n).await);
        }
        let root = |segment: &Segment| match segment.volume.0.as_str() {
            "main" => self.main_root.clone(),
            _ => self.disk.root.join("recordings"),
        };
        for segment in &segments {
            let file = root(segment).join(&segment.file);
            assert_ne!(segment.state, SegmentState::Recording, "{segment:?}");
            let recorded_ms = frames_in(&file) as i64 * 40;
            assert!((recorded_ms - (segment.end - segment.start)).abs() < 1_000, "{recorded_ms} ms in {segment:?}");
        }
        self.bench.stop().await;
        segments
    }
}

fn new_volume(root: &Path, priority: i32) -> NewVolume {
    NewVolume {
        root: root.display().to_string(),
        name: "second".into(),
        kind: VolumeKind::Local,
        high_watermark_percent: 90.0,
        low_watermark_percent: 75.0,
        priority,
        archive_after_days: None,
        object: None,
        take_over: false,
    }
}

/// No plan ever says that it does not record while `what` happens.
async fn never_silent(rig: &Rig) {
    for plan in rig.plans().await {
        assert!(matches!(plan, PlanRunning::Recording { .. }), "{plan:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_fails_costs_nothing_while_another_is_there() {
    let Some(rig) = Rig::start(6, 1_024).await else { return };
    rig.disk.stop_device();
    let broken_at = UtcMillis::now();
    rig.recorded_on("main").await;
    never_silent(&rig).await;
    // What the disk had taken and not made durable is on the other one.
    rig.is_without_gaps().await;
    let rescued = rig.segments(0).await.into_iter().find(|s| s.volume.0 == "main").unwrap();
    assert!(rescued.start < broken_at, "{rescued:?} broke at {}", broken_at.0);
    until("a volume that is not written to", 30, || async {
        (rig.volume("main2").await.health.state != VolumeState::ReadWrite).then_some(())
    })
    .await;
    rig.disk.unmount().unwrap();
    until("a free device", 60, || async { rig.disk.is_released().then_some(()) }).await;
    rig.disk.mount().unwrap();
    // It has the higher priority.
    rig.recorded_on("main2").await;
    rig.is_without_gaps().await;
    let segments = rig.end().await;
    println!("{} files, {} of them on the disk that failed", segments.len(), count(&segments, "main2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_hangs_is_left_with_everything_it_did_not_take() {
    let Some(rig) = Rig::start(6, 1_024).await else { return };
    rig.disk.freeze();
    rig.recorded_on("main").await;
    rig.is_without_gaps().await;
    assert_eq!(rig.volume("main2").await.health.reason.unwrap().code, ErrorCode::DiskSlow);
    rig.disk.thaw();
    rig.recorded_on("main2").await;
    rig.is_without_gaps().await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_volume_is_left_for_one_with_room_and_the_oldest_go_when_none_has() {
    let Some(rig) = Rig::start_on(2, 64, Some(64)).await else { return };
    // 5 MB/s: a disk is full after twelve seconds.
    rig.farm.filler.store(100 * 1024, Relaxed);
    rig.recorded_on("main").await;
    let view = rig.volume("main2").await;
    assert!(view.is_full && view.health.state == VolumeState::ReadWrite, "{view:?}");
    let deleted = || rig.bench.recording.stats().volumes.iter().map(|volume| volume.deleted_files).sum::<u64>();
    assert_eq!(deleted(), 0, "what was recorded stays while there is room");
    rig.is_without_gaps().await;
    // Then the other one is full too, and the first file of all makes room.
    rig.recorded_on("main2").await;
    until("the oldest gone", 60, || async { (deleted() >= 1).then_some(()) }).await;
    rig.farm.filler.store(0, Relaxed);
    rig.recorded_on("main2").await;
    never_silent(&rig).await;
    rig.is_without_gaps().await;
    assert!(rig.segments(0).await.iter().any(|segment| segment.volume.0 == "main"), "the newer file stays");
    rig.end().await;
}

/// Somebody else fills the disk of the database while recordings go elsewhere: the old ones there make room for it.
#[tokio::test(flavor = "multi_thread")]
async fn recordings_make_room_for_the_database_wherever_new_ones_go() {
    let Some(footage) = Footage::encode() else { return };
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let disk = match LoopDisk::make(&at("disk.img"), &at("disk"), 64) {
        Ok(disk) => disk,
        Err(why) => return println!("skipped: {why}"),
    };
    let data = disk.root.join("data");
    std::fs::create_dir(&data).unwrap();
    let farm = Farm::new(1);
    farm.feed(footage);
    let bench = Bench::start_with(&data, &farm, &config()).await;
    bench.recording.put_plan(Plan::continuous(path(0))).await.unwrap();
    let range = TimeRange::new(UtcMillis::now().saturating_add_ms(-60_000), UtcMillis(i64::MAX / 2)).unwrap();
    let on = async |code: &str| {
        let mut all = bench.store.segments().in_range(&path(0), range).await.unwrap();
        all.retain(|segment| segment.volume.0 == code && segment.end - segment.start >= 2_000);
        all.len()
    };
    until("a recording beside the database", 60, async || (on("main").await > 0).then_some(())).await;
    bench.recording.add_volume(new_volume(&at("elsewhere"), 10)).await.unwrap();
    until("recording elsewhere", 60, async || (on("main2").await > 0).then_some(())).await;
    assert_eq!(on("main").await, 1, "it stays while there is room");
    let all_but_a_mib = disk.free_bytes() - (1 << 20);
    std::fs::write(disk.root.join("somebody_elses"), vec![0; all_but_a_mib]).unwrap();
    until("room for the database", 60, async || (on("main").await == 0).then_some(())).await;
    assert!(on("main2").await > 0);
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_named_volume_is_stood_in_for_and_gone_back_to() {
    let Some(rig) = Rig::start(2, 256).await else { return };
    for n in 0..2 {
        let volume = Some(VolumeCode("main".into()));
        rig.bench.recording.put_plan(Plan { volume, ..Plan::continuous(path(n)) }).await.unwrap();
    }
    rig.recorded_on("main").await;
    let marker = rig.main_root.join(watchwall_model::Volume::MARKER_FILE);
    let text = std::fs::read(&marker).unwrap();
    std::fs::remove_file(&marker).unwrap();
    rig.recorded_on("main2").await;
    std::fs::write(&marker, text).unwrap();
    rig.recorded_on("main").await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_volume_is_removed_and_added_again_with_all_it_holds() {
    let Some(rig) = Rig::start(3, 256).await else { return };
    let (main, second) = (VolumeCode("main".into()), VolumeCode("main2".into()));
    let recording = &rig.bench.recording;
    let locked = recording.remove_volume(&VolumeCode("none".into())).await.unwrap_err();
    assert_eq!(locked.code, ErrorCode::VolumeNotFound);
    recording.remove_volume(&second).await.unwrap();
    rig.recorded_on("main").await;
    assert!(rig.segments(0).await.iter().all(|segment| segment.volume == main));
    assert_eq!(recording.remove_volume(&main).await.unwrap_err().code, ErrorCode::VolumeInUse);
    let root: PathBuf = rig.disk.root.join("recordings");
    let kept = files_below(&root).len();
    assert_eq!(kept, 3, "its files stay");
    let again = new_volume(&root, 10);
    assert_eq!(recording.add_volume(again.clone()).await.unwrap_err().code, ErrorCode::VolumeForeign);
    let view = recording.add_volume(NewVolume { take_over: true, ..again }).await.unwrap();
    assert_eq!(view.volume.code, second);
    rig.recorded_on("main2").await;
    until("what it held before", 30, || async {
        let segments = rig.segments(0).await;
        (segments.iter().filter(|segment| segment.volume == second).count() == 2).then_some(())
    })
    .await;
    rig.is_without_gaps().await;
    // A plan that names a volume keeps it.
    recording.put_plan(Plan { volume: Some(second.clone()), ..Plan::continuous(path(0)) }).await.unwrap();
    assert_eq!(recording.remove_volume(&second).await.unwrap_err().code, ErrorCode::VolumeInUse);
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_a_volume_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let farm = Farm::new(0);
    let bench = Bench::start(folder.path(), &farm).await;
    let check = async |new: NewVolume, expect: ErrorCode| {
        let root = PathBuf::from(&new.root);
        let existed = root.exists();
        assert_eq!(bench.recording.add_volume(new).await.unwrap_err().code, expect);
        assert_eq!(root.exists(), existed, "nothing is left there");
    };
    let at = |name: &str| new_volume(&folder.path().join(name), 0);
    check(NewVolume { root: "relative".into(), ..at("") }, ErrorCode::VolumePathInvalid).await;
    check(at("recordings/inside"), ErrorCode::VolumeOverlaps).await;
    check(NewVolume { name: " ".into(), ..at("new") }, ErrorCode::VolumeInvalid).await;
    check(NewVolume { low_watermark_percent: 95.0, ..at("new") }, ErrorCode::VolumeInvalid).await;
    assert_eq!(bench.recording.volumes().await.unwrap().len(), 1);
    bench.stop().await;
}

fn count(segments: &[Segment], code: &str) -> usize {
    segments.iter().filter(|segment| segment.volume.0 == code).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn hundreds_of_plans_change_volumes_twenty_a_second_and_miss_nothing() {
    const STREAMS: usize = 240;
    let Some(rig) = Rig::start(STREAMS, 1_024).await else { return };
    let asked = UtcMillis::now();
    let change = VolumeChange { priority: Some(-10), ..VolumeChange::default() };
    rig.bench.recording.change_volume(&VolumeCode("main2".into()), change).await.unwrap();
    until("every stream on the other volume", 60, || async {
        never_silent(&rig).await;
        let plans = rig.bench.recording.plans().await.unwrap();
        let main = Some(VolumeCode("main".into()));
        plans.iter().all(|view| view.recorded_on == main).then_some(())
    })
    .await;
    rig.recorded_on("main").await;
    rig.is_without_gaps().await;
    let mut moved_after: Vec<i64> = Vec::new();
    for n in 0..STREAMS {
        let first = rig.segments(n).await.into_iter().find(|s| s.volume.0 == "main" && s.start > asked).unwrap();
        moved_after.push(first.start - asked);
    }
    moved_after.sort_unstable();
    // Each goes on at its next key frame, up to two seconds after it was told.
    let took = moved_after[STREAMS - 1] - moved_after[0];
    assert!((9_000..20_000).contains(&took), "{took} ms");
    let most = moved_after
        .iter()
        .enumerate()
        .map(|(n, at)| moved_after[n..].iter().take_while(|later| **later < at + 2_000).count());
    let most = most.max().unwrap();
    println!("{STREAMS} went in {took} ms, at most {most} within two seconds");
    assert!(most <= 80, "{most} began a file within two seconds");
    rig.bench.stop().await;
}
