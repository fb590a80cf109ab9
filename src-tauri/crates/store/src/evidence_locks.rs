//! Tables `evidence_locks` and `evidence_lock_paths`. The mark of segments follows by triggers of the schema.

use crate::{
    Page, PageRequest, Store, StoreError, page,
    row::{column, list},
};
use sqlx::sqlite::SqliteRow;
use watchwall_model::{EvidenceLock, EvidenceLockId, Problem, StreamPath, TimeRange, UtcMillis};

const INSERT: &str = "INSERT INTO evidence_locks (from_ms, to_ms, reason, locked_by, created_at, until_ms) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
const INSERT_PATH: &str = "INSERT OR IGNORE INTO evidence_lock_paths (path, lock_id) VALUES (?1, ?2)";
const ONE: &str = "SELECT * FROM evidence_locks WHERE id = ?1";
const PATHS: &str = "SELECT path FROM evidence_lock_paths WHERE lock_id = ?1 ORDER BY path";
const PAGE: &str = "SELECT * FROM evidence_locks WHERE id < ?1 AND alarm_id IS NULL ORDER BY id DESC LIMIT ?2";
const PAGE_ACTIVE: &str =
    "SELECT * FROM evidence_locks WHERE id < ?1 AND ended_at IS NULL AND alarm_id IS NULL ORDER BY id DESC LIMIT ?2";
const END: &str = "UPDATE evidence_locks SET ended_at = ?1, ended_by = ?2 WHERE id = ?3 AND ended_at IS NULL";
const EXPIRE: &str =
    "UPDATE evidence_locks SET ended_at = until_ms WHERE ended_at IS NULL AND until_ms IS NOT NULL AND until_ms <= ?1";
const IN_RANGE: &str = "SELECT l.*, p.path FROM evidence_lock_paths p JOIN evidence_locks l ON l.id = p.lock_id \
     WHERE p.path IN (SELECT value FROM json_each(?1)) AND l.ended_at IS NULL AND l.alarm_id IS NULL AND l.from_ms < ?3 AND l.to_ms > ?2 ORDER BY l.from_ms, l.id LIMIT 10000";
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[INSERT, INSERT_PATH, ONE, PATHS, PAGE, PAGE_ACTIVE, END, EXPIRE, IN_RANGE];

/// What is to be locked.
#[derive(Clone, Debug)]
pub struct NewEvidenceLock {
    pub paths: Vec<StreamPath>,
    pub range: TimeRange,
    pub reason: String,
    pub locked_by: String,
    pub created_at: UtcMillis,
    pub until: Option<UtcMillis>,
}

/// Which locks a list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockFilter {
    Active,
    /// Those that have ended too.
    All,
}

pub struct EvidenceLockTable<'a> {
    pub(crate) store: &'a Store,
}

