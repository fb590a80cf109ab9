//! Table `push_routes`: which channels a key leads to.

use super::PushTables;
use crate::{StoreError, row::column};
use sqlx::SqliteConnection;
use std::collections::BTreeMap;
use watchwall_model::PushChannelId;

const ALL: &str = "SELECT route, channel_id FROM push_routes ORDER BY route, channel_id";
const CLEAR: &str = "DELETE FROM push_routes";
const INSERT: &str = "INSERT INTO push_routes (route, channel_id) VALUES (?1, ?2)";
// Of all routes together, as they are edited; beside them, and with them in backups.
const VERSION: &str = "SELECT CAST(value AS INTEGER) FROM settings WHERE key = 'push_routes_version'";
const SET_VERSION: &str = "INSERT INTO settings (key, value) VALUES ('push_routes_version', ?1) \
     ON CONFLICT (key) DO UPDATE SET value = excluded.value";
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[ALL, CLEAR, INSERT, VERSION, SET_VERSION];

/// Channels by key.
pub type PushRoutes = BTreeMap<String, Vec<PushChannelId>>;

impl PushTables<'_> {
    /// With their version; 0 before the first edit.
    pub async fn routes(&self) -> Result<(PushRoutes, i64), StoreError> {
        // First: what is newer than its version is refused when it comes back, and not taken for what it is not.
        let version = version(&mut *self.store.reader().acquire().await?).await?;
        let mut routes = PushRoutes::new();
        for row in &sqlx::query(ALL).fetch_all(self.store.reader()).await? {
            routes.entry(column(row, "route")?).or_default().push(PushChannelId(column(row, "channel_id")?));
        }
        Ok((routes, version))
    }

    /// All of them anew, when they are still those of that version.
    ///
    /// # Errors
    /// [`StoreError::VersionConflict`], [`StoreError::NotFound`] for a channel that is not there; nothing is changed then.
    pub async fn put_routes(&self, routes: &PushRoutes, expected: i64) -> Result<(), StoreError> {
        let mut transaction = self.store.writer().begin().await?;
        if version(&mut transaction).await? != expected {
            return Err(StoreError::VersionConflict { what: "routes" });
        }
        sqlx::query(CLEAR).execute(&mut *transaction).await?;
        for (route, channels) in routes {
            for channel in channels {
                let done = sqlx::query(INSERT).bind(route).bind(channel.0).execute(&mut *transaction).await;
                done.map_err(|error| match error.as_database_error() {
                    Some(refused) if refused.is_foreign_key_violation() => StoreError::NotFound { what: "channel" },
                    _ => error.into(),
                })?;
            }
        }
        sqlx::query(SET_VERSION).bind((expected + 1).to_string()).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(())
    }
}

async fn version(connection: &mut SqliteConnection) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar(VERSION).fetch_optional(connection).await?.unwrap_or(0))
}
