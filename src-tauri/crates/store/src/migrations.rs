//! The schema's steps, embedded in the program. Append-only: a landed step never changes.

use crate::StoreError;
use sqlx::{Connection, SqliteConnection};

/// File name and text of each step; step n takes the schema from version n-1 to n.
pub const STEPS: &[(&str, &str)] = &[
    ("0001_init.sql", include_str!("../../../../migrations/0001_init.sql")),
    ("0002_engine_in_use.sql", include_str!("../../../../migrations/0002_engine_in_use.sql")),
    ("0003_devices.sql", include_str!("../../../../migrations/0003_devices.sql")),
    ("0004_doctor_reports.sql", include_str!("../../../../migrations/0004_doctor_reports.sql")),
    ("0005_running_patrols.sql", include_str!("../../../../migrations/0005_running_patrols.sql")),
    ("0006_evidence.sql", include_str!("../../../../migrations/0006_evidence.sql")),
    ("0007_plan_modes.sql", include_str!("../../../../migrations/0007_plan_modes.sql")),
    ("0008_volumes.sql", include_str!("../../../../migrations/0008_volumes.sql")),
    ("0009_archives.sql", include_str!("../../../../migrations/0009_archives.sql")),
    ("0010_file_checksums.sql", include_str!("../../../../migrations/0010_file_checksums.sql")),
    ("0011_gap_fill.sql", include_str!("../../../../migrations/0011_gap_fill.sql")),
    ("0012_mirrors.sql", include_str!("../../../../migrations/0012_mirrors.sql")),
    ("0013_object_volumes.sql", include_str!("../../../../migrations/0013_object_volumes.sql")),
    ("0014_hash_kind.sql", include_str!("../../../../migrations/0014_hash_kind.sql")),
    ("0015_analytics.sql", include_str!("../../../../migrations/0015_analytics.sql")),
    ("0016_alarms.sql", include_str!("../../../../migrations/0016_alarms.sql")),
];

/// The version this program writes.
pub fn known_version() -> i64 {
    i64::try_from(STEPS.len()).unwrap_or(i64::MAX)
}

pub async fn version(connection: &mut SqliteConnection) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar("PRAGMA user_version").fetch_one(connection).await?)
}

/// Brings a database up to date, one transaction per step.
///
/// # Errors
/// [`StoreError::Newer`] without touching anything when the database is ahead of this program.
pub async fn migrate(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let found = version(connection).await?;
    let known = known_version();
    if found > known {
        return Err(StoreError::Newer { found, known });
    }
    let done = usize::try_from(found).unwrap_or(0);
    for (number, (_, step)) in STEPS.iter().enumerate().skip(done) {
        let mut transaction = connection.begin().await?;
        sqlx::raw_sql(*step).execute(&mut *transaction).await?;
        // A pragma takes no parameters; the number comes from our own list.
        let set = sqlx::AssertSqlSafe(format!("PRAGMA user_version = {}", number + 1));
        sqlx::raw_sql(set).execute(&mut *transaction).await?;
        transaction.commit().await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_equals_the_folder() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../migrations");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.ends_with(".sql"))
            .collect();
        files.sort();
        assert_eq!(files, STEPS.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    }
}
