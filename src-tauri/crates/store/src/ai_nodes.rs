//! Table `ai_nodes`: programs that may connect to run AI engines.

use crate::{
    Store, StoreError,
    row::{column, deleted, from_json, name_taken, to_json, untouched},
};
use sqlx::sqlite::SqliteRow;
use watchwall_model::{AiNode, AiNodeFacts, NodeId, UtcMillis};

const ALL: &str = "SELECT *, token_hash IS NULL AS is_local FROM ai_nodes ORDER BY name COLLATE NOCASE, id";
const ONE: &str = "SELECT *, token_hash IS NULL AS is_local FROM ai_nodes WHERE id = ?1";
const BY_TOKEN: &str = "SELECT *, token_hash IS NULL AS is_local FROM ai_nodes WHERE token_hash = ?1";
const INSERT: &str = "INSERT INTO ai_nodes (name, token_hash, sees_cameras, created_at) VALUES (?1, ?2, ?3, ?4)";
// Two that call themselves the same from this machine are one.
const LOCAL: &str =
    "INSERT INTO ai_nodes (name, node_id, created_at) VALUES (?1, ?2, ?3) ON CONFLICT (node_id) DO NOTHING";
const BY_NODE_ID: &str = "SELECT *, token_hash IS NULL AS is_local FROM ai_nodes WHERE node_id = ?1";
const UPDATE: &str = "UPDATE ai_nodes SET name = ?1, enabled = ?2, sees_cameras = ?3, version = version + 1 \
     WHERE id = ?4 AND version = ?5";
const SET_TOKEN: &str = "UPDATE ai_nodes SET token_hash = ?1, version = version + 1 WHERE id = ?2";
const REGISTERED: &str = "UPDATE ai_nodes SET node_id = ?1, facts = ?2, last_seen_at = ?3 WHERE id = ?4";
const SEEN: &str = "UPDATE ai_nodes SET last_seen_at = ?1 WHERE id = ?2";
const DELETE: &str = "DELETE FROM ai_nodes WHERE id = ?1";
#[cfg(test)]
pub const STATEMENTS: &[&str] =
    &[ALL, ONE, BY_TOKEN, INSERT, LOCAL, BY_NODE_ID, UPDATE, SET_TOKEN, REGISTERED, SEEN, DELETE];

pub struct AiNodeTable<'a> {
    pub(crate) store: &'a Store,
}

