use super::*;
use crate::{DataFolder, NewCameraRow, PageRequest};
use watchwall_model::{
    AlarmAct, AlarmClip, AlarmSource, AlarmState, AlarmStep, CameraId, ErrorCode, Happening, IngestEngine, StreamPath,
    TimeRange, Transport, Verdict,
};

async fn store(folder: &std::path::Path) -> Store {
    Store::open(&DataFolder::lock(folder).unwrap()).await.unwrap().0
}

async fn camera(store: &Store) -> CameraId {
    let row = NewCameraRow {
        name: Some("Gate".into()),
        host: "10.0.0.1".into(),
        group: None,
        credentials: None,
        streams: Vec::new(),
        engine: IngestEngine::Auto,
        transport: Transport::Tcp,
    };
    store.cameras().insert(row).await.unwrap().id
}

fn clip(from: i64, to: i64) -> AlarmClip {
    let range = TimeRange::new(UtcMillis(from), UtcMillis(to)).unwrap();
    AlarmClip::Pending { path: StreamPath::parse("gate").unwrap(), range }
}

fn new(camera: CameraId, at: i64, level: u32) -> NewAlarm {
    NewAlarm {
        what: Happening::new(AlarmSource::Ai, "MOTION", UtcMillis(at)).of(camera).with("scene", "MOTION"),
        level,
        camera_name: Some("Gate".into()),
        last_at: UtcMillis(at),
        count: 1,
        clip: clip(at - 10, at + 20),
        protect: true,
        deadline: Some(UtcMillis(at + 100)),
        close_at: Some(UtcMillis(at + 1_000)),
    }
}

fn push() -> NewPush {
    NewPush { route: "default".into(), key: "k".into(), alarm: Some(AlarmRef::Raised(0)), content: "{}".into() }
}

fn done(acted: Acted) -> Alarm {
    match acted {
        Acted::Done(alarm) => *alarm,
        Acted::Refused(state) => panic!("refused as {state:?}"),
    }
}

#[tokio::test]
async fn an_alarm_goes_its_way_and_its_history_tells_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path()).await;
    let camera = camera(&store).await;
    let alarms = store.alarms();
    let batch = AlarmBatch { raised: vec![new(camera, 1_000, 3)], ..AlarmBatch::default() };
    let first = alarms.write(&batch, UtcMillis(1_001)).await.unwrap().raised.remove(0);
    assert_eq!((first.state, first.level, first.count), (AlarmState::New, 3, 1));
    let again = RepeatedAlarm {
        id: first.id,
        count: 4,
        first_at: UtcMillis(1_010),
        last_at: UtcMillis(1_050),
        level: 3,
        confidence: Some(0.5),
        objects: None,
        snapshot: Some("one.jpg".into()),
    };
    let gone = RepeatedAlarm { id: AlarmId(99), ..again.clone() };
    let batch = AlarmBatch { repeated: vec![again, gone], ..AlarmBatch::default() };
    let repeated = alarms.write(&batch, UtcMillis(1_051)).await.unwrap().repeated;
    assert_eq!(repeated.len(), 1);
    assert_eq!((repeated[0].count, repeated[0].last_at, repeated[0].first_at), (5, UtcMillis(1_050), UtcMillis(1_000)));
    assert_eq!((repeated[0].snapshot.as_deref(), repeated[0].confidence), (Some("one.jpg"), Some(0.5)));

    assert!(alarms.due(UtcMillis(1_099), 9).await.unwrap().is_empty());
    assert_eq!(alarms.next_due().await.unwrap(), Some(UtcMillis(1_100)));
    assert_eq!(alarms.due(UtcMillis(1_100), 9).await.unwrap().len(), 1);
    let raised = alarms.escalate(first.id, &push(), UtcMillis(1_100)).await.unwrap().unwrap();
    assert_eq!((raised.level, raised.is_escalated), (4, true));
    assert!(alarms.escalate(first.id, &push(), UtcMillis(1_101)).await.unwrap().is_none(), "once");

    let seen = alarms.act(first.id, AlarmAct::Acknowledge, None, Some("anna"), None, UtcMillis(1_200)).await.unwrap();
    assert_eq!(done(seen).owner.as_deref(), Some("anna"));
    let twice = alarms.act(first.id, AlarmAct::Acknowledge, None, Some("bert"), None, UtcMillis(1_201)).await.unwrap();
    assert_eq!(done(twice).owner.as_deref(), Some("anna"), "the first stays");
    let verdict = Some(Verdict::False);
    let act = alarms.act(first.id, AlarmAct::Resolve, verdict, Some("anna"), Some("a cat"), UtcMillis(1_300)).await;
    assert_eq!(done(act.unwrap()).verdict, verdict);
    let refused = alarms.act(first.id, AlarmAct::Acknowledge, None, Some("bert"), None, UtcMillis(1_301)).await;
    assert_eq!(refused.unwrap(), Acted::Refused(AlarmState::Resolved));
    let steps: Vec<_> = alarms.history(first.id).await.unwrap().into_iter().map(|line| (line.what, line.by)).collect();
    let anna = Some("anna".to_owned());
    assert_eq!(
        steps,
        [
            (AlarmStep::Raised, None),
            (AlarmStep::Overdue, None),
            (AlarmStep::Acknowledged, anna.clone()),
            (AlarmStep::Resolved, anna),
        ]
    );
    assert!(matches!(
        alarms.act(AlarmId(99), AlarmAct::Note, None, None, None, UtcMillis(0)).await,
        Err(StoreError::NotFound { .. })
    ));
}

