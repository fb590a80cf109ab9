//! Table `users`. Password hashes go in and out as opaque text.

use crate::{
    Store, StoreError,
    row::{column, deleted, name_taken, untouched},
};
use sqlx::{SqliteConnection, sqlite::SqliteRow};
use watchwall_model::{Role, User, UserId, UtcMillis};

const COUNT: &str = "SELECT COUNT(*) FROM users";
const ALL: &str = "SELECT * FROM users ORDER BY name_key";
const ONE: &str = "SELECT * FROM users WHERE id = ?1";
const BY_NAME: &str = "SELECT * FROM users WHERE name_key = ?1";
const HASH: &str = "SELECT password_hash FROM users WHERE id = ?1";
const INSERT: &str =
    "INSERT INTO users (name, role, language, password_hash, created_at, name_key) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
const UPDATE: &str = "UPDATE users SET name = ?1, role = ?2, enabled = ?3, language = ?4, name_key = ?7, \
     version = version + 1 WHERE id = ?5 AND version = ?6";
const SET_HASH: &str = "UPDATE users SET password_hash = ?1, version = version + 1 WHERE id = ?2";
const DELETE: &str = "DELETE FROM users WHERE id = ?1";
/// Only those who can log in count: `!` is no password hash.
const ADMINISTRATORS: &str =
    "SELECT COUNT(*) FROM users WHERE role = 'administrator' AND enabled = 1 AND password_hash <> '!'";
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[COUNT, ALL, ONE, BY_NAME, HASH, INSERT, UPDATE, SET_HASH, DELETE, ADMINISTRATORS];

#[derive(Clone)]
pub struct NewUser {
    pub name: String,
    pub role: Role,
    pub language: Option<String>,
    /// PHC string of argon2id.
    pub password_hash: String,
}

pub struct UserTable<'a> {
    pub(crate) store: &'a Store,
}

impl UserTable<'_> {
    pub async fn count(&self) -> Result<u64, StoreError> {
        let count: i64 = sqlx::query_scalar(COUNT).fetch_one(self.store.reader()).await?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    pub async fn all(&self) -> Result<Vec<User>, StoreError> {
        sqlx::query(ALL).fetch_all(self.store.reader()).await?.iter().map(read).collect()
    }

    pub async fn get(&self, id: UserId) -> Result<Option<User>, StoreError> {
        let row = sqlx::query(ONE).bind(id.0).fetch_optional(self.store.reader()).await?;
        row.as_ref().map(read).transpose()
    }

    /// Case does not count.
    pub async fn by_name(&self, name: &str) -> Result<Option<User>, StoreError> {
        let row = sqlx::query(BY_NAME).bind(name.to_lowercase()).fetch_optional(self.store.reader()).await?;
        row.as_ref().map(read).transpose()
    }

    pub async fn password_hash(&self, id: UserId) -> Result<Option<String>, StoreError> {
        Ok(sqlx::query_scalar(HASH).bind(id.0).fetch_optional(self.store.reader()).await?)
    }

    /// # Errors
    /// [`StoreError::NameTaken`].
    pub async fn insert(&self, new: &NewUser) -> Result<User, StoreError> {
        let mut connection = self.store.writer().acquire().await?;
        insert_on(&mut connection, new).await
    }

    /// The first administrator; `None` when somebody was faster.
    pub async fn insert_first(&self, new: &NewUser) -> Result<Option<User>, StoreError> {
        let mut transaction = self.store.writer().begin().await?;
        let count: i64 = sqlx::query_scalar(COUNT).fetch_one(&mut *transaction).await?;
        if count > 0 {
            return Ok(None);
        }
        let user = insert_on(&mut transaction, new).await?;
        transaction.commit().await?;
        Ok(Some(user))
    }

    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::VersionConflict`], [`StoreError::NameTaken`],
    /// [`StoreError::LastAdministrator`].
    pub async fn update(&self, user: &User, expected: i64) -> Result<User, StoreError> {
        let mut transaction = self.store.writer().begin().await?;
        let before = administrators(&mut transaction).await?;
        let changed = sqlx::query(UPDATE)
            .bind(&user.name)
            .bind(user.role.as_str())
            .bind(user.enabled)
            .bind(&user.language)
            .bind(user.id.0)
            .bind(expected)
            .bind(user.name.to_lowercase())
            .execute(&mut *transaction)
            .await
            .map_err(|error| name_taken(error, &user.name))?;
        if changed.rows_affected() == 0 {
            return Err(untouched("user", sqlx::query(ONE).bind(user.id.0).fetch_optional(&mut *transaction).await?));
        }
        keep_an_administrator(&mut transaction, before).await?;
        transaction.commit().await?;
        Ok(User { version: expected + 1, ..user.clone() })
    }

    pub async fn set_password_hash(&self, id: UserId, hash: &str) -> Result<(), StoreError> {
        sqlx::query(SET_HASH).bind(hash).bind(id.0).execute(self.store.writer()).await?;
        Ok(())
    }

    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::LastAdministrator`].
    pub async fn delete(&self, id: UserId) -> Result<(), StoreError> {
        let mut transaction = self.store.writer().begin().await?;
        let before = administrators(&mut transaction).await?;
        deleted("user", &sqlx::query(DELETE).bind(id.0).execute(&mut *transaction).await?)?;
        keep_an_administrator(&mut transaction, before).await?;
        transaction.commit().await?;
        Ok(())
    }
}

async fn insert_on(connection: &mut SqliteConnection, new: &NewUser) -> Result<User, StoreError> {
    let done = sqlx::query(INSERT)
        .bind(&new.name)
        .bind(new.role.as_str())
        .bind(&new.language)
        .bind(&new.password_hash)
        .bind(UtcMillis::now().0)
        .bind(new.name.to_lowercase())
        .execute(&mut *connection)
        .await
        .map_err(|error| name_taken(error, &new.name))?;
    read(&sqlx::query(ONE).bind(done.last_insert_rowid()).fetch_one(connection).await?)
}

/// Run inside the transaction that changed a user: rolling back undoes the change.
async fn keep_an_administrator(connection: &mut SqliteConnection, before: i64) -> Result<(), StoreError> {
    if before > 0 && administrators(connection).await? == 0 { Err(StoreError::LastAdministrator) } else { Ok(()) }
}

async fn administrators(connection: &mut SqliteConnection) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar(ADMINISTRATORS).fetch_one(connection).await?)
}

fn read(row: &SqliteRow) -> Result<User, StoreError> {
    let role: String = column(row, "role")?;
    Ok(User {
        id: UserId(column(row, "id")?),
        name: column(row, "name")?,
        role: Role::parse(&role).ok_or_else(|| StoreError::Value { what: format!("role {role}") })?,
        enabled: column(row, "enabled")?,
        language: column(row, "language")?,
        created_at: UtcMillis(column(row, "created_at")?),
        version: column(row, "version")?,
    })
}
