//! Table `plans`: at most one per stream path.

use crate::{
    Store, StoreError,
    row::{column, deleted, from_word, untouched, word},
};
use sqlx::sqlite::SqliteRow;
use watchwall_model::{Plan, StreamPath, UtcMillis, VolumeCode};

const ALL: &str = "SELECT * FROM plans ORDER BY path";
const ONE: &str = "SELECT * FROM plans WHERE path = ?1";
const PUT: &str = "INSERT INTO plans (path, enabled, mode, volume, retention_days, segment_minutes, audio) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (path) DO UPDATE SET enabled = excluded.enabled, \
     mode = excluded.mode, volume = excluded.volume, retention_days = excluded.retention_days, \
     segment_minutes = excluded.segment_minutes, audio = excluded.audio, version = version + 1, applied_at = NULL";
const APPLIED: &str = "UPDATE plans SET applied_at = ?1 WHERE path = ?2 AND version = ?3";
const DELETE: &str = "DELETE FROM plans WHERE path = ?1";
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[ALL, ONE, PUT, APPLIED, DELETE];

pub struct PlanTable<'a> {
    pub(crate) store: &'a Store,
}

impl PlanTable<'_> {
    pub async fn all(&self) -> Result<Vec<Plan>, StoreError> {
        sqlx::query(ALL).fetch_all(self.store.reader()).await?.iter().map(read).collect()
    }

    pub async fn get(&self, path: &StreamPath) -> Result<Option<Plan>, StoreError> {
        let row = sqlx::query(ONE).bind(path.as_str()).fetch_optional(self.store.reader()).await?;
        row.as_ref().map(read).transpose()
    }

    /// Inserts or replaces; the version rises, and the plan counts as not applied until [`PlanTable::applied`].
    /// With `expected`, only if the stored version is still that.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when it is gone, [`StoreError::VersionConflict`].
    pub async fn put(&self, plan: &Plan, expected: Option<i64>) -> Result<Plan, StoreError> {
        let mut transaction = self.store.writer().begin().await?;
        if let Some(expected) = expected {
            let row = sqlx::query(ONE).bind(plan.path.as_str()).fetch_optional(&mut *transaction).await?;
            let stored = row.as_ref().map(read).transpose()?.map(|plan| plan.version);
            if stored != Some(expected) {
                return Err(untouched("plan", row));
            }
        }
        sqlx::query(PUT)
            .bind(plan.path.as_str())
            .bind(plan.enabled)
            .bind(word(&plan.mode))
            .bind(plan.volume.as_ref().map(|volume| volume.0.clone()))
            .bind(i64::from(plan.retention_days))
            .bind(i64::from(plan.segment_minutes))
            .bind(plan.audio)
            .execute(&mut *transaction)
            .await?;
        let row = sqlx::query(ONE).bind(plan.path.as_str()).fetch_one(&mut *transaction).await?;
        transaction.commit().await?;
        read(&row)
    }

    /// Notes that this version of the plan is in force.
    pub async fn applied(&self, path: &StreamPath, version: i64, at: UtcMillis) -> Result<(), StoreError> {
        sqlx::query(APPLIED).bind(at.0).bind(path.as_str()).bind(version).execute(self.store.writer()).await?;
        Ok(())
    }

    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn delete(&self, path: &StreamPath) -> Result<(), StoreError> {
        deleted("plan", &sqlx::query(DELETE).bind(path.as_str()).execute(self.store.writer()).await?)
    }
}

fn read(row: &SqliteRow) -> Result<Plan, StoreError> {
    let path: String = column(row, "path")?;
    let mode: String = column(row, "mode")?;
    Ok(Plan {
        path: StreamPath::parse(&path).map_err(|_| StoreError::Value { what: format!("path {path}") })?,
        enabled: column(row, "enabled")?,
        mode: from_word("plan mode", &mode)?,
        volume: column::<Option<String>>(row, "volume")?.map(VolumeCode),
        retention_days: column(row, "retention_days")?,
        segment_minutes: column(row, "segment_minutes")?,
        audio: column(row, "audio")?,
        version: column(row, "version")?,
        applied_at: column::<Option<i64>>(row, "applied_at")?.map(UtcMillis),
    })
}