#[tokio::test]
async fn recordings_are_held_until_somebody_has_seen_the_alarm() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path()).await;
    let camera = camera(&store).await;
    let alarms = store.alarms();
    let raised =
        vec![new(camera, 1_000, 1), new(camera, 2_000, 1), NewAlarm { protect: false, ..new(camera, 3_000, 1) }];
    let batch = AlarmBatch { raised, ..AlarmBatch::default() };
    let written = alarms.write(&batch, UtcMillis(3_001)).await.unwrap().raised;
    let held = |locks: Vec<AlarmLock>| locks.into_iter().map(|lock| lock.alarm).collect::<Vec<_>>();
    assert_eq!(held(alarms.locks(9).await.unwrap()), [written[1].id, written[0].id]);
    // Not among the evidence.
    let request = PageRequest::default();
    assert!(store.evidence_locks().page(crate::LockFilter::All, &request).await.unwrap().items.is_empty());
    alarms.act(written[0].id, AlarmAct::Take, None, Some("anna"), None, UtcMillis(3_002)).await.unwrap();
    assert_eq!(held(alarms.locks(9).await.unwrap()), [written[1].id]);
    alarms.unlock(written[1].id, UtcMillis(3_003)).await.unwrap();
    assert!(alarms.locks(9).await.unwrap().is_empty());

    let pending = alarms.pending_clips(9).await.unwrap();
    assert_eq!(
        pending.iter().map(|alarm| alarm.id).collect::<Vec<_>>(),
        written.iter().map(|one| one.id).collect::<Vec<_>>()
    );
    let (path, range) = pending[0].clip.place().map(|(path, range)| (path.clone(), range)).unwrap();
    let ready = AlarmClip::Ready { path: path.clone(), range, file: None };
    assert_eq!(alarms.set_clip(written[0].id, &ready, UtcMillis(4_000)).await.unwrap().unwrap().clip, ready);
    assert!(alarms.set_clip(written[0].id, &ready, UtcMillis(4_000)).await.unwrap().is_none(), "once");
    let gone = AlarmClip::Unavailable {
        reason: ErrorCode::NoRecording,
        path: Some(path),
        range: pending[1].clip.place().map(|(_, range)| range),
    };
    assert_eq!(alarms.set_clip(written[1].id, &gone, UtcMillis(4_000)).await.unwrap().unwrap().clip, gone);
    assert_eq!(alarms.pending_clips(9).await.unwrap().len(), 1);
}

