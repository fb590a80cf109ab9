//! Rows in and out of a day's file.

use crate::{StoreError, row::column};
use sqlx::{Connection, SqliteConnection, query::Query, sqlite::SqliteRow};
use watchwall_model::{AiResultRow, CameraId, SceneCode, TaskId, UtcMillis};

// Each statement costs a turn of SQLite's own thread: many rows share one.
macro_rules! row {
    () => {
        "(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
    };
}
macro_rules! rows8 {
    () => {
        concat!(row!(), ",", row!(), ",", row!(), ",", row!(), ",", row!(), ",", row!(), ",", row!(), ",", row!())
    };
}
macro_rules! insert {
    () => {
        "INSERT OR IGNORE INTO results (at_ms, task, scene, camera, node, is_alarm, confidence, objects, event_type, \
         event_desc, total_count, label_counts, problem_counts, metrics, snapshot) VALUES "
    };
}
const INSERT: &str = concat!(insert!(), row!());
const INSERT_64: &str = concat!(
    insert!(),
    rows8!(),
    ",",
    rows8!(),
    ",",
    rows8!(),
    ",",
    rows8!(),
    ",",
    rows8!(),
    ",",
    rows8!(),
    ",",
    rows8!(),
    ",",
    rows8!()
);
const AT_ONCE: usize = 64;
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[INSERT, INSERT_64];

/// How many of them were not there yet.
pub async fn insert(connection: &mut SqliteConnection, rows: &[AiResultRow]) -> Result<u64, StoreError> {
    let mut transaction = connection.begin().await?;
    let mut stored = 0;
    let (many, few) = rows.as_chunks::<AT_ONCE>();
    for rows in many {
        let query = rows.iter().fold(sqlx::query(INSERT_64), bind);
        stored += query.execute(&mut *transaction).await?.rows_affected();
    }
    for row in few {
        stored += bind(sqlx::query(INSERT), row).execute(&mut *transaction).await?.rows_affected();
    }
    transaction.commit().await?;
    Ok(stored)
}

type Insert<'q> = Query<'q, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>;

fn bind<'q>(query: Insert<'q>, row: &'q AiResultRow) -> Insert<'q> {
    query
        .bind(row.at.0)
        .bind(row.task.0)
        .bind(row.scene.as_str())
        .bind(row.camera.0)
        .bind(&row.node)
        .bind(row.is_alarm)
        .bind(row.confidence)
        .bind(&row.objects)
        .bind(&row.event_type)
        .bind(&row.event_desc)
        .bind(row.total_count)
        .bind(&row.label_counts)
        .bind(&row.problem_counts)
        .bind(&row.metrics)
        .bind(&row.snapshot)
}

pub fn read(row: &SqliteRow) -> Result<AiResultRow, StoreError> {
    let scene: String = column(row, "scene")?;
    Ok(AiResultRow {
        at: UtcMillis(column(row, "at_ms")?),
        task: TaskId(column(row, "task")?),
        scene: SceneCode::parse(&scene).ok_or_else(|| StoreError::Value { what: format!("scene {scene}") })?,
        camera: CameraId(column(row, "camera")?),
        node: column(row, "node")?,
        is_alarm: column(row, "is_alarm")?,
        confidence: column::<f64>(row, "confidence")? as f32,
        objects: column(row, "objects")?,
        event_type: column(row, "event_type")?,
        event_desc: column(row, "event_desc")?,
        total_count: column(row, "total_count")?,
        label_counts: column(row, "label_counts")?,
        problem_counts: column(row, "problem_counts")?,
        metrics: column(row, "metrics")?,
        snapshot: column(row, "snapshot")?,
    })
}
