//! Plans become files, files become an index, and both say the same.

use crate::recording_support::{Bench, Farm, Footage, files_below, frames_in, path, until};
use watchwall_model::{
    ErrorCode, GapReason, Plan, PlanRunning, SegmentState, TimeRange, UtcMillis, VolumeCode, VolumeState,
};

fn far() -> TimeRange {
    TimeRange::new(UtcMillis::now().saturating_add_ms(-3_600_000), UtcMillis::now().saturating_add_ms(3_600_000))
        .unwrap()
}

async fn is_recording(bench: &Bench, plans: usize) -> Option<()> {
    let views = bench.recording.plans().await.unwrap();
    let running = views.iter().filter(|view| matches!(view.running, PlanRunning::Recording { .. })).count();
    (running == plans).then_some(())
}

#[tokio::test(flavor = "multi_thread")]
async fn plans_are_recorded_indexed_and_closed() {
    let Some(footage) = Footage::encode() else { return };
    let folder = tempfile::tempdir().unwrap();
    let farm = Farm::new(3);
    farm.feed(footage);
    let bench = Bench::start(folder.path(), &farm).await;
    assert!(bench.recording.plans().await.unwrap().is_empty());
    for n in 0..3 {
        let view = bench.recording.put_plan(Plan::continuous(path(n))).await.unwrap();
        assert_eq!((view.plan.version, view.running), (1, PlanRunning::Starting));
    }
    until("recording", 20, || is_recording(&bench, 3)).await;
    until("index", 20, || async {
        let mut indexed = 0;
        for n in 0..3 {
            let segments = bench.store.segments().in_range(&path(n), far()).await.unwrap();
            indexed +=
                segments.iter().filter(|s| s.end - s.start >= 3_000 && s.state == SegmentState::Recording).count();
        }
        (indexed == 3).then_some(())
    })
    .await;

    // What is being written already shows, without a gap up to now.
    let tracks = bench.recording.timeline(&[path(0)], far(), 0).await.unwrap();
    let track = &tracks[0].1;
    assert_eq!(track.coverage.len(), 1);
    assert_eq!(track.gaps.len(), 1, "{track:?}");
    assert_eq!(track.gaps[0].reason, GapReason::PlannedOff);
    let stats = bench.recording.stats();
    assert_eq!((stats.active_plans, stats.silent_plans, stats.lost_ms), (3, 0, 0));
    assert!(stats.volumes[0].fragments >= 9 && stats.volumes[0].write_failures == 0);
    let volumes = bench.recording.volumes().await.unwrap();
    assert_eq!(volumes[0].health.state, VolumeState::ReadWrite);

    // A change of the plan starts a new file; switching it off ends it.
    let plan = Plan { segment_minutes: 20, version: 1, ..Plan::continuous(path(1)) };
    assert_eq!(bench.recording.put_plan(plan.clone()).await.unwrap().plan.version, 2);
    assert_eq!(bench.recording.put_plan(plan).await.unwrap_err().code, ErrorCode::VersionConflict);
    bench.recording.delete_plan(&path(2)).await.unwrap();
    assert_eq!(bench.recording.delete_plan(&path(2)).await.unwrap_err().code, ErrorCode::NotFound);
    until("the second file", 20, || async {
        let segments = bench.store.segments().in_range(&path(1), far()).await.unwrap();
        (segments.len() == 2 && segments[1].end - segments[1].start >= 1_000).then_some(())
    })
    .await;
    let store = bench.store.clone();
    bench.recording.stop().await;

    let root = folder.path().join("recordings");
    let files = files_below(&root);
    assert_eq!(files.len(), 4);
    let mut rows = 0;
    for n in 0..3 {
        for segment in store.segments().in_range(&path(n), far()).await.unwrap() {
            rows += 1;
            let file = root.join(&segment.file);
            let fragments = store.segments().fragments(segment.id).await.unwrap();
            assert_eq!(segment.state, SegmentState::Complete);
            assert_eq!(segment.size_bytes, std::fs::metadata(&file).unwrap().len());
            // 25 frames per second, give or take one at the ends.
            let frames = frames_in(&file) as i64;
            assert!((frames * 40 - (segment.end - segment.start)).abs() <= 80, "{frames} frames in {segment:?}");
            assert!(fragments.iter().all(|f| f.duration_ms <= 1_100) && fragments[0].is_key);
            let parts: Vec<_> = segment.file.split('/').collect();
            assert_eq!((parts.len(), parts[0]), (3, path(n).as_str()));
        }
    }
    assert_eq!(rows, files.len());
    bench.stop().await;

    // The next start finds nothing to repair, and goes on.
    let bench = Bench::start(folder.path(), &farm).await;
    assert_eq!(bench.recording.recovered(), Default::default());
    until("recording again", 20, || is_recording(&bench, 2)).await;
    let tracks = bench.recording.timeline(&[path(0)], far(), 0).await.unwrap();
    let between: Vec<_> = tracks[0].1.gaps.iter().skip(1).map(|gap| gap.reason).collect();
    assert!(
        between.iter().all(|reason| *reason == GapReason::Us || *reason == GapReason::CameraOffline),
        "{between:?}"
    );
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_lost_entirely_is_rebuilt_from_the_files() {
    let Some(footage) = Footage::encode() else { return };
    let folder = tempfile::tempdir().unwrap();
    let farm = Farm::new(2);
    farm.feed(footage);
    let bench = Bench::start(folder.path(), &farm).await;
    for n in 0..2 {
        bench.recording.put_plan(Plan::continuous(path(n))).await.unwrap();
    }
    until("recording", 20, || is_recording(&bench, 2)).await;
    let recording = bench.recording.clone();
    recording.stop().await;
    let mut before = Vec::new();
    for n in 0..2 {
        for segment in bench.store.segments().in_range(&path(n), far()).await.unwrap() {
            before.push((segment.clone(), bench.store.segments().fragments(segment.id).await.unwrap()));
        }
    }
    bench.stop().await;
    for name in ["watchwall.db", "watchwall.db-wal", "watchwall.db-shm"] {
        let _ = std::fs::remove_file(folder.path().join(name));
    }

    // The folder is taken over by its marker; the files are found again with the same times.
    let bench = Bench::start(folder.path(), &farm).await;
    bench.recording.reindex().await.unwrap();
    for (old, old_fragments) in &before {
        let new =
            bench.store.segments().by_file(&VolumeCode("main".into()), &old.file).await.unwrap().expect(&old.file);
        let fragments = bench.store.segments().fragments(new.id).await.unwrap();
        assert_eq!((new.start, new.size_bytes, new.state), (old.start, old.size_bytes, SegmentState::Complete));
        assert!((new.end - old.end).abs() <= 80, "{new:?} {old:?}");
        assert_eq!(fragments.len(), old_fragments.len());
        for (new, old) in fragments.iter().zip(old_fragments) {
            assert_eq!(
                (new.offset, new.size_bytes, new.start_ms, new.is_key),
                (old.offset, old.size_bytes, old.start_ms, old.is_key)
            );
        }
    }
    // A file that is taken away becomes missing; one that is none is left alone.
    let root = folder.path().join("recordings");
    std::fs::remove_file(root.join(&before[0].0.file)).unwrap();
    let foreign = root.join(path(0).as_str()).join("2026-01-01");
    std::fs::create_dir_all(&foreign).unwrap();
    std::fs::write(foreign.join("00-00-00.mp4"), vec![7; 10_000]).unwrap();
    let found = bench.recording.reindex().await.unwrap();
    assert_eq!((found.found, found.missing, found.unreadable), (0, 1, 1));
    assert!(foreign.join("00-00-00.mp4").exists());
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_past_its_retention_goes_and_the_rest_stays() {
    let Some(footage) = Footage::encode() else { return };
    let folder = tempfile::tempdir().unwrap();
    let farm = Farm::new(2);
    let bench = Bench::start(folder.path(), &farm).await;
    for n in 0..2 {
        let retention_days = if n == 0 { 2 } else { 30 };
        bench.recording.put_plan(Plan { retention_days, ..Plan::continuous(path(n)) }).await.unwrap();
        until("subscription", 20, || async { (farm.hub(n).statistics().recorder_subscribers > 0).then_some(()) }).await;
        // Five days ago, and just now.
        for days in [5, 0] {
            let start = UtcMillis::now().saturating_add_ms(-days * 86_400_000 - 10_000);
            for frame in 0..75 {
                let mut unit = footage.unit(frame, start.saturating_add_ms(frame as i64 * 40).to_micros());
                (unit.pts, unit.dts) = (unit.pts - days * 86_400 * 90_000, unit.dts - days * 86_400 * 90_000);
                farm.hub(n).push(unit);
            }
        }
    }
    let root = folder.path().join("recordings");
    until("four files", 30, || async { (files_below(&root).len() == 4).then_some(()) }).await;
    bench.recording.clone().stop().await;
    bench.stop().await;
    let before = files_below(&root);

    let bench = Bench::start(folder.path(), &farm).await;
    until("the old one gone", 30, || async { (files_below(&root).len() == 3).then_some(()) }).await;
    assert_eq!(files_below(&root), before[1..]);
    let old = TimeRange::new(UtcMillis(0), UtcMillis::now().saturating_add_ms(-86_400_000)).unwrap();
    until("its row gone", 20, || async {
        bench.store.segments().last_before(&path(0), old.end).await.unwrap().is_none().then_some(())
    })
    .await;
    assert!(bench.store.segments().last_before(&path(1), old.end).await.unwrap().is_some());
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn comparing_everything_while_files_begin_and_end_harms_none() {
    const STREAMS: usize = 6;
    let Some(footage) = Footage::encode() else { return };
    let folder = tempfile::tempdir().unwrap();
    let farm = Farm::new(STREAMS);
    let bench = Bench::start(folder.path(), &farm).await;
    for n in 0..STREAMS {
        bench.recording.put_plan(Plan::continuous(path(n))).await.unwrap();
    }
    until("recorders", 20, || async { farm.is_heard() }).await;
    farm.feed(footage);
    until("recording", 20, || is_recording(&bench, STREAMS)).await;
    let comparing = {
        let recording = bench.recording.clone();
        tokio::spawn(async move {
            let mut compared = 0;
            while compared < 1_000_000 {
                match recording.reindex().await {
                    Ok(found) => assert_eq!(found, Default::default(), "after {compared} times"),
                    Err(problem) => panic!("{problem}"),
                }
                compared += 1;
                tokio::task::yield_now().await;
            }
        })
    };
    // Each change of a plan begins a new file.
    for round in 0..12 {
        for n in 0..STREAMS {
            let segment_minutes = 10 * (1 + (round + n as u32) % 2);
            bench.recording.put_plan(Plan { segment_minutes, ..Plan::continuous(path(n)) }).await.unwrap();
        }
        assert!(!comparing.is_finished(), "the comparison found something");
    }
    until("recording", 20, || is_recording(&bench, STREAMS)).await;
    assert!(!comparing.is_finished(), "the comparison found something");
    comparing.abort();
    bench.recording.stop().await;
    let root = folder.path().join("recordings");
    let mut files = Vec::new();
    for n in 0..STREAMS {
        for segment in bench.store.segments().in_range(&path(n), far()).await.unwrap() {
            assert_eq!(segment.state, SegmentState::Complete, "{segment:?}");
            assert!(frames_in(&root.join(&segment.file)) > 0);
            files.push(root.join(segment.file));
        }
    }
    files.sort();
    assert_eq!(files, files_below(&root));
    bench.stop().await;
}
