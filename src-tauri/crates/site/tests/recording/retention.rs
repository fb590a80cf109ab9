//! A tenth of a full store is deleted while recording goes on: no frame is lost, nothing else is touched, and the waits
//! of the writers are measured. `WATCHWALL_RETENTION_FILES=8000 WATCHWALL_RETENTION_STREAMS=50` makes it a benchmark.

use crate::recording_support::{Bench, Farm, Footage, files_below, path, until};
use std::{path::PathBuf, sync::atomic::Ordering::Relaxed, time::Instant};
use watchwall_model::{
    Fragment, Plan, Segment, SegmentOrigin, SegmentState, StreamPath, TimeRange, UtcMillis, VolumeCode,
};
use watchwall_site::recording::{RecordingStats, StallHistogram};
use watchwall_store::{NewEvidenceLock, NewSegment, SegmentProgress, encode_fragments};

const DAY_MS: i64 = 86_400_000;
const FILE_BYTES: usize = 512 * 1024;

fn from_environment(name: &str, otherwise: usize) -> usize {
    std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(otherwise)
}

/// An earlier recording: its file and its row.
async fn put(bench: &Bench, root: &std::path::Path, path: &StreamPath, n: usize, start: UtcMillis) -> PathBuf {
    let file = format!("{path}/2020-01-{:02}/00-{:02}-{:02}.mp4", n / 3_600 + 1, n / 60 % 60, n % 60);
    let full = root.join(&file);
    std::fs::create_dir_all(full.parent().unwrap()).unwrap();
    std::fs::write(&full, vec![n as u8; FILE_BYTES]).unwrap();
    let new = NewSegment {
        path: path.clone(),
        volume: VolumeCode("main".into()),
        file,
        start,
        video_codec: "avc1.4d401f".into(),
        width: 320,
        height: 180,
        has_audio: false,
        init_bytes: 900,
        origin: SegmentOrigin::Live,
    };
    let size_bytes = FILE_BYTES as u32 - 900;
    let fragments = [Fragment { offset: 900, size_bytes, start_ms: 0, duration_ms: 600_000, is_key: true }];
    let progress = |id| SegmentProgress {
        id,
        end: start.saturating_add_ms(600_000),
        size_bytes: FILE_BYTES as u64,
        fragments: encode_fragments(None, &fragments),
        state: SegmentState::Complete,
    };
    bench.store.segments().insert_found(&new, progress).await.unwrap();
    full
}

