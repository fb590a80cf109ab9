//! Disks that are full, missing or foreign, and cameras that fall silent: never silent in the plan, never stuck.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking and says what it skips"
)]

mod recording_support;

use recording_support::{Bench, Farm, Footage, config, files_below, path, until};
use std::path::Path;
use watchwall_model::{ErrorCode, GapReason, Plan, PlanRunning, TimeRange, UtcMillis, Volume, VolumeState};

fn far() -> TimeRange {
    TimeRange::new(UtcMillis::now().saturating_add_ms(-3_600_000), UtcMillis::now().saturating_add_ms(3_600_000))
        .unwrap()
}

async fn running(bench: &Bench) -> PlanRunning {
    bench.recording.plans().await.unwrap().remove(0).running
}

async fn recording(bench: &Bench) -> Option<()> {
    matches!(running(bench).await, PlanRunning::Recording { .. }).then_some(())
}

async fn refused(bench: &Bench) -> Option<ErrorCode> {
    match running(bench).await {
        PlanRunning::NotRecording { code, .. } => Some(code),
        _ => None,
    }
}

async fn gaps(bench: &Bench) -> Vec<GapReason> {
    let tracks = bench.recording.timeline(&[path(0)], far(), 0).await.unwrap();
    tracks[0].1.gaps.iter().map(|gap| gap.reason).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_volume_is_not_filled_and_comes_back() {
    let Some(footage) = Footage::encode() else { return };
    let folder = tempfile::tempdir().unwrap();
    let farm = Farm::new(1);
    farm.feed(footage);
    let bench = Bench::start(folder.path(), &farm).await;
    bench.recording.put_plan(Plan::continuous(path(0))).await.unwrap();
    until("recording", 20, || recording(&bench)).await;
    bench.stop().await;

    // The mount is gone: what is there is an empty folder.
    let (root, elsewhere) = (folder.path().join("recordings"), folder.path().join("elsewhere"));
    std::fs::rename(&root, &elsewhere).unwrap();
    std::fs::create_dir(&root).unwrap();
    let bench = Bench::start(folder.path(), &farm).await;
    assert_eq!(until("a refusal", 20, || refused(&bench)).await, ErrorCode::VolumeMarkerMissing);
    let volumes = bench.recording.volumes().await.unwrap();
    assert_eq!(volumes[0].health.state, VolumeState::Offline);
    assert_eq!(std::fs::read_dir(&root).unwrap().count(), 0, "the system disk was written to");

    // Away for longer than what is taken as one.
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    std::fs::remove_dir(&root).unwrap();
    std::fs::rename(&elsewhere, &root).unwrap();
    until("recording again", 40, || recording(&bench)).await;
    assert!(gaps(&bench).await.contains(&GapReason::Disk));
    assert!(bench.recording.stats().lost_ms > 0);
    bench.stop().await;

    // Somebody else's disk in its place.
    let marker = root.join(Volume::MARKER_FILE);
    std::fs::write(&marker, r#"{"volume": "other", "code": "main"}"#).unwrap();
    let files = files_below(&root).len();
    let bench = Bench::start(folder.path(), &farm).await;
    assert_eq!(until("a refusal", 20, || refused(&bench)).await, ErrorCode::VolumeForeign);
    bench.stop().await;
    assert_eq!(files_below(&root).len(), files);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_marker_that_vanishes_while_recording_stops_new_files() {
    let Some(footage) = Footage::encode() else { return };
    let folder = tempfile::tempdir().unwrap();
    let farm = Farm::new(1);
    farm.feed(footage);
    let bench = Bench::start(folder.path(), &farm).await;
    bench.recording.put_plan(Plan::continuous(path(0))).await.unwrap();
    until("recording", 20, || recording(&bench)).await;
    let root = folder.path().join("recordings");
    let marker = root.join(Volume::MARKER_FILE);
    let text = std::fs::read(&marker).unwrap();
    std::fs::remove_file(&marker).unwrap();
    until("the volume's state", 20, || async {
        let volumes = bench.recording.volumes().await.unwrap();
        (volumes[0].health.state == VolumeState::Offline).then_some(())
    })
    .await;
    // A new file is refused; the old one was closed whole.
    bench.recording.put_plan(Plan { segment_minutes: 20, ..Plan::continuous(path(0)) }).await.unwrap();
    assert_eq!(until("a refusal", 20, || refused(&bench)).await, ErrorCode::VolumeMarkerMissing);
    assert_eq!(files_below(&root).len(), 1);
    std::fs::write(&marker, text).unwrap();
    until("recording again", 40, || recording(&bench)).await;
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_camera_shows_after_ten_seconds_and_heals() {
    let Some(footage) = Footage::encode() else { return };
    let folder = tempfile::tempdir().unwrap();
    let farm = Farm::new(1);
    farm.feed(footage);
    let bench = Bench::start(folder.path(), &farm).await;
    bench.recording.put_plan(Plan::continuous(path(0))).await.unwrap();
    until("recording", 20, || recording(&bench)).await;
    farm.freeze(true);
    until("a refusal", 30, || refused(&bench)).await;
    assert_eq!(bench.recording.stats().silent_plans, 1);
    // Its file is closed and whole by then, or in a moment.
    until("a closed file", 20, || async {
        let segments = bench.store.segments().in_range(&path(0), far()).await.unwrap();
        segments.iter().all(|s| s.state == watchwall_model::SegmentState::Complete).then_some(())
    })
    .await;
    farm.freeze(false);
    until("recording again", 30, || recording(&bench)).await;
    assert!(gaps(&bench).await.contains(&GapReason::CameraOffline));
    assert_eq!(bench.recording.stats().lost_ms, 0, "the camera's silence is not ours");
    bench.stop().await;
}

/// A file system of a few megabytes, for as long as it is held.
struct SmallDisk<'a>(&'a Path);

impl<'a> SmallDisk<'a> {
    fn mount(at: &'a Path, kilobytes: u32) -> Option<Self> {
        std::fs::create_dir_all(at).unwrap();
        let option = format!("size={kilobytes}k");
        let done = std::process::Command::new("mount").args(["-t", "tmpfs", "-o", &option, "tmpfs"]).arg(at).output();
        done.ok().filter(|output| output.status.success()).map(|_| Self(at))
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg("-l").arg(self.0).status();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_overwrites_the_oldest_and_says_when_it_cannot() {
    let Some(footage) = Footage::encode() else { return };
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("disk");
    let Some(disk) = SmallDisk::mount(&root, 2_048) else {
        println!("skipped: mounting a small file system needs root");
        return;
    };
    let farm = Farm::new(1);
    farm.feed(footage);
    let config = watchwall_model::config::RecordingConfig { folder: Some(root.clone()), ..config() };
    let bench = Bench::start_with(folder.path(), &farm, &config).await;
    bench.recording.put_plan(Plan::continuous(path(0))).await.unwrap();
    until("recording", 20, || recording(&bench)).await;
    // An old recording that may go, and ballast that may not.
    bench.recording.put_plan(Plan { segment_minutes: 20, ..Plan::continuous(path(0)) }).await.unwrap();
    until("a second file", 20, || async { (files_below(&root).len() >= 2).then_some(()) }).await;
    let oldest = files_below(&root).remove(0);
    fill(&root.join("ballast"));
    until("the oldest gone", 40, || async { (!oldest.exists()).then_some(()) }).await;
    fill(&root.join("more"));
    until("a refusal", 60, || refused(&bench)).await;
    let volumes = bench.recording.volumes().await.unwrap();
    assert_eq!(volumes[0].health.capacity.free_bytes / 100_000, 0, "{volumes:?}");
    until("the gap and its reason", 20, || async { gaps(&bench).await.contains(&GapReason::Disk).then_some(()) }).await;
    std::fs::remove_file(root.join("ballast")).unwrap();
    until("recording again", 60, || recording(&bench)).await;
    assert!(bench.recording.stats().lost_ms > 0);
    bench.stop().await;
    drop(disk);
}

/// Takes whatever room there is.
fn fill(file: &Path) {
    use std::io::Write;
    let mut file = std::fs::File::create(file).unwrap();
    while file.write_all(&[0; 4096]).is_ok() {}
}

#[tokio::test(flavor = "multi_thread")]
async fn tails_on_a_volume_that_was_away_are_repaired_when_it_returns() {
    let Some(footage) = Footage::encode() else { return };
    let folder = tempfile::tempdir().unwrap();
    let farm = Farm::new(1);
    farm.feed(footage);
    let bench = Bench::start(folder.path(), &farm).await;
    bench.recording.put_plan(Plan::continuous(path(0))).await.unwrap();
    until("recording", 20, || recording(&bench)).await;
    let row = async |bench: &Bench| bench.store.segments().in_range(&path(0), far()).await.unwrap().into_iter().next();
    let segment = until("a row", 20, || row(&bench)).await;
    bench.stop().await;
    // As a crash would leave it: the row says recording, the file ends torn.
    let (root, elsewhere) = (folder.path().join("recordings"), folder.path().join("elsewhere"));
    let file = root.join(&segment.file);
    let whole = std::fs::metadata(&file).unwrap().len();
    let torn = std::fs::OpenOptions::new().write(true).open(&file).unwrap();
    torn.set_len(whole - 200).unwrap();
    {
        let lock = watchwall_store::DataFolder::lock(folder.path()).unwrap();
        let (store, _) = watchwall_store::Store::open(&lock).await.unwrap();
        let fragments = store.segments().fragments(segment.id).await.unwrap();
        let progress = watchwall_store::SegmentProgress {
            id: segment.id,
            end: segment.start.saturating_add_ms(1_000),
            size_bytes: 0,
            fragments: watchwall_store::encode_fragments(None, &fragments[..1]),
            state: watchwall_model::SegmentState::Recording,
        };
        store.segments().replace_fragments(&progress).await.unwrap();
        store.close().await;
    }
    std::fs::rename(&root, &elsewhere).unwrap();
    let bench = Bench::start(folder.path(), &farm).await;
    assert_eq!(until("a refusal", 20, || refused(&bench)).await, ErrorCode::VolumeMarkerMissing);
    std::fs::rename(&elsewhere, &root).unwrap();
    until("recording again", 40, || recording(&bench)).await;
    let repaired = row(&bench).await.unwrap();
    assert_eq!(repaired.state, watchwall_model::SegmentState::Recovered);
    assert_eq!(repaired.size_bytes, std::fs::metadata(root.join(&repaired.file)).unwrap().len());
    assert!(recording_support::frames_in(&root.join(&repaired.file)) >= 25);
    bench.stop().await;
}
