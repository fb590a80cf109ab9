//! Tables `alarms` and `alarm_history`: what happened, and what people did about it.
//!
//! [`AlarmTable::write`] keeps what happened together with what has to be told of it (`push_outbox`, `push_buckets`) in
//! one transaction: an alarm that is kept is told, and what is told is kept.

mod act;
mod batch;
mod clip;
mod page;
mod rows;
mod statistics;

pub use act::Acted;
pub use batch::{AlarmBatch, AlarmRef, BucketRow, NewAlarm, NewPush, RepeatedAlarm, Written};
pub use clip::AlarmLock;
pub use page::{AlarmCounts, AlarmFilter, StateFilter};
pub use statistics::{AlarmNumber, AlarmStatistics};

use crate::{Store, StoreError};
use rows::{read, read_history};
use watchwall_model::{Alarm, AlarmHistory, AlarmId, Sameness, UtcMillis};

const ONE: &str = "SELECT * FROM alarms WHERE id = ?1";
const HISTORY: &str = "SELECT * FROM alarm_history WHERE alarm_id = ?1 ORDER BY id LIMIT 1000";
const SINCE: &str = "SELECT * FROM alarms WHERE last_ms >= ?1 ORDER BY last_ms DESC, id DESC LIMIT 100000";
// The oldest that are over and were not touched for so long; those nobody resolved stay.
const PRUNE: &str = "DELETE FROM alarms WHERE id IN (SELECT id FROM alarms WHERE last_ms < ?1 \
     AND state IN ('resolved', 'auto_closed') ORDER BY last_ms, id LIMIT 1000)";
const OPEN_OF: &str = "SELECT * FROM alarms WHERE state IN ('new', 'acknowledged', 'in_progress') AND source = ?1 AND kind = ?2 \
     AND camera_id IS ?3 AND subject = ?4 ORDER BY id LIMIT 1000";
#[cfg(test)]
pub fn statements() -> Vec<&'static str> {
    let own: &[&str] = &[ONE, HISTORY, SINCE, OPEN_OF, PRUNE];
    [own, act::STATEMENTS, batch::STATEMENTS, clip::STATEMENTS, page::STATEMENTS, statistics::STATEMENTS].concat()
}

pub struct AlarmTable<'a> {
    pub(crate) store: &'a Store,
}

impl AlarmTable<'_> {
    pub async fn get(&self, id: AlarmId) -> Result<Option<Alarm>, StoreError> {
        let row = sqlx::query(ONE).bind(id.0).fetch_optional(self.store.reader()).await?;
        row.as_ref().map(read).transpose()
    }

    /// Oldest first; at most a thousand lines.
    pub async fn history(&self, id: AlarmId) -> Result<Vec<AlarmHistory>, StoreError> {
        let rows = sqlx::query(HISTORY).bind(id.0).fetch_all(self.store.reader()).await?;
        rows.iter().map(read_history).collect()
    }

    /// What happened last at or after a moment, newest first; at most 100 000.
    pub async fn since(&self, at: UtcMillis) -> Result<Vec<Alarm>, StoreError> {
        sqlx::query(SINCE).bind(at.0).fetch_all(self.store.reader()).await?.iter().map(read).collect()
    }

    /// Those of the same thing that nobody resolved yet.
    pub async fn open_of(&self, sameness: &Sameness) -> Result<Vec<Alarm>, StoreError> {
        let rows = sqlx::query(OPEN_OF)
            .bind(sameness.source.as_str())
            .bind(&sameness.kind)
            .bind(sameness.camera.map(|camera| camera.0))
            .bind(&sameness.subject)
            .fetch_all(self.store.reader())
            .await?;
        rows.iter().map(read).collect()
    }

    /// Forgets those that are over and older, a thousand at most; answers how many.
    pub async fn prune(&self, before: UtcMillis) -> Result<u64, StoreError> {
        Ok(sqlx::query(PRUNE).bind(before.0).execute(self.store.writer()).await?.rows_affected())
    }
}

#[cfg(test)]
mod tests;
