//! Table `recording_events`: why a stretch has no recording, and what began one.

use crate::{
    Store, StoreError,
    row::{column, from_word, list, word},
};
use serde::{Deserialize, Serialize};
use sqlx::sqlite::SqliteRow;
use watchwall_model::{StreamPath, TimeRange, UtcMillis};

const INSERT: &str = "INSERT INTO recording_events (path, at_ms, kind, detail) VALUES (?1, ?2, ?3, ?4)";
const IN_RANGE: &str = "SELECT e.* FROM json_each(?1) AS paths JOIN recording_events AS e INDEXED BY recording_events_by_path \
     ON e.path = paths.value WHERE e.at_ms >= ?2 AND e.at_ms < ?3 AND e.kind <> 'trigger' ORDER BY e.at_ms, e.id LIMIT 200000";
const LAST_BEFORE: &str = "SELECT e.* FROM json_each(?1) AS paths JOIN recording_events AS e ON e.id = \
     (SELECT id FROM recording_events AS earlier WHERE earlier.path = paths.value AND earlier.at_ms < ?2 \
     AND earlier.kind <> 'trigger' ORDER BY earlier.at_ms DESC, earlier.id DESC LIMIT 1)";
const TRIGGERS_OF: &str = "SELECT e.* FROM json_each(?1) AS paths JOIN recording_events AS e \
     INDEXED BY recording_events_by_path ON e.path = paths.value \
     WHERE e.at_ms >= ?2 AND e.at_ms < ?3 AND e.kind = 'trigger' ORDER BY e.at_ms DESC, e.id DESC LIMIT 20000";
const TRIGGERS_SINCE: &str =
    "SELECT * FROM recording_events WHERE kind = 'trigger' AND at_ms >= ?1 ORDER BY at_ms DESC LIMIT 20000";
const CHANGE_TRIGGER: &str = "UPDATE recording_events SET detail = ?1 \
     WHERE path = ?2 AND at_ms = ?3 AND kind = 'trigger' AND detail = ?4";
const FORGET_TRIGGER: &str =
    "DELETE FROM recording_events WHERE path = ?1 AND at_ms = ?2 AND kind = 'trigger' AND detail = ?3";
const PRUNE: &str = "DELETE FROM recording_events WHERE at_ms < ?1";
const PRUNE_TRIGGERS: &str = "DELETE FROM recording_events WHERE kind = 'trigger' AND at_ms < ?1";
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[
    INSERT,
    IN_RANGE,
    LAST_BEFORE,
    TRIGGERS_OF,
    TRIGGERS_SINCE,
    CHANGE_TRIGGER,
    FORGET_TRIGGER,
    PRUNE,
    PRUNE_TRIGGERS,
];

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordingEventKind {
    Started,
    StoppedByPlan,
    StoppedByUs,
    CameraOffline,
    Network,
    Disk,
    Overflow,
    /// Something began a recording, or made it go on; the detail says what, as JSON.
    Trigger,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordingEvent {
    pub path: StreamPath,
    pub at: UtcMillis,
    pub kind: RecordingEventKind,
    pub detail: String,
}

pub struct EventTable<'a> {
    pub(crate) store: &'a Store,
}

impl EventTable<'_> {
    pub async fn insert(&self, event: &RecordingEvent) -> Result<(), StoreError> {
        sqlx::query(INSERT)
            .bind(event.path.as_str())
            .bind(event.at.0)
            .bind(word(&event.kind))
            .bind(&event.detail)
            .execute(self.store.writer())
            .await?;
        Ok(())
    }

    /// Events of some streams in the range, and before them the last one of each that came earlier: it says what held at
    /// the start. At most 200 000.
    pub async fn in_range(&self, paths: &[StreamPath], range: TimeRange) -> Result<Vec<RecordingEvent>, StoreError> {
        let paths = list(paths)?;
        let earlier = sqlx::query(LAST_BEFORE).bind(&paths).bind(range.start.0).fetch_all(self.store.reader()).await?;
        let rows = sqlx::query(IN_RANGE)
            .bind(&paths)
            .bind(range.start.0)
            .bind(range.end.0)
            .fetch_all(self.store.reader())
            .await?;
        earlier.iter().chain(&rows).map(read).collect()
    }

    /// Triggers of some streams in the range, oldest first; of more than 20 000 the newest.
    pub async fn triggers_in(&self, paths: &[StreamPath], range: TimeRange) -> Result<Vec<RecordingEvent>, StoreError> {
        let query = sqlx::query(TRIGGERS_OF).bind(list(paths)?).bind(range.start.0).bind(range.end.0);
        query.fetch_all(self.store.reader()).await?.iter().rev().map(read).collect()
    }

    /// Triggers of all streams from a moment on, those ahead too, newest first; at most 20 000.
    pub async fn triggers_since(&self, since: UtcMillis) -> Result<Vec<RecordingEvent>, StoreError> {
        sqlx::query(TRIGGERS_SINCE).bind(since.0).fetch_all(self.store.reader()).await?.iter().map(read).collect()
    }

    /// A trigger as it stands gets another detail.
    pub async fn change_trigger(&self, event: &RecordingEvent, detail: &str) -> Result<(), StoreError> {
        let query = sqlx::query(CHANGE_TRIGGER).bind(detail).bind(event.path.as_str()).bind(event.at.0);
        query.bind(&event.detail).execute(self.store.writer()).await?;
        Ok(())
    }

    pub async fn forget_trigger(&self, event: &RecordingEvent) -> Result<(), StoreError> {
        let query = sqlx::query(FORGET_TRIGGER).bind(event.path.as_str()).bind(event.at.0).bind(&event.detail);
        query.execute(self.store.writer()).await?;
        Ok(())
    }

    pub async fn prune(&self, before: UtcMillis) -> Result<u64, StoreError> {
        Ok(sqlx::query(PRUNE).bind(before.0).execute(self.store.writer()).await?.rows_affected())
    }

    pub async fn prune_triggers(&self, before: UtcMillis) -> Result<u64, StoreError> {
        Ok(sqlx::query(PRUNE_TRIGGERS).bind(before.0).execute(self.store.writer()).await?.rows_affected())
    }
}

fn read(row: &SqliteRow) -> Result<RecordingEvent, StoreError> {
    let (path, kind): (String, String) = (column(row, "path")?, column(row, "kind")?);
    Ok(RecordingEvent {
        path: StreamPath::parse(&path).map_err(|_| StoreError::Value { what: format!("path {path}") })?,
        at: UtcMillis(column(row, "at_ms")?),
        kind: from_word("recording event", &kind)?,
        detail: column(row, "detail")?,
    })
}
