//! Table `camera_events`: what cameras noticed by themselves.

use crate::{
    Page, PageRequest, Store, StoreError, page,
    row::{column, from_word, word},
};
use sqlx::sqlite::SqliteRow;
use watchwall_model::{CameraEventRow, CameraId, NewCameraEvent, Problem, TimeRange, UtcMillis};

const INSERT: &str = "INSERT INTO camera_events (camera_id, kind, state, source, rule, topic, value, at) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
const PAGE: &str = "SELECT * FROM camera_events WHERE camera_id = ?1 AND at >= ?2 AND at <= MIN(?3 - 1, ?5) \
     AND (?4 IS NULL OR kind = ?4) AND (at, id) < (?5, ?6) ORDER BY at DESC, id DESC LIMIT ?7";
// Oldest first, and bounded: a timeline draws no more.
const IN_RANGE: &str =
    "SELECT * FROM camera_events WHERE camera_id = ?1 AND at >= ?2 AND at < ?3 ORDER BY at, id LIMIT 20000";
const LAST_STATES: &str = "SELECT *, MAX(id) FROM camera_events WHERE camera_id = ?1 AND at >= ?2 AND state IN ('on', 'off') \
     GROUP BY kind, source, rule";
const AFTER: &str = "SELECT * FROM camera_events WHERE id > ?1 ORDER BY id LIMIT ?2";
const NEWEST: &str = "SELECT COALESCE(MAX(id), 0) FROM camera_events";
const PRUNE: &str = "DELETE FROM camera_events WHERE at < ?1";
const COUNT: &str = "SELECT COUNT(*) FROM camera_events";
const PRUNE_OLDEST: &str =
    "DELETE FROM camera_events WHERE id IN (SELECT id FROM camera_events ORDER BY at, id LIMIT ?1)";
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[INSERT, PAGE, IN_RANGE, LAST_STATES, AFTER, NEWEST, PRUNE, COUNT, PRUNE_OLDEST];

pub struct CameraEventTable<'a> {
    pub(crate) store: &'a Store,
}

impl CameraEventTable<'_> {
    /// Stores them in their order; answers their ids. Those of cameras that are gone get none.
    pub async fn insert(&self, events: &[NewCameraEvent]) -> Result<Vec<CameraEventRow>, StoreError> {
        let mut transaction = self.store.writer().begin().await?;
        let mut stored = Vec::with_capacity(events.len());
        for event in events {
            let done = sqlx::query(INSERT)
                .bind(event.camera.0)
                .bind(&event.kind)
                .bind(word(&event.state))
                .bind(&event.source)
                .bind(&event.rule)
                .bind(&event.topic)
                .bind(&event.value)
                .bind(event.at.0)
                .execute(&mut *transaction)
                .await;
            match done {
                Ok(done) => stored.push(CameraEventRow { id: done.last_insert_rowid(), event: event.clone() }),
                Err(error)
                    if error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_foreign_key_violation) => {}
                Err(error) => return Err(error.into()),
            }
        }
        transaction.commit().await?;
        Ok(stored)
    }

    /// Of one camera in a range, newest first, of all kinds or of one.
    ///
    /// # Errors
    /// `request_invalid` for a made-up cursor.
    pub async fn page(
        &self,
        camera: CameraId,
        range: TimeRange,
        kind: Option<&str>,
        request: &PageRequest,
    ) -> Result<Page<CameraEventRow>, Problem> {
        let decoded = request.cursor.as_deref().map(page::decode).transpose()?;
        let before = decoded.as_deref().and_then(|text| {
            let (at, id) = text.split_once(' ')?;
            Some((at.parse::<i64>().ok()?, id.parse::<i64>().ok()?))
        });
        let (at, id) = before.unwrap_or((i64::MAX, i64::MAX));
        let limit = request.limit();
        let rows = sqlx::query(PAGE)
            .bind(camera.0)
            .bind(range.start.0)
            .bind(range.end.0)
            .bind(kind)
            .bind(at)
            .bind(id)
            .bind(i64::try_from(limit + 1).unwrap_or(i64::MAX))
            .fetch_all(self.store.reader())
            .await
            .map_err(StoreError::from)?;
        let mut items = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let more = items.len() > limit;
        items.truncate(limit);
        let key = |row: &CameraEventRow| page::encode(&format!("{} {}", row.event.at.0, row.id));
        let next_cursor = if more { items.last().map(key) } else { None };
        Ok(Page { items, next_cursor })
    }

    /// Of one camera in a range, oldest first; at most 20 000.
    pub async fn in_range(&self, camera: CameraId, range: TimeRange) -> Result<Vec<CameraEventRow>, StoreError> {
        let rows = sqlx::query(IN_RANGE)
            .bind(camera.0)
            .bind(range.start.0)
            .bind(range.end.0)
            .fetch_all(self.store.reader())
            .await?;
        rows.iter().map(read).collect()
    }

    /// How things that go on stood last, one row for each kind, source and rule since `since`.
    pub async fn last_states(&self, camera: CameraId, since: UtcMillis) -> Result<Vec<CameraEventRow>, StoreError> {
        let rows = sqlx::query(LAST_STATES).bind(camera.0).bind(since.0).fetch_all(self.store.reader()).await?;
        rows.iter().map(read).collect()
    }

    /// Of all cameras, in the order they were stored in, from the one after `id` on.
    pub async fn after(&self, id: i64, limit: u32) -> Result<Vec<CameraEventRow>, StoreError> {
        let rows = sqlx::query(AFTER).bind(id).bind(limit).fetch_all(self.store.reader()).await?;
        rows.iter().map(read).collect()
    }

    /// The id of the one that was stored last; 0 without any.
    pub async fn newest(&self) -> Result<i64, StoreError> {
        Ok(sqlx::query_scalar(NEWEST).fetch_one(self.store.reader()).await?)
    }

    /// Forgets those before, and the oldest of more than `most`.
    pub async fn prune(&self, before: UtcMillis, most: u32) -> Result<u64, StoreError> {
        let old = sqlx::query(PRUNE).bind(before.0).execute(self.store.writer()).await?.rows_affected();
        let count: i64 = sqlx::query_scalar(COUNT).fetch_one(self.store.reader()).await?;
        let surplus = count - i64::from(most);
        if surplus <= 0 {
            return Ok(old);
        }
        let more = sqlx::query(PRUNE_OLDEST).bind(surplus).execute(self.store.writer()).await?.rows_affected();
        Ok(old + more)
    }
}

fn read(row: &SqliteRow) -> Result<CameraEventRow, StoreError> {
    let state: String = column(row, "state")?;
    Ok(CameraEventRow {
        id: column(row, "id")?,
        event: NewCameraEvent {
            camera: CameraId(column(row, "camera_id")?),
            kind: column(row, "kind")?,
            state: from_word("state", &state)?,
            source: column(row, "source")?,
            rule: column(row, "rule")?,
            topic: column(row, "topic")?,
            value: column(row, "value")?,
            at: UtcMillis(column(row, "at")?),
        },
    })
}
