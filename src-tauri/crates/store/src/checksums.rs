//! Table `file_checksums`: what each finished recording file was, chained per stream.

use crate::{
    Store, StoreError,
    row::{column, from_word, word},
};
use sqlx::{Connection as _, sqlite::SqliteRow};
use watchwall_model::{FileChecksum, FileHash, SegmentId, StreamPath, UtcMillis};

const INSERT: &str = "INSERT INTO file_checksums (path, number, segment_id, start_ms, end_ms, size_bytes, hash, chain, hash_kind) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
const LAST: &str = "SELECT * FROM file_checksums WHERE path = ?1 ORDER BY number DESC LIMIT 1";
const LAST_BEGUN_BEFORE: &str =
    "SELECT * FROM file_checksums WHERE path = ?1 AND start_ms < ?2 ORDER BY number DESC LIMIT 1";
const ONE: &str = "SELECT * FROM file_checksums WHERE path = ?1 AND number = ?2";
const AFTER: &str = "SELECT * FROM file_checksums WHERE path = ?1 AND number > ?2 AND start_ms < ?4 AND end_ms > ?3 \
     ORDER BY number LIMIT ?5";
const IS_KNOWN: &str = "SELECT EXISTS (SELECT 1 FROM file_checksums WHERE segment_id = ?1)";
const OLDEST: &str = "SELECT MIN(number) FROM file_checksums WHERE path = ?1";
// Up to the first that is young enough, or the last: what stays of a chain has no hole.
const PRUNE: &str = "DELETE FROM file_checksums WHERE end_ms < ?1 AND number < \
     (SELECT COALESCE(MIN(number) FILTER (WHERE young.end_ms >= ?1), MAX(number)) FROM file_checksums AS young \
     WHERE young.path = file_checksums.path)";
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[INSERT, LAST, LAST_BEGUN_BEFORE, ONE, AFTER, OLDEST, IS_KNOWN, PRUNE];

pub struct ChecksumTable<'a> {
    pub(crate) store: &'a Store,
}

