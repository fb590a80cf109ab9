//! Table `camera_groups`: the camera tree.

use crate::{
    Store, StoreError,
    row::{column, deleted, untouched},
};
use sqlx::{SqliteConnection, sqlite::SqliteRow};
use watchwall_model::{Group, GroupId};

const ALL: &str = "SELECT * FROM camera_groups ORDER BY name COLLATE NOCASE, id";
const ONE: &str = "SELECT * FROM camera_groups WHERE id = ?1";
const PARENT: &str = "SELECT parent_id FROM camera_groups WHERE id = ?1";
const INSERT: &str = "INSERT INTO camera_groups (name, parent_id) VALUES (?1, ?2)";
const UPDATE: &str =
    "UPDATE camera_groups SET name = ?1, parent_id = ?2, version = version + 1 WHERE id = ?3 AND version = ?4";
const DELETE: &str = "DELETE FROM camera_groups WHERE id = ?1";
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[ALL, ONE, PARENT, INSERT, UPDATE, DELETE];

pub struct GroupTable<'a> {
    pub(crate) store: &'a Store,
}

impl GroupTable<'_> {
    pub async fn all(&self) -> Result<Vec<Group>, StoreError> {
        sqlx::query(ALL).fetch_all(self.store.reader()).await?.iter().map(read).collect()
    }

    pub async fn get(&self, id: GroupId) -> Result<Option<Group>, StoreError> {
        let row = sqlx::query(ONE).bind(id.0).fetch_optional(self.store.reader()).await?;
        row.as_ref().map(read).transpose()
    }

    /// # Errors
    /// [`StoreError::NotFound`] when the parent does not exist.
    pub async fn insert(&self, name: &str, parent: Option<GroupId>) -> Result<Group, StoreError> {
        let mut transaction = self.store.writer().begin().await?;
        refuse_cycle(&mut transaction, None, parent).await?;
        let done = sqlx::query(INSERT).bind(name).bind(parent.map(|p| p.0)).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(Group { id: GroupId(done.last_insert_rowid()), name: name.to_owned(), parent, version: 1 })
    }

    /// # Errors
    /// [`StoreError::GroupCycle`], [`StoreError::VersionConflict`], [`StoreError::NotFound`].
    pub async fn update(&self, group: &Group, expected: i64) -> Result<Group, StoreError> {
        let mut transaction = self.store.writer().begin().await?;
        refuse_cycle(&mut transaction, Some(group.id), group.parent).await?;
        let changed = sqlx::query(UPDATE)
            .bind(&group.name)
            .bind(group.parent.map(|p| p.0))
            .bind(group.id.0)
            .bind(expected)
            .execute(&mut *transaction)
            .await?;
        if changed.rows_affected() == 0 {
            return Err(untouched("group", sqlx::query(ONE).bind(group.id.0).fetch_optional(&mut *transaction).await?));
        }
        transaction.commit().await?;
        Ok(Group { version: expected + 1, ..group.clone() })
    }

    /// Its cameras and groups move to the top.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn delete(&self, id: GroupId) -> Result<(), StoreError> {
        deleted("group", &sqlx::query(DELETE).bind(id.0).execute(self.store.writer()).await?)
    }
}

/// Walks up from the parent; meeting the group itself would close a ring.
async fn refuse_cycle(
    connection: &mut SqliteConnection,
    group: Option<GroupId>,
    parent: Option<GroupId>,
) -> Result<(), StoreError> {
    let mut at = parent;
    while let Some(id) = at {
        if Some(id) == group {
            return Err(StoreError::GroupCycle);
        }
        let above: Option<Option<i64>> = sqlx::query_scalar(PARENT).bind(id.0).fetch_optional(&mut *connection).await?;
        at = above.ok_or(StoreError::NotFound { what: "group" })?.map(GroupId);
    }
    Ok(())
}

fn read(row: &SqliteRow) -> Result<Group, StoreError> {
    Ok(Group {
        id: GroupId(column(row, "id")?),
        name: column(row, "name")?,
        parent: column::<Option<i64>>(row, "parent_id")?.map(GroupId),
        version: column(row, "version")?,
    })
}
