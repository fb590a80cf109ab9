//! Table `segments`: the index of recordings.

use crate::{
    Store, StoreError,
    fragments::decode_fragments,
    pieces::{Change, Pending, Piece},
    row::{column, from_word},
};
use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteRow};
use watchwall_model::{
    Fragment, Segment, SegmentId, SegmentOrigin, SegmentState, StreamPath, TimeRange, UtcMillis, VolumeCode,
};

/// All columns but the fragments, which only playback needs.
macro_rules! head {
    ($tail:literal) => {
        concat!(
            "SELECT id, path, volume, file, start_ms, end_ms, size_bytes, video_codec, width, height, has_audio, \
             state, locked, init_bytes FROM segments ",
            $tail
        )
    };
}

const INSERT: &str = "INSERT INTO segments (path, volume, file, start_ms, end_ms, size_bytes, video_codec, width, \
     height, has_audio, state, init_bytes, origin) VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?6, ?7, ?8, ?9, 'recording', ?5, ?10)";
const FILLED: &str = "SELECT start_ms, end_ms FROM segments WHERE path = ?1 AND origin = 'camera' AND deleting = 0 \
     AND state <> 'missing' AND start_ms < ?3 AND end_ms > ?2 ORDER BY start_ms LIMIT 1000";
const PROGRESS: &str = "UPDATE segments SET end_ms = ?1, size_bytes = ?2, fragments = CAST(fragments || ?3 AS BLOB), state = ?4 WHERE id = ?5 \
     RETURNING path, start_ms, deleting";
const REPLACE_FRAGMENTS: &str = "UPDATE segments SET end_ms = ?1, size_bytes = ?2, fragments = ?3, state = ?4 WHERE id = ?5 \
     RETURNING path, start_ms, deleting";
const OPEN: &str = head!("WHERE volume = ?1 AND state = 'recording' ORDER BY id");
const ONE: &str = head!("WHERE id = ?1");
const BY_FILE: &str = head!("WHERE volume = ?1 AND file = ?2");
const FRAGMENTS: &str = "SELECT fragments FROM segments WHERE id = ?1";
// A segment lasts at most an hour and a bit, so the start bounds the search from below.
const IN_RANGE: &str = head!(
    "WHERE path = ?1 AND start_ms < ?3 AND start_ms > ?2 - 7500000 AND end_ms > ?2 AND state <> 'missing' \
     AND deleting = 0 ORDER BY start_ms"
);
const AFTER: &str =
    head!("WHERE path = ?1 AND start_ms >= ?2 AND state <> 'missing' AND deleting = 0 ORDER BY start_ms LIMIT 1");
const BEFORE: &str =
    head!("WHERE path = ?1 AND start_ms < ?2 AND state <> 'missing' AND deleting = 0 ORDER BY start_ms DESC LIMIT 1");
// Everything a path has; answered from the index alone.
const PIECES: &str = "SELECT start_ms, end_ms, id FROM segments WHERE path = ?1 AND state <> 'missing' AND deleting = 0 \
     ORDER BY start_ms";
const OLDEST: &str =
    head!("WHERE volume = ?1 AND locked = 0 AND deleting = 0 AND state <> 'recording' ORDER BY start_ms LIMIT ?2");
// Without those that their plan's minimum still protects at ?2.
const OLDEST_UNPROTECTED: &str = head!(
    "WHERE volume = ?1 AND locked = 0 AND deleting = 0 AND state <> 'recording' AND NOT EXISTS (\
     SELECT 1 FROM plans WHERE plans.path = segments.path AND minimum_days IS NOT NULL \
     AND segments.end_ms > ?2 - minimum_days * 86400000) ORDER BY start_ms LIMIT ?3"
);
// The conditions are those of the index `segments_quota`, word by word: only then does it answer alone.
const UNLOCKED_BYTES: &str = "SELECT COALESCE(SUM(size_bytes), 0) FROM segments \
     WHERE path = ?1 AND locked = 0 AND deleting = 0 AND state IN ('complete', 'recovered')";
