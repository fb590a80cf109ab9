//! Plans that record around events and by a week schedule: what comes before a trigger, what extends it, what is
//! refused, and the half-hour at which a schedule changes.

use crate::recording_support::{Bench, Farm, Footage, frames_in, path, until};
use jiff::tz::{Offset, TimeZone};
use std::{path::Path, sync::Arc, sync::atomic::Ordering::Relaxed};
use watchwall_model::{
    CameraEventState, ErrorCode, EventRule, GapReason, Plan, PlanMode, PlanRunning, Segment, SegmentState, StreamPath,
    TimeRange, TriggerKind, UtcMillis, WeekSchedule,
};
use watchwall_site::recording::{Asked, CameraTrigger};

const GOP_MS: i64 = 2_000;
/// A poll of the recorder and a frame.
const SLACK_MS: i64 = 400;

fn event_plan(path: StreamPath, pre_seconds: u32, post_seconds: u32) -> Plan {
    let events = EventRule { pre_seconds, post_seconds, kinds: vec![TriggerKind::Motion] };
    Plan { mode: PlanMode::Event, events, ..Plan::continuous(path) }
}

async fn running(bench: &Bench, n: usize) -> PlanRunning {
    bench.recording.plans().await.unwrap().into_iter().find(|view| view.plan.path == path(n)).unwrap().running
}

async fn waits(bench: &Bench) {
    until("an armed plan", 20, || async {
        matches!(running(bench, 0).await, PlanRunning::Waiting { .. }).then_some(())
    })
    .await;
}

async fn records(bench: &Bench) {
    until("a recording", 20, || async {
        matches!(running(bench, 0).await, PlanRunning::Recording { .. }).then_some(())
    })
    .await;
}

async fn segments(bench: &Bench, n: usize) -> Vec<Segment> {
    let all = TimeRange::new(UtcMillis(0), UtcMillis(i64::MAX / 2)).unwrap();
    let mut rows = Vec::new();
    let mut from = all.start;
    while let Some(row) = bench.store.segments().next_after(&path(n), from).await.unwrap() {
        from = row.start.saturating_add_ms(1);
        rows.push(row);
    }
    rows
}

/// So many files, closed and indexed.
async fn files(bench: &Bench, count: usize) -> Vec<Segment> {
    until("closed files", 20, || async {
        let all = segments(bench, 0).await;
        let is_whole = all.len() == count && all.iter().all(|segment| segment.state == SegmentState::Complete);
        is_whole.then_some(all)
    })
    .await
}

/// An armed plan whose ring reaches back eight seconds.
async fn armed(folder: &Path, pre_seconds: u32, post_seconds: u32) -> Option<(Bench, Arc<Farm>)> {
    let footage = Footage::encode()?;
    let farm = Farm::new(1);
    let bench = Bench::start(folder, &farm).await;
    bench.recording.put_plan(event_plan(path(0), pre_seconds, post_seconds)).await.unwrap();
    farm.feed(footage);
    until("a ring", 30, || async { (farm.pushed.load(Relaxed) >= 200).then_some(()) }).await;
    waits(&bench).await;
    Some((bench, farm))
}

fn motion(state: CameraEventState, at: UtcMillis) -> CameraTrigger {
    CameraTrigger { kind: TriggerKind::Motion, state, source: "v1".into(), rule: String::new(), at }
}

