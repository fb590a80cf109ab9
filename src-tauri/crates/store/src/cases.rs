//! Table `cases`.

use crate::{
    Page, PageRequest, Store, StoreError, page,
    row::{column, deleted, from_json, to_json, untouched},
};
use sqlx::sqlite::SqliteRow;
use watchwall_model::{Case, CaseId, Problem, UtcMillis};

const INSERT: &str = "INSERT INTO cases (name, notes, clips, created_by, created_at) VALUES (?1, ?2, ?3, ?4, ?5)";
const ONE: &str = "SELECT * FROM cases WHERE id = ?1";
const UPDATE: &str = "UPDATE cases SET name = ?1, notes = ?2, clips = ?3, version = version + 1 \
     WHERE id = ?4 AND version = ?5";
const DELETE: &str = "DELETE FROM cases WHERE id = ?1";
const PAGE: &str = "SELECT * FROM cases WHERE id < ?1 ORDER BY id DESC LIMIT ?2";
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[INSERT, ONE, UPDATE, DELETE, PAGE];

pub struct CaseTable<'a> {
    pub(crate) store: &'a Store,
}

impl CaseTable<'_> {
    /// Keeps a new one; its id and version are given here.
    pub async fn insert(&self, new: &Case) -> Result<Case, StoreError> {
        let done = sqlx::query(INSERT)
            .bind(&new.name)
            .bind(&new.notes)
            .bind(to_json("clips", &new.clips)?)
            .bind(&new.created_by)
            .bind(new.created_at.0)
            .execute(self.store.writer())
            .await?;
        Ok(Case { id: CaseId(done.last_insert_rowid()), version: 1, ..new.clone() })
    }

    pub async fn get(&self, id: CaseId) -> Result<Option<Case>, StoreError> {
        let row = sqlx::query(ONE).bind(id.0).fetch_optional(self.store.reader()).await?;
        row.as_ref().map(read).transpose()
    }

    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::VersionConflict`].
    pub async fn update(&self, case: &Case, expected: i64) -> Result<Case, StoreError> {
        let changed = sqlx::query(UPDATE)
            .bind(&case.name)
            .bind(&case.notes)
            .bind(to_json("clips", &case.clips)?)
            .bind(case.id.0)
            .bind(expected)
            .execute(self.store.writer())
            .await?;
        if changed.rows_affected() == 0 {
            let row = sqlx::query(ONE).bind(case.id.0).fetch_optional(self.store.writer()).await?;
            return Err(untouched("case", row));
        }
        Ok(Case { version: expected + 1, ..case.clone() })
    }

    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn delete(&self, id: CaseId) -> Result<(), StoreError> {
        deleted("case", &sqlx::query(DELETE).bind(id.0).execute(self.store.writer()).await?)
    }

    /// Newest first.
    ///
    /// # Errors
    /// `request_invalid` for a made-up cursor.
    pub async fn page(&self, request: &PageRequest) -> Result<Page<Case>, Problem> {
        let limit = request.limit();
        let query = sqlx::query(PAGE).bind(page::before(request)?).bind(page::one_more(limit));
        let rows = query.fetch_all(self.store.reader()).await.map_err(StoreError::from)?;
        let items = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        Ok(page::cut_by_id(items, limit, |case| case.id.0))
    }
}

fn read(row: &SqliteRow) -> Result<Case, StoreError> {
    let clips: String = column(row, "clips")?;
    Ok(Case {
        id: CaseId(column(row, "id")?),
        name: column(row, "name")?,
        notes: column(row, "notes")?,
        clips: from_json("clips", &clips)?,
        created_by: column(row, "created_by")?,
        created_at: UtcMillis(column(row, "created_at")?),
        version: column(row, "version")?,
    })
}
