//! Table `credential_sets`: user names and passwords to try on new devices, in order.

use crate::{
    Store, StoreError,
    row::{column, deleted, name_taken, untouched},
};
use sqlx::sqlite::SqliteRow;
use watchwall_model::{CredentialSet, CredentialSetId, Credentials, Secret};

const ALL: &str = "SELECT * FROM credential_sets ORDER BY position, id";
const ONE: &str = "SELECT * FROM credential_sets WHERE id = ?1";
const INSERT: &str = "INSERT INTO credential_sets (name, username, password, position) \
     VALUES (?1, ?2, ?3, (SELECT COALESCE(MAX(position), 0) + 1 FROM credential_sets))";
const UPDATE: &str = "UPDATE credential_sets SET name = ?1, username = ?2, password = ?3, position = ?4, \
     version = version + 1 WHERE id = ?5 AND version = ?6";
const DELETE: &str = "DELETE FROM credential_sets WHERE id = ?1";
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[ALL, ONE, INSERT, UPDATE, DELETE];

pub struct CredentialSetTable<'a> {
    pub(crate) store: &'a Store,
}

impl CredentialSetTable<'_> {
    /// All, in the order they are tried.
    pub async fn all(&self) -> Result<Vec<CredentialSet>, StoreError> {
        let rows = sqlx::query(ALL).fetch_all(self.store.reader()).await?;
        rows.iter().map(|row| self.read(row)).collect()
    }

    pub async fn get(&self, id: CredentialSetId) -> Result<Option<CredentialSet>, StoreError> {
        let row = sqlx::query(ONE).bind(id.0).fetch_optional(self.store.reader()).await?;
        row.as_ref().map(|row| self.read(row)).transpose()
    }

    /// Adds one at the end.
    ///
    /// # Errors
    /// [`StoreError::NameTaken`].
    pub async fn insert(&self, name: &str, credentials: &Credentials) -> Result<CredentialSet, StoreError> {
        let done = sqlx::query(INSERT)
            .bind(name)
            .bind(&credentials.username)
            .bind(self.store.seal().seal(&credentials.password)?)
            .execute(self.store.writer())
            .await
            .map_err(|error| name_taken(error, name))?;
        let stored = self.get(CredentialSetId(done.last_insert_rowid())).await?;
        stored.ok_or(StoreError::NotFound { what: "credential_set" })
    }

    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::VersionConflict`], [`StoreError::NameTaken`].
    pub async fn update(&self, set: &CredentialSet, expected: i64) -> Result<CredentialSet, StoreError> {
        let mut transaction = self.store.writer().begin().await?;
        let changed = sqlx::query(UPDATE)
            .bind(&set.name)
            .bind(&set.credentials.username)
            .bind(self.store.seal().seal(&set.credentials.password)?)
            .bind(set.position)
            .bind(set.id.0)
            .bind(expected)
            .execute(&mut *transaction)
            .await
            .map_err(|error| name_taken(error, &set.name))?;
        if changed.rows_affected() == 0 {
            let row = sqlx::query(ONE).bind(set.id.0).fetch_optional(&mut *transaction).await?;
            return Err(untouched("credential_set", row));
        }
        transaction.commit().await?;
        Ok(CredentialSet { version: expected + 1, ..set.clone() })
    }

    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn delete(&self, id: CredentialSetId) -> Result<(), StoreError> {
        deleted("credential_set", &sqlx::query(DELETE).bind(id.0).execute(self.store.writer()).await?)
    }

    fn read(&self, row: &SqliteRow) -> Result<CredentialSet, StoreError> {
        let id: i64 = column(row, "id")?;
        let sealed: Vec<u8> = column(row, "password")?;
        let password = self.store.seal().open_sealed(&sealed).unwrap_or_else(|error| {
            tracing::error!(set = id, %error, "the password of a credential set cannot be opened; enter it again");
            Secret::default()
        });
        Ok(CredentialSet {
            id: CredentialSetId(id),
            name: column(row, "name")?,
            credentials: Credentials { username: column(row, "username")?, password },
            position: column(row, "position")?,
            version: column(row, "version")?,
        })
    }
}
