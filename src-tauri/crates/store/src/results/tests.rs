//! Days of results in real files.

use super::*;
use crate::{PageRequest, page};
use sqlx::{ConnectOptions, sqlite::SqliteConnectOptions};
use watchwall_model::{CameraId, SceneCode, TaskId, TimeRange};

const DAY_MS: i64 = 86_400_000;
/// 2026-03-01T00:00:00Z.
const START: i64 = 1_772_323_200_000;

fn result(at: i64, task: i64, scene: &str) -> AiResultRow {
    AiResultRow {
        at: UtcMillis(START + at),
        task: TaskId(task),
        scene: SceneCode::parse(scene).unwrap(),
        camera: CameraId(task * 10),
        node: "n1".into(),
        is_alarm: at % 2 == 0,
        confidence: 0.5,
        objects: r#"[{"label":"人"}]"#.into(),
        event_type: None,
        event_desc: Some("somebody".into()),
        total_count: Some(3),
        label_counts: "[]".into(),
        problem_counts: "[]".into(),
        metrics: None,
        snapshot: None,
    }
}

async fn all(files: &ResultFiles, filter: &ResultFilter) -> Vec<AiResultRow> {
    let mut request = PageRequest { limit: Some(2), ..PageRequest::default() };
    let mut found = Vec::new();
    loop {
        let page = files.page(filter, &request).await.unwrap();
        assert!(page.items.len() <= 2);
        found.extend(page.items);
        request.cursor = page.next_cursor;
        if request.cursor.is_none() {
            return found;
        }
    }
}

#[tokio::test]
async fn the_statements_are_sound() {
    let folder = tempfile::tempdir().unwrap();
    let files = ResultFiles::open(folder.path()).unwrap();
    files.insert(&[], UtcMillis(START)).await.unwrap();
    let file = folder.path().join("results/2026-03-01.db");
    let mut connection = SqliteConnectOptions::new().filename(file).connect().await.unwrap();
    for statement in STATEMENTS.iter().chain([&ONE, &HAS_TABLE]) {
        let prepared = sqlx::Executor::prepare(&mut connection, sqlx::SqlStr::from_static(statement)).await;
        assert!(prepared.is_ok(), "{statement}: {:?}", prepared.err());
    }
}

/// A day may hold hundreds of millions: what is rare among them is found by an index that has it in the order of the page.
#[tokio::test]
async fn each_filter_has_its_index() {
    let folder = tempfile::tempdir().unwrap();
    let files = ResultFiles::open(folder.path()).unwrap();
    files.insert(&[], UtcMillis(START)).await.unwrap();
    let file = folder.path().join("results/2026-03-01.db");
    let mut connection = SqliteConnectOptions::new().filename(file).connect().await.unwrap();
    let mut check = async |filter: ResultFilter, expect: &str| {
        let explained = format!("EXPLAIN QUERY PLAN {}", statement(&filter));
        let rows = sqlx::query(sqlx::AssertSqlSafe(explained)).fetch_all(&mut connection).await.unwrap();
        let plan: Vec<String> = rows.iter().map(|row| sqlx::Row::get(row, "detail")).collect();
        assert_eq!(plan.len(), 1, "one search, and nothing sorted: {plan:?}");
        assert!(plan[0].contains(expect), "{filter:?}: {plan:?}");
    };
    let none = ResultFilter::default();
    let (camera, task, scene) = (Some(CameraId(1)), Some(TaskId(1)), SceneCode::parse("MOTION"));
    check(none.clone(), "PRIMARY KEY").await;
    check(ResultFilter { scene: scene.clone(), ..none.clone() }, "PRIMARY KEY").await;
    check(ResultFilter { camera, ..none.clone() }, "results_of_camera").await;
    check(ResultFilter { camera, scene: scene.clone(), ..none.clone() }, "results_of_camera").await;
    check(ResultFilter { task, ..none.clone() }, "results_of_task").await;
    check(ResultFilter { task, scene, ..none.clone() }, "results_of_task").await;
    check(ResultFilter { only_alarms: true, ..none.clone() }, "results_alarms").await;
    check(ResultFilter { camera, task, only_alarms: true, ..none }, "results_").await;
}