/// A file that begins at the key frame before `from` and ends at the first one from `until` on.
#[track_caller]
fn spans(segment: &Segment, from: UtcMillis, until: UtcMillis) {
    let (before, after) = (from - segment.start, segment.end - until);
    assert!((-SLACK_MS..GOP_MS + 100).contains(&before), "begins {before} ms before");
    assert!((-SLACK_MS..GOP_MS + SLACK_MS).contains(&after), "ends {after} ms after");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trigger_records_what_came_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let Some((bench, _farm)) = armed(folder.path(), 3, 2).await else { return };
    assert!(segments(&bench, 0).await.is_empty(), "nothing is recorded without an event");
    let stats = bench.recording.stats();
    assert_eq!((stats.plans, stats.active_plans, stats.silent_plans), (1, 0, 0));
    let at = UtcMillis::now();
    let accepted =
        bench.recording.trigger(&path(0), Asked { reason: "door".into(), ..Asked::default() }).await.unwrap();
    let before = at - accepted.range.start;
    assert!(!accepted.is_scheduled && (2_500..=3_000).contains(&before), "{before} ms before");
    records(&bench).await;
    waits(&bench).await;
    let found = files(&bench, 1).await;
    spans(&found[0], at.saturating_add_ms(-3_000), at.saturating_add_ms(2_000));
    let frames = frames_in(&folder.path().join("recordings").join(&found[0].file)) as i64;
    assert!((frames * 40 - (found[0].end - found[0].start)).abs() <= 80, "{frames} frames in {:?}", found[0]);
    // Before and after it nothing was planned, and the camera is no reason.
    let around = TimeRange::new(at.saturating_add_ms(-60_000), UtcMillis::now().saturating_add_ms(60_000)).unwrap();
    until("a gap up to now", 10, || async { (UtcMillis::now() - found[0].end > 2_500).then_some(()) }).await;
    let track = bench.recording.timeline(&[path(0)], around, 0).await.unwrap().remove(0).1;
    let reasons: Vec<_> = track.gaps.iter().map(|gap| gap.reason).collect();
    assert_eq!((track.coverage.len(), reasons), (1, vec![GapReason::PlannedOff; 2]), "{track:?}");
    let marks = bench.recording.triggers(&[path(0)], around).await.unwrap().remove(&path(0)).unwrap_or_default();
    assert_eq!((marks.len(), marks[0].kept.reason.as_str(), marks[0].kept.kind), (1, "door", None));
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn overlapping_triggers_extend_and_near_ones_go_on_without_a_gap() {
    let folder = tempfile::tempdir().unwrap();
    let Some((bench, _farm)) = armed(folder.path(), 3, 3).await else { return };
    let first = UtcMillis::now();
    bench.recording.notice(&path(0), &motion(CameraEventState::On, first)).await.unwrap();
    records(&bench).await;
    // A kind that the plan does not heed, and a beginning that is no news.
    let person = CameraTrigger { kind: TriggerKind::Person, ..motion(CameraEventState::Pulse, UtcMillis::now()) };
    bench.recording.notice(&path(0), &person).await.unwrap();
    bench.recording.notice(&path(0), &motion(CameraEventState::On, UtcMillis::now())).await.unwrap();
    until("some seconds", 20, || async { (UtcMillis::now() - first > 5_000).then_some(()) }).await;
    assert!(matches!(running(&bench, 0).await, PlanRunning::Recording { .. }), "it goes on until its end is told");
    let ended = UtcMillis::now();
    bench.recording.notice(&path(0), &motion(CameraEventState::Off, ended)).await.unwrap();
    bench.recording.trigger(&path(0), Asked { seconds: Some(5), ..Asked::default() }).await.unwrap();
    waits(&bench).await;
    let found = files(&bench, 1).await;
    spans(&found[0], first.saturating_add_ms(-3_000), ended.saturating_add_ms(5_000));
    // The seconds before this one are in the file that has just ended: the next goes on where it stopped.
    bench.recording.notice(&path(0), &motion(CameraEventState::Pulse, UtcMillis::now())).await.unwrap();
    records(&bench).await;
    waits(&bench).await;
    let found = files(&bench, 2).await;
    assert!((found[1].start - found[0].end).abs() <= 1, "{} ms apart", found[1].start - found[0].end);
    // What is kept of them: the first, the one asked for, and the last.
    let all = TimeRange::new(first.saturating_add_ms(-1_000), UtcMillis::now()).unwrap();
    let kinds: Vec<_> =
        bench.recording.triggers(&[path(0)], all).await.unwrap()[&path(0)].iter().map(|mark| mark.kept.kind).collect();
    assert_eq!(kinds, [Some(TriggerKind::Motion), None, Some(TriggerKind::Motion)]);
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_is_taken_from_memory_refused_before_it_and_scheduled_ahead() {
    let folder = tempfile::tempdir().unwrap();
    let Some((bench, farm)) = armed(folder.path(), 1, 1).await else { return };
    let ask = async |start: i64, seconds| {
        let start = Some(UtcMillis::now().saturating_add_ms(start));
        bench.recording.trigger(&path(0), Asked { start, seconds: Some(seconds), ..Asked::default() }).await
    };
    let earliest = farm.hub(0).ring_start().unwrap().to_millis();
    let refused = ask(-3_600_000, 2).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::TriggerTooEarly);
    assert!(refused.params["earliest"].parse::<i64>().unwrap() >= earliest.0);
    assert!(segments(&bench, 0).await.is_empty());
    // Two seconds of the past, over before they are asked for.
    let past = ask(-5_000, 2).await.unwrap();
    let found = files(&bench, 1).await;
    spans(&found[0], past.range.start, past.range.end);
    let ahead = ask(3_000, 2).await.unwrap();
    assert!(ahead.is_scheduled);
    waits(&bench).await;
    records(&bench).await;
    assert!(UtcMillis::now() >= ahead.range.start);
    waits(&bench).await;
    let found = files(&bench, 2).await;
    spans(&found[1], ahead.range.start, ahead.range.end);
    // Asked for ahead, it outlives a restart.
    let later = ask(6_000, 2).await.unwrap();
    bench.stop().await;
    let bench = Bench::start(folder.path(), &farm).await;
    records(&bench).await;
    waits(&bench).await;
    let found = files(&bench, 3).await;
    spans(found.last().unwrap(), later.range.start, later.range.end);
    let none = bench.recording.trigger(&StreamPath::parse("cam_none").unwrap(), Asked::default()).await;
    assert_eq!(none.unwrap_err().code, ErrorCode::NotFound);
    bench.recording.put_plan(Plan { enabled: false, ..event_plan(path(0), 1, 1) }).await.unwrap();
    let off = bench.recording.trigger(&path(0), Asked::default()).await.unwrap_err();
    assert_eq!(off.code, ErrorCode::PlanOff);
    bench.stop().await;
}

/// A camera that is away is no alarm while its plan is off, and one while its plan waits for events.
#[tokio::test(flavor = "multi_thread")]
async fn a_camera_that_is_away_matters_while_its_stream_is_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let farm = Farm::new(0);
    let bench = Bench::start(folder.path(), &farm).await;
    let off = WeekSchedule::parse(&vec!["-".repeat(48); 7]).unwrap();
    bench.recording.put_plan(event_plan(path(0), 1, 1)).await.unwrap();
    let plan = Plan { mode: PlanMode::Schedule, schedule: off, ..Plan::continuous(path(1)) };
    bench.recording.put_plan(plan).await.unwrap();
    until("an alarm", 30, || async {
        let silence = running(&bench, 0).await;
        matches!(silence, PlanRunning::NotRecording { code: ErrorCode::CameraNotFound, .. }).then_some(())
    })
    .await;
    assert_eq!(running(&bench, 1).await, PlanRunning::Off);
    assert_eq!(bench.recording.stats().silent_plans, 1);
    bench.stop().await;
}

