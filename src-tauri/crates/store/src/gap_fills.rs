//! Table `gap_fills`: stretches that are to be had, or were had, from a camera's own storage.

use crate::{
    Page, PageRequest, Store, StoreError, page,
    row::{column, from_json, from_word, to_json},
};
use serde::{Deserialize, Serialize};
use sqlx::sqlite::SqliteRow;
use std::collections::BTreeMap;
use watchwall_model::{ErrorCode, GapFillId, GapFillRow, GapFillState, Problem, StreamPath, TimeRange, UtcMillis};

const INSERT: &str = "INSERT INTO gap_fills (path, from_ms, to_ms, asked_by, created_at, state, next_try_at) \
     VALUES (?1, ?2, ?3, ?4, ?5, 'waiting', ?5)";
const ONE: &str = "SELECT * FROM gap_fills WHERE id = ?1";
const WAITING: &str = "SELECT * FROM gap_fills WHERE state = 'waiting' ORDER BY next_try_at, id LIMIT 1000";
const PAGE: &str = "SELECT * FROM gap_fills WHERE id < ?1 ORDER BY id DESC LIMIT ?2";
const TOUCHING: &str =
    "SELECT * FROM gap_fills WHERE path = ?1 AND from_ms < ?3 AND to_ms > ?2 ORDER BY from_ms LIMIT 1000";
const NOTE: &str = "UPDATE gap_fills SET state = ?1, attempts = ?2, next_try_at = ?3, problem = ?4, \
     filled_ms = filled_ms + ?5, read_bytes = read_bytes + ?6, finished_at = ?7 WHERE id = ?8 AND state = 'waiting'";
const FORGET: &str = "DELETE FROM gap_fills WHERE state <> 'waiting' AND to_ms < ?1";
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[INSERT, ONE, WAITING, PAGE, TOUCHING, NOTE, FORGET];

/// A stretch that somebody asks for, or that the site found missing.
#[derive(Clone, Debug)]
pub struct NewGapFill {
    pub path: StreamPath,
    pub range: TimeRange,
    /// Empty: the site itself.
    pub asked_by: String,
    pub created_at: UtcMillis,
}

/// What a try came to.
#[derive(Clone, Debug)]
pub struct GapFillNote {
    pub state: GapFillState,
    pub attempts: u32,
    pub next_try_at: UtcMillis,
    pub problem: Option<Problem>,
    /// More than before.
    pub filled_ms: i64,
    pub read_bytes: u64,
    pub at: UtcMillis,
}

/// What is kept of a problem.
#[derive(Serialize, Deserialize)]
struct KeptProblem {
    code: ErrorCode,
    params: BTreeMap<String, String>,
    detail: Option<String>,
}

pub struct GapFillTable<'a> {
    pub(crate) store: &'a Store,
}

impl GapFillTable<'_> {
    pub async fn insert(&self, new: &NewGapFill) -> Result<GapFillRow, StoreError> {
        let done = sqlx::query(INSERT)
            .bind(new.path.as_str())
            .bind(new.range.start.0)
            .bind(new.range.end.0)
            .bind(&new.asked_by)
            .bind(new.created_at.0)
            .execute(self.store.writer())
            .await?;
        Ok(GapFillRow {
            id: GapFillId(done.last_insert_rowid()),
            path: new.path.clone(),
            range: new.range,
            asked_by: new.asked_by.clone(),
            created_at: new.created_at,
            state: GapFillState::Waiting,
            attempts: 0,
            next_try_at: new.created_at,
            problem: None,
            filled_ms: 0,
            read_bytes: 0,
            finished_at: None,
        })
    }

    pub async fn get(&self, id: GapFillId) -> Result<Option<GapFillRow>, StoreError> {
        let row = sqlx::query(ONE).bind(id.0).fetch_optional(self.store.reader()).await?;
        row.as_ref().map(read).transpose()
    }

    /// Those that are not over, the most urgent first.
    pub async fn waiting(&self) -> Result<Vec<GapFillRow>, StoreError> {
        sqlx::query(WAITING).fetch_all(self.store.reader()).await?.iter().map(read).collect()
    }

    /// Newest first.
    ///
    /// # Errors
    /// `request_invalid` for a made-up cursor.
    pub async fn page(&self, request: &PageRequest) -> Result<Page<GapFillRow>, Problem> {
        let limit = request.limit();
        let query = sqlx::query(PAGE).bind(page::before(request)?).bind(page::one_more(limit));
        let rows = query.fetch_all(self.store.reader()).await.map_err(StoreError::from)?;
        let items = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        Ok(page::cut_by_id(items, limit, |fill| fill.id.0))
    }

    /// All of a stream that touch a range, whatever became of them.
    pub async fn touching(&self, path: &StreamPath, range: TimeRange) -> Result<Vec<GapFillRow>, StoreError> {
        let query = sqlx::query(TOUCHING).bind(path.as_str()).bind(range.start.0).bind(range.end.0);
        query.fetch_all(self.store.reader()).await?.iter().map(read).collect()
    }

    /// Notes what a try came to. False when it was over already.
    pub async fn note(&self, id: GapFillId, note: &GapFillNote) -> Result<bool, StoreError> {
        let kept = note.problem.as_ref().map(|problem| KeptProblem {
            code: problem.code,
            params: problem.params.clone(),
            detail: problem.detail.clone(),
        });
        let problem = kept.map(|kept| to_json("problem", &kept)).transpose()?;
        let query = sqlx::query(NOTE)
            .bind(note.state.as_str())
            .bind(i64::from(note.attempts))
            .bind(note.next_try_at.0)
            .bind(problem)
            .bind(note.filled_ms)
            .bind(i64::try_from(note.read_bytes).unwrap_or(i64::MAX))
            .bind(note.state.is_over().then_some(note.at.0))
            .bind(id.0);
        Ok(query.execute(self.store.writer()).await?.rows_affected() > 0)
    }

    /// Forgets those that are over and whose stretch ended before a time.
    pub async fn forget_before(&self, at: UtcMillis) -> Result<u64, StoreError> {
        Ok(sqlx::query(FORGET).bind(at.0).execute(self.store.writer()).await?.rows_affected())
    }
}

