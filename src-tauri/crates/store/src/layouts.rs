//! Table `layouts`.

use crate::{
    Store, StoreError,
    row::{column, deleted, from_json, to_json, untouched},
};
use sqlx::sqlite::SqliteRow;
use watchwall_model::{Layout, LayoutGrid, LayoutId, UserId};

const VISIBLE: &str = "SELECT * FROM layouts WHERE owner_id = ?1 OR shared = 1 ORDER BY name COLLATE NOCASE, id";
const ONE: &str = "SELECT * FROM layouts WHERE id = ?1";
const INSERT: &str = "INSERT INTO layouts (name, owner_id, shared, grid) VALUES (?1, ?2, ?3, ?4)";
const UPDATE: &str =
    "UPDATE layouts SET name = ?1, shared = ?2, grid = ?3, version = version + 1 WHERE id = ?4 AND version = ?5";
const DELETE: &str = "DELETE FROM layouts WHERE id = ?1";
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[VISIBLE, ONE, INSERT, UPDATE, DELETE];

pub struct LayoutTable<'a> {
    pub(crate) store: &'a Store,
}

impl LayoutTable<'_> {
    /// The user's own and the shared ones.
    pub async fn visible_to(&self, user: UserId) -> Result<Vec<Layout>, StoreError> {
        sqlx::query(VISIBLE).bind(user.0).fetch_all(self.store.reader()).await?.iter().map(read).collect()
    }

    pub async fn get(&self, id: LayoutId) -> Result<Option<Layout>, StoreError> {
        let row = sqlx::query(ONE).bind(id.0).fetch_optional(self.store.reader()).await?;
        row.as_ref().map(read).transpose()
    }

    pub async fn insert(
        &self,
        name: &str,
        owner: UserId,
        shared: bool,
        grid: &LayoutGrid,
    ) -> Result<Layout, StoreError> {
        let done = sqlx::query(INSERT)
            .bind(name)
            .bind(owner.0)
            .bind(shared)
            .bind(to_json("grid", grid)?)
            .execute(self.store.writer())
            .await?;
        let id = LayoutId(done.last_insert_rowid());
        Ok(Layout { id, name: name.to_owned(), owner, shared, grid: grid.clone(), version: 1 })
    }

    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::VersionConflict`].
    pub async fn update(&self, layout: &Layout, expected: i64) -> Result<Layout, StoreError> {
        let changed = sqlx::query(UPDATE)
            .bind(&layout.name)
            .bind(layout.shared)
            .bind(to_json("grid", &layout.grid)?)
            .bind(layout.id.0)
            .bind(expected)
            .execute(self.store.writer())
            .await?;
        if changed.rows_affected() == 0 {
            let row = sqlx::query(ONE).bind(layout.id.0).fetch_optional(self.store.writer()).await?;
            return Err(untouched("layout", row));
        }
        Ok(Layout { version: expected + 1, ..layout.clone() })
    }

    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn delete(&self, id: LayoutId) -> Result<(), StoreError> {
        deleted("layout", &sqlx::query(DELETE).bind(id.0).execute(self.store.writer()).await?)
    }
}

fn read(row: &SqliteRow) -> Result<Layout, StoreError> {
    let grid: String = column(row, "grid")?;
    Ok(Layout {
        id: LayoutId(column(row, "id")?),
        name: column(row, "name")?,
        owner: UserId(column(row, "owner_id")?),
        shared: column(row, "shared")?,
        grid: from_json("grid", &grid)?,
        version: column(row, "version")?,
    })
}