impl EvidenceLockTable<'_> {
    /// Locks what is recorded and what will be, in one transaction: no sweep comes between.
    pub async fn insert(&self, new: &NewEvidenceLock) -> Result<EvidenceLock, StoreError> {
        let mut transaction = self.store.writer().begin().await?;
        let done = sqlx::query(INSERT)
            .bind(new.range.start.0)
            .bind(new.range.end.0)
            .bind(&new.reason)
            .bind(&new.locked_by)
            .bind(new.created_at.0)
            .bind(new.until.map(|at| at.0))
            .execute(&mut *transaction)
            .await?;
        let id = EvidenceLockId(done.last_insert_rowid());
        for path in &new.paths {
            sqlx::query(INSERT_PATH).bind(path.as_str()).bind(id.0).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        self.get(id).await?.ok_or(StoreError::NotFound { what: "evidence lock" })
    }

    pub async fn get(&self, id: EvidenceLockId) -> Result<Option<EvidenceLock>, StoreError> {
        let row = sqlx::query(ONE).bind(id.0).fetch_optional(self.store.reader()).await?;
        match row {
            Some(row) => Ok(Some(self.read(&row).await?)),
            None => Ok(None),
        }
    }

    /// Newest first.
    ///
    /// # Errors
    /// `request_invalid` for a made-up cursor.
    pub async fn page(&self, filter: LockFilter, request: &PageRequest) -> Result<Page<EvidenceLock>, Problem> {
        let before = page::before(request)?;
        let limit = request.limit();
        let statement = match filter {
            LockFilter::Active => PAGE_ACTIVE,
            LockFilter::All => PAGE,
        };
        let query = sqlx::query(statement).bind(before).bind(page::one_more(limit));
        let rows = query.fetch_all(self.store.reader()).await.map_err(StoreError::from)?;
        let mut items = Vec::with_capacity(rows.len());
        for row in &rows {
            items.push(self.read(row).await?);
        }
        Ok(page::cut_by_id(items, limit, |lock| lock.id.0))
    }

    /// Ends a lock. Segments that no other lock holds may be deleted again.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] also for one that has ended.
    pub async fn end(&self, id: EvidenceLockId, at: UtcMillis, by: &str) -> Result<(), StoreError> {
        let done = sqlx::query(END).bind(at.0).bind(by).bind(id.0).execute(self.store.writer()).await?;
        if done.rows_affected() == 0 { Err(StoreError::NotFound { what: "evidence lock" }) } else { Ok(()) }
    }

    /// Ends the locks whose date has come; answers how many.
    pub async fn expire(&self, now: UtcMillis) -> Result<u64, StoreError> {
        Ok(sqlx::query(EXPIRE).bind(now.0).execute(self.store.writer()).await?.rows_affected())
    }

    /// Locks in force that touch the range, one for each of these streams that it holds, by their start; ten thousand at
    /// most.
    pub async fn in_range(&self, paths: &[StreamPath], range: TimeRange) -> Result<Vec<EvidenceLock>, StoreError> {
        let query = sqlx::query(IN_RANGE).bind(list(paths)?).bind(range.start.0).bind(range.end.0);
        let rows = query.fetch_all(self.store.reader()).await?;
        let of_stream = |row: &SqliteRow| {
            let path: String = column(row, "path")?;
            let path = StreamPath::parse(&path).map_err(|_| StoreError::Value { what: format!("path {path}") })?;
            read(row, vec![path])
        };
        rows.iter().map(of_stream).collect()
    }

    async fn read(&self, row: &SqliteRow) -> Result<EvidenceLock, StoreError> {
        let id: i64 = column(row, "id")?;
        let paths: Vec<String> = sqlx::query_scalar(PATHS).bind(id).fetch_all(self.store.reader()).await?;
        read(row, paths.iter().filter_map(|path| StreamPath::parse(path).ok()).collect())
    }
}

