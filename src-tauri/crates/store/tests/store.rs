//! The store against real SQLite files.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as the tests do")]

use sqlx::{Connection as _, SqliteConnection};
use std::path::Path;
use watchwall_model::{
    Camera, Credentials, ErrorCode, Fragment, IngestEngine, LayoutGrid, Plan, Problem, Role, SafeUrl, Secret,
    SegmentOrigin, SegmentState, StreamPath, StreamRole, TimeRange, Transport, UtcMillis, VolumeCode,
};
use watchwall_store::{
    DataFolder, NewAuditEntry, NewCameraRow, NewSegment, NewUser, OpenOutcome, PageRequest, SegmentProgress, Store,
    StoreError, decode_fragments, encode_fragments,
};

async fn open(folder: &Path) -> (Store, OpenOutcome, DataFolder) {
    let lock = DataFolder::lock(folder).unwrap();
    let (store, outcome) = Store::open(&lock).await.unwrap();
    (store, outcome, lock)
}

fn camera(url: &str) -> NewCameraRow {
    NewCameraRow {
        name: None,
        host: "10.0.0.9".into(),
        group: None,
        credentials: Some(Credentials { username: "admin".into(), password: Secret::new("s3cret-p@ss") }),
        streams: vec![(StreamRole::Main, SafeUrl::split(url).unwrap().0)],
        engine: IngestEngine::Auto,
        transport: Transport::Auto,
    }
}

#[tokio::test]
async fn a_camera_comes_back_as_it_went_in_and_its_password_is_sealed() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _, lock) = open(folder.path()).await;
    let one = store.cameras().insert(camera("rtsp://10.0.0.9/a")).await.unwrap();
    let two = store.cameras().insert(camera("rtsp://10.0.0.9/b")).await.unwrap();
    assert_eq!((one.channel, two.channel), (1, 2));
    assert_eq!(one.streams[0].path.as_str(), "cam_10_0_0_9_ch1_main");
    store.close().await;
    drop(lock);
    for entry in std::fs::read_dir(folder.path()).unwrap().flatten().filter(|e| e.path().is_file()) {
        let bytes = std::fs::read(entry.path()).unwrap();
        assert!(!bytes.windows(11).any(|w| w == b"s3cret-p@ss"), "{:?}", entry.path());
    }
    let (store, outcome, _lock) = open(folder.path()).await;
    assert_eq!(outcome, OpenOutcome::Opened);
    assert_eq!(store.cameras().all().await.unwrap(), [one.clone(), two]);
    assert_eq!(store.cameras().by_path(&one.streams[0].path).await.unwrap(), Some(one));
}

#[tokio::test]
async fn an_update_with_an_old_version_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _, _lock) = open(folder.path()).await;
    let mut camera = store.cameras().insert(camera("rtsp://10.0.0.9/a")).await.unwrap();
    camera.name = "Gate".into();
    let updated = store.cameras().update(&camera, 1).await.unwrap();
    assert_eq!((updated.version, updated.name.as_str()), (2, "Gate"));
    camera.name = "Door".into();
    let refused = store.cameras().update(&camera, 1).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::VersionConflict);
    assert_eq!(store.cameras().get(camera.id).await.unwrap().unwrap().name, "Gate");
}

#[tokio::test]
async fn groups_form_a_tree_and_never_a_ring() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _, _lock) = open(folder.path()).await;
    let top = store.groups().insert("Top", None).await.unwrap();
    let below = store.groups().insert("Below", Some(top.id)).await.unwrap();
    let ring = watchwall_model::Group { parent: Some(below.id), ..top.clone() };
    assert!(matches!(store.groups().update(&ring, 1).await, Err(StoreError::GroupCycle)));
    store.groups().delete(top.id).await.unwrap();
    assert_eq!(store.groups().get(below.id).await.unwrap().unwrap().parent, None);
}