fn read(row: &SqliteRow) -> Result<GapFillRow, StoreError> {
    let (path, state): (String, String) = (column(row, "path")?, column(row, "state")?);
    let invalid = |what: &str| StoreError::Value { what: what.to_owned() };
    let problem = column::<Option<String>>(row, "problem")?;
    let problem = problem.map(|text| from_json::<KeptProblem>("problem", &text)).transpose()?;
    let (from, to) = (UtcMillis(column(row, "from_ms")?), UtcMillis(column(row, "to_ms")?));
    Ok(GapFillRow {
        id: GapFillId(column(row, "id")?),
        path: StreamPath::parse(&path).map_err(|_| invalid("path"))?,
        range: TimeRange::new(from, to).ok_or_else(|| invalid("range"))?,
        asked_by: column(row, "asked_by")?,
        created_at: UtcMillis(column(row, "created_at")?),
        state: from_word("gap fill state", &state)?,
        attempts: u32::try_from(column::<i64>(row, "attempts")?).unwrap_or(0),
        next_try_at: UtcMillis(column(row, "next_try_at")?),
        problem: problem.map(|kept| Problem { params: kept.params, detail: kept.detail, ..Problem::new(kept.code) }),
        filled_ms: column(row, "filled_ms")?,
        read_bytes: u64::try_from(column::<i64>(row, "read_bytes")?).unwrap_or(0),
        finished_at: column::<Option<i64>>(row, "finished_at")?.map(UtcMillis),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DataFolder;

    #[tokio::test]
    async fn a_stretch_waits_until_it_is_over() {
        let folder = tempfile::tempdir().unwrap();
        let (store, _) = Store::open(&DataFolder::lock(folder.path()).unwrap()).await.unwrap();
        let fills = store.gap_fills();
        let range = |from, to| TimeRange::new(UtcMillis(from), UtcMillis(to)).unwrap();
        let path = StreamPath::parse("cam").unwrap();
        let new =
            NewGapFill { path: path.clone(), range: range(10, 20), asked_by: String::new(), created_at: UtcMillis(30) };
        let id = fills.insert(&new).await.unwrap().id;
        let problem = Problem::new(ErrorCode::CameraBusy).with("status", 453).because("no room");
        let mut note = GapFillNote {
            state: GapFillState::Waiting,
            attempts: 1,
            next_try_at: UtcMillis(99),
            problem: Some(problem.clone()),
            filled_ms: 4,
            read_bytes: 100,
            at: UtcMillis(40),
        };
        assert!(fills.note(id, &note).await.unwrap());
        let row = fills.waiting().await.unwrap().remove(0);
        assert_eq!((row.attempts, row.next_try_at, row.problem), (1, UtcMillis(99), Some(problem)));
        note = GapFillNote { state: GapFillState::Done, problem: None, filled_ms: 6, ..note };
        assert!(fills.note(id, &note).await.unwrap() && !fills.note(id, &note).await.unwrap());
        let row = fills.get(id).await.unwrap().unwrap();
        assert_eq!((row.state, row.filled_ms, row.read_bytes), (GapFillState::Done, 10, 200));
        assert_eq!(row.finished_at, Some(UtcMillis(40)));
        assert!(fills.waiting().await.unwrap().is_empty());
        let found = |from, to| fills.touching(&path, range(from, to));
        assert_eq!(found(0, 10).await.unwrap().len() + found(20, 30).await.unwrap().len(), 0);
        assert_eq!(found(19, 30).await.unwrap().len(), 1);
        assert_eq!(fills.forget_before(UtcMillis(21)).await.unwrap(), 1);
    }
}
