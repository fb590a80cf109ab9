//! Copies of the configuration, so that a damaged database costs no camera and no user.
//!
//! One is kept of each of the last seven days. The index of recordings is left out: it is large, and it is rebuilt from the volumes.

use crate::{StoreError, database::connect_options, migrations};
use sqlx::{AssertSqlSafe, Connection, SqliteConnection, sqlite::SqliteJournalMode};
use std::path::{Path, PathBuf};
use watchwall_model::UtcMillis;

const FOLDER: &str = "backup";
/// Days of which the newest backup is kept.
const KEEP_DAYS: usize = 7;
const DAY_MS: i64 = 86_400_000;
/// In an order that satisfies the foreign keys.
const TABLES: [&str; 27] = [
    "meta",
    "camera_groups",
    "devices",
    "cameras",
    "streams",
    "credential_sets",
    "ptz_patrols",
    "offline_events",
    "doctor_reports",
    "plans",
    "volumes",
    "users",
    "layouts",
    "settings",
    "evidence_locks",
    "evidence_lock_paths",
    "bookmarks",
    "cases",
    "exports",
    "ai_nodes",
    "ai_tasks",
    "alarms",
    "alarm_history",
    "alarm_rules",
    "push_channels",
    "push_routes",
    "audit",
];
/// Rebuilt from the volumes, or worth nothing after a restore.
#[cfg(test)]
const LEFT_OUT: [&str; 10] = [
    "ai_leases",
    "camera_events",
    "file_checksums",
    "gap_fills",
    "push_buckets",
    "push_log",
    // Told again after a restore it would come twice, and late.
    "push_outbox",
    "recording_events",
    "segments",
    "sessions",
];

/// Writes `backup/watchwall-{utc ms}.db`: complete or not at all.
pub async fn write(data: &Path) -> Result<PathBuf, StoreError> {
    let folder = data.join(FOLDER);
    std::fs::create_dir_all(&folder).map_err(fail("make the folder", &folder))?;
    let part = folder.join("unfinished.part");
    if part.exists() {
        std::fs::remove_file(&part).map_err(fail("remove", &part))?;
    }
    crate::database::make_private(&part).map_err(fail("make private", &part))?;
    copy_tables(data, &part).await?;
    let done = folder.join(format!("watchwall-{:015}.db", UtcMillis::now().0));
    std::fs::File::open(&part).and_then(|file| file.sync_all()).map_err(fail("write", &part))?;
    std::fs::rename(&part, &done).map_err(fail("rename to", &done))?;
    for old in superfluous(&list(data)) {
        std::fs::remove_file(&old).map_err(fail("remove", &old))?;
    }
    Ok(done)
}

/// All but the newest of each of the newest days. `all` ascends.
fn superfluous(all: &[PathBuf]) -> Vec<PathBuf> {
    let mut days: Vec<i64> = Vec::new();
    let mut gone = Vec::new();
    for file in all.iter().rev() {
        let day = written_at(file).map_or(i64::MIN, |at| at.0.div_euclid(DAY_MS));
        if days.contains(&day) || days.len() == KEEP_DAYS {
            gone.push(file.clone());
        } else {
            days.push(day);
        }
    }
    gone
}

/// When a backup was written, by its name.
fn written_at(file: &Path) -> Option<UtcMillis> {
    let name = file.file_stem()?.to_str()?;
    name.strip_prefix("watchwall-")?.parse().ok().map(UtcMillis)
}

/// Changes with every change of what a backup holds. Cheap: these tables are small, and the audit log is asked for its
/// last row only.
const STAMP: &str = "SELECT \
     (SELECT COUNT(*) || ',' || COALESCE(SUM(version), 0) FROM cameras) || ';' || \
     (SELECT COUNT(*) || ',' || COALESCE(SUM(version), 0) FROM camera_groups) || ';' || \
     (SELECT COUNT(*) || ',' || COALESCE(SUM(version), 0) FROM devices) || ';' || \
     (SELECT COUNT(*) || ',' || COALESCE(SUM(version), 0) FROM credential_sets) || ';' || \
     (SELECT COUNT(*) || ',' || COALESCE(SUM(version), 0) FROM ptz_patrols) || ';' || \
     (SELECT COUNT(*) || ',' || COALESCE(SUM(version), 0) FROM plans) || ';' || \
     (SELECT COUNT(*) || ',' || COALESCE(SUM(version), 0) FROM users) || ';' || \
     (SELECT COUNT(*) || ',' || COALESCE(SUM(version), 0) FROM layouts) || ';' || \
     (SELECT COALESCE(GROUP_CONCAT(key || '=' || value), '') FROM settings) || ';' || \
     (SELECT COUNT(*) || ',' || COALESCE(SUM(version), 0) FROM ai_tasks) || ';' || \
     (SELECT COUNT(*) || ',' || COALESCE(SUM(version), 0) FROM alarm_rules) || ';' || \
     (SELECT COUNT(*) || ',' || COALESCE(SUM(version), 0) FROM push_channels) || ';' || \
     (SELECT COALESCE(GROUP_CONCAT(code || '=' || root || '=' || name), '') FROM volumes) || ';' || \
     (SELECT COALESCE(MAX(id), 0) FROM audit)";
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[STAMP];