fn read(row: &SqliteRow, paths: Vec<StreamPath>) -> Result<EvidenceLock, StoreError> {
    let (from, to) = (UtcMillis(column(row, "from_ms")?), UtcMillis(column(row, "to_ms")?));
    Ok(EvidenceLock {
        id: EvidenceLockId(column(row, "id")?),
        paths,
        range: TimeRange::new(from, to).ok_or_else(|| StoreError::Value { what: "an empty lock".into() })?,
        reason: column(row, "reason")?,
        locked_by: column(row, "locked_by")?,
        created_at: UtcMillis(column(row, "created_at")?),
        until: column::<Option<i64>>(row, "until_ms")?.map(UtcMillis),
        ended_at: column::<Option<i64>>(row, "ended_at")?.map(UtcMillis),
        ended_by: column(row, "ended_by")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DataFolder, NewSegment, SegmentProgress, encode_fragments};
    use watchwall_model::{Segment, SegmentId, SegmentOrigin, SegmentState, VolumeCode};

    const MINUTE: i64 = 60_000;

    fn path(name: &str) -> StreamPath {
        StreamPath::parse(name).unwrap()
    }

    fn new(paths: &[&str], from: i64, to: i64, until: Option<i64>) -> NewEvidenceLock {
        NewEvidenceLock {
            paths: paths.iter().map(|name| path(name)).collect(),
            range: TimeRange::new(UtcMillis(from), UtcMillis(to)).unwrap(),
            reason: "incident".into(),
            locked_by: "anna".into(),
            created_at: UtcMillis(0),
            until: until.map(UtcMillis),
        }
    }

    async fn put(store: &Store, name: &str, start: i64, end: i64) -> SegmentId {
        let segment = NewSegment {
            path: path(name),
            volume: VolumeCode("main".into()),
            file: format!("{name}/{start}.mp4"),
            start: UtcMillis(start),
            video_codec: "avc1".into(),
            width: 1,
            height: 1,
            has_audio: false,
            init_bytes: 1,
            origin: SegmentOrigin::Live,
        };
        let fragments = encode_fragments(None, &[]);
        let state = SegmentState::Complete;
        let progress = |id| SegmentProgress { id, end: UtcMillis(end), size_bytes: 1, fragments, state };
        store.segments().insert_found(&segment, progress).await.unwrap()
    }

    async fn locked(store: &Store, id: SegmentId) -> bool {
        let segment: Segment = store.segments().get(id).await.unwrap().unwrap();
        segment.locked
    }

    #[tokio::test]
    async fn segments_follow_the_locks() {
        let folder = tempfile::tempdir().unwrap();
        let (store, _) = Store::open(&DataFolder::lock(folder.path()).unwrap()).await.unwrap();
        let before = put(&store, "gate", 0, 10 * MINUTE).await;
        let inside = put(&store, "gate", 10 * MINUTE, 20 * MINUTE).await;
        let elsewhere = put(&store, "yard", 10 * MINUTE, 20 * MINUTE).await;
        let locks = store.evidence_locks();
        let one = locks.insert(&new(&["gate"], 10 * MINUTE, 40 * MINUTE, None)).await.unwrap();
        let two = locks.insert(&new(&["gate", "hall"], 15 * MINUTE, 16 * MINUTE, Some(50 * MINUTE))).await.unwrap();
        assert_eq!(two.paths, [path("gate"), path("hall")]);
        // What is written into a locked range later is locked, also by a file that only grows into it.
        let later = put(&store, "gate", 20 * MINUTE, 30 * MINUTE).await;
        let after = put(&store, "gate", 40 * MINUTE, 50 * MINUTE).await;
        let check = async |expect: [bool; 5]| {
            let mut found = Vec::new();
            for id in [before, inside, elsewhere, later, after] {
                found.push(locked(&store, id).await);
            }
            assert_eq!(found, expect);
        };
        check([false, true, false, true, false]).await;
        // No sweep marks a locked one, even when it was chosen before it was locked.
        assert_eq!(store.segments().mark_deleting(&[before, inside]).await.unwrap(), [before]);
        locks.end(one.id, UtcMillis(45 * MINUTE), "bert").await.unwrap();
        check([false, true, false, false, false]).await;
        assert_eq!(locks.expire(UtcMillis(49 * MINUTE)).await.unwrap(), 0);
        assert_eq!(locks.expire(UtcMillis(50 * MINUTE)).await.unwrap(), 1);
        check([false, false, false, false, false]).await;
        assert!(matches!(locks.end(one.id, UtcMillis(0), "bert").await, Err(StoreError::NotFound { .. })));
        let ended = locks.get(one.id).await.unwrap().unwrap();
        assert_eq!((ended.ended_at, ended.ended_by.as_deref()), (Some(UtcMillis(45 * MINUTE)), Some("bert")));
        let request = PageRequest { limit: Some(1), ..PageRequest::default() };
        assert!(locks.page(LockFilter::Active, &request).await.unwrap().items.is_empty());
        let first = locks.page(LockFilter::All, &request).await.unwrap();
        assert_eq!(first.items[0].id, two.id);
        let rest = PageRequest { cursor: first.next_cursor, ..request };
        assert_eq!(locks.page(LockFilter::All, &rest).await.unwrap().items[0].id, one.id);
    }
}
