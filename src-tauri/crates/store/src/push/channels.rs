//! Table `push_channels`: ways to reach people. Secrets are sealed.

use super::PushTables;
use crate::{
    StoreError,
    row::{column, deleted, from_json, name_taken, to_json, untouched},
};
use sqlx::sqlite::SqliteRow;
use std::collections::BTreeMap;
use watchwall_model::{PushChannelId, Secret};

const ALL: &str = "SELECT * FROM push_channels ORDER BY name COLLATE NOCASE, id";
const ONE: &str = "SELECT * FROM push_channels WHERE id = ?1";
const INSERT: &str = "INSERT INTO push_channels (name, kind, enabled, language, settings, secrets, per_minute) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
const UPDATE: &str = "UPDATE push_channels SET name = ?1, kind = ?2, enabled = ?3, language = ?4, settings = ?5, secrets = ?6, \
     per_minute = ?7, version = version + 1 WHERE id = ?8 AND version = ?9";
const DELETE: &str = "DELETE FROM push_channels WHERE id = ?1";
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[ALL, ONE, INSERT, UPDATE, DELETE];

/// A channel as it is kept. `Debug` shows no secret.
#[derive(Clone, Debug)]
pub struct PushChannelRow {
    pub id: PushChannelId,
    pub version: i64,
    pub change: ChannelChange,
}

/// What a person chooses of it.
#[derive(Clone, Debug)]
pub struct ChannelChange {
    pub name: String,
    /// A word of the closed set of kinds.
    pub kind: String,
    pub enabled: bool,
    /// BCP 47.
    pub language: String,
    pub settings: BTreeMap<String, String>,
    pub secrets: BTreeMap<String, Secret>,
    pub per_minute: u32,
}

impl PushTables<'_> {
    /// By name.
    pub async fn channels(&self) -> Result<Vec<PushChannelRow>, StoreError> {
        let rows = sqlx::query(ALL).fetch_all(self.store.reader()).await?;
        rows.iter().map(|row| self.read_channel(row)).collect()
    }

    pub async fn channel(&self, id: PushChannelId) -> Result<Option<PushChannelRow>, StoreError> {
        let row = sqlx::query(ONE).bind(id.0).fetch_optional(self.store.reader()).await?;
        row.as_ref().map(|row| self.read_channel(row)).transpose()
    }

    /// # Errors
    /// [`StoreError::NameTaken`].
    pub async fn add_channel(&self, new: &ChannelChange) -> Result<PushChannelRow, StoreError> {
        let query = self.bind(sqlx::query(INSERT), new)?;
        let done = query.execute(self.store.writer()).await.map_err(|error| name_taken(error, &new.name))?;
        Ok(PushChannelRow { id: PushChannelId(done.last_insert_rowid()), version: 1, change: new.clone() })
    }

    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::VersionConflict`], [`StoreError::NameTaken`].
    pub async fn update_channel(
        &self,
        id: PushChannelId,
        change: &ChannelChange,
        expected: i64,
    ) -> Result<PushChannelRow, StoreError> {
        let query = self.bind(sqlx::query(UPDATE), change)?.bind(id.0).bind(expected);
        let done = query.execute(self.store.writer()).await.map_err(|error| name_taken(error, &change.name))?;
        if done.rows_affected() == 0 {
            let row = sqlx::query(ONE).bind(id.0).fetch_optional(self.store.writer()).await?;
            return Err(untouched("channel", row));
        }
        Ok(PushChannelRow { id, version: expected + 1, change: change.clone() })
    }

    /// What waits for it goes with it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn delete_channel(&self, id: PushChannelId) -> Result<(), StoreError> {
        deleted("channel", &sqlx::query(DELETE).bind(id.0).execute(self.store.writer()).await?)
    }

    fn bind<'q>(
        &self,
        query: sqlx::query::Query<'q, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>,
        change: &'q ChannelChange,
    ) -> Result<sqlx::query::Query<'q, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>, StoreError> {
        let open: BTreeMap<&str, &str> =
            change.secrets.iter().map(|(name, secret)| (name.as_str(), secret.reveal())).collect();
        let sealed = self.store.seal().seal(&Secret::new(to_json("secrets", &open)?))?;
        Ok(query
            .bind(&change.name)
            .bind(&change.kind)
            .bind(change.enabled)
            .bind(&change.language)
            .bind(to_json("settings", &change.settings)?)
            .bind(sealed)
            .bind(change.per_minute))
    }

    fn read_channel(&self, row: &SqliteRow) -> Result<PushChannelRow, StoreError> {
        let (settings, sealed): (String, Vec<u8>) = (column(row, "settings")?, column(row, "secrets")?);
        let open = self.store.seal().open_sealed(&sealed)?;
        let secrets: BTreeMap<String, String> = from_json("secrets", open.reveal())?;
        Ok(PushChannelRow {
            id: PushChannelId(column(row, "id")?),
            version: column(row, "version")?,
            change: ChannelChange {
                name: column(row, "name")?,
                kind: column(row, "kind")?,
                enabled: column(row, "enabled")?,
                language: column(row, "language")?,
                settings: from_json("settings", &settings)?,
                secrets: secrets.into_iter().map(|(name, secret)| (name, Secret::new(secret))).collect(),
                per_minute: column(row, "per_minute")?,
            },
        })
    }
}
