//! Table `audit`: who did what, append-only; each row's hash covers the one before.

use crate::{
    Page, PageRequest, Store, StoreError, page,
    row::{column, from_json},
};
use sha2::{Digest, Sha256};
use sqlx::sqlite::SqliteRow;
use watchwall_model::{Problem, UtcMillis};

const LAST_HASH: &str = "SELECT hash FROM audit ORDER BY id DESC LIMIT 1";
const INSERT: &str = "INSERT INTO audit (at_ms, user_name, address, action, subject, old, new, hash) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
const PAGE: &str = "SELECT * FROM audit WHERE id < ?1 ORDER BY id DESC LIMIT ?2";
const IN_ORDER: &str = "SELECT * FROM audit WHERE id > ?1 ORDER BY id LIMIT 1000";
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[LAST_HASH, INSERT, PAGE, IN_ORDER];

/// One act, without secrets.
#[derive(Clone, Debug, PartialEq)]
pub struct NewAuditEntry {
    pub at: UtcMillis,
    pub user: String,
    pub address: String,
    /// For example `camera.update`.
    pub action: String,
    pub subject: String,
    pub old: Option<serde_json::Value>,
    pub new: Option<serde_json::Value>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct AuditEntry {
    pub id: i64,
    pub entry: NewAuditEntry,
    pub hash: Vec<u8>,
}

pub struct AuditLog<'a> {
    pub(crate) store: &'a Store,
}

impl AuditLog<'_> {
    pub async fn append(&self, entry: &NewAuditEntry) -> Result<(), StoreError> {
        let mut transaction = self.store.writer().begin().await?;
        let last: Option<Vec<u8>> = sqlx::query_scalar(LAST_HASH).fetch_optional(&mut *transaction).await?;
        sqlx::query(INSERT)
            .bind(entry.at.0)
            .bind(&entry.user)
            .bind(&entry.address)
            .bind(&entry.action)
            .bind(&entry.subject)
            .bind(entry.old.as_ref().map(ToString::to_string))
            .bind(entry.new.as_ref().map(ToString::to_string))
            .bind(chain_hash(last.as_deref().unwrap_or_default(), entry))
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Newest first.
    pub async fn page(&self, request: &PageRequest) -> Result<Page<AuditEntry>, Problem> {
        let before = match &request.cursor {
            Some(cursor) => page::decode(cursor)?.parse().unwrap_or(i64::MAX),
            None => i64::MAX,
        };
        let limit = request.limit();
        let rows = sqlx::query(PAGE)
            .bind(before)
            .bind(i64::try_from(limit + 1).unwrap_or(i64::MAX))
            .fetch_all(self.store.reader())
            .await
            .map_err(StoreError::from)?;
        let mut items = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let more = items.len() > limit;
        items.truncate(limit);
        let next_cursor = if more { items.last().map(|entry| page::encode(&entry.id.to_string())) } else { None };
        Ok(Page { items, next_cursor })
    }

    /// Checks the whole chain; the id of the first entry that does not fit, if any.
    pub async fn first_broken(&self) -> Result<Option<i64>, StoreError> {
        let (mut after, mut last) = (0i64, Vec::new());
        loop {
            let rows = sqlx::query(IN_ORDER).bind(after).fetch_all(self.store.reader()).await?;
            if rows.is_empty() {
                return Ok(None);
            }
            for row in &rows {
                let entry = read(row)?;
                if chain_hash(&last, &entry.entry) != entry.hash {
                    return Ok(Some(entry.id));
                }
                after = entry.id;
                last = entry.hash;
            }
        }
    }
}

/// SHA-256 over the previous hash and every field, each with its length so that no two entries look alike.
fn chain_hash(previous: &[u8], entry: &NewAuditEntry) -> Vec<u8> {
    let mut hash = Sha256::new();
    let text = |value: &Option<serde_json::Value>| value.as_ref().map(ToString::to_string).unwrap_or_default();
    let fields = [
        entry.at.0.to_string(),
        entry.user.clone(),
        entry.address.clone(),
        entry.action.clone(),
        entry.subject.clone(),
        text(&entry.old),
        text(&entry.new),
    ];
    hash.update(previous);
    for field in fields {
        hash.update((field.len() as u64).to_be_bytes());
        hash.update(field);
    }
    hash.finalize().to_vec()
}

fn read(row: &SqliteRow) -> Result<AuditEntry, StoreError> {
    let json = |name: &str| -> Result<Option<serde_json::Value>, StoreError> {
        column::<Option<String>>(row, name)?.map(|text| from_json(name, &text)).transpose()
    };
    Ok(AuditEntry {
        id: column(row, "id")?,
        entry: NewAuditEntry {
            at: UtcMillis(column(row, "at_ms")?),
            user: column(row, "user_name")?,
            address: column(row, "address")?,
            action: column(row, "action")?,
            subject: column(row, "subject")?,
            old: json("old")?,
            new: json("new")?,
        },
        hash: column(row, "hash")?,
    })
}
