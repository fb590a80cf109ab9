//! Table `plans`: at most one per stream path.

use crate::{
    Store, StoreError,
    row::{column, deleted, from_json, from_word, to_json, untouched, word},
};
use sqlx::{SqliteConnection, sqlite::SqliteRow};
use watchwall_model::{EventRule, Plan, Slot, StreamPath, UtcMillis, VolumeCode, WeekSchedule};

const ALL: &str = "SELECT * FROM plans ORDER BY path";
const ONE: &str = "SELECT * FROM plans WHERE path = ?1";
const PUT: &str = "INSERT INTO plans (path, enabled, mode, volume, retention_days, segment_minutes, audio, schedule, \
     pre_event_s, post_event_s, event_kinds, minimum_days, quota_bytes, mirror) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14) ON CONFLICT (path) DO UPDATE SET \
     enabled = excluded.enabled, mode = excluded.mode, volume = excluded.volume, \
     retention_days = excluded.retention_days, segment_minutes = excluded.segment_minutes, audio = excluded.audio, \
     schedule = excluded.schedule, pre_event_s = excluded.pre_event_s, post_event_s = excluded.post_event_s, \
     event_kinds = excluded.event_kinds, minimum_days = excluded.minimum_days, quota_bytes = excluded.quota_bytes, \
     mirror = excluded.mirror, \
     version = version + 1, applied_at = NULL";
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
        let stored = put_on(&mut transaction, plan, expected).await?;
        transaction.commit().await?;
        Ok(stored)
    }

    /// [`PlanTable::put`] for many at once: all of them or none. A plan with a version replaces only that version.
    ///
    /// # Errors
    /// As [`PlanTable::put`], with the path of the plan that was refused.
    pub async fn put_all(&self, plans: &[Plan]) -> Result<Vec<Plan>, (Option<StreamPath>, StoreError)> {
        let ours = |error: sqlx::Error| (None, StoreError::from(error));
        let mut transaction = self.store.writer().begin().await.map_err(ours)?;
        let mut stored = Vec::with_capacity(plans.len());
        for plan in plans {
            let expected = (plan.version > 0).then_some(plan.version);
            let put = put_on(&mut transaction, plan, expected).await;
            stored.push(put.map_err(|error| (Some(plan.path.clone()), error))?);
        }
        transaction.commit().await.map_err(ours)?;
        Ok(stored)
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

async fn put_on(connection: &mut SqliteConnection, plan: &Plan, expected: Option<i64>) -> Result<Plan, StoreError> {
    if let Some(expected) = expected {
        let row = sqlx::query(ONE).bind(plan.path.as_str()).fetch_optional(&mut *connection).await?;
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
        .bind(plan.schedule.texts().join("/"))
        .bind(i64::from(plan.events.pre_seconds))
        .bind(i64::from(plan.events.post_seconds))
        .bind(to_json("event kinds", &plan.events.kinds)?)
        .bind(plan.minimum_days.map(i64::from))
        .bind(plan.quota_bytes.map(|bytes| i64::try_from(bytes).unwrap_or(i64::MAX)))
        .bind(plan.mirror)
        .execute(&mut *connection)
        .await?;
    read(&sqlx::query(ONE).bind(plan.path.as_str()).fetch_one(&mut *connection).await?)
}

fn read(row: &SqliteRow) -> Result<Plan, StoreError> {
    let path: String = column(row, "path")?;
    let mode: String = column(row, "mode")?;
    Ok(Plan {
        path: StreamPath::parse(&path).map_err(|_| StoreError::Value { what: format!("path {path}") })?,
        enabled: column(row, "enabled")?,
        mode: from_word("plan mode", &mode)?,
        schedule: read_schedule(&column::<String>(row, "schedule")?)?,
        events: EventRule {
            pre_seconds: column(row, "pre_event_s")?,
            post_seconds: column(row, "post_event_s")?,
            kinds: from_json("event kinds", &column::<String>(row, "event_kinds")?)?,
        },
        volume: column::<Option<String>>(row, "volume")?.map(VolumeCode),
        mirror: column(row, "mirror")?,
        retention_days: column(row, "retention_days")?,
        minimum_days: column(row, "minimum_days")?,
        quota_bytes: column::<Option<i64>>(row, "quota_bytes")?.and_then(|bytes| u64::try_from(bytes).ok()),
        segment_minutes: column(row, "segment_minutes")?,
        audio: column(row, "audio")?,
        version: column(row, "version")?,
        applied_at: column::<Option<i64>>(row, "applied_at")?.map(UtcMillis),
    })
}

fn read_schedule(text: &str) -> Result<WeekSchedule, StoreError> {
    if text.is_empty() {
        return Ok(WeekSchedule::all(Slot::Continuous));
    }
    let days: Vec<&str> = text.split('/').collect();
    WeekSchedule::parse(&days).ok_or_else(|| StoreError::Value { what: format!("schedule {text}") })
}
