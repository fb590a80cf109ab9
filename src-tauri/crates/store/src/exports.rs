//! Table `exports`: what was, is being and is to be handed out.

use crate::{
    Page, PageRequest, Store, StoreError, page,
    row::{column, deleted, from_json, from_word, to_json},
};
use serde::{Deserialize, Serialize};
use sqlx::sqlite::SqliteRow;
use std::{collections::BTreeMap, path::PathBuf};
use watchwall_model::{ErrorCode, ExportId, ExportRow, ExportState, ExportWanted, Problem, Secret, UtcMillis};

const INSERT: &str = "INSERT INTO exports (name, wanted, password, result, created_by, created_at, state) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'queued')";
const ONE: &str = "SELECT * FROM exports WHERE id = ?1";
const WAITING: &str = "SELECT * FROM exports WHERE state IN ('queued', 'running') ORDER BY id LIMIT 1000";
const PAGE: &str = "SELECT * FROM exports WHERE id < ?1 ORDER BY id DESC LIMIT ?2";
const PASSWORD: &str = "SELECT password FROM exports WHERE id = ?1";
const BEGIN: &str = "UPDATE exports SET state = 'running' WHERE id = ?1 AND state IN ('queued', 'running')";
const END: &str = "UPDATE exports SET state = ?1, problem = ?2, size_bytes = ?3, finished_at = ?4, password = NULL \
     WHERE id = ?5 AND state IN ('queued', 'running')";
const DELETE: &str = "DELETE FROM exports WHERE id = ?1 AND state NOT IN ('queued', 'running')";
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[INSERT, ONE, WAITING, PAGE, PASSWORD, BEGIN, END, DELETE];

/// An export that somebody asks for.
#[derive(Clone, Debug)]
pub struct NewExport {
    pub wanted: ExportWanted,
    pub password: Option<Secret>,
    pub result: PathBuf,
    pub created_by: String,
    pub created_at: UtcMillis,
}

/// How an export ended.
#[derive(Clone, Debug)]
pub struct ExportEnd {
    pub state: ExportState,
    pub problem: Option<Problem>,
    pub size_bytes: u64,
    pub at: UtcMillis,
}

/// What is kept of a problem.
#[derive(Serialize, Deserialize)]
struct KeptProblem {
    code: ErrorCode,
    params: BTreeMap<String, String>,
}

pub struct ExportTable<'a> {
    pub(crate) store: &'a Store,
}

impl ExportTable<'_> {
    pub async fn insert(&self, new: &NewExport) -> Result<ExportRow, StoreError> {
        let sealed = new.password.as_ref().map(|password| self.store.seal().seal(password)).transpose()?;
        let result = new.result.to_str().ok_or_else(|| StoreError::Value { what: "a folder's name".into() })?;
        let done = sqlx::query(INSERT)
            .bind(&new.wanted.name)
            .bind(to_json("export", &new.wanted)?)
            .bind(sealed)
            .bind(result)
            .bind(&new.created_by)
            .bind(new.created_at.0)
            .execute(self.store.writer())
            .await?;
        Ok(ExportRow {
            id: ExportId(done.last_insert_rowid()),
            wanted: new.wanted.clone(),
            result: new.result.clone(),
            created_by: new.created_by.clone(),
            created_at: new.created_at,
            state: ExportState::Queued,
            problem: None,
            size_bytes: 0,
            finished_at: None,
        })
    }

    pub async fn get(&self, id: ExportId) -> Result<Option<ExportRow>, StoreError> {
        let row = sqlx::query(ONE).bind(id.0).fetch_optional(self.store.reader()).await?;
        row.as_ref().map(read).transpose()
    }

    /// Those that are not over, oldest first: also what a restart interrupted.
    pub async fn waiting(&self) -> Result<Vec<ExportRow>, StoreError> {
        sqlx::query(WAITING).fetch_all(self.store.reader()).await?.iter().map(read).collect()
    }

    /// Newest first.
    ///
    /// # Errors
    /// `request_invalid` for a made-up cursor.
    pub async fn page(&self, request: &PageRequest) -> Result<Page<ExportRow>, Problem> {
        let limit = request.limit();
        let query = sqlx::query(PAGE).bind(page::before(request)?).bind(page::one_more(limit));
        let rows = query.fetch_all(self.store.reader()).await.map_err(StoreError::from)?;
        let items = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        Ok(page::cut_by_id(items, limit, |export| export.id.0))
    }

    /// The password of one that waits or runs; later it is forgotten.
    pub async fn password(&self, id: ExportId) -> Result<Option<Secret>, StoreError> {
        let sealed: Option<Option<Vec<u8>>> =
            sqlx::query_scalar(PASSWORD).bind(id.0).fetch_optional(self.store.reader()).await?;
        sealed.flatten().map(|sealed| self.store.seal().open_sealed(&sealed)).transpose()
    }

    /// False when it was cancelled meanwhile.
    pub async fn begin(&self, id: ExportId) -> Result<bool, StoreError> {
        Ok(sqlx::query(BEGIN).bind(id.0).execute(self.store.writer()).await?.rows_affected() > 0)
    }

    /// False when it was over already.
    pub async fn end(&self, id: ExportId, end: &ExportEnd) -> Result<bool, StoreError> {
        let kept = end.problem.as_ref().map(|p| KeptProblem { code: p.code, params: p.params.clone() });
        let problem = kept.map(|kept| to_json("problem", &kept)).transpose()?;
        let query = sqlx::query(END)
            .bind(end.state.as_str())
            .bind(problem)
            .bind(i64::try_from(end.size_bytes).unwrap_or(i64::MAX))
            .bind(end.at.0)
            .bind(id.0);
        Ok(query.execute(self.store.writer()).await?.rows_affected() > 0)
    }

    /// Forgets one that is over.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] also for one that waits or runs.
    pub async fn delete(&self, id: ExportId) -> Result<(), StoreError> {
        deleted("export", &sqlx::query(DELETE).bind(id.0).execute(self.store.writer()).await?)
    }
}