#[tokio::test]
async fn the_last_administrator_stays() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _, _lock) = open(folder.path()).await;
    let new = |name: &str, role| NewUser { name: name.into(), role, language: None, password_hash: "x".into() };
    let first = store.users().insert_first(&new("Anna", Role::Administrator)).await.unwrap().unwrap();
    assert!(store.users().insert_first(&new("Eve", Role::Administrator)).await.unwrap().is_none());
    let demoted = watchwall_model::User { role: Role::Viewer, ..first.clone() };
    assert!(matches!(store.users().update(&demoted, 1).await, Err(StoreError::LastAdministrator)));
    assert!(matches!(store.users().delete(first.id).await, Err(StoreError::LastAdministrator)));
    assert!(matches!(store.users().insert(&new("ANNA", Role::Viewer)).await, Err(StoreError::NameTaken { .. })));
    assert_eq!(store.users().by_name("anna").await.unwrap().unwrap().role, Role::Administrator);
}

#[tokio::test]
async fn a_newer_database_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _, lock) = open(folder.path()).await;
    store.close().await;
    let file = folder.path().join("watchwall.db");
    let mut bytes = std::fs::read(&file).unwrap();
    // user_version is a big-endian number at offset 60 of the file header (sqlite.org/fileformat2.html).
    bytes[60..64].copy_from_slice(&99u32.to_be_bytes());
    std::fs::write(&file, &bytes).unwrap();
    let refused = Store::open(&lock).await.unwrap_err();
    let problem = Problem::from(refused);
    assert_eq!(problem.code, ErrorCode::DatabaseNewer);
    assert_eq!(problem.params.get("found").map(String::as_str), Some("99"));
    assert_eq!(std::fs::read(&file).unwrap()[60..64], 99u32.to_be_bytes());
}

#[tokio::test]
async fn a_damaged_database_is_moved_aside_and_the_configuration_restored() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _, lock) = open(folder.path()).await;
    let camera = store.cameras().insert(camera("rtsp://10.0.0.9/a")).await.unwrap();
    let backup = store.backup().await.unwrap();
    store.close().await;
    let file = folder.path().join("watchwall.db");
    let length = std::fs::metadata(&file).unwrap().len();
    std::fs::write(&file, vec![0x5a; usize::try_from(length).unwrap()]).unwrap();
    let (store, outcome) = Store::open(&lock).await.unwrap();
    match outcome {
        OpenOutcome::Rebuilt { moved_to, restored_from } => {
            assert_eq!(std::fs::metadata(moved_to).unwrap().len(), length);
            assert_eq!(restored_from, Some(backup));
        }
        other => unreachable!("{other:?}"),
    }
    assert_eq!(store.cameras().all().await.unwrap(), [camera]);
}

fn fragments(count: u32) -> Vec<Fragment> {
    (0..count)
        .map(|i| Fragment {
            offset: 800 + u64::from(i) * 1000,
            size_bytes: 1000,
            start_ms: i * 2000,
            duration_ms: 2000,
            is_key: true,
        })
        .collect()
}

#[tokio::test]
async fn progress_of_many_segments_is_one_transaction_and_reads_back() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _, _lock) = open(folder.path()).await;
    let volume = VolumeCode("v1".into());
    let all = fragments(4);
    let mut ids = Vec::new();
    for i in 0..3i64 {
        let path = StreamPath::parse(&format!("cam_{i}")).unwrap();
        let new = NewSegment {
            path,
            volume: volume.clone(),
            file: format!("cam_{i}/2026-01-01/00-00-00.mp4"),
            start: UtcMillis(1_000_000),
            video_codec: "avc1.4d401f".into(),
            width: 640,
            height: 360,
            has_audio: false,
            init_bytes: 800,
            origin: SegmentOrigin::Live,
        };
        ids.push(store.segments().insert(&new).await.unwrap());
    }
    for (range, state) in [(0..2, SegmentState::Recording), (2..4, SegmentState::Complete)] {
        let blob = encode_fragments(all[..range.start].last(), &all[range.clone()]);
        let progress: Vec<SegmentProgress> = ids
            .iter()
            .map(|id| SegmentProgress {
                id: *id,
                end: UtcMillis(1_000_000 + i64::try_from(range.end).unwrap() * 2000),
                size_bytes: 800 + range.end as u64 * 1000,
                fragments: blob.clone(),
                state,
            })
            .collect();
        store.segments().commit_progress(&progress).await.unwrap();
        let open = store.segments().open(&volume).await.unwrap().len();
        assert_eq!(open, if state == SegmentState::Recording { 3 } else { 0 });
    }
    assert_eq!(store.segments().fragments(ids[1]).await.unwrap(), all);
    let path = StreamPath::parse("cam_1").unwrap();
    let range = TimeRange::new(UtcMillis(0), UtcMillis(9_000_000)).unwrap();
    let coverage = store.segments().coverage(&path, range, 0).await.unwrap();
    assert_eq!(coverage, [TimeRange::new(UtcMillis(1_000_000), UtcMillis(1_008_000)).unwrap()]);
    assert_eq!(store.segments().totals(&volume).await.unwrap().bytes, 3 * 4800);
    store.segments().mark_deleting(&ids[1..2]).await.unwrap();
    assert!(store.segments().coverage(&path, range, 0).await.unwrap().is_empty());
    assert_eq!(store.segments().deleting(&volume, 10).await.unwrap().len(), 1);
    store.segments().forget(&ids[1..2]).await.unwrap();
    assert!(store.segments().get(ids[1]).await.unwrap().is_none());
    assert!(decode_fragments(&encode_fragments(None, &all)).is_ok());
}

