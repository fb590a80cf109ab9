//! Tables `push_channels`, `push_routes`, `push_buckets`, `push_outbox` and `push_log`: who is told what, and how it went.

mod channels;
mod log;
mod outbox;
mod routes;

pub use channels::{ChannelChange, PushChannelRow};
pub use log::{PushLogRow, PushOutcome};
pub use outbox::{OutboxRow, Settled};
pub use routes::PushRoutes;

use crate::{AlarmRef, BucketRow, Store, StoreError, row::column};
use sqlx::sqlite::SqliteRow;
use watchwall_model::{AlarmId, UtcMillis};

const BUCKETS: &str = "SELECT * FROM push_buckets";
// A bucket without anything in it matters only as long as its cooldown may last.
const PRUNE_BUCKETS: &str =
    "DELETE FROM push_buckets WHERE count = 0 AND waiting IS NULL AND COALESCE(told_ms, 0) < ?1";
#[cfg(test)]
pub fn statements() -> Vec<&'static str> {
    let own = vec![BUCKETS, PRUNE_BUCKETS];
    [
        own,
        channels::STATEMENTS.to_vec(),
        log::STATEMENTS.to_vec(),
        outbox::STATEMENTS.to_vec(),
        routes::STATEMENTS.to_vec(),
    ]
    .concat()
}

pub struct PushTables<'a> {
    pub(crate) store: &'a Store,
}

impl PushTables<'_> {
    pub async fn buckets(&self) -> Result<Vec<BucketRow>, StoreError> {
        sqlx::query(BUCKETS).fetch_all(self.store.reader()).await?.iter().map(read_bucket).collect()
    }

    /// Forgets buckets that were told of before a moment and hold nothing.
    pub async fn prune_buckets(&self, before: UtcMillis) -> Result<u64, StoreError> {
        Ok(sqlx::query(PRUNE_BUCKETS).bind(before.0).execute(self.store.writer()).await?.rows_affected())
    }
}

fn read_bucket(row: &SqliteRow) -> Result<BucketRow, StoreError> {
    let count: i64 = column(row, "count")?;
    Ok(BucketRow {
        bucket: column(row, "bucket")?,
        count: u64::try_from(count).unwrap_or(0),
        since: column::<Option<i64>>(row, "since_ms")?.map(UtcMillis),
        told_at: column::<Option<i64>>(row, "told_ms")?.map(UtcMillis),
        waiting: column(row, "waiting")?,
        alarm: column::<Option<i64>>(row, "alarm_id")?.map(|id| AlarmRef::Kept(AlarmId(id))),
    })
}

#[cfg(test)]
mod tests;
