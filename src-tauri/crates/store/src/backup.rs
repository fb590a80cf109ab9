//! Copies of the configuration, so that a damaged database costs no camera and no user.
//!
//! The index of recordings is left out: it is large, and it is rebuilt from the volumes.

use crate::{StoreError, database::connect_options, migrations};
use sqlx::{AssertSqlSafe, Connection, SqliteConnection, sqlite::SqliteJournalMode};
use std::path::{Path, PathBuf};
use watchwall_model::UtcMillis;

const FOLDER: &str = "backup";
const KEEP: usize = 7;
/// In an order that satisfies the foreign keys.
const TABLES: [&str; 10] =
    ["meta", "camera_groups", "cameras", "streams", "plans", "volumes", "users", "layouts", "settings", "audit"];

/// Writes `backup/watchwall-{utc ms}.db`: complete or not at all.
pub async fn write(data: &Path) -> Result<PathBuf, StoreError> {
    let folder = data.join(FOLDER);
    std::fs::create_dir_all(&folder).map_err(fail("make the folder", &folder))?;
    let part = folder.join("unfinished.part");
    if part.exists() {
        std::fs::remove_file(&part).map_err(fail("remove", &part))?;
    }
    copy_tables(data, &part).await?;
    let done = folder.join(format!("watchwall-{:015}.db", UtcMillis::now().0));
    std::fs::File::open(&part).and_then(|file| file.sync_all()).map_err(fail("write", &part))?;
    std::fs::rename(&part, &done).map_err(fail("rename to", &done))?;
    let all = list(data);
    for old in all.iter().take(all.len().saturating_sub(KEEP)) {
        std::fs::remove_file(old).map_err(fail("remove", old))?;
    }
    Ok(done)
}

async fn copy_tables(data: &Path, part: &Path) -> Result<(), StoreError> {
    let options = connect_options(part).journal_mode(SqliteJournalMode::Delete).foreign_keys(false);
    let mut copy = SqliteConnection::connect_with(&options).await?;
    migrations::migrate(&mut copy).await?;
    let source = data.join(crate::database::FILE);
    sqlx::query("ATTACH DATABASE ?1 AS source").bind(source.display().to_string()).execute(&mut copy).await?;
    let mut transaction = copy.begin().await?;
    for table in TABLES {
        let statement = format!("INSERT INTO main.{table} SELECT * FROM source.{table}");
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