fn read(row: &SqliteRow) -> Result<ExportRow, StoreError> {
    let (wanted, state, result): (String, String, String) =
        (column(row, "wanted")?, column(row, "state")?, column(row, "result")?);
    let problem = column::<Option<String>>(row, "problem")?;
    let problem = problem.map(|text| from_json::<KeptProblem>("problem", &text)).transpose()?;
    Ok(ExportRow {
        id: ExportId(column(row, "id")?),
        wanted: from_json("export", &wanted)?,
        result: PathBuf::from(result),
        created_by: column(row, "created_by")?,
        created_at: UtcMillis(column(row, "created_at")?),
        state: from_word("export state", &state)?,
        problem: problem.map(|kept| Problem { params: kept.params, ..Problem::new(kept.code) }),
        size_bytes: u64::try_from(column::<i64>(row, "size_bytes")?).unwrap_or(0),
        finished_at: column::<Option<i64>>(row, "finished_at")?.map(UtcMillis),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DataFolder;

    #[tokio::test]
    async fn a_password_is_kept_only_while_it_is_needed() {
        let folder = tempfile::tempdir().unwrap();
        let (store, _) = Store::open(&DataFolder::lock(folder.path()).unwrap()).await.unwrap();
        let new = NewExport {
            wanted: ExportWanted {
                name: "gate".into(),
                note: String::new(),
                clips: Vec::new(),
                is_encrypted: true,
                burn: None,
            },
            password: Some(Secret::new("open sesame")),
            result: PathBuf::from("/tmp/gate.zip"),
            created_by: "anna".into(),
            created_at: UtcMillis(1),
        };
        let exports = store.exports();
        let id = exports.insert(&new).await.unwrap().id;
        assert!(exports.begin(id).await.unwrap());
        assert_eq!(exports.password(id).await.unwrap().unwrap().reveal(), "open sesame");
        assert!(matches!(exports.delete(id).await, Err(StoreError::NotFound { .. })));
        let problem = Problem::new(ErrorCode::DiskFull).with("path", "x");
        let end = ExportEnd { state: ExportState::Failed, problem: Some(problem), size_bytes: 0, at: UtcMillis(2) };
        assert!(exports.end(id, &end).await.unwrap());
        assert!(!exports.end(id, &end).await.unwrap() && !exports.begin(id).await.unwrap());
        assert_eq!(exports.password(id).await.unwrap(), None);
        let row = exports.get(id).await.unwrap().unwrap();
        assert_eq!((row.state, row.problem.map(|p| p.code)), (ExportState::Failed, Some(ErrorCode::DiskFull)));
        assert!(exports.waiting().await.unwrap().is_empty());
        exports.delete(id).await.unwrap();
    }
}