#[tokio::test]
async fn the_audit_log_pages_and_its_chain_holds() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _, _lock) = open(folder.path()).await;
    for i in 0..25 {
        let entry = NewAuditEntry {
            at: UtcMillis(i),
            user: "anna".into(),
            address: "127.0.0.1".into(),
            action: "camera.update".into(),
            subject: format!("camera {i}"),
            old: None,
            new: Some(serde_json::json!({ "name": i })),
        };
        store.audit().append(&entry).await.unwrap();
    }
    let mut request = PageRequest { limit: Some(10), ..PageRequest::default() };
    let mut seen = Vec::new();
    loop {
        let page = store.audit().page(&request).await.unwrap();
        seen.extend(page.items.iter().map(|entry| entry.entry.at.0));
        match page.next_cursor {
            Some(cursor) => request.cursor = Some(cursor),
            None => break,
        }
    }
    assert_eq!(seen, (0..25).rev().collect::<Vec<i64>>());
    assert_eq!(store.audit().first_broken().await.unwrap(), None);
}

#[tokio::test]
async fn names_of_every_script_are_folded() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _, _lock) = open(folder.path()).await;
    let new = |name: &str| NewUser { name: name.into(), role: Role::Viewer, language: None, password_hash: "x".into() };
    store.users().insert(&new("Änne")).await.unwrap();
    assert!(matches!(store.users().insert(&new("äNNE")).await, Err(StoreError::NameTaken { .. })));
    assert_eq!(store.users().by_name("ÄNNE").await.unwrap().unwrap().name, "Änne");
}

#[tokio::test]
async fn hosts_that_give_the_same_path_get_channels_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _, _lock) = open(folder.path()).await;
    for (host, expect) in [("cam.lan", 1), ("cam_lan", 2), ("CAM.LAN", 3), ("cam.lan", 4)] {
        let new = NewCameraRow { host: host.into(), ..camera("rtsp://cam.lan/a") };
        assert_eq!(store.cameras().insert(new).await.unwrap().channel, expect, "{host}");
    }
}

#[tokio::test]
async fn a_lost_key_costs_the_passwords_and_no_camera() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _, lock) = open(folder.path()).await;
    store.cameras().insert(camera("rtsp://10.0.0.9/a")).await.unwrap();
    store.close().await;
    std::fs::remove_file(folder.path().join("secret.key")).unwrap();
    let (store, _) = Store::open(&lock).await.unwrap();
    let cameras = store.cameras().all().await.unwrap();
    let credentials = cameras[0].credentials.as_ref().unwrap();
    assert_eq!((credentials.username.as_str(), credentials.password.reveal()), ("admin", ""));
}