const OLDEST_OF: &str = head!(
    "WHERE path = ?1 AND locked = 0 AND deleting = 0 AND state IN ('complete', 'recovered') \
     AND start_ms >= ?2 ORDER BY start_ms LIMIT ?3"
);
const EXPIRED: &str = head!(
    "WHERE path = ?1 AND start_ms < ?2 AND end_ms < ?2 AND volume = ?4 AND locked = 0 AND deleting = 0 \
     AND state <> 'recording' ORDER BY start_ms LIMIT ?3"
);
// The state's list is that of the index `segments_sizes`, word by word.
const FINISHED: &str = head!(
    "WHERE volume = ?1 AND (start_ms, id) > (?2, ?3) AND end_ms <= ?4 AND deleting = 0 \
     AND state IN ('complete', 'recovered') ORDER BY start_ms, id LIMIT ?5"
);
// A segment that is to be deleted moves nowhere.
const RELOCATE: &str = "UPDATE segments SET volume = ?3 WHERE id = ?1 AND volume = ?2 AND deleting = 0";
const DELETING: &str = head!("WHERE volume = ?1 AND deleting = 1 ORDER BY id LIMIT ?2");
// Whoever chose it may have chosen before it was locked.
const MARK_DELETING: &str = "UPDATE segments SET deleting = 1 WHERE id = ?1 AND locked = 0 RETURNING path, start_ms";
const FORGET: &str = "DELETE FROM segments WHERE id = ?1 RETURNING path, start_ms";
const MARK_MISSING: &str = "UPDATE segments SET state = 'missing' WHERE id = ?1 RETURNING path, start_ms";
const PATHS: &str = "SELECT DISTINCT path FROM segments ORDER BY path";
// The state's list is that of the index `segments_sizes`, word by word: only then does it answer alone.
const TOTALS: &str = "SELECT COUNT(*), COALESCE(SUM(size_bytes), 0), MIN(start_ms) FROM segments \
     WHERE volume = ?1 AND state IN ('complete', 'recovered')";
const TOTALS_OPEN: &str = "SELECT COUNT(*), COALESCE(SUM(size_bytes), 0), MIN(start_ms) FROM segments \
     WHERE volume = ?1 AND state = 'recording'";
const BYTES_SINCE: &str = "SELECT COALESCE(SUM(size_bytes), 0) FROM segments \
     WHERE volume = ?1 AND start_ms >= ?2 AND state IN ('complete', 'recovered')";
const BYTES_OPEN: &str = "SELECT COALESCE(SUM(size_bytes), 0) FROM segments \
     WHERE volume = ?1 AND start_ms >= ?2 AND state = 'recording'";
// The unique index on both holds all that is asked, so that no row with its fragments is read.
const LOCKED_ON: &str = "SELECT COUNT(*) FROM segments WHERE volume = ?1 AND locked = 1";
const FILES: &str = "SELECT id, file FROM segments WHERE volume = ?1 AND file > ?2 ORDER BY file LIMIT ?3";
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[
    INSERT,
    PROGRESS,
    REPLACE_FRAGMENTS,
    OPEN,
    ONE,
    BY_FILE,
    FRAGMENTS,
    IN_RANGE,
    AFTER,
    BEFORE,
    PIECES,
    OLDEST,
    OLDEST_UNPROTECTED,
    UNLOCKED_BYTES,
    OLDEST_OF,
    EXPIRED,
    FINISHED,
    RELOCATE,
    DELETING,
    MARK_DELETING,
    FORGET,
    MARK_MISSING,
    PATHS,
    TOTALS,
    TOTALS_OPEN,
    BYTES_SINCE,
    BYTES_OPEN,
    LOCKED_ON,
    FILES,
    FILLED,
];

/// A segment whose file was just made: `ftyp` and `moov` are on disk, no fragment yet.
#[derive(Clone, Debug)]
pub struct NewSegment {
    pub path: StreamPath,
    pub volume: VolumeCode,
    pub file: String,
    pub start: UtcMillis,
    pub video_codec: String,
    pub width: u32,
    pub height: u32,
    pub has_audio: bool,
    pub init_bytes: u32,
    pub origin: SegmentOrigin,
}

/// What became durable of one segment since the last commit.
#[derive(Clone, Debug)]
pub struct SegmentProgress {
    pub id: SegmentId,
    pub end: UtcMillis,
    pub size_bytes: u64,
    /// From [`crate::encode_fragments`]; appended to what the row holds.
    pub fragments: Vec<u8>,
    pub state: SegmentState,
}

/// What a volume holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VolumeTotals {
    pub segments: u64,
    pub bytes: u64,
    pub oldest: Option<UtcMillis>,
}

pub struct SegmentTable<'a> {
    pub(crate) store: &'a Store,
}

