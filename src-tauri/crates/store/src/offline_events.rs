//! Table `offline_events`: when a camera was away, and why. At most one of a camera is open.

use crate::{
    Page, PageRequest, Store, StoreError, page,
    row::{column, from_word, word},
};
use sqlx::sqlite::SqliteRow;
use watchwall_model::{CameraId, ErrorCode, OfflineEvent, Problem, TimeRange, UtcMillis};

// An open one stays as it is: the camera has not been back since.
const OPEN: &str = "INSERT INTO offline_events (camera_id, started_at, last_check_at, reason) VALUES (?1, ?2, ?2, ?3) \
     ON CONFLICT DO NOTHING";
const TOUCH: &str =
    "UPDATE offline_events SET last_check_at = ?1, reason = ?2 WHERE camera_id = ?3 AND ended_at IS NULL";
const CLOSE: &str = "UPDATE offline_events SET ended_at = MAX(started_at, ?1), last_check_at = MAX(last_check_at, ?1) \
     WHERE camera_id = ?2 AND ended_at IS NULL";
const ALARM: &str = "UPDATE offline_events SET alarmed = 1 WHERE camera_id = ?1 AND ended_at IS NULL";
const STILL_OPEN: &str = "SELECT * FROM offline_events WHERE ended_at IS NULL";
const PAGE: &str = "SELECT * FROM offline_events WHERE camera_id = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3";
const IN_RANGE: &str = "SELECT * FROM offline_events WHERE started_at < ?2 AND (ended_at IS NULL OR ended_at > ?1) \
     ORDER BY started_at, id LIMIT 200000";
const PRUNE: &str = "DELETE FROM offline_events WHERE ended_at < ?1";
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[OPEN, TOUCH, CLOSE, ALARM, STILL_OPEN, PAGE, IN_RANGE, PRUNE];

/// What becomes of a camera's event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OfflineChange {
    /// Nothing happens when one is open.
    Open {
        camera: CameraId,
        at: UtcMillis,
        reason: ErrorCode,
    },
    /// It was looked at and is still away.
    Touch {
        camera: CameraId,
        at: UtcMillis,
        reason: ErrorCode,
    },
    Close {
        camera: CameraId,
        at: UtcMillis,
    },
    Alarm {
        camera: CameraId,
    },
}

pub struct OfflineEventTable<'a> {
    pub(crate) store: &'a Store,
}

impl OfflineEventTable<'_> {
    /// Applies changes in their order, all or none.
    pub async fn apply(&self, changes: &[OfflineChange]) -> Result<(), StoreError> {
        let mut transaction = self.store.writer().begin().await?;
        for change in changes {
            let query = match change {
                OfflineChange::Open { camera, at, reason } => {
                    sqlx::query(OPEN).bind(camera.0).bind(at.0).bind(word(reason))
                }
                OfflineChange::Touch { camera, at, reason } => {
                    sqlx::query(TOUCH).bind(at.0).bind(word(reason)).bind(camera.0)
                }
                OfflineChange::Close { camera, at } => sqlx::query(CLOSE).bind(at.0).bind(camera.0),
                OfflineChange::Alarm { camera } => sqlx::query(ALARM).bind(camera.0),
            };
            let done = query.execute(&mut *transaction).await;
            // The camera was removed this moment: nobody misses its event.
            if !done.as_ref().is_err_and(is_orphan) {
                done?;
            }
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Those that have not ended.
    pub async fn open(&self) -> Result<Vec<OfflineEvent>, StoreError> {
        let rows = sqlx::query(STILL_OPEN).fetch_all(self.store.reader()).await?;
        rows.iter().map(read).collect()
    }

    /// Of one camera, newest first.
    ///
    /// # Errors
    /// `request_invalid` for a made-up cursor.
    pub async fn page(&self, camera: CameraId, request: &PageRequest) -> Result<Page<OfflineEvent>, Problem> {
        let before = match &request.cursor {
            Some(cursor) => page::decode(cursor)?.parse().unwrap_or(i64::MAX),
            None => i64::MAX,
        };
        let limit = request.limit();
        let rows = sqlx::query(PAGE)
            .bind(camera.0)
            .bind(before)
            .bind(i64::try_from(limit + 1).unwrap_or(i64::MAX))
            .fetch_all(self.store.reader())
            .await
            .map_err(StoreError::from)?;
        let mut items = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let more = items.len() > limit;
        items.truncate(limit);
        let next_cursor = if more { items.last().map(|event| page::encode(&event.id.to_string())) } else { None };
        Ok(Page { items, next_cursor })
    }

    /// Those of all cameras that touch the range, by their start.
    pub async fn in_range(&self, range: TimeRange) -> Result<Vec<OfflineEvent>, StoreError> {
        let rows = sqlx::query(IN_RANGE).bind(range.start.0).bind(range.end.0).fetch_all(self.store.reader()).await?;
        rows.iter().map(read).collect()
    }

    /// Forgets those that ended before.
    pub async fn prune(&self, before: UtcMillis) -> Result<u64, StoreError> {
        Ok(sqlx::query(PRUNE).bind(before.0).execute(self.store.writer()).await?.rows_affected())
    }
}

fn is_orphan(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_foreign_key_violation)
}

fn read(row: &SqliteRow) -> Result<OfflineEvent, StoreError> {
    let reason: String = column(row, "reason")?;
    Ok(OfflineEvent {
        id: column(row, "id")?,
        camera: CameraId(column(row, "camera_id")?),
        started_at: UtcMillis(column(row, "started_at")?),
        last_check_at: UtcMillis(column(row, "last_check_at")?),
        ended_at: column::<Option<i64>>(row, "ended_at")?.map(UtcMillis),
        reason: from_word("reason", &reason)?,
        is_alarmed: column(row, "alarmed")?,
    })
}
