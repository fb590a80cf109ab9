//! Clips that are not on disk yet, and recordings kept for alarms nobody has seen.

use super::{AlarmTable, ONE, batch::note, read};
use crate::{StoreError, row::column};
use watchwall_model::{Alarm, AlarmClip, AlarmHistory, AlarmId, AlarmStep, UtcMillis};

const PENDING: &str = "SELECT * FROM alarms WHERE clip = 'pending' ORDER BY clip_to LIMIT ?1";
const SET: &str = "UPDATE alarms SET clip = ?1, clip_reason = ?2, clip_file = ?3, changed_ms = ?4, version = version + 1 \
     WHERE id = ?5 AND clip = 'pending'";
const SET_SNAPSHOT: &str = "UPDATE alarms SET snapshot = ?1, changed_ms = ?2, version = version + 1 WHERE id = ?3";
pub const END_LOCK: &str = "UPDATE evidence_locks SET ended_at = ?1 WHERE alarm_id = ?2 AND ended_at IS NULL";
pub const FORGET_LOCK: &str = "DELETE FROM evidence_locks WHERE alarm_id = ?1";
// Oldest first; a file that two alarms hold counts for both, which frees too early rather than too late.
const LOCKS: &str = "SELECT l.alarm_id, l.from_ms, (SELECT COALESCE(SUM(s.size_bytes), 0) FROM segments s \
     WHERE s.path = p.path AND s.start_ms < l.to_ms AND s.end_ms > l.from_ms AND s.deleting = 0) AS size_bytes \
     FROM evidence_locks l JOIN evidence_lock_paths p ON p.lock_id = l.id \
     WHERE l.alarm_id IS NOT NULL AND l.ended_at IS NULL ORDER BY l.from_ms DESC LIMIT ?1";
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[PENDING, SET, SET_SNAPSHOT, END_LOCK, FORGET_LOCK, LOCKS];

/// Recordings kept for an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlarmLock {
    pub alarm: AlarmId,
    pub size_bytes: u64,
}

impl AlarmTable<'_> {
    /// Clips that are to become ready, the first to be whole first.
    pub async fn pending_clips(&self, most: u32) -> Result<Vec<Alarm>, StoreError> {
        sqlx::query(PENDING).bind(most).fetch_all(self.store.reader()).await?.iter().map(read).collect()
    }

    /// Ends the waiting for a clip. `None` when it waits no more.
    pub async fn set_clip(&self, id: AlarmId, clip: &AlarmClip, now: UtcMillis) -> Result<Option<Alarm>, StoreError> {
        let (what, reason, file) = match clip {
            AlarmClip::Ready { file, .. } => (AlarmStep::ClipReady, None, file.as_deref()),
            AlarmClip::Unavailable { reason, .. } => (AlarmStep::ClipUnavailable, Some(reason.as_str()), None),
            AlarmClip::None | AlarmClip::Pending { .. } => return Ok(None),
        };
        let mut transaction = self.store.writer().begin().await?;
        let query = sqlx::query(SET).bind(clip.word()).bind(reason).bind(file).bind(now.0).bind(id.0);
        if query.execute(&mut *transaction).await?.rows_affected() == 0 {
            return Ok(None);
        }
        let note_of = reason.map(str::to_owned);
        let line = AlarmHistory { at: now, by: None, what, from: None, to: None, note: note_of };
        note(&mut transaction, id, &line).await?;
        let row = sqlx::query(ONE).bind(id.0).fetch_one(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(Some(read(&row)?))
    }

    /// Where its picture lies. `None` when it is gone.
    pub async fn set_snapshot(&self, id: AlarmId, file: &str, now: UtcMillis) -> Result<Option<Alarm>, StoreError> {
        let mut transaction = self.store.writer().begin().await?;
        sqlx::query(SET_SNAPSHOT).bind(file).bind(now.0).bind(id.0).execute(&mut *transaction).await?;
        let row = sqlx::query(ONE).bind(id.0).fetch_optional(&mut *transaction).await?;
        transaction.commit().await?;
        row.as_ref().map(read).transpose()
    }

    /// Recordings kept for alarms, the newest alarm's first.
    pub async fn locks(&self, most: u32) -> Result<Vec<AlarmLock>, StoreError> {
        let rows = sqlx::query(LOCKS).bind(most).fetch_all(self.store.reader()).await?;
        let lock = |row| {
            let size: i64 = column(row, "size_bytes")?;
            Ok(AlarmLock { alarm: AlarmId(column(row, "alarm_id")?), size_bytes: u64::try_from(size).unwrap_or(0) })
        };
        rows.iter().map(lock).collect()
    }

    /// Its recording may be deleted again.
    pub async fn unlock(&self, id: AlarmId, now: UtcMillis) -> Result<(), StoreError> {
        let mut transaction = self.store.writer().begin().await?;
        sqlx::query(END_LOCK).bind(now.0).bind(id.0).execute(&mut *transaction).await?;
        sqlx::query(FORGET_LOCK).bind(id.0).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(())
    }
}
