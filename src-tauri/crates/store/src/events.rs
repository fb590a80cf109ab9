//! Table `recording_events`: why a stretch has no recording.

use crate::{
    Store, StoreError,
    row::{column, from_word, word},
};
use serde::{Deserialize, Serialize};
use watchwall_model::{StreamPath, TimeRange, UtcMillis};

const INSERT: &str = "INSERT INTO recording_events (path, at_ms, kind, detail) VALUES (?1, ?2, ?3, ?4)";
const IN_RANGE: &str =
    "SELECT * FROM recording_events WHERE path = ?1 AND at_ms >= ?2 AND at_ms < ?3 ORDER BY at_ms, id LIMIT 20000";
const LAST_BEFORE: &str =
    "SELECT * FROM recording_events WHERE path = ?1 AND at_ms < ?2 ORDER BY at_ms DESC, id DESC LIMIT 1";
const PRUNE: &str = "DELETE FROM recording_events WHERE at_ms < ?1";
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[INSERT, IN_RANGE, LAST_BEFORE, PRUNE];

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

    /// Events of the range, and before them the last one that came earlier: it says what held at the start.
    pub async fn in_range(&self, path: &StreamPath, range: TimeRange) -> Result<Vec<RecordingEvent>, StoreError> {
        let earlier = sqlx::query(LAST_BEFORE)
            .bind(path.as_str())
            .bind(range.start.0)
            .fetch_optional(self.store.reader())
            .await?;
        let rows = sqlx::query(IN_RANGE)
            .bind(path.as_str())
            .bind(range.start.0)
            .bind(range.end.0)
            .fetch_all(self.store.reader())
            .await?;
        earlier
            .iter()
            .chain(&rows)
            .map(|row| {
                let kind: String = column(row, "kind")?;
                Ok(RecordingEvent {
                    path: path.clone(),
                    at: UtcMillis(column(row, "at_ms")?),
                    kind: from_word("recording event", &kind)?,
                    detail: column(row, "detail")?,
                })
            })
            .collect()
    }

    pub async fn prune(&self, before: UtcMillis) -> Result<u64, StoreError> {
        Ok(sqlx::query(PRUNE).bind(before.0).execute(self.store.writer()).await?.rows_affected())
    }
}
