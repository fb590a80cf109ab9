//! Table `bookmarks`.

use crate::{
    Page, PageRequest, Store, StoreError, page,
    row::{column, deleted, from_json, list, to_json, untouched},
};
use sqlx::sqlite::SqliteRow;
use watchwall_model::{Bookmark, BookmarkId, ErrorCode, Problem, StreamPath, TimeRange, UtcMillis};

const INSERT: &str = "INSERT INTO bookmarks (path, from_ms, to_ms, text, text_key, tags, created_by, created_at) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
const ONE: &str = "SELECT * FROM bookmarks WHERE id = ?1";
const UPDATE: &str = "UPDATE bookmarks SET path = ?1, from_ms = ?2, to_ms = ?3, text = ?4, text_key = ?5, tags = ?6, \
     version = version + 1 WHERE id = ?7 AND version = ?8";
const DELETE: &str = "DELETE FROM bookmarks WHERE id = ?1";
// A bound NULL leaves its condition out. The words were escaped, so that a percent sign is one.
const PAGE: &str = "SELECT * FROM bookmarks WHERE (?1 IS NULL OR path = ?1) AND from_ms < ?3 AND to_ms >= ?2 \
     AND (?4 IS NULL OR text_key LIKE ?4 ESCAPE '\\') \
     AND (?5 IS NULL OR EXISTS (SELECT 1 FROM json_each(tags) WHERE value = ?5)) \
     AND (from_ms < ?6 OR (from_ms = ?6 AND id < ?7)) ORDER BY from_ms DESC, id DESC LIMIT ?8";
const IN_RANGE: &str = "SELECT * FROM bookmarks WHERE path IN (SELECT value FROM json_each(?1)) AND from_ms < ?3 \
     AND to_ms >= ?2 ORDER BY from_ms, id LIMIT 10000";
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[INSERT, ONE, UPDATE, DELETE, PAGE, IN_RANGE];

/// What a list of bookmarks is narrowed to; nothing given, nothing narrowed.
#[derive(Clone, Debug, Default)]
pub struct BookmarkFilter {
    pub path: Option<StreamPath>,
    pub range: Option<TimeRange>,
    pub tag: Option<String>,
}

pub struct BookmarkTable<'a> {
    pub(crate) store: &'a Store,
}