fn stalls(before: &RecordingStats, after: &RecordingStats) -> StallHistogram {
    let mut stalls = after.volumes[0].stalls.clone();
    for (count, earlier) in stalls.counts.iter_mut().zip(before.volumes[0].stalls.counts) {
        *count -= earlier;
    }
    stalls
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenth_is_deleted_and_recording_goes_on() {
    let Some(footage) = Footage::encode() else { return };
    let files = from_environment("WATCHWALL_RETENTION_FILES", 300);
    let streams = from_environment("WATCHWALL_RETENTION_STREAMS", 10);
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("recordings");
    let farm = Farm::new(streams);
    let bench = Bench::start(folder.path(), &farm).await;
    for n in 0..streams {
        bench.recording.put_plan(Plan { retention_days: 30, ..Plan::continuous(path(n)) }).await.unwrap();
    }
    // A tenth is past its retention, as soon as that is shortened.
    let old = StreamPath::parse("cam_10_0_1_1_ch1_main").unwrap();
    let now = UtcMillis::now();
    for n in 0..files {
        // Something recent among them: after days of silence the clock would be doubted.
        let days = if n % 10 == 0 { 20 } else { n as i64 % 4 };
        put(&bench, &root, &old, n, now.saturating_add_ms(-days * DAY_MS + n as i64 * 1_000)).await;
    }
    // Measured while it stands in the middle of a recording, a minute after the start; otherwise it happens at once.
    let is_measured = std::env::var_os("WATCHWALL_RETENTION_FILES").is_some();
    let retention_days = if is_measured { 25 } else { 7 };
    bench.recording.put_plan(Plan { retention_days, ..Plan::continuous(old.clone()) }).await.unwrap();
    bench.recording.stop().await;
    bench.stop().await;

    let bench = Bench::start(folder.path(), &farm).await;
    until("recorders", 30, || async { farm.is_heard() }).await;
    farm.feed(footage);
    let wanted = (files / 10) as u64;
    let deleted = |at_least| {
        let recording = &bench.recording;
        async move {
            until("deleted files", 240, || async {
                (recording.stats().volumes[0].deleted_files >= at_least).then_some(())
            })
            .await;
            (recording.stats(), Instant::now())
        }
    };
    until("frames", 120, || async { (farm.pushed.load(Relaxed) >= 100).then_some(()) }).await;
    let begun = bench.recording.stats();
    if is_measured {
        bench.recording.put_plan(Plan { retention_days: 7, ..Plan::continuous(old.clone()) }).await.unwrap();
    }
    let (quiet, from) = deleted(1).await;
    let (after, to) = deleted(wanted).await;
    farm.freeze(true);
    let frames = farm.pushed.load(Relaxed);
    let rows = async |path: &StreamPath| -> Vec<Segment> {
        let range = TimeRange::new(now.saturating_add_ms(-60 * DAY_MS), now.saturating_add_ms(DAY_MS)).unwrap();
        let mut rows = Vec::new();
        let mut from = range.start;
        while let Some(row) = bench.store.segments().next_after(path, from).await.unwrap() {
            from = row.start.saturating_add_ms(1);
            rows.push(row);
        }
        rows
    };
    bench.recording.stop().await;
    assert_eq!(rows(&old).await.len(), files - wanted as usize);
    let stats = bench.recording.stats();
    assert_eq!((stats.lost_ms, stats.volumes[0].overflows, stats.volumes[0].write_failures), (0, 0, 0));
    for n in 0..streams {
        let recorded: usize =
            rows(&path(n)).await.iter().map(|row| crate::recording_support::frames_in(&root.join(&row.file))).sum();
        // A stream begins with its first key frame, and the last frame may have been counted late.
        assert!(recorded + 51 >= frames && recorded <= frames + 1, "{recorded} of {frames} frames of stream {n}");
    }
    let left = files_below(&root).iter().filter(|file| file.to_str().unwrap().contains("/2020-")).count();
    assert_eq!(left, files - wanted as usize);
    bench.stop().await;
    if !is_measured {
        return;
    }
    let show = |what: &str, stalls: &StallHistogram| {
        let ms = |share| stalls.quantile_ms(share).map_or("over 5000".to_owned(), |ms| format!("< {ms}"));
        println!("{what}: write stall p50 {} p99 {} ms, {:?}", ms(0.5), ms(0.99), stalls.counts);
    };
    show("undisturbed", &stalls(&begun, &quiet));
    show(&format!("while {wanted} of {files} files went in {:?}", to - from), &stalls(&quiet, &after));
}

/// Age and watermark take everything but what is locked; once unlocked, that goes too.
#[tokio::test(flavor = "multi_thread")]
async fn locked_recordings_survive_age_and_watermark() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("recordings");
    let farm = Farm::new(0);
    let bench = Bench::start(folder.path(), &farm).await;
    let (gate, yard) = (path(1), path(2));
    let now = UtcMillis::now();
    let at = |days: i64| now.saturating_add_ms(-days * DAY_MS);
    let lock = |paths: &[&StreamPath], from, to, until| NewEvidenceLock {
        paths: paths.iter().map(|path| (*path).clone()).collect(),
        range: TimeRange::new(from, to).unwrap(),
        reason: "incident".into(),
        locked_by: "anna".into(),
        created_at: now,
        until,
    };
    // Twenty days ago, far past the retention of seven; and yesterday, which only a full disk takes.
    // Locked before it is there: the first look at ages comes when it likes.
    let locks = bench.store.evidence_locks();
    let held = locks.insert(&lock(&[&gate, &yard], at(20), at(19), None)).await.unwrap();
    let locked_old = put(&bench, &root, &gate, 0, at(20)).await;
    let free_old = put(&bench, &root, &gate, 1, at(19)).await;
    // A range that reaches into the future covers what is recorded later.
    locks.insert(&lock(&[&yard], at(2), now.saturating_add_ms(DAY_MS), None)).await.unwrap();
    let locked_new = put(&bench, &root, &yard, 2, at(1)).await;
    let free_new = put(&bench, &root, &gate, 3, at(1)).await;
    // This lock's date has come: it holds nothing any more.
    let expired = put(&bench, &root, &gate, 4, at(15)).await;
    locks.insert(&lock(&[&gate], at(16), at(14), Some(now.saturating_add_ms(-1)))).await.unwrap();
    bench.stop().await;

    // Each start looks at ages at once.
    let bench = Bench::start(folder.path(), &farm).await;
    until("old files gone", 30, || async { (!free_old.exists() && !expired.exists()).then_some(()) }).await;
    assert!(locked_old.exists() && locked_new.exists() && free_new.exists());
    // A watermark below what every disk holds: all goes that may.
    let mut volume = bench.store.volumes().all().await.unwrap().remove(0);
    volume.high_watermark_percent = 0.1;
    volume.low_watermark_percent = 0.1;
    bench.store.volumes().put(&volume).await.unwrap();
    bench.stop().await;
    let bench = Bench::start(folder.path(), &farm).await;
    until("unlocked files gone", 30, || async { (!free_new.exists()).then_some(()) }).await;
    assert!(locked_old.exists() && locked_new.exists());
    bench.store.evidence_locks().end(held.id, UtcMillis::now(), "bert").await.unwrap();
    bench.stop().await;
    let bench = Bench::start(folder.path(), &farm).await;
    until("the unlocked file gone", 30, || async { (!locked_old.exists()).then_some(()) }).await;
    assert!(locked_new.exists(), "another lock holds it");
    bench.stop().await;
}

