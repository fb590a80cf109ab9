//! Absences, events and rounds of cameras against real SQLite files.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as the tests do")]

use std::path::Path;
use watchwall_model::{
    CameraEventState, CameraId, ErrorCode, IngestEngine, NewCameraEvent, PatrolStep, SafeUrl, StreamRole, TimeRange,
    Transport, UtcMillis,
};
use watchwall_store::{DataFolder, NewCameraRow, OfflineChange, PageRequest, Store, StoreError};

async fn open(folder: &Path) -> (Store, CameraId, DataFolder) {
    let lock = DataFolder::lock(folder).unwrap();
    let (store, _) = Store::open(&lock).await.unwrap();
    let new = NewCameraRow {
        name: None,
        host: "10.0.0.9".into(),
        group: None,
        credentials: None,
        streams: vec![(StreamRole::Main, SafeUrl::split("rtsp://10.0.0.9/a").unwrap().0)],
        engine: IngestEngine::Auto,
        transport: Transport::Auto,
    };
    let camera = store.cameras().insert(new).await.unwrap().id;
    (store, camera, lock)
}

#[tokio::test]
async fn an_absence_is_open_once_and_ends_once() {
    let folder = tempfile::tempdir().unwrap();
    let (store, camera, _lock) = open(folder.path()).await;
    let table = store.offline_events();
    let open_at = |at, reason| OfflineChange::Open { camera, at: UtcMillis(at), reason };
    let ghost = OfflineChange::Open { camera: CameraId(99), at: UtcMillis(1), reason: ErrorCode::NoVideo };
    table.apply(&[open_at(100, ErrorCode::HostUnreachable), ghost]).await.unwrap();
    let touch = OfflineChange::Touch { camera, at: UtcMillis(200), reason: ErrorCode::PortRefused };
    table.apply(&[open_at(150, ErrorCode::NoVideo), touch, OfflineChange::Alarm { camera }]).await.unwrap();
    let open = table.open().await.unwrap();
    let [event] = open.as_slice() else { panic!("{open:?}") };
    assert_eq!((event.started_at.0, event.last_check_at.0, event.ended_at), (100, 200, None));
    assert_eq!((event.reason, event.is_alarmed), (ErrorCode::PortRefused, true));
    // An end before the beginning is none.
    table.apply(&[OfflineChange::Close { camera, at: UtcMillis(50) }]).await.unwrap();
    table.apply(&[open_at(300, ErrorCode::NoVideo)]).await.unwrap();
    table.apply(&[OfflineChange::Close { camera, at: UtcMillis(400) }]).await.unwrap();
    let request = |cursor| PageRequest { cursor, limit: Some(1), ..PageRequest::default() };
    let first = table.page(camera, &request(None)).await.unwrap();
    let second = table.page(camera, &request(first.next_cursor.clone())).await.unwrap();
    assert_eq!((first.items[0].started_at.0, second.items[0].started_at.0), (300, 100));
    assert_eq!((second.items[0].ended_at, second.next_cursor), (Some(UtcMillis(100)), None));
    let range = |a, b| TimeRange::new(UtcMillis(a), UtcMillis(b)).unwrap();
    let found = async |range| table.in_range(range).await.unwrap().iter().map(|e| e.started_at.0).collect::<Vec<_>>();
    assert_eq!(found(range(350, 360)).await, [300]);
    assert_eq!(found(range(0, 1_000)).await, [100, 300]);
    assert_eq!(found(range(400, 500)).await, [0i64; 0]);
    assert_eq!(table.prune(UtcMillis(200)).await.unwrap(), 1);
}

#[tokio::test]
async fn events_page_by_time_and_are_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let (store, camera, _lock) = open(folder.path()).await;
    let table = store.camera_events();
    let event = |at, kind: &str, state| NewCameraEvent {
        camera,
        kind: kind.into(),
        state,
        source: "v1".into(),
        rule: String::new(),
        topic: "t".into(),
        value: String::new(),
        at: UtcMillis(at),
    };
    let ghost = NewCameraEvent { camera: CameraId(99), ..event(5, "motion", CameraEventState::On) };
    let all = [
        event(10, "motion", CameraEventState::On),
        ghost,
        event(20, "motion", CameraEventState::Off),
        event(20, "line_crossed", CameraEventState::Pulse),
        event(30, "motion", CameraEventState::On),
    ];
    let stored = table.insert(&all).await.unwrap();
    assert_eq!(stored.len(), 4, "those of cameras that are gone are left out");
    let range = TimeRange::new(UtcMillis(0), UtcMillis(100)).unwrap();
    let mut seen = Vec::new();
    let mut request = PageRequest { limit: Some(1), ..PageRequest::default() };
    loop {
        let page = table.page(camera, range, None, &request).await.unwrap();
        seen.extend(page.items.iter().map(|row| (row.event.at.0, row.event.kind.clone())));
        match page.next_cursor {
            Some(cursor) => request.cursor = Some(cursor),
            None => break,
        }
    }
    let expect = [(30, "motion"), (20, "line_crossed"), (20, "motion"), (10, "motion")];
    assert_eq!(seen, expect.map(|(at, kind)| (at, kind.to_owned())));
    let lines = table.page(camera, range, Some("line_crossed"), &PageRequest::default()).await.unwrap();
    assert_eq!(lines.items.len(), 1);
    let last = table.last_states(camera, UtcMillis(0)).await.unwrap();
    assert_eq!(last.iter().map(|row| row.event.at.0).collect::<Vec<_>>(), [30]);
    assert_eq!(table.prune(UtcMillis(15), 2).await.unwrap(), 2);
    let left = table.in_range(camera, range).await.unwrap();
    assert_eq!(left.iter().map(|row| row.event.at.0).collect::<Vec<_>>(), [20, 30]);
}

#[tokio::test]
async fn rounds_have_names_of_their_own_and_versions() {
    let folder = tempfile::tempdir().unwrap();
    let (store, camera, _lock) = open(folder.path()).await;
    let table = store.patrols();
    let steps = [PatrolStep { preset: "a \"token\"".into(), dwell_s: 5 }];
    let mut patrol = table.insert(camera, "Night", &steps).await.unwrap();
    assert_eq!(patrol.steps, steps);
    assert!(matches!(table.insert(camera, "Night", &steps).await, Err(StoreError::NameTaken { .. })));
    patrol.name = "Day".into();
    assert_eq!(table.update(&patrol, 1).await.unwrap().version, 2);
    assert!(matches!(table.update(&patrol, 1).await, Err(StoreError::VersionConflict { .. })));
    assert_eq!(table.of_camera(camera).await.unwrap()[0].name, "Day");
    table.delete(patrol.id).await.unwrap();
    assert!(matches!(table.delete(patrol.id).await, Err(StoreError::NotFound { .. })));
    // A camera takes its rounds along.
    table.insert(camera, "Night", &steps).await.unwrap();
    store.cameras().delete(camera).await.unwrap();
    assert!(table.of_camera(camera).await.unwrap().is_empty());
}
