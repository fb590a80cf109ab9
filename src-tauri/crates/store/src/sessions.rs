//! Table `sessions`. Tokens are stored as SHA-256 only.

use crate::{Store, StoreError, row::column};
use sqlx::sqlite::SqliteRow;
use watchwall_model::{SessionId, UserId, UtcMillis};

const INSERT: &str = "INSERT INTO sessions (user_id, token_hash, kind, address, agent, created_at, last_seen_at, expires_at) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7)";
const BY_TOKEN: &str = "SELECT * FROM sessions WHERE token_hash = ?1";
const ALL: &str = "SELECT * FROM sessions ORDER BY last_seen_at DESC, id DESC LIMIT 1000";
const TOUCH: &str = "UPDATE sessions SET last_seen_at = ?1, expires_at = ?2 WHERE id = ?3";
const DELETE: &str = "DELETE FROM sessions WHERE id = ?1";
const DELETE_OF_USER: &str = "DELETE FROM sessions WHERE user_id = ?1 AND id <> ?2";
const PRUNE: &str = "DELETE FROM sessions WHERE expires_at <= ?1";
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[INSERT, BY_TOKEN, ALL, TOUCH, DELETE, DELETE_OF_USER, PRUNE];

#[derive(Clone, Debug)]
pub struct NewSession {
    pub user: UserId,
    pub token_hash: [u8; 32],
    /// `cookie` or `bearer`.
    pub kind: String,
    pub address: String,
    pub agent: String,
    pub expires_at: UtcMillis,
}

#[derive(Clone, Debug)]
pub struct SessionRow {
    pub id: SessionId,
    pub user: UserId,
    pub kind: String,
    pub address: String,
    pub agent: String,
    pub created_at: UtcMillis,
    pub last_seen_at: UtcMillis,
    pub expires_at: UtcMillis,
}

pub struct SessionTable<'a> {
    pub(crate) store: &'a Store,
}

impl SessionTable<'_> {
    pub async fn insert(&self, new: &NewSession, now: UtcMillis) -> Result<SessionId, StoreError> {
        let done = sqlx::query(INSERT)
            .bind(new.user.0)
            .bind(new.token_hash.as_slice())
            .bind(&new.kind)
            .bind(&new.address)
            .bind(&new.agent)
            .bind(now.0)
            .bind(new.expires_at.0)
            .execute(self.store.writer())
            .await?;
        Ok(SessionId(done.last_insert_rowid()))
    }

    pub async fn by_token_hash(&self, hash: &[u8; 32]) -> Result<Option<SessionRow>, StoreError> {
        let row = sqlx::query(BY_TOKEN).bind(hash.as_slice()).fetch_optional(self.store.reader()).await?;
        row.as_ref().map(read).transpose()
    }

    /// Most recently seen first, at most 1000.
    pub async fn all(&self) -> Result<Vec<SessionRow>, StoreError> {
        sqlx::query(ALL).fetch_all(self.store.reader()).await?.iter().map(read).collect()
    }

    pub async fn touch(&self, id: SessionId, now: UtcMillis, expires_at: UtcMillis) -> Result<(), StoreError> {
        sqlx::query(TOUCH).bind(now.0).bind(expires_at.0).bind(id.0).execute(self.store.writer()).await?;
        Ok(())
    }

    pub async fn delete(&self, id: SessionId) -> Result<(), StoreError> {
        sqlx::query(DELETE).bind(id.0).execute(self.store.writer()).await?;
        Ok(())
    }

    /// Ends all sessions of a user but one (0 spares none).
    pub async fn delete_of_user(&self, user: UserId, spare: SessionId) -> Result<(), StoreError> {
        sqlx::query(DELETE_OF_USER).bind(user.0).bind(spare.0).execute(self.store.writer()).await?;
        Ok(())
    }

    pub async fn prune(&self, now: UtcMillis) -> Result<u64, StoreError> {
        Ok(sqlx::query(PRUNE).bind(now.0).execute(self.store.writer()).await?.rows_affected())
    }
}

fn read(row: &SqliteRow) -> Result<SessionRow, StoreError> {
    Ok(SessionRow {
        id: SessionId(column(row, "id")?),
        user: UserId(column(row, "user_id")?),
        kind: column(row, "kind")?,
        address: column(row, "address")?,
        agent: column(row, "agent")?,
        created_at: UtcMillis(column(row, "created_at")?),
        last_seen_at: UtcMillis(column(row, "last_seen_at")?),
        expires_at: UtcMillis(column(row, "expires_at")?),
    })
}