/// The quota takes the oldest of its stream alone; neither lock nor minimum gives way to it, nor to a watermark.
#[tokio::test(flavor = "multi_thread")]
async fn quotas_and_minimum_days_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("recordings");
    let farm = Farm::new(0);
    let bench = Bench::start(folder.path(), &farm).await;
    let (gate, yard, hall) = (path(1), path(2), path(3));
    let now = UtcMillis::now();
    let at = |hours: i64| now.saturating_add_ms(-hours * 3_600_000);
    let mut files = Vec::new();
    for (n, path) in [&gate, &yard, &hall].into_iter().enumerate() {
        for age in (0..8).rev() {
            files.push((path, age, put(&bench, &root, path, n * 10 + age as usize, at(12 * age + 2)).await));
        }
    }
    let left = |path: &StreamPath| {
        files.iter().filter(|(of, _, file)| *of == path && file.exists()).map(|(_, age, _)| *age).collect::<Vec<_>>()
    };
    // The oldest but one of the gate is evidence, and does not count.
    let range = TimeRange::new(at(12 * 6 + 2), at(12 * 6 + 1)).unwrap();
    let lock = NewEvidenceLock {
        paths: vec![gate.clone()],
        range,
        reason: "incident".into(),
        locked_by: "anna".into(),
        created_at: now,
        until: None,
    };
    bench.store.evidence_locks().insert(&lock).await.unwrap();
    let quota_bytes = Some(4 * FILE_BYTES as u64);
    let kept = Plan { enabled: false, retention_days: 30, ..Plan::continuous(gate.clone()) };
    // Smaller than a person may ask for.
    let put_plan = async |plan: Plan| bench.store.plans().put(&plan, None).await.unwrap();
    put_plan(Plan { quota_bytes, ..kept.clone() }).await;
    put_plan(Plan { path: yard.clone(), quota_bytes, minimum_days: Some(3), ..kept.clone() }).await;
    put_plan(Plan { path: hall.clone(), ..kept }).await;
    bench.stop().await;

    let bench = Bench::start(folder.path(), &farm).await;
    // 36 hours and 80 hours old: the yard's minimum of three days protects all but two.
    until("the quotas", 30, || async { (left(&gate).len() == 5 && left(&yard).len() == 6).then_some(()) }).await;
    assert_eq!(left(&gate), [6, 3, 2, 1, 0]);
    assert_eq!(left(&yard), [5, 4, 3, 2, 1, 0]);
    assert_eq!(left(&hall).len(), 8);
    let mut volume = bench.store.volumes().all().await.unwrap().remove(0);
    (volume.high_watermark_percent, volume.low_watermark_percent) = (0.1, 0.1);
    bench.store.volumes().put(&volume).await.unwrap();
    bench.stop().await;
    let bench = Bench::start(folder.path(), &farm).await;
    until("room", 30, || async { left(&hall).is_empty().then_some(()) }).await;
    assert_eq!((left(&gate), left(&yard).len()), (vec![6], 6));
    bench.stop().await;
}