#[tokio::test]
async fn the_timeline_follows_every_write() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _, _lock) = open(folder.path()).await;
    let path = StreamPath::parse("cam_1").unwrap();
    let range = TimeRange::new(UtcMillis(0), UtcMillis(10_000)).unwrap();
    let new = |start: i64| NewSegment {
        path: path.clone(),
        volume: VolumeCode("v1".into()),
        file: format!("cam_1/{start}.mp4"),
        start: UtcMillis(start),
        video_codec: "avc1.4d401f".into(),
        width: 640,
        height: 360,
        has_audio: false,
        init_bytes: 800,
        origin: SegmentOrigin::Live,
    };
    let progress = |id, end: i64, state| SegmentProgress {
        id,
        end: UtcMillis(end),
        size_bytes: 900,
        fragments: Vec::new(),
        state,
    };
    let table = store.segments();
    let check = async |expect: &[(i64, i64)]| {
        let found = store.segments().coverage(&path, range, 0).await.unwrap();
        assert_eq!(found.iter().map(|r| (r.start.0, r.end.0)).collect::<Vec<_>>(), expect);
    };
    check(&[]).await;
    let ids = table.insert_all(&[new(1_000), new(3_000), new(5_000)]).await.unwrap();
    check(&[]).await;
    let batch: Vec<_> =
        ids.iter().zip([2_000, 4_000, 6_000]).map(|(id, end)| progress(*id, end, SegmentState::Complete)).collect();
    table.commit_progress(&batch).await.unwrap();
    check(&[(1_000, 2_000), (3_000, 4_000), (5_000, 6_000)]).await;
    table.replace_fragments(&progress(ids[1], 3_500, SegmentState::Recovered)).await.unwrap();
    table.mark_missing(&ids[2..]).await.unwrap();
    check(&[(1_000, 2_000), (3_000, 3_500)]).await;
    table.mark_deleting(&ids[..1]).await.unwrap();
    // The recorder may still report a segment that retention has marked.
    table.commit_progress(&[progress(ids[0], 2_500, SegmentState::Complete)]).await.unwrap();
    check(&[(3_000, 3_500)]).await;
    // A refused write leaves the timeline right.
    assert!(table.insert(&new(3_000)).await.is_err());
    check(&[(3_000, 3_500)]).await;
    table.forget(&ids).await.unwrap();
    check(&[]).await;
    table.insert_found(&new(7_000), |id| progress(id, 8_000, SegmentState::Complete)).await.unwrap();
    check(&[(7_000, 8_000)]).await;
}

#[tokio::test]
async fn what_is_gone_is_not_found_and_no_conflict() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _, _lock) = open(folder.path()).await;
    let not_found = |what: &str, result: Result<(), StoreError>, expect: ErrorCode| {
        assert_eq!(result.unwrap_err().code(), expect, "{what}");
    };
    let gone = store.cameras().insert(camera("rtsp://10.0.0.9/a")).await.unwrap();
    store.cameras().delete(gone.id).await.unwrap();
    not_found("camera", store.cameras().update(&gone, gone.version).await.map(drop), ErrorCode::CameraNotFound);
    not_found("camera", store.cameras().delete(gone.id).await, ErrorCode::CameraNotFound);
    let group = store.groups().insert("Yard", None).await.unwrap();
    store.groups().delete(group.id).await.unwrap();
    not_found("group", store.groups().update(&group, group.version).await.map(drop), ErrorCode::NotFound);
    not_found("group", store.groups().delete(group.id).await, ErrorCode::NotFound);
    let new = |name: &str| NewUser { name: name.into(), role: Role::Viewer, language: None, password_hash: "x".into() };
    let (owner, user) =
        (store.users().insert(&new("anna")).await.unwrap(), store.users().insert(&new("bert")).await.unwrap());
    store.users().delete(user.id).await.unwrap();
    not_found("user", store.users().update(&user, user.version).await.map(drop), ErrorCode::NotFound);
    not_found("user", store.users().delete(user.id).await, ErrorCode::NotFound);
    let layout = store
        .layouts()
        .insert("Wall", owner.id, false, &LayoutGrid { columns: 1, rows: 1, tiles: Vec::new() })
        .await
        .unwrap();
    store.layouts().delete(layout.id).await.unwrap();
    not_found("layout", store.layouts().update(&layout, layout.version).await.map(drop), ErrorCode::NotFound);
    not_found("layout", store.layouts().delete(layout.id).await, ErrorCode::NotFound);
    let plan = Plan::continuous(StreamPath::parse("a").unwrap());
    let plan = store.plans().put(&plan, None).await.unwrap();
    store.plans().delete(&plan.path).await.unwrap();
    not_found("plan", store.plans().put(&plan, Some(plan.version)).await.map(drop), ErrorCode::NotFound);
    not_found("plan", store.plans().delete(&plan.path).await, ErrorCode::NotFound);
}