#[tokio::test]
async fn results_are_kept_once_and_found_by_what_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let files = ResultFiles::open(folder.path()).unwrap();
    let first: Vec<_> = (0..100).map(|n| result(n, 1, "MOTION")).collect();
    let inserted = files.insert(&first, UtcMillis(START)).await.unwrap();
    assert_eq!(inserted, Inserted { stored: 100, duplicates: 0 });
    // The next day, out of order, some of them twice in one batch.
    let second = [result(DAY_MS + 5, 2, "TAMPER"), result(DAY_MS + 1, 1, "MOTION"), result(DAY_MS + 5, 2, "TAMPER")];
    let inserted = files.insert(&second, UtcMillis(START + DAY_MS)).await.unwrap();
    assert_eq!(inserted, Inserted { stored: 2, duplicates: 1 });
    assert_eq!(files.insert(&second, UtcMillis(START + DAY_MS)).await.unwrap().duplicates, 3);

    let found = all(&files, &ResultFilter::default()).await;
    assert_eq!(found.len(), 102);
    assert!(found.is_sorted_by(|a, b| a.at >= b.at));
    assert_eq!(found[0], second[0]);
    let check = async |filter: ResultFilter, expect: usize| {
        assert_eq!(all(&files, &filter).await.len(), expect, "{filter:?}");
    };
    let none = ResultFilter::default();
    check(ResultFilter { camera: Some(CameraId(20)), ..none.clone() }, 1).await;
    check(ResultFilter { task: Some(TaskId(1)), ..none.clone() }, 101).await;
    check(ResultFilter { scene: SceneCode::parse("TAMPER"), ..none.clone() }, 1).await;
    check(ResultFilter { only_alarms: true, ..none.clone() }, 50).await;
    let hours = TimeRange::new(UtcMillis(START + 50), UtcMillis(START + DAY_MS + 5));
    check(ResultFilter { range: hours, ..none.clone() }, 51).await;
    let one = async |row: &AiResultRow| files.get(row.task, &row.scene, row.at).await.unwrap();
    assert_eq!((one(&first[7]).await, one(&second[0]).await), (Some(first[7].clone()), Some(second[0].clone())));
    assert_eq!(one(&result(7, 2, "MOTION")).await, None);
    // What was taken long ago lies with the day on which it came.
    let old = result(-20 * DAY_MS, 3, "MOTION");
    files.insert(std::slice::from_ref(&old), UtcMillis(START + DAY_MS)).await.unwrap();
    assert_eq!(one(&old).await, Some(old));
    let made_up = PageRequest { cursor: Some(page::encode("1,2")), ..PageRequest::default() };
    assert!(files.page(&none, &made_up).await.is_err());
}

#[tokio::test]
async fn old_days_go_whole_and_a_damaged_one_is_set_aside() {
    let folder = tempfile::tempdir().unwrap();
    let files = ResultFiles::open(folder.path()).unwrap();
    for day in 0..4 {
        files.insert(&[result(day * DAY_MS, 1, "MOTION")], UtcMillis(START + day * DAY_MS)).await.unwrap();
    }
    assert_eq!(files.drop_before(UtcMillis(START + 2 * DAY_MS + 7)).await.unwrap(), 2);
    assert_eq!(all(&files, &ResultFilter::default()).await.len(), 2);
    // All of them, also the one that is open; what comes next begins a new file.
    assert_eq!(files.drop_before(UtcMillis(START + 9 * DAY_MS)).await.unwrap(), 2);
    assert_eq!(std::fs::read_dir(folder.path().join("results")).unwrap().count(), 0);
    files.insert(&[result(0, 1, "MOTION")], UtcMillis(START)).await.unwrap();
    files.close().await;

    let file = folder.path().join("results/2026-03-01.db");
    std::fs::write(&file, b"this is no database, though it is longer than a page's head would be".repeat(100)).unwrap();
    let inserted = files.insert(&[result(0, 1, "MOTION")], UtcMillis(START)).await.unwrap();
    assert_eq!(inserted.stored, 1);
    assert!(folder.path().join("results/2026-03-01.db.damaged").exists());
}

#[tokio::test]
async fn what_is_kept_after_a_transaction_ended_by_itself_is_there_for_others() {
    let folder = tempfile::tempdir().unwrap();
    let files = ResultFiles::open(folder.path()).unwrap();
    files.insert(&[result(0, 1, "MOTION")], UtcMillis(START)).await.unwrap();
    let mut other =
        SqliteConnectOptions::new().filename(folder.path().join("results/2026-03-01.db")).connect().await.unwrap();
    // As on a full disk: once the whole transaction ends, once a statement of it fails.
    for end in ["ROLLBACK", "ABORT"] {
        let refuse =
            format!("CREATE TRIGGER full BEFORE INSERT ON results BEGIN SELECT RAISE({end}, 'disk is full'); END");
        sqlx::raw_sql(sqlx::AssertSqlSafe(refuse)).execute(&mut other).await.unwrap();
        assert!(files.insert(&[result(1, 1, "MOTION")], UtcMillis(START)).await.is_err());
        sqlx::raw_sql("DROP TRIGGER full").execute(&mut other).await.unwrap();
    }
    files.insert(&[result(1, 1, "MOTION")], UtcMillis(START)).await.unwrap();
    assert_eq!(all(&files, &ResultFilter::default()).await.len(), 2);
    files.close().await;
}
