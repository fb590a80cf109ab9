//! How many alarms there were: by hour, camera and kind.

use super::{AlarmFilter, AlarmTable, page::state_of};
use crate::{StoreError, row::column};
use sqlx::sqlite::SqliteRow;
use watchwall_model::{AlarmSource, CameraId, TimeRange, UtcMillis};

const HOUR_MS: i64 = 3_600_000;

// Cameras and kinds that are told apart are the busiest 50. A bound NULL leaves its condition out.
macro_rules! counted {
    ($what:literal, $by:literal) => {
        concat!(
            "SELECT ",
            $what,
            ", COUNT(*) AS alarms, SUM(count) AS happened FROM alarms INDEXED BY alarms_by_time \
             WHERE last_ms >= ?1 AND last_ms < ?2 AND (?3 IS NULL OR state = ?3) \
             AND (?4 = 0 OR state IN ('new', 'acknowledged', 'in_progress')) AND (?5 IS NULL OR source = ?5) \
             AND (?6 IS NULL OR kind = ?6) AND (?7 IS NULL OR level >= ?7) AND (?8 IS NULL OR camera_id = ?8) \
             AND (?9 IS NULL OR task_id = ?9) GROUP BY ",
            $by
        )
    };
}
const HOURS: &str = counted!("(last_ms - ?1) / 3600000 AS hour, level", "hour, level ORDER BY hour");
const CAMERAS: &str = counted!("camera_id", "camera_id ORDER BY alarms DESC, camera_id LIMIT 50");
const KINDS: &str = counted!("source, kind", "source, kind ORDER BY alarms DESC, source, kind LIMIT 50");
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[HOURS, CAMERAS, KINDS];

/// Alarms, and how often what they tell of happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AlarmNumber {
    pub alarms: u64,
    pub happened: u64,
}

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AlarmStatistics {
    pub all: AlarmNumber,
    /// Begin of each hour since the begin of the range that has any, with those of levels 1 to 4; oldest first.
    pub hours: Vec<(UtcMillis, [u64; 4])>,
    /// The busiest 50 first; without a camera those that are of none.
    pub cameras: Vec<(Option<CameraId>, AlarmNumber)>,
    pub kinds: Vec<(AlarmSource, String, AlarmNumber)>,
}

impl AlarmTable<'_> {
    /// Of those that happened last in a range, narrowed as a list is.
    ///
    /// # Errors
    /// What the database says.
    pub async fn statistics(&self, filter: &AlarmFilter, range: TimeRange) -> Result<AlarmStatistics, StoreError> {
        let mut found = AlarmStatistics::default();
        for row in &self.counted(HOURS, filter, range).await? {
            let number = number(row)?;
            found.all.alarms += number.alarms;
            found.all.happened += number.happened;
            let at = range.start.saturating_add_ms(column::<i64>(row, "hour")?.saturating_mul(HOUR_MS));
            if found.hours.last().is_none_or(|(last, _)| *last != at) {
                found.hours.push((at, [0; 4]));
            }
            let place = usize::try_from(column::<i64>(row, "level")? - 1).unwrap_or(0).min(3);
            if let Some(of_level) = found.hours.last_mut().and_then(|(_, levels)| levels.get_mut(place)) {
                *of_level += number.alarms;
            }
        }
        for row in &self.counted(CAMERAS, filter, range).await? {
            let camera: Option<i64> = column(row, "camera_id")?;
            found.cameras.push((camera.map(CameraId), number(row)?));
        }
        for row in &self.counted(KINDS, filter, range).await? {
            let source: String = column(row, "source")?;
            let source =
                AlarmSource::parse(&source).ok_or_else(|| StoreError::Value { what: format!("source {source}") })?;
            found.kinds.push((source, column(row, "kind")?, number(row)?));
        }
        Ok(found)
    }

    async fn counted(
        &self,
        statement: &'static str,
        filter: &AlarmFilter,
        range: TimeRange,
    ) -> Result<Vec<SqliteRow>, StoreError> {
        let (state, is_open) = state_of(filter.state);
        let rows = sqlx::query(statement)
            .bind(range.start.0)
            .bind(range.end.0)
            .bind(state)
            .bind(is_open)
            .bind(filter.source.map(AlarmSource::as_str))
            .bind(&filter.kind)
            .bind(filter.level)
            .bind(filter.camera.map(|camera| camera.0))
            .bind(filter.task.map(|task| task.0))
            .fetch_all(self.store.reader())
            .await?;
        Ok(rows)
    }
}

fn number(row: &SqliteRow) -> Result<AlarmNumber, StoreError> {
    let of = |name| Ok::<u64, StoreError>(u64::try_from(column::<i64>(row, name)?).unwrap_or(0));
    Ok(AlarmNumber { alarms: of("alarms")?, happened: of("happened")? })
}
