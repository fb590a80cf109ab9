//! Table `push_log`: each attempt.

use super::PushTables;
use crate::{
    Page, PageRequest, StoreError, page,
    row::{column, from_word, word},
};
use serde::{Deserialize, Serialize};
use sqlx::{Sqlite, Transaction, sqlite::SqliteRow};
use watchwall_model::{AlarmId, Problem, PushChannelId, UtcMillis};

const INSERT: &str = "INSERT INTO push_log (at_ms, channel_id, channel, target, alarm_id, content, attempt, outcome, status, \
     response, took_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
const PAGE: &str = "SELECT * FROM push_log WHERE id < ?1 ORDER BY id DESC LIMIT ?2";
const OF_CHANNEL: &str = "SELECT * FROM push_log WHERE channel_id = ?3 AND id < ?1 ORDER BY id DESC LIMIT ?2";
const OF_ALARM: &str = "SELECT * FROM push_log WHERE alarm_id = ?3 AND id < ?1 ORDER BY id DESC LIMIT ?2";
const LAST_OF: &str = "SELECT * FROM push_log WHERE channel_id = ?1 AND outcome = ?2 ORDER BY id DESC LIMIT 1";
const PRUNE: &str =
    "DELETE FROM push_log WHERE id IN (SELECT id FROM push_log WHERE at_ms < ?1 ORDER BY id LIMIT 5000)";
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[INSERT, PAGE, OF_CHANNEL, OF_ALARM, LAST_OF, PRUNE];

/// What an attempt came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PushOutcome {
    Sent,
    /// It failed and is tried again.
    Retry,
    /// The target will not have it.
    Refused,
    /// It failed for a day.
    GivenUp,
    /// Told together with others.
    Summarised,
}

/// One attempt, or one that was told with others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushLogRow {
    /// Given when it is kept.
    pub id: i64,
    pub at: UtcMillis,
    pub channel: PushChannelId,
    pub channel_name: String,
    /// Without secrets.
    pub target: String,
    pub alarm: Option<AlarmId>,
    pub content: String,
    pub attempt: u32,
    pub outcome: PushOutcome,
    pub status: Option<u32>,
    pub response: Option<String>,
    pub took_ms: u32,
}

impl PushTables<'_> {
    /// Newest first, of a channel or of an alarm.
    ///
    /// # Errors
    /// `request_invalid` for a made-up cursor.
    pub async fn log(
        &self,
        channel: Option<PushChannelId>,
        alarm: Option<AlarmId>,
        request: &PageRequest,
    ) -> Result<Page<PushLogRow>, Problem> {
        let (before, limit) = (page::before(request)?, request.limit());
        let (statement, of) = match (channel, alarm) {
            (_, Some(alarm)) => (OF_ALARM, Some(alarm.0)),
            (Some(channel), None) => (OF_CHANNEL, Some(channel.0)),
            (None, None) => (PAGE, None),
        };
        let mut query = sqlx::query(statement).bind(before).bind(page::one_more(limit));
        if let Some(of) = of {
            query = query.bind(of);
        }
        let rows = query.fetch_all(self.store.reader()).await.map_err(StoreError::from)?;
        let mut items = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        if let Some(channel) = channel.filter(|_| alarm.is_some()) {
            items.retain(|row| row.channel == channel);
        }
        Ok(page::cut_by_id(items, limit, |row| row.id))
    }

    /// The newest attempt of a channel that came to this.
    pub async fn last_of(
        &self,
        channel: PushChannelId,
        outcome: PushOutcome,
    ) -> Result<Option<PushLogRow>, StoreError> {
        let query = sqlx::query(LAST_OF).bind(channel.0).bind(word(&outcome));
        query.fetch_optional(self.store.reader()).await?.as_ref().map(read).transpose()
    }

    /// Forgets those before, five thousand at most; answers how many.
    pub async fn prune_log(&self, before: UtcMillis) -> Result<u64, StoreError> {
        Ok(sqlx::query(PRUNE).bind(before.0).execute(self.store.writer()).await?.rows_affected())
    }
}

pub async fn insert(transaction: &mut Transaction<'_, Sqlite>, line: &PushLogRow) -> Result<(), StoreError> {
    sqlx::query(INSERT)
        .bind(line.at.0)
        .bind(line.channel.0)
        .bind(&line.channel_name)
        .bind(&line.target)
        .bind(line.alarm.map(|alarm| alarm.0))
        .bind(&line.content)
        .bind(line.attempt)
        .bind(word(&line.outcome))
        .bind(line.status)
        .bind(&line.response)
        .bind(line.took_ms)
        .execute(&mut **transaction)
        .await?;
    Ok(())
}

fn read(row: &SqliteRow) -> Result<PushLogRow, StoreError> {
    let outcome: String = column(row, "outcome")?;
    Ok(PushLogRow {
        id: column(row, "id")?,
        at: UtcMillis(column(row, "at_ms")?),
        channel: PushChannelId(column(row, "channel_id")?),
        channel_name: column(row, "channel")?,
        target: column(row, "target")?,
        alarm: column::<Option<i64>>(row, "alarm_id")?.map(AlarmId),
        content: column(row, "content")?,
        attempt: column(row, "attempt")?,
        outcome: from_word("outcome", &outcome)?,
        status: column(row, "status")?,
        response: column(row, "response")?,
        took_ms: column(row, "took_ms")?,
    })
}
