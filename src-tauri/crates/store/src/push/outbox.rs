//! Table `push_outbox`: what has to be told, in the order in which it came to be, for each channel by itself.

use super::{PushLogRow, PushTables, log};
use crate::{StoreError, row::column};
use sqlx::sqlite::SqliteRow;
use std::collections::BTreeMap;
use watchwall_model::{AlarmId, PushChannelId, UtcMillis};

const HEAD: &str = "SELECT * FROM push_outbox WHERE channel_id = ?1 ORDER BY id LIMIT ?2";
const WAITING: &str = "SELECT channel_id, COUNT(*) AS number FROM push_outbox GROUP BY channel_id";
const REMOVE: &str = "DELETE FROM push_outbox WHERE id = ?1";
const LATER: &str = "UPDATE push_outbox SET attempts = ?1, next_ms = ?2 WHERE id = ?3";
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[HEAD, WAITING, REMOVE, LATER];

/// Something to be told by one channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxRow {
    pub id: i64,
    pub channel: PushChannelId,
    /// The same at each attempt.
    pub key: String,
    pub alarm: Option<AlarmId>,
    /// JSON.
    pub content: String,
    pub created_at: UtcMillis,
    /// How many failed.
    pub attempts: u32,
    pub next_at: UtcMillis,
}

/// What becomes of a row after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// Sent, refused, given up or told with others.
    Gone,
    Later {
        attempts: u32,
        next_at: UtcMillis,
    },
}

impl PushTables<'_> {
    /// The oldest of a channel.
    pub async fn head(&self, channel: PushChannelId, most: u32) -> Result<Vec<OutboxRow>, StoreError> {
        // By the writer: what was settled a moment ago must not be seen again.
        let rows = sqlx::query(HEAD).bind(channel.0).bind(most).fetch_all(self.store.writer()).await?;
        rows.iter().map(read).collect()
    }

    /// How many wait for each channel.
    pub async fn waiting(&self) -> Result<BTreeMap<PushChannelId, u64>, StoreError> {
        let rows = sqlx::query(WAITING).fetch_all(self.store.reader()).await?;
        let of = |row: &SqliteRow| {
            let number: i64 = column(row, "number")?;
            Ok((PushChannelId(column(row, "channel_id")?), u64::try_from(number).unwrap_or(0)))
        };
        rows.iter().map(of).collect()
    }

    /// After an attempt: the rows and the log together.
    pub async fn settle(&self, rows: &[(i64, Settled)], lines: &[PushLogRow]) -> Result<(), StoreError> {
        let mut transaction = self.store.writer().begin().await?;
        for (id, settled) in rows {
            let query = match settled {
                Settled::Gone => sqlx::query(REMOVE).bind(id),
                Settled::Later { attempts, next_at } => sqlx::query(LATER).bind(attempts).bind(next_at.0).bind(id),
            };
            query.execute(&mut *transaction).await?;
        }
        for line in lines {
            log::insert(&mut transaction, line).await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}

fn read(row: &SqliteRow) -> Result<OutboxRow, StoreError> {
    Ok(OutboxRow {
        id: column(row, "id")?,
        channel: PushChannelId(column(row, "channel_id")?),
        key: column(row, "key")?,
        alarm: column::<Option<i64>>(row, "alarm_id")?.map(AlarmId),
        content: column(row, "content")?,
        created_at: UtcMillis(column(row, "created_ms")?),
        attempts: column(row, "attempts")?,
        next_at: UtcMillis(column(row, "next_ms")?),
    })
}