#[tokio::test]
async fn the_engine_that_worked_is_kept_with_the_stream() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _, _lock) = open(folder.path()).await;
    let camera = store.cameras().insert(camera("rtsp://10.0.0.9/a")).await.unwrap();
    let path = camera.streams[0].path.clone();
    store.cameras().set_engine_in_use(&path, IngestEngine::Gstreamer).await.unwrap();
    let stored = store.cameras().get(camera.id).await.unwrap().unwrap();
    assert_eq!(stored.streams[0].engine_in_use, Some(IngestEngine::Gstreamer));
    // A rename carries it along.
    let renamed = store.cameras().update(&Camera { name: "Gate".into(), ..stored }, 1).await.unwrap();
    assert_eq!(renamed.streams[0].engine_in_use, Some(IngestEngine::Gstreamer));
}

#[tokio::test]
async fn a_stamp_tells_configurations_apart() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _, _lock) = open(folder.path()).await;
    assert_eq!(store.backup_stamp().await, None);
    let empty = store.configuration_stamp().await.unwrap();
    let camera = store.cameras().insert(camera("rtsp://10.0.0.9/a")).await.unwrap();
    let added = store.configuration_stamp().await.unwrap();
    store.backup().await.unwrap();
    assert_eq!(store.backup_stamp().await, Some(added.clone()));
    let renamed = store.cameras().update(&Camera { name: "Gate".into(), ..camera }, 1).await.unwrap();
    let changed = store.configuration_stamp().await.unwrap();
    assert!(empty != added && added != changed);
    // What the site notes by itself is no change of the configuration.
    store.cameras().set_engine_in_use(&renamed.streams[0].path, IngestEngine::Retina).await.unwrap();
    assert_eq!(store.configuration_stamp().await.unwrap(), changed);
}

/// Another program writes to the database.
async fn hold(folder: &Path) -> SqliteConnection {
    let file = folder.join("watchwall.db");
    let mut other = SqliteConnection::connect(&format!("sqlite:{}", file.display())).await.unwrap();
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    other
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_of_another_program_is_waited_out_with_a_bound() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _, _lock) = open(folder.path()).await;
    let mut other = hold(folder.path()).await;
    let begun = std::time::Instant::now();
    let refused = store.groups().insert("Yard", None).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::DatabaseLocked);
    let took = begun.elapsed();
    assert!(took >= std::time::Duration::from_secs(4) && took < std::time::Duration::from_secs(30), "{took:?}");
    // Readers never wait.
    assert!(store.groups().all().await.unwrap().is_empty());
    // A writer that waits when the lock goes away loses nothing.
    let waiting = tokio::spawn({
        let store = store.clone();
        async move { store.groups().insert("Yard", None).await.map(drop) }
    });
    tokio::task::yield_now().await;
    sqlx::raw_sql("COMMIT").execute(&mut other).await.unwrap();
    waiting.await.unwrap().unwrap();
    assert_eq!(store.groups().all().await.unwrap().len(), 1);
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_reads_the_database_and_its_backups() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    // One that an earlier version left readable is closed.
    std::fs::write(folder.path().join("watchwall.db"), b"").unwrap();
    std::fs::set_permissions(folder.path().join("watchwall.db"), std::fs::Permissions::from_mode(0o644)).unwrap();
    let (store, _, _lock) = open(folder.path()).await;
    store.groups().insert("Yard", None).await.unwrap();
    let backup = store.backup().await.unwrap();
    for file in [folder.path().join("watchwall.db"), folder.path().join("watchwall.db-wal"), backup] {
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", file.display());
    }
}