impl SegmentTable<'_> {
    /// Inserts a segment in state `recording`.
    pub async fn insert(&self, new: &NewSegment) -> Result<SegmentId, StoreError> {
        let ids = self.insert_all(std::slice::from_ref(new)).await?;
        ids.first().copied().ok_or(StoreError::NotFound { what: "segment" })
    }

    /// [`SegmentTable::insert`] for many at once, in one transaction. Ids in the order given.
    pub async fn insert_all(&self, new: &[NewSegment]) -> Result<Vec<SegmentId>, StoreError> {
        let mut pending = self.store.pieces().pending();
        let mut writer = self.store.writer().acquire().await?;
        let mut transaction = writer.begin().await?;
        let mut ids = Vec::with_capacity(new.len());
        for new in new {
            ids.push(insert_on(&mut transaction, new, &mut pending).await?);
        }
        transaction.commit().await?;
        pending.apply();
        Ok(ids)
    }

    /// Inserts a finished segment found on a volume.
    pub async fn insert_found(
        &self,
        new: &NewSegment,
        progress: impl FnOnce(SegmentId) -> SegmentProgress,
    ) -> Result<SegmentId, StoreError> {
        let mut pending = self.store.pieces().pending();
        let mut writer = self.store.writer().acquire().await?;
        let mut transaction = writer.begin().await?;
        let id = insert_on(&mut transaction, new, &mut pending).await?;
        progress_on(&mut transaction, PROGRESS, &progress(id), &mut pending).await?;
        transaction.commit().await?;
        pending.apply();
        Ok(id)
    }

    /// Everything that became durable on a volume since the last call, in one transaction.
    /// A segment that was forgotten meanwhile is skipped.
    pub async fn commit_progress(&self, progress: &[SegmentProgress]) -> Result<(), StoreError> {
        self.progress(PROGRESS, progress).await
    }

    /// Sets end, size, state and the whole list of fragments: what recovery found in the file.
    pub async fn replace_fragments(&self, progress: &SegmentProgress) -> Result<(), StoreError> {
        self.progress(REPLACE_FRAGMENTS, std::slice::from_ref(progress)).await
    }

    async fn progress(&self, statement: &'static str, progress: &[SegmentProgress]) -> Result<(), StoreError> {
        if progress.is_empty() {
            return Ok(());
        }
        let mut pending = self.store.pieces().pending();
        let mut writer = self.store.writer().acquire().await?;
        let mut transaction = writer.begin().await?;
        for progress in progress {
            progress_on(&mut transaction, statement, progress, &mut pending).await?;
        }
        transaction.commit().await?;
        pending.apply();
        Ok(())
    }

    pub async fn get(&self, id: SegmentId) -> Result<Option<Segment>, StoreError> {
        let row = sqlx::query(ONE).bind(id.0).fetch_optional(self.store.reader()).await?;
        row.as_ref().map(read).transpose()
    }

    /// Segments left in state `recording`: the tails to look at after a crash.
    pub async fn open(&self, volume: &VolumeCode) -> Result<Vec<Segment>, StoreError> {
        read_all(sqlx::query(OPEN).bind(&volume.0).fetch_all(self.store.reader()).await?)
    }

    pub async fn by_file(&self, volume: &VolumeCode, file: &str) -> Result<Option<Segment>, StoreError> {
        let row = sqlx::query(BY_FILE).bind(&volume.0).bind(file).fetch_optional(self.store.reader()).await?;
        row.as_ref().map(read).transpose()
    }

    pub async fn fragments(&self, id: SegmentId) -> Result<Vec<Fragment>, StoreError> {
        let blob: Option<Vec<u8>> =
            sqlx::query_scalar(FRAGMENTS).bind(id.0).fetch_optional(self.store.reader()).await?;
        decode_fragments(&blob.ok_or(StoreError::NotFound { what: "segment" })?)
    }

    /// Segments that touch the range, oldest first.
    pub async fn in_range(&self, path: &StreamPath, range: TimeRange) -> Result<Vec<Segment>, StoreError> {
        let query = sqlx::query(IN_RANGE).bind(path.as_str()).bind(range.start.0).bind(range.end.0);
        read_all(query.fetch_all(self.store.reader()).await?)
    }

    /// First segment that starts at or after a time.
    pub async fn next_after(&self, path: &StreamPath, at: UtcMillis) -> Result<Option<Segment>, StoreError> {
        let row = sqlx::query(AFTER).bind(path.as_str()).bind(at.0).fetch_optional(self.store.reader()).await?;
        row.as_ref().map(read).transpose()
    }

    /// Last segment that starts before a time; it may or may not reach it.
    pub async fn last_before(&self, path: &StreamPath, at: UtcMillis) -> Result<Option<Segment>, StoreError> {
        let row = sqlx::query(BEFORE).bind(path.as_str()).bind(at.0).fetch_optional(self.store.reader()).await?;
        row.as_ref().map(read).transpose()
    }

    /// Recorded stretches in the range, those at most `merge_ms` apart joined. Answered from memory; the first question
    /// about a path reads its segments once.
    pub async fn coverage(
        &self,
        path: &StreamPath,
        range: TimeRange,
        merge_ms: i64,
    ) -> Result<Vec<TimeRange>, StoreError> {
        if let Some(joined) = self.store.pieces().join(path.as_str(), range, merge_ms) {
            return Ok(joined);
        }
        // With the writer in hand: nothing is committed between the reading and the remembering.
        let mut writer = self.store.writer().acquire().await?;
        let rows: Vec<(i64, i64, i64)> = sqlx::query_as(PIECES).bind(path.as_str()).fetch_all(&mut *writer).await?;
        let pieces = rows.into_iter().map(|(start_ms, end_ms, id)| Piece { start_ms, end_ms, id }).collect();
        self.store.pieces().load(path.as_str(), pieces);
        Ok(self.store.pieces().join(path.as_str(), range, merge_ms).unwrap_or_default())
    }

    /// Recordings in the range that were fetched from the camera's own storage, the first thousand of them.
    pub async fn filled(&self, path: &StreamPath, range: TimeRange) -> Result<Vec<TimeRange>, StoreError> {
        let query = sqlx::query_as(FILLED).bind(path.as_str()).bind(range.start.0).bind(range.end.0);
        let rows: Vec<(i64, i64)> = query.fetch_all(self.store.reader()).await?;
        Ok(rows.into_iter().filter_map(|(start, end)| TimeRange::new(UtcMillis(start), UtcMillis(end))).collect())
    }

    /// Reads every path's segments into memory, so that no timeline is the first to ask. Worth a task after the start.
    pub async fn warm(&self) -> Result<(), StoreError> {
        if let Some(range) = TimeRange::new(UtcMillis(0), UtcMillis(1)) {
            for path in self.paths().await? {
                self.coverage(&path, range, 0).await?;
            }
        }
        Ok(())
    }

    /// Oldest segments that may be deleted.
    pub async fn oldest_unlocked(&self, volume: &VolumeCode, limit: u32) -> Result<Vec<Segment>, StoreError> {
        let query = sqlx::query(OLDEST).bind(&volume.0).bind(i64::from(limit));
        read_all(query.fetch_all(self.store.reader()).await?)
    }

    /// [`SegmentTable::oldest_unlocked`] without those that their plan's minimum protects at this time.
    pub async fn oldest_unprotected(
        &self,
        volume: &VolumeCode,
        now: UtcMillis,
        limit: u32,
    ) -> Result<Vec<Segment>, StoreError> {
        let query = sqlx::query(OLDEST_UNPROTECTED).bind(&volume.0).bind(now.0).bind(i64::from(limit));
        read_all(query.fetch_all(self.store.reader()).await?)
    }

    /// Bytes of a stream's finished segments that no lock holds, on all volumes.
    pub async fn unlocked_bytes(&self, path: &StreamPath) -> Result<u64, StoreError> {
        let bytes: i64 = sqlx::query_scalar(UNLOCKED_BYTES).bind(path.as_str()).fetch_one(self.store.reader()).await?;
        Ok(u64::try_from(bytes).unwrap_or(0))
    }

    /// The oldest finished segments of a stream that may be deleted and start at or after a time, on all volumes.
    pub async fn oldest_of(&self, path: &StreamPath, since: UtcMillis, limit: u32) -> Result<Vec<Segment>, StoreError> {
        let query = sqlx::query(OLDEST_OF).bind(path.as_str()).bind(since.0).bind(i64::from(limit));
        read_all(query.fetch_all(self.store.reader()).await?)
    }

    /// Segments of a stream on a volume that ended before a time and may be deleted.
    pub async fn expired(
        &self,
        volume: &VolumeCode,
        path: &StreamPath,
        before: UtcMillis,
        limit: u32,
    ) -> Result<Vec<Segment>, StoreError> {
        let query = sqlx::query(EXPIRED).bind(path.as_str()).bind(before.0).bind(i64::from(limit)).bind(&volume.0);
        read_all(query.fetch_all(self.store.reader()).await?)
    }

    /// Finished segments of a volume that ended by a time, locked ones too, oldest first; those after a start and id.
    pub async fn finished(
        &self,
        volume: &VolumeCode,
        before: UtcMillis,
        after: Option<(UtcMillis, SegmentId)>,
        limit: u32,
    ) -> Result<Vec<Segment>, StoreError> {
        let (start, id) = after.unwrap_or((UtcMillis(i64::MIN), SegmentId(i64::MIN)));
        let query =
            sqlx::query(FINISHED).bind(&volume.0).bind(start.0).bind(id.0).bind(before.0).bind(i64::from(limit));
        read_all(query.fetch_all(self.store.reader()).await?)
    }

    /// The file lies on another volume now, under the same name. `false` when the segment is not there any more, or to
    /// be deleted.
    pub async fn relocate(&self, id: SegmentId, from: &VolumeCode, to: &VolumeCode) -> Result<bool, StoreError> {
        let done = sqlx::query(RELOCATE).bind(id.0).bind(&from.0).bind(&to.0).execute(self.store.writer()).await?;
        Ok(done.rows_affected() > 0)
    }

    /// Marked, but their files may still be there: left by a crash between mark and forget.
    pub async fn deleting(&self, volume: &VolumeCode, limit: u32) -> Result<Vec<Segment>, StoreError> {
        let query = sqlx::query(DELETING).bind(&volume.0).bind(i64::from(limit));
        read_all(query.fetch_all(self.store.reader()).await?)
    }

    /// How many segments of a volume are locked.
    pub async fn locked_on(&self, volume: &VolumeCode) -> Result<u64, StoreError> {
        let locked: i64 = sqlx::query_scalar(LOCKED_ON).bind(&volume.0).fetch_one(self.store.reader()).await?;
        Ok(u64::try_from(locked).unwrap_or(0))
    }

    /// First step of deleting: the timeline forgets them at once. Answers those that may go: what was locked meanwhile
    /// stays as it is.
    pub async fn mark_deleting(&self, ids: &[SegmentId]) -> Result<Vec<SegmentId>, StoreError> {
        self.each(MARK_DELETING, ids).await
    }

    /// Last step of deleting, once the files are gone.
    pub async fn forget(&self, ids: &[SegmentId]) -> Result<(), StoreError> {
        self.each(FORGET, ids).await.map(drop)
    }

    pub async fn mark_missing(&self, ids: &[SegmentId]) -> Result<(), StoreError> {
        self.each(MARK_MISSING, ids).await.map(drop)
    }

    /// Stream paths that have any recording.
    pub async fn paths(&self) -> Result<Vec<StreamPath>, StoreError> {
        let paths: Vec<String> = sqlx::query_scalar(PATHS).fetch_all(self.store.reader()).await?;
        Ok(paths.iter().filter_map(|path| StreamPath::parse(path).ok()).collect())
    }

    /// What a volume holds, segments marked for deletion included until they are forgotten.
    pub async fn totals(&self, volume: &VolumeCode) -> Result<VolumeTotals, StoreError> {
        let mut totals = VolumeTotals::default();
        for statement in [TOTALS, TOTALS_OPEN] {
            let (segments, bytes, oldest): (i64, i64, Option<i64>) =
                sqlx::query_as(statement).bind(&volume.0).fetch_one(self.store.reader()).await?;
            totals.segments += u64::try_from(segments).unwrap_or(0);
            totals.bytes += u64::try_from(bytes).unwrap_or(0);
            totals.oldest = [totals.oldest, oldest.map(UtcMillis)].into_iter().flatten().min();
        }
        Ok(totals)
    }

    /// Bytes of segments that began since a time, for the forecast.
    pub async fn bytes_since(&self, volume: &VolumeCode, since: UtcMillis) -> Result<u64, StoreError> {
        let mut sum = 0;
        for statement in [BYTES_SINCE, BYTES_OPEN] {
            let bytes: i64 =
                sqlx::query_scalar(statement).bind(&volume.0).bind(since.0).fetch_one(self.store.reader()).await?;
            sum += u64::try_from(bytes).unwrap_or(0);
        }
        Ok(sum)
    }

    /// Row ids and files of a volume after a file's name, missing ones too, for reconciliation in batches.
    pub async fn files_after(
        &self,
        volume: &VolumeCode,
        after: &str,
        limit: u32,
    ) -> Result<Vec<(SegmentId, String)>, StoreError> {
        let rows: Vec<(i64, String)> = sqlx::query_as(FILES)
            .bind(&volume.0)
            .bind(after)
            .bind(i64::from(limit))
            .fetch_all(self.store.reader())
            .await?;
        Ok(rows.into_iter().map(|(id, file)| (SegmentId(id), file)).collect())
    }

    /// Every one of these statements takes the segment off the timeline. Answers those it touched.
    async fn each(&self, statement: &'static str, ids: &[SegmentId]) -> Result<Vec<SegmentId>, StoreError> {
        let mut touched = Vec::with_capacity(ids.len());
        let mut pending = self.store.pieces().pending();
        let mut writer = self.store.writer().acquire().await?;
        let mut transaction = writer.begin().await?;
        for id in ids {
            let row: Option<(String, i64)> =
                sqlx::query_as(statement).bind(id.0).fetch_optional(&mut *transaction).await?;
            if let Some((path, start_ms)) = row {
                pending.push(Change::Remove { path, start_ms, id: id.0 });
                touched.push(*id);
            }
        }
        transaction.commit().await?;
        pending.apply();
        Ok(touched)
    }
}

