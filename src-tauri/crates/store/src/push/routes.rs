//! Table `push_routes`: which channels a key leads to.

use super::PushTables;
use crate::{StoreError, row::column};
use std::collections::BTreeMap;
use watchwall_model::PushChannelId;

const ALL: &str = "SELECT route, channel_id FROM push_routes ORDER BY route, channel_id";
const CLEAR: &str = "DELETE FROM push_routes";
const INSERT: &str = "INSERT INTO push_routes (route, channel_id) VALUES (?1, ?2)";
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[ALL, CLEAR, INSERT];

/// Channels by key.
pub type PushRoutes = BTreeMap<String, Vec<PushChannelId>>;

impl PushTables<'_> {
    pub async fn routes(&self) -> Result<PushRoutes, StoreError> {
        let mut routes = PushRoutes::new();
        for row in &sqlx::query(ALL).fetch_all(self.store.reader()).await? {
            routes.entry(column(row, "route")?).or_default().push(PushChannelId(column(row, "channel_id")?));
        }
        Ok(routes)
    }

    /// All of them anew.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for a channel that is not there; nothing is changed then.
    pub async fn put_routes(&self, routes: &PushRoutes) -> Result<(), StoreError> {
        let mut transaction = self.store.writer().begin().await?;
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
        transaction.commit().await?;
        Ok(())
    }
}
