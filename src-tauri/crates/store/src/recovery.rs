//! A damaged database: found at opening, moved aside, configuration restored from the newest backup.

use crate::{StoreError, backup, database::FILE};
use sqlx::{SqliteConnection, SqlitePool};
use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use watchwall_model::UtcMillis;

const GET_CLEAN: &str = "SELECT value FROM meta WHERE key = 'clean_shutdown'";
const SET_CLEAN: &str = "INSERT INTO meta (key, value) VALUES ('clean_shutdown', ?1) \
     ON CONFLICT (key) DO UPDATE SET value = excluded.value";
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[GET_CLEAN, SET_CLEAN];

/// The check after an unclean end may take this long of a start.
const CHECK_AT_MOST: Duration = Duration::from_secs(3);
/// Instructions of SQLite's virtual machine between two looks at the clock.
const CHECK_STEPS: i32 = 10_000;

/// After an unclean end the file is checked; after a clean one it is trusted, so that starts stay fast.
pub async fn check(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let clean: Option<String> = sqlx::query_scalar(GET_CLEAN).fetch_optional(&mut *connection).await?;
    if clean.as_deref() == Some("no") {
        quick_check(connection).await?;
    }
    sqlx::query(SET_CLEAN).bind("no").execute(connection).await?;
    Ok(())
}

/// Walks the pages for a limited time: a start never hangs on a huge database and a slow disk.
async fn quick_check(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let started = Instant::now();
    connection.lock_handle().await?.set_progress_handler(CHECK_STEPS, move || started.elapsed() < CHECK_AT_MOST);
    let checked = sqlx::query_scalar::<_, String>("PRAGMA quick_check(1)").fetch_one(&mut *connection).await;
    connection.lock_handle().await?.remove_progress_handler();
    match checked {
        Ok(verdict) if verdict == "ok" => Ok(()),
        // An interrupted check reports how far it came as if that were a fault.
        _ if started.elapsed() >= CHECK_AT_MOST => {
            tracing::info!(at_most_ms = CHECK_AT_MOST.as_millis() as u64, "the check of the database was cut short");
            Ok(())
        }
        Ok(verdict) => Err(StoreError::Damaged(sqlx::Error::Protocol(verdict))),
        Err(error) => Err(error.into()),
    }
}

pub async fn mark_clean(writer: &SqlitePool) -> Result<(), StoreError> {
    sqlx::query(SET_CLEAN).bind("yes").execute(writer).await?;
    Ok(())
}

/// Renames the database and its side files to `watchwall.db.damaged-{utc ms}`.
pub fn move_aside(folder: &Path) -> Result<PathBuf, StoreError> {
    let stamp = UtcMillis::now().0;
    let target = folder.join(format!("{FILE}.damaged-{stamp}"));
    for suffix in ["", "-wal", "-shm"] {
        let from = folder.join(format!("{FILE}{suffix}"));
        if from.exists() {
            let to = folder.join(format!("{FILE}.damaged-{stamp}{suffix}"));
            std::fs::rename(&from, to).map_err(|source| StoreError::File { what: "move aside", path: from, source })?;
        }
    }
    Ok(target)
}

/// Puts the newest readable backup in the database's place. `None` when there is none.
pub async fn restore_newest_backup(folder: &Path) -> Result<Option<PathBuf>, StoreError> {
    for candidate in backup::list(folder).into_iter().rev() {
        if !backup::is_sound(&candidate).await {
            tracing::warn!(file = %candidate.display(), "this backup is damaged too; trying an older one");
            continue;
        }
        let target = folder.join(FILE);
        std::fs::copy(&candidate, &target).map_err(|source| StoreError::File {
            what: "restore the backup to",
            path: target,
            source,
        })?;
        return Ok(Some(candidate));
    }
    Ok(None)
}