impl BookmarkTable<'_> {
    /// Keeps a new one; its id and version are given here.
    pub async fn insert(&self, new: &Bookmark) -> Result<Bookmark, StoreError> {
        let done = sqlx::query(INSERT)
            .bind(new.path.as_str())
            .bind(new.from.0)
            .bind(new.to.0)
            .bind(&new.text)
            .bind(new.text.to_lowercase())
            .bind(to_json("tags", &new.tags)?)
            .bind(&new.created_by)
            .bind(new.created_at.0)
            .execute(self.store.writer())
            .await?;
        Ok(Bookmark { id: BookmarkId(done.last_insert_rowid()), version: 1, ..new.clone() })
    }

    pub async fn get(&self, id: BookmarkId) -> Result<Option<Bookmark>, StoreError> {
        let row = sqlx::query(ONE).bind(id.0).fetch_optional(self.store.reader()).await?;
        row.as_ref().map(read).transpose()
    }

    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::VersionConflict`].
    pub async fn update(&self, bookmark: &Bookmark, expected: i64) -> Result<Bookmark, StoreError> {
        let changed = sqlx::query(UPDATE)
            .bind(bookmark.path.as_str())
            .bind(bookmark.from.0)
            .bind(bookmark.to.0)
            .bind(&bookmark.text)
            .bind(bookmark.text.to_lowercase())
            .bind(to_json("tags", &bookmark.tags)?)
            .bind(bookmark.id.0)
            .bind(expected)
            .execute(self.store.writer())
            .await?;
        if changed.rows_affected() == 0 {
            let row = sqlx::query(ONE).bind(bookmark.id.0).fetch_optional(self.store.writer()).await?;
            return Err(untouched("bookmark", row));
        }
        Ok(Bookmark { version: expected + 1, ..bookmark.clone() })
    }

    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn delete(&self, id: BookmarkId) -> Result<(), StoreError> {
        deleted("bookmark", &sqlx::query(DELETE).bind(id.0).execute(self.store.writer()).await?)
    }

    /// Latest moment first; `search` of the request is looked for in the text.
    ///
    /// # Errors
    /// `request_invalid` for a made-up cursor.
    pub async fn page(&self, filter: &BookmarkFilter, request: &PageRequest) -> Result<Page<Bookmark>, Problem> {
        let (before_ms, before_id) = match &request.cursor {
            Some(cursor) => position(&page::decode(cursor)?)?,
            None => (i64::MAX, i64::MAX),
        };
        let range = filter.range.map_or((i64::MIN, i64::MAX), |range| (range.start.0, range.end.0));
        let limit = request.limit();
        let rows = sqlx::query(PAGE)
            .bind(filter.path.as_ref().map(StreamPath::as_str))
            .bind(range.0)
            .bind(range.1)
            .bind(request.search.as_deref().map(pattern))
            .bind(filter.tag.as_deref())
            .bind(before_ms)
            .bind(before_id)
            .bind(page::one_more(limit))
            .fetch_all(self.store.reader())
            .await
            .map_err(StoreError::from)?;
        let mut items = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let more = items.len() > limit;
        items.truncate(limit);
        let last = items.last().filter(|_| more);
        let next_cursor = last.map(|bookmark| page::encode(&format!("{},{}", bookmark.from.0, bookmark.id)));
        Ok(Page { items, next_cursor })
    }

    /// Those of some streams that touch the range, by their start; ten thousand at most.
    pub async fn in_range(&self, paths: &[StreamPath], range: TimeRange) -> Result<Vec<Bookmark>, StoreError> {
        let query = sqlx::query(IN_RANGE).bind(list(paths)?).bind(range.start.0).bind(range.end.0);
        query.fetch_all(self.store.reader()).await?.iter().map(read).collect()
    }
}

/// # Errors
/// `request_invalid` naming the cursor.
fn position(cursor: &str) -> Result<(i64, i64), Problem> {
    let parsed = cursor.split_once(',').and_then(|(ms, id)| Some((ms.parse().ok()?, id.parse().ok()?)));
    parsed.ok_or_else(|| Problem::new(ErrorCode::RequestInvalid).with("field", "cursor"))
}

/// What `LIKE` finds these words with, anywhere.
fn pattern(words: &str) -> String {
    let mut pattern = String::from("%");
    for c in words.trim().to_lowercase().chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

fn read(row: &SqliteRow) -> Result<Bookmark, StoreError> {
    let (path, tags): (String, String) = (column(row, "path")?, column(row, "tags")?);
    Ok(Bookmark {
        id: BookmarkId(column(row, "id")?),
        path: StreamPath::parse(&path).map_err(|_| StoreError::Value { what: format!("path {path}") })?,
        from: UtcMillis(column(row, "from_ms")?),
        to: UtcMillis(column(row, "to_ms")?),
        text: column(row, "text")?,
        tags: from_json("tags", &tags)?,
        created_by: column(row, "created_by")?,
        created_at: UtcMillis(column(row, "created_at")?),
        version: column(row, "version")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DataFolder;

    async fn put(store: &Store, path: &str, at: i64, text: &str, tags: &[&str]) {
        let bookmark = Bookmark {
            id: BookmarkId(0),
            path: StreamPath::parse(path).unwrap(),
            from: UtcMillis(at),
            to: UtcMillis(at),
            text: text.into(),
            tags: tags.iter().map(ToString::to_string).collect(),
            created_by: "anna".into(),
            created_at: UtcMillis(0),
            version: 0,
        };
        store.bookmarks().insert(&bookmark).await.unwrap();
    }

    #[tokio::test]
    async fn bookmarks_are_found_by_text_tag_time_and_camera() {
        let folder = tempfile::tempdir().unwrap();
        let (store, _) = Store::open(&DataFolder::lock(folder.path()).unwrap()).await.unwrap();
        put(&store, "gate", 100, "Red van", &["car", "theft"]).await;
        put(&store, "gate", 200, "ÜBERFALL 100%", &[]).await;
        put(&store, "yard", 200, "Blue van", &["car"]).await;
        let check = async |filter: BookmarkFilter, search: Option<&str>, expect: &[&str]| {
            let mut request = PageRequest { limit: Some(1), search: search.map(Into::into), ..PageRequest::default() };
            let mut found = Vec::new();
            loop {
                let page = store.bookmarks().page(&filter, &request).await.unwrap();
                found.extend(page.items.into_iter().map(|bookmark| bookmark.text));
                request.cursor = page.next_cursor;
                if request.cursor.is_none() {
                    break;
                }
            }
            assert_eq!(found, expect, "{filter:?} {search:?}");
        };
        let all = BookmarkFilter::default();
        let gate = BookmarkFilter { path: StreamPath::parse("gate").ok(), ..all.clone() };
        let car = BookmarkFilter { tag: Some("car".into()), ..all.clone() };
        let early = BookmarkFilter { range: TimeRange::new(UtcMillis(0), UtcMillis(200)), ..all.clone() };
        check(all.clone(), None, &["Blue van", "ÜBERFALL 100%", "Red van"]).await;
        check(gate, None, &["ÜBERFALL 100%", "Red van"]).await;
        check(car.clone(), None, &["Blue van", "Red van"]).await;
        check(car, Some("RED"), &["Red van"]).await;
        check(early, None, &["Red van"]).await;
        check(all.clone(), Some("überfall"), &["ÜBERFALL 100%"]).await;
        check(all.clone(), Some("0%"), &["ÜBERFALL 100%"]).await;
        check(all.clone(), Some("_"), &[]).await;
        let request = PageRequest { cursor: Some(page::encode("x")), ..PageRequest::default() };
        assert!(store.bookmarks().page(&all, &request).await.is_err());
    }
}