async fn insert_on(
    connection: &mut SqliteConnection,
    new: &NewSegment,
    pending: &mut Pending<'_>,
) -> Result<SegmentId, StoreError> {
    let done = sqlx::query(INSERT)
        .bind(new.path.as_str())
        .bind(&new.volume.0)
        .bind(&new.file)
        .bind(new.start.0)
        .bind(i64::from(new.init_bytes))
        .bind(&new.video_codec)
        .bind(i64::from(new.width))
        .bind(i64::from(new.height))
        .bind(new.has_audio)
        .bind(new.origin.as_str())
        .execute(connection)
        .await?;
    let id = done.last_insert_rowid();
    let piece = Piece { start_ms: new.start.0, end_ms: new.start.0, id };
    pending.push(Change::Put { path: new.path.as_str().to_owned(), piece });
    Ok(SegmentId(id))
}

async fn progress_on(
    connection: &mut SqliteConnection,
    statement: &'static str,
    progress: &SegmentProgress,
    pending: &mut Pending<'_>,
) -> Result<(), StoreError> {
    let row: Option<(String, i64, bool)> = sqlx::query_as(statement)
        .bind(progress.end.0)
        .bind(signed(progress.size_bytes))
        .bind(&progress.fragments)
        .bind(state_word(progress.state))
        .bind(progress.id.0)
        .fetch_optional(connection)
        .await?;
    let Some((path, start_ms, is_deleting)) = row else { return Ok(()) };
    let id = progress.id.0;
    pending.push(if is_deleting || progress.state == SegmentState::Missing {
        Change::Remove { path, start_ms, id }
    } else {
        Change::Put { path, piece: Piece { start_ms, end_ms: progress.end.0, id } }
    });
    Ok(())
}

fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

const fn state_word(state: SegmentState) -> &'static str {
    match state {
        SegmentState::Recording => "recording",
        SegmentState::Complete => "complete",
        SegmentState::Recovered => "recovered",
        SegmentState::Missing => "missing",
    }
}

fn read_all(rows: Vec<SqliteRow>) -> Result<Vec<Segment>, StoreError> {
    rows.iter().map(read).collect()
}

fn read(row: &SqliteRow) -> Result<Segment, StoreError> {
    let path: String = column(row, "path")?;
    let state: String = column(row, "state")?;
    Ok(Segment {
        id: SegmentId(column(row, "id")?),
        path: StreamPath::parse(&path).map_err(|_| StoreError::Value { what: format!("path {path}") })?,
        volume: VolumeCode(column(row, "volume")?),
        file: column(row, "file")?,
        start: UtcMillis(column(row, "start_ms")?),
        end: UtcMillis(column(row, "end_ms")?),
        size_bytes: u64::try_from(column::<i64>(row, "size_bytes")?).unwrap_or(0),
        video_codec: column(row, "video_codec")?,
        width: column(row, "width")?,
        height: column(row, "height")?,
        has_audio: column(row, "has_audio")?,
        state: from_word("segment state", &state)?,
        locked: column(row, "locked")?,
        init_bytes: column(row, "init_bytes")?,
    })
}
