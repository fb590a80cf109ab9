//! Second copies on a mirror volume: written at the same time, played when the first cannot be, and never at its cost.

use crate::recording_support::{Bench, Farm, Footage, config, disk::LoopDisk, files_below, frames_in, path, until};
use std::{path::PathBuf, time::Duration};
use watchwall_model::{
    ErrorCode, Plan, PlanRunning, Segment, TimeRange, UtcMillis, VolumeCode, VolumeKind, VolumeState,
    config::RecordingConfig,
};
use watchwall_site::recording::{NewVolume, PlanView};

/// One stream with a mirror, each of its volumes a file system of its own.
struct Rig {
    bench: Bench,
    main: LoopDisk,
    mirror: LoopDisk,
    begun: UtcMillis,
    folder: tempfile::TempDir,
    config: RecordingConfig,
    farm: std::sync::Arc<Farm>,
}

impl Rig {
    async fn start() -> Option<Self> {
        let footage = Footage::encode()?;
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let made = LoopDisk::make(&at("main.img"), &at("main"), 256)
            .and_then(|main| Ok((main, LoopDisk::make(&at("mirror.img"), &at("mirror"), 256)?)));
        let (main, mirror) = match made {
            Ok(made) => made,
            Err(why) => {
                println!("skipped: {why}");
                return None;
            }
        };
        let farm = Farm::new(1);
        let config = RecordingConfig { folder: Some(main.root.join("recordings")), ..config() };
        let bench = Bench::start_with(folder.path(), &farm, &config).await;
        bench.recording.put_plan(wish()).await.unwrap();
        let begun = UtcMillis::now();
        farm.feed(footage);
        Some(Self { bench, main, mirror, begun, folder, config, farm })
    }

    async fn add_mirror(&self) {
        let new = mirror_volume(&self.mirror, false);
        self.bench.recording.add_volume(new).await.unwrap();
        self.is_copied().await;
    }

    async fn plan(&self) -> PlanView {
        self.bench.recording.plans().await.unwrap().remove(0)
    }

    async fn is_copied(&self) {
        until("a second copy", 60, || async {
            let plan = self.plan().await;
            (plan.copied_on == Some(code("main2")) && plan.copy_fault.is_none()).then_some(())
        })
        .await;
    }

    fn range(&self) -> TimeRange {
        TimeRange::new(self.begun, self.begun.saturating_add_ms(600_000)).unwrap()
    }

    /// Every row there is, copies too.
    async fn rows(&self, volume: &str) -> Vec<Segment> {
        let mut all = self.bench.store.segments().in_range(&path(0), self.range()).await.unwrap();
        all.retain(|row| row.volume.0 == volume);
        all
    }

    /// So much more on a volume than there is now.
    async fn grows(&self, volume: &str, by_ms: i64) {
        let recorded = async || self.rows(volume).await.iter().map(|row| row.end - row.start).sum::<i64>();
        let before = recorded().await;
        until(&format!("{by_ms} ms more on {volume}"), 60, || async {
            (recorded().await >= before + by_ms).then_some(())
        })
        .await;
    }

    /// The volumes whose files a player is given for this stretch, one after the other without a gap.
    async fn played(&self, from: UtcMillis, to: UtcMillis) -> Vec<String> {
        let range = TimeRange::new(from, to).unwrap();
        let (mut end, mut volumes) = (from, Vec::new());
        for file in self.bench.recording.playlist(&path(0), range).await.unwrap().files {
            for part in &file.parts {
                assert!(part.start - end <= 80, "{} ms missing before {part:?}", part.start - end);
                end = end.max(part.start.saturating_add_ms(part.duration_ms));
            }
            let row = self.bench.store.segments().get(file.segment).await.unwrap().unwrap();
            volumes.push(row.volume.0);
        }
        assert!(to - end <= 80, "{} ms missing at the end", to - end);
        volumes.dedup();
        volumes
    }

    fn copies(&self) -> Vec<PathBuf> {
        files_below(&self.mirror.root.join("copies"))
    }

    async fn picture_at(&self, at: UtcMillis) {
        let picture = self.bench.recording.frame_jpeg(&path(0), at, Some(180)).await.unwrap();
        assert!((picture.at - at).abs() <= 80, "{:?} instead of {at:?}", picture.at);
    }
}

fn code(text: &str) -> VolumeCode {
    VolumeCode(text.into())
}

fn mirror_volume(disk: &LoopDisk, take_over: bool) -> NewVolume {
    NewVolume {
        root: disk.root.join("copies").display().to_string(),
        name: "mirror".into(),
        kind: VolumeKind::Mirror,
        high_watermark_percent: 90.0,
        low_watermark_percent: 75.0,
        priority: 0,
        archive_after_days: None,
        object: None,
        take_over,
    }
}