/// A text that differs whenever the configuration does.
pub async fn stamp(reader: &sqlx::SqlitePool) -> Result<String, StoreError> {
    Ok(sqlx::query_scalar(STAMP).fetch_one(reader).await?)
}

/// The stamp of the newest backup that can be read; `None` without one.
pub async fn newest_stamp(data: &Path) -> Option<String> {
    let file = list(data).pop()?;
    let options = connect_options(&file).journal_mode(SqliteJournalMode::Delete).create_if_missing(false);
    let mut connection = SqliteConnection::connect_with(&options.read_only(true)).await.ok()?;
    sqlx::query_scalar(STAMP).fetch_one(&mut connection).await.ok()
}

async fn copy_tables(data: &Path, part: &Path) -> Result<(), StoreError> {
    let options = connect_options(part).journal_mode(SqliteJournalMode::Delete).foreign_keys(false);
    let mut copy = SqliteConnection::connect_with(&options).await?;
    migrations::migrate(&mut copy).await?;
    let source = data.join(crate::database::FILE);
    sqlx::query("ATTACH DATABASE ?1 AS source").bind(source.display().to_string()).execute(&mut copy).await?;
    let mut transaction = copy.begin().await?;
    for table in TABLES {
        // Years of alarms would make a copy that is written often a large one.
        let newest = match table {
            "alarms" => " WHERE id > (SELECT COALESCE(MAX(id), 0) - 10000 FROM source.alarms)",
            "alarm_history" => " WHERE alarm_id > (SELECT COALESCE(MAX(id), 0) - 10000 FROM source.alarms)",
            _ => "",
        };
        let statement = format!("INSERT INTO main.{table} SELECT * FROM source.{table}{newest}");
        // Table names come from our own list.
        sqlx::query(AssertSqlSafe(statement)).execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    copy.close().await?;
    Ok(())
}

/// Oldest first.
pub fn list(data: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(data.join(FOLDER)) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "db"))
        .collect();
    files.sort();
    files
}

/// Readable, whole, and not written by a newer program.
pub async fn is_sound(file: &Path) -> bool {
    let options = connect_options(file).journal_mode(SqliteJournalMode::Delete).create_if_missing(false);
    let Ok(mut connection) = SqliteConnection::connect_with(&options).await else { return false };
    let version = migrations::version(&mut connection).await;
    if !matches!(version, Ok(version) if (1..=migrations::known_version()).contains(&version)) {
        return false;
    }
    let verdict = sqlx::query_scalar::<_, String>("PRAGMA quick_check(1)").fetch_one(&mut connection).await;
    matches!(verdict.as_deref(), Ok("ok"))
}

fn fail(what: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> StoreError + use<> {
    let path = path.to_owned();
    move |source| StoreError::File { what, path, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_of_each_day_is_kept() {
        let file = |day: i64, ms: i64| PathBuf::from(format!("backup/watchwall-{:015}.db", day * DAY_MS + ms));
        let check = |all: &[PathBuf], expect: &[PathBuf]| {
            let mut gone = superfluous(all);
            gone.sort();
            assert_eq!(gone, expect);
        };
        check(&[], &[]);
        check(&[file(1, 5), file(1, 9), file(2, 1)], &[file(1, 5)]);
        let days: Vec<_> = (1..=9).map(|day| file(day, 0)).collect();
        check(&days, &days[..2]);
    }

    #[tokio::test]
    async fn nothing_but_the_index_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let lock = crate::DataFolder::lock(folder.path()).unwrap();
        let (store, _) = crate::Store::open(&lock).await.unwrap();
        let all: Vec<String> = sqlx::query_scalar(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
        )
        .fetch_all(store.reader())
        .await
        .unwrap();
        let mut known: Vec<&str> = TABLES.iter().chain(&LEFT_OUT).copied().collect();
        known.sort_unstable();
        assert_eq!(all, known, "a new table belongs to the backup, or is left out on purpose");
    }
}