/// One plan ends at the half-hour and another begins there, to the key frame.
#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_changes_on_the_half_hour() {
    let Some(footage) = Footage::encode() else { return };
    // A zone in which the half-hour is twelve seconds away.
    let now_s = UtcMillis::now().0 / 1000;
    let offset = 1_800 - (now_s + 12).rem_euclid(1_800);
    let zone = TimeZone::fixed(Offset::from_seconds(i32::try_from(offset).unwrap()).unwrap());
    let boundary = UtcMillis((now_s + 12) * 1000);
    let slot = usize::try_from((now_s + offset).rem_euclid(86_400) / 1_800).unwrap();
    let schedule = |letter: &str| {
        let mut day = "-".repeat(48);
        day.replace_range(slot % 48..slot % 48 + 1, letter);
        // A boundary at midnight is one between days that look alike.
        let next = (slot + 1) % 48;
        day.replace_range(next..next + 1, if letter == "c" { "-" } else { "c" });
        WeekSchedule::parse(&vec![day; 7]).unwrap()
    };
    let folder = tempfile::tempdir().unwrap();
    let farm = Farm::new(2);
    let bench = Bench::start_in(zone.clone(), folder.path(), &farm).await;
    farm.feed(footage);
    for (n, letter) in [(0, "c"), (1, "-")] {
        let plan = Plan { mode: PlanMode::Schedule, schedule: schedule(letter), ..Plan::continuous(path(n)) };
        let saved = bench.recording.put_plan(plan).await.unwrap();
        assert_eq!(saved.plan.next_change(UtcMillis::now(), &zone), Some(boundary));
    }
    records(&bench).await;
    assert_eq!(running(&bench, 1).await, PlanRunning::Off);
    until("the half-hour", 30, || async { (running(&bench, 0).await == PlanRunning::Off).then_some(()) }).await;
    let took = UtcMillis::now() - boundary;
    assert!((0..GOP_MS + 1_500).contains(&took), "off {took} ms after the half-hour");
    until("the other", 20, || async {
        let rows = segments(&bench, 1).await;
        // The half-hour is on the grid of files too: another one may have begun since.
        rows.last().is_some_and(|row| row.end - boundary > 2_000).then_some(())
    })
    .await;
    let ended = files(&bench, 1).await;
    let past = ended[0].end - boundary;
    assert!((0..GOP_MS + 100).contains(&past), "ended {past} ms after the half-hour");
    let ahead = boundary - segments(&bench, 1).await[0].start;
    assert!((0..GOP_MS + 100).contains(&ahead), "began {ahead} ms before the half-hour");
    bench.stop().await;
}