fn wish() -> Plan {
    Plan { mirror: true, ..Plan::continuous(path(0)) }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_is_written_beside_the_first_and_played_when_that_is_gone() {
    let Some(rig) = Rig::start().await else { return };
    // Without a mirror it records all the same, and says what is missing.
    until("a recording without a copy", 30, || async {
        let plan = rig.plan().await;
        let is_recording = matches!(plan.running, PlanRunning::Recording { .. });
        (is_recording && plan.copy_fault == Some(ErrorCode::MirrorMissing)).then_some(())
    })
    .await;
    rig.add_mirror().await;
    rig.grows("main2", 5_000).await;
    let (first, copy) = (rig.rows("main").await.pop().unwrap(), rig.rows("main2").await.pop().unwrap());
    assert_eq!((first.start, &first.file), (copy.start, &copy.file));
    let (from, to) = (copy.start.saturating_add_ms(200), copy.start.saturating_add_ms(4_000));
    assert_eq!(rig.played(from, to).await, ["main"]);
    assert_eq!(rig.bench.recording.volumes().await.unwrap()[1].recorders, 1);

    // The disk of the first goes with everything; nothing else can be recorded on but the mirror.
    rig.main.stop_device();
    until("recording on the mirror", 60, || async {
        (rig.plan().await.recorded_on == Some(code("main2"))).then_some(())
    })
    .await;
    until("a disk that is away", 30, || async {
        let volumes = rig.bench.recording.volumes().await.unwrap();
        let main = volumes.iter().find(|view| view.volume.code == code("main")).unwrap();
        (main.health.state == VolumeState::Offline).then_some(())
    })
    .await;
    rig.grows("main2", 3_000).await;
    let now = rig.rows("main2").await.iter().map(|row| row.end).max().unwrap();
    assert_eq!(rig.played(from, now).await, ["main2"]);
    rig.picture_at(from.saturating_add_ms(1_000)).await;
    assert_eq!(rig.bench.recording.stats().lost_ms, 0);

    // It comes back, and with it the order of things.
    rig.main.unmount().unwrap();
    until("a free device", 60, || async { rig.main.is_released().then_some(()) }).await;
    rig.main.mount().unwrap();
    until("recording on the first", 60, || async {
        (rig.plan().await.recorded_on == Some(code("main"))).then_some(())
    })
    .await;
    rig.is_copied().await;
    rig.grows("main", 3_000).await;
    rig.farm.freeze(true);
    rig.bench.recording.stop().await;
    for file in rig.copies() {
        assert!(frames_in(&file) > 0, "{}", file.display());
    }
    rig.bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_fails_costs_the_first_nothing() {
    let Some(rig) = Rig::start().await else { return };
    rig.add_mirror().await;
    rig.grows("main2", 3_000).await;
    rig.mirror.stop_device();
    until("no second copy", 60, || async {
        let plan = rig.plan().await;
        (plan.copied_on.is_none() && plan.copy_fault.is_some()).then_some(())
    })
    .await;
    rig.grows("main", 3_000).await;
    assert!(matches!(rig.plan().await.running, PlanRunning::Recording { .. }));
    rig.mirror.unmount().unwrap();
    until("a free device", 60, || async { rig.mirror.is_released().then_some(()) }).await;
    rig.mirror.mount().unwrap();
    rig.is_copied().await;
    let now = rig.rows("main").await.iter().map(|row| row.end).max().unwrap();
    assert_eq!(rig.played(rig.begun.saturating_add_ms(4_000), now).await, ["main"]);
    assert_eq!(rig.bench.recording.stats().lost_ms, 0);
    // It can be let go while it is written to.
    rig.bench.recording.remove_volume(&code("main2")).await.unwrap();
    assert!(!rig.copies().is_empty(), "its files stay");
    rig.bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_vanished_is_played_from_its_copy_also_after_a_lost_database() {
    let Some(rig) = Rig::start().await else { return };
    rig.add_mirror().await;
    rig.grows("main2", 5_000).await;
    // What is being written ends, so that there are finished files of both.
    rig.bench.recording.put_plan(Plan { segment_minutes: 20, ..wish() }).await.unwrap();
    rig.grows("main2", 2_000).await;
    let copy = rig.rows("main2").await.remove(0);
    let first = rig.rows("main").await.into_iter().find(|row| row.start == copy.start).unwrap();
    let at = copy.start.saturating_add_ms(2_000);
    std::fs::remove_file(rig.main.root.join("recordings").join(&first.file)).unwrap();
    rig.picture_at(at).await;

    let Rig { bench, main, mirror, folder, config, farm, begun } = rig;
    farm.freeze(true);
    bench.stop().await;
    for name in ["watchwall.db", "watchwall.db-wal", "watchwall.db-shm"] {
        let _ = std::fs::remove_file(folder.path().join(name));
    }
    let bench = Bench::start_with(folder.path(), &farm, &config).await;
    let rig = Rig { bench, main, mirror, begun, folder, config, farm };
    // The mirror is added again, as what it is.
    let new = mirror_volume(&rig.mirror, true);
    rig.bench.recording.add_volume(new).await.unwrap();
    until("all copies", 30, || async { (rig.rows("main2").await.len() == rig.copies().len()).then_some(()) }).await;
    assert!(rig.rows("main").await.len() < rig.copies().len() + 1);
    tokio::time::timeout(Duration::from_secs(20), rig.picture_at(at)).await.unwrap();
    rig.bench.stop().await;
}