impl ChecksumTable<'_> {
    /// Adds to the ends of their chains, all or none.
    pub async fn insert_all(&self, new: &[FileChecksum]) -> Result<(), StoreError> {
        let mut writer = self.store.writer().acquire().await?;
        let mut transaction = writer.begin().await?;
        for new in new {
            sqlx::query(INSERT)
                .bind(new.path.as_str())
                .bind(new.number)
                .bind(new.segment.0)
                .bind(new.start.0)
                .bind(new.end.0)
                .bind(i64::try_from(new.size_bytes).unwrap_or(i64::MAX))
                .bind(new.hash.bytes.as_slice())
                .bind(new.chain.as_slice())
                .bind(word(&new.hash.kind))
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// The end of a stream's chain.
    pub async fn last(&self, path: &StreamPath) -> Result<Option<FileChecksum>, StoreError> {
        let row = sqlx::query(LAST).bind(path.as_str()).fetch_optional(self.store.reader()).await?;
        row.as_ref().map(read).transpose()
    }

    /// The last of a stream's chain that began before a time.
    pub async fn last_begun_before(
        &self,
        path: &StreamPath,
        at: UtcMillis,
    ) -> Result<Option<FileChecksum>, StoreError> {
        let query = sqlx::query(LAST_BEGUN_BEFORE).bind(path.as_str()).bind(at.0);
        query.fetch_optional(self.store.reader()).await?.as_ref().map(read).transpose()
    }

    pub async fn get(&self, path: &StreamPath, number: i64) -> Result<Option<FileChecksum>, StoreError> {
        let query = sqlx::query(ONE).bind(path.as_str()).bind(number);
        query.fetch_optional(self.store.reader()).await?.as_ref().map(read).transpose()
    }

    /// Those of a stream that touch a stretch of time, by number, after one.
    pub async fn after(
        &self,
        path: &StreamPath,
        number: i64,
        (from, to): (UtcMillis, UtcMillis),
        limit: u32,
    ) -> Result<Vec<FileChecksum>, StoreError> {
        let query = sqlx::query(AFTER).bind(path.as_str()).bind(number).bind(from.0).bind(to.0).bind(i64::from(limit));
        query.fetch_all(self.store.reader()).await?.iter().map(read).collect()
    }

    /// The first number of a stream that is remembered.
    pub async fn oldest(&self, path: &StreamPath) -> Result<Option<i64>, StoreError> {
        Ok(sqlx::query_scalar(OLDEST).bind(path.as_str()).fetch_one(self.store.reader()).await?)
    }

    pub async fn is_known(&self, segment: SegmentId) -> Result<bool, StoreError> {
        Ok(sqlx::query_scalar(IS_KNOWN).bind(segment.0).fetch_one(self.store.reader()).await?)
    }

    /// Forgets what ended before a time. The end of each chain stays, so that it goes on.
    pub async fn prune(&self, before: UtcMillis) -> Result<u64, StoreError> {
        Ok(sqlx::query(PRUNE).bind(before.0).execute(self.store.writer()).await?.rows_affected())
    }
}

fn read(row: &SqliteRow) -> Result<FileChecksum, StoreError> {
    let path: String = column(row, "path")?;
    Ok(FileChecksum {
        path: StreamPath::parse(&path).map_err(|_| StoreError::Value { what: format!("path {path}") })?,
        number: column(row, "number")?,
        segment: SegmentId(column(row, "segment_id")?),
        start: UtcMillis(column(row, "start_ms")?),
        end: UtcMillis(column(row, "end_ms")?),
        size_bytes: u64::try_from(column::<i64>(row, "size_bytes")?).unwrap_or(0),
        hash: FileHash {
            kind: from_word("hash kind", &column::<String>(row, "hash_kind")?)?,
            bytes: hash(row, "hash")?,
        },
        chain: hash(row, "chain")?,
    })
}

fn hash(row: &SqliteRow, name: &'static str) -> Result<[u8; 32], StoreError> {
    let bytes: Vec<u8> = column(row, name)?;
    bytes.try_into().map_err(|_| StoreError::Value { what: format!("a {name} of another length") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DataFolder;
    use watchwall_model::HashKind;

    #[tokio::test]
    async fn what_stays_of_a_chain_has_no_hole() {
        let folder = tempfile::tempdir().unwrap();
        let (store, _) = Store::open(&DataFolder::lock(folder.path()).unwrap()).await.unwrap();
        let link = |path: &str, number, end| FileChecksum {
            path: StreamPath::parse(path).unwrap(),
            number,
            segment: SegmentId(number * 10 + i64::from(path == "b")),
            start: UtcMillis(end - 5),
            end: UtcMillis(end),
            size_bytes: 7,
            hash: FileHash { kind: HashKind::Blake3, bytes: [1; 32] },
            chain: [2; 32],
        };
        // A repaired file joins the chain late.
        let all = [link("a", 1, 100), link("a", 2, 300), link("a", 3, 200), link("a", 4, 400), link("b", 1, 100)];
        store.checksums().insert_all(&all).await.unwrap();
        assert!(store.checksums().insert_all(&all[..1]).await.is_err(), "a number is given once");
        let numbers = async |path: &str| {
            let path = StreamPath::parse(path).unwrap();
            let left = store.checksums().after(&path, 0, (UtcMillis(0), UtcMillis(1_000)), 10).await.unwrap();
            left.iter().map(|link| link.number).collect::<Vec<_>>()
        };
        let a = StreamPath::parse("a").unwrap();
        assert_eq!(store.checksums().last(&a).await.unwrap().as_ref(), Some(&all[3]));
        assert_eq!(store.checksums().last_begun_before(&a, UtcMillis(250)).await.unwrap().as_ref(), Some(&all[2]));
        assert_eq!(store.checksums().prune(UtcMillis(250)).await.unwrap(), 1);
        assert_eq!((numbers("a").await, numbers("b").await), (vec![2, 3, 4], vec![1]));
        assert_eq!(store.checksums().oldest(&a).await.unwrap(), Some(2));
        assert_eq!(store.checksums().prune(UtcMillis(1_000)).await.unwrap(), 2);
        assert_eq!(numbers("a").await, [4]);
        assert!(store.checksums().is_known(SegmentId(40)).await.unwrap());
        store.close().await;
    }
}