impl AiNodeTable<'_> {
    /// By name.
    pub async fn all(&self) -> Result<Vec<AiNode>, StoreError> {
        sqlx::query(ALL).fetch_all(self.store.reader()).await?.iter().map(read).collect()
    }

    pub async fn get(&self, id: NodeId) -> Result<Option<AiNode>, StoreError> {
        let row = sqlx::query(ONE).bind(id.0).fetch_optional(self.store.reader()).await?;
        row.as_ref().map(read).transpose()
    }

    /// Whose token this is, by its SHA-256.
    pub async fn by_token_hash(&self, hash: &[u8; 32]) -> Result<Option<AiNode>, StoreError> {
        let row = sqlx::query(BY_TOKEN).bind(hash.as_slice()).fetch_optional(self.store.reader()).await?;
        row.as_ref().map(read).transpose()
    }

    /// # Errors
    /// [`StoreError::NameTaken`].
    pub async fn insert(
        &self,
        name: &str,
        token_hash: &[u8; 32],
        sees_cameras: bool,
        now: UtcMillis,
    ) -> Result<AiNode, StoreError> {
        let done = sqlx::query(INSERT)
            .bind(name)
            .bind(token_hash.as_slice())
            .bind(sees_cameras)
            .bind(now.0)
            .execute(self.store.writer())
            .await
            .map_err(|error| name_taken(error, name))?;
        self.get(NodeId(done.last_insert_rowid())).await?.ok_or(StoreError::NotFound { what: "node" })
    }

    /// The node of this machine that calls itself so; made when it comes for the first time. `None` when the name belongs
    /// to a node with a token.
    pub async fn local(&self, node_id: &str, name: &str, now: UtcMillis) -> Result<Option<AiNode>, StoreError> {
        // A name that a person gave to another node does not keep this one away.
        for name in [name.to_owned(), format!("{name} ({})", now.0)] {
            let done = sqlx::query(LOCAL).bind(&name).bind(node_id).bind(now.0).execute(self.store.writer()).await;
            match done {
                Ok(_) => break,
                Err(error) if StoreError::is_unique_violation(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let row = sqlx::query(BY_NODE_ID).bind(node_id).fetch_optional(self.store.writer()).await?;
        let node = row.as_ref().map(read).transpose()?;
        Ok(node.filter(|node| node.is_local))
    }

    /// Name and rights, if the stored version is still `expected`.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::VersionConflict`], [`StoreError::NameTaken`].
    pub async fn update(&self, node: &AiNode, expected: i64) -> Result<AiNode, StoreError> {
        let changed = sqlx::query(UPDATE)
            .bind(&node.name)
            .bind(node.enabled)
            .bind(node.sees_cameras)
            .bind(node.id.0)
            .bind(expected)
            .execute(self.store.writer())
            .await
            .map_err(|error| name_taken(error, &node.name))?;
        let row = sqlx::query(ONE).bind(node.id.0).fetch_optional(self.store.writer()).await?;
        match row {
            Some(row) if changed.rows_affected() > 0 => read(&row),
            row => Err(untouched("node", row)),
        }
    }

    /// The old token is worth nothing from here on.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn set_token(&self, id: NodeId, hash: &[u8; 32]) -> Result<(), StoreError> {
        let done = sqlx::query(SET_TOKEN).bind(hash.as_slice()).bind(id.0).execute(self.store.writer()).await?;
        deleted("node", &done)
    }

    /// It came and said what it is. False when another node calls itself so.
    pub async fn registered(
        &self,
        id: NodeId,
        node_id: &str,
        facts: &AiNodeFacts,
        now: UtcMillis,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query(REGISTERED)
            .bind(node_id)
            .bind(to_json("facts", facts)?)
            .bind(now.0)
            .bind(id.0)
            .execute(self.store.writer())
            .await;
        match done {
            Ok(_) => Ok(true),
            Err(error) if StoreError::is_unique_violation(&error) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    pub async fn seen(&self, id: NodeId, now: UtcMillis) -> Result<(), StoreError> {
        sqlx::query(SEEN).bind(now.0).bind(id.0).execute(self.store.writer()).await?;
        Ok(())
    }

    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn delete(&self, id: NodeId) -> Result<(), StoreError> {
        deleted("node", &sqlx::query(DELETE).bind(id.0).execute(self.store.writer()).await?)
    }
}

fn read(row: &SqliteRow) -> Result<AiNode, StoreError> {
    let facts: String = column(row, "facts")?;
    Ok(AiNode {
        id: NodeId(column(row, "id")?),
        version: column(row, "version")?,
        name: column(row, "name")?,
        node_id: column(row, "node_id")?,
        is_local: column(row, "is_local")?,
        enabled: column(row, "enabled")?,
        sees_cameras: column(row, "sees_cameras")?,
        facts: from_json::<AiNodeFacts>("facts", &facts)?,
        created_at: UtcMillis(column(row, "created_at")?),
        last_seen_at: column::<Option<i64>>(row, "last_seen_at")?.map(UtcMillis),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DataFolder;

    #[tokio::test]
    async fn a_name_on_the_wire_belongs_to_one_node() {
        let folder = tempfile::tempdir().unwrap();
        let (store, _) = Store::open(&DataFolder::lock(folder.path()).unwrap()).await.unwrap();
        let (nodes, now) = (store.ai_nodes(), UtcMillis(5));
        let gpu = nodes.insert("GPU", &[1; 32], false, now).await.unwrap();
        assert!(matches!(nodes.insert("GPU", &[2; 32], false, now).await, Err(StoreError::NameTaken { .. })));
        let facts = AiNodeFacts { max_tasks: 8, ..AiNodeFacts::default() };
        assert!(nodes.registered(gpu.id, "n1", &facts, now).await.unwrap());
        // Without a token nobody is n1 any more, and a node of this machine is one however often it comes.
        assert_eq!(nodes.local("n1", "n1", now).await.unwrap(), None);
        let local = nodes.local("n2", "n2", now).await.unwrap().unwrap();
        assert_eq!(nodes.local("n2", "n2", now).await.unwrap().as_ref(), Some(&local));
        assert!(local.is_local && nodes.local("GPU", "GPU", now).await.unwrap().is_some_and(|node| node.name != "GPU"));
        assert!(!nodes.registered(gpu.id, "n2", &facts, now).await.unwrap());
        let found = nodes.by_token_hash(&[1; 32]).await.unwrap().unwrap();
        assert_eq!((found.id, found.node_id.as_deref(), &found.facts), (gpu.id, Some("n1"), &facts));

        nodes.set_token(gpu.id, &[3; 32]).await.unwrap();
        assert_eq!(nodes.by_token_hash(&[1; 32]).await.unwrap(), None);
        assert!(matches!(nodes.update(&gpu, gpu.version).await, Err(StoreError::VersionConflict { .. })));
        let off = AiNode { enabled: false, ..gpu.clone() };
        assert!(!nodes.update(&off, gpu.version + 1).await.unwrap().enabled);
        nodes.delete(gpu.id).await.unwrap();
        assert!(matches!(nodes.delete(gpu.id).await, Err(StoreError::NotFound { .. })));
    }
}