#[tokio::test]
async fn lists_are_narrowed_and_go_on_and_cameras_may_go() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path()).await;
    let camera = camera(&store).await;
    let alarms = store.alarms();
    let raised = (0..5).map(|n| new(camera, n * 1_000, u32::try_from(n).unwrap() % 4 + 1)).collect();
    let batch = AlarmBatch { raised, ..AlarmBatch::default() };
    let written = alarms.write(&batch, UtcMillis(9_000)).await.unwrap().raised;
    alarms.act(written[0].id, AlarmAct::Resolve, Some(Verdict::Real), None, None, UtcMillis(9_001)).await.unwrap();
    let check = async |filter: AlarmFilter, expect: &[usize]| {
        let mut request = PageRequest { limit: Some(2), ..PageRequest::default() };
        let mut found = Vec::new();
        loop {
            let page = alarms.page(&filter, &request).await.unwrap();
            found.extend(page.items.into_iter().map(|alarm| alarm.id));
            match page.next_cursor {
                Some(cursor) => request.cursor = Some(cursor),
                None => break,
            }
        }
        assert_eq!(found, expect.iter().map(|n| written[*n].id).collect::<Vec<_>>(), "{filter:?}");
    };
    check(AlarmFilter::default(), &[4, 3, 2, 1, 0]).await;
    check(AlarmFilter { state: StateFilter::Open, ..AlarmFilter::default() }, &[4, 3, 2, 1]).await;
    check(AlarmFilter { state: StateFilter::One(AlarmState::Resolved), ..AlarmFilter::default() }, &[0]).await;
    check(AlarmFilter { level: Some(3), camera: Some(camera), ..AlarmFilter::default() }, &[3, 2]).await;
    check(AlarmFilter { camera: Some(CameraId(77)), ..AlarmFilter::default() }, &[]).await;
    let range = TimeRange::new(UtcMillis(1_000), UtcMillis(3_000));
    check(AlarmFilter { range, state: StateFilter::Open, camera: Some(camera), ..AlarmFilter::default() }, &[2, 1])
        .await;
    let counts = alarms.counts(UtcMillis(2_100)).await.unwrap();
    assert_eq!((counts.new, counts.overdue, counts.open_by_level), (4, 2, [1, 1, 1, 1]));
    assert!(
        alarms
            .page(&AlarmFilter::default(), &PageRequest { cursor: Some("eHk".into()), ..PageRequest::default() })
            .await
            .is_err()
    );
    store.cameras().delete(camera).await.unwrap();
    let left = alarms.get(written[1].id).await.unwrap().unwrap();
    assert_eq!((left.camera, left.camera_name.as_deref()), (None, Some("Gate")));
    assert_eq!(alarms.prune(UtcMillis(9_999)).await.unwrap(), 1, "open ones stay");
}

#[tokio::test]
async fn alarms_are_counted_by_hour_camera_and_kind() {
    const HOUR: i64 = 3_600_000;
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path()).await;
    let gate = camera(&store).await;
    let of = |at: i64, level, kind: &str| NewAlarm {
        what: Happening::new(AlarmSource::Ai, kind, UtcMillis(at)).of(gate),
        ..new(gate, at, level)
    };
    let of_site = |at: i64| NewAlarm {
        what: Happening::new(AlarmSource::Volume, "volume_full", UtcMillis(at)),
        count: 5,
        ..new(gate, at, 4)
    };
    let early = [of(10, 2, "MOTION"), of(HOUR - 1, 2, "MOTION"), of(HOUR, 3, "TAMPER")];
    let raised = early.into_iter().chain([of_site(5 * HOUR), of(9 * HOUR, 1, "MOTION")]).collect();
    store.alarms().write(&AlarmBatch { raised, ..AlarmBatch::default() }, UtcMillis(0)).await.unwrap();
    let range = TimeRange::new(UtcMillis(0), UtcMillis(9 * HOUR)).unwrap();
    let count = async |filter: AlarmFilter| store.alarms().statistics(&filter, range).await.unwrap();
    let number = |alarms, happened| AlarmNumber { alarms, happened };
    let all = count(AlarmFilter::default()).await;
    assert_eq!(all.all, number(4, 8));
    let hours = [(0, [0, 2, 0, 0]), (HOUR, [0, 0, 1, 0]), (5 * HOUR, [0, 0, 0, 1])];
    assert_eq!(all.hours, hours.map(|(at, levels)| (UtcMillis(at), levels)));
    assert_eq!(all.cameras, [(Some(gate), number(3, 3)), (None, number(1, 5))]);
    let kinds: Vec<_> =
        all.kinds.iter().map(|(source, kind, number)| (*source, kind.as_str(), number.alarms)).collect();
    assert_eq!(
        kinds,
        [(AlarmSource::Ai, "MOTION", 2), (AlarmSource::Ai, "TAMPER", 1), (AlarmSource::Volume, "volume_full", 1)]
    );
    // Narrowed as the list is.
    let narrowed = async |filter: AlarmFilter, expect: u64| {
        let found = count(filter.clone()).await;
        let filter = AlarmFilter { range: Some(range), ..filter };
        let listed = store.alarms().page(&filter, &PageRequest::default()).await.unwrap();
        assert_eq!((found.all.alarms, listed.items.len() as u64), (expect, expect), "{filter:?}");
    };
    let none = AlarmFilter::default();
    narrowed(AlarmFilter { level: Some(3), ..none.clone() }, 2).await;
    narrowed(AlarmFilter { camera: Some(gate), ..none.clone() }, 3).await;
    narrowed(AlarmFilter { source: Some(AlarmSource::Volume), ..none.clone() }, 1).await;
    narrowed(AlarmFilter { kind: Some("MOTION".into()), ..none.clone() }, 2).await;
    narrowed(AlarmFilter { state: StateFilter::Open, ..none.clone() }, 4).await;
    narrowed(AlarmFilter { state: StateFilter::One(AlarmState::Resolved), ..none }, 0).await;
}
