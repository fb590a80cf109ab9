//! Bookmarks: remarks about moments.

use super::wording::{self, Words, invalid};
use watchwall_model::{Bookmark, BookmarkId, ErrorCode, Problem, StreamPath, UtcMillis};
use watchwall_store::{BookmarkFilter, Page, PageRequest, Store};

const LONGEST_MS: i64 = 7 * 86_400_000;
const TEXT: Words = Words { field: "text", shortest: 1, longest: 1_000 };

/// What somebody wants remembered.
#[derive(Clone, Debug)]
pub struct BookmarkWish {
    pub path: StreamPath,
    pub from: UtcMillis,
    /// `None` for a moment.
    pub to: Option<UtcMillis>,
    pub text: String,
    pub tags: Vec<String>,
}

/// The bookmarks of the site. Cheap to clone.
#[derive(Clone)]
pub struct Bookmarks {
    store: Store,
}

impl Bookmarks {
    pub const fn new(store: Store) -> Self {
        Self { store }
    }

    /// # Errors
    /// `request_invalid` naming what is wrong, or when the database cannot be written.
    pub async fn put(&self, wish: BookmarkWish, by: &str) -> Result<Bookmark, Problem> {
        let new = check(wish, by, UtcMillis::now())?;
        Ok(self.store.bookmarks().insert(&new).await?)
    }

    /// Changes one and answers how it was and how it is. Without an expected version the last one counts.
    ///
    /// # Errors
    /// `not_found`, `version_conflict`, or as [`Self::put`].
    pub async fn change(
        &self,
        id: BookmarkId,
        wish: BookmarkWish,
        expected: Option<i64>,
    ) -> Result<(Bookmark, Bookmark), Problem> {
        let before = self.get(id).await?;
        let wanted = Bookmark {
            id,
            created_by: before.created_by.clone(),
            created_at: before.created_at,
            ..check(wish, "", before.created_at)?
        };
        let after = self.store.bookmarks().update(&wanted, expected.unwrap_or(before.version)).await?;
        Ok((before, after))
    }

    /// Forgets one and answers it as it was.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn remove(&self, id: BookmarkId) -> Result<Bookmark, Problem> {
        let before = self.get(id).await?;
        self.store.bookmarks().delete(id).await?;
        Ok(before)
    }

    /// Latest moment first.
    ///
    /// # Errors
    /// `request_invalid` for a made-up cursor, or when the database cannot be read.
    pub async fn page(&self, filter: &BookmarkFilter, request: &PageRequest) -> Result<Page<Bookmark>, Problem> {
        self.store.bookmarks().page(filter, request).await
    }

    async fn get(&self, id: BookmarkId) -> Result<Bookmark, Problem> {
        let found = self.store.bookmarks().get(id).await?;
        found.ok_or_else(|| Problem::new(ErrorCode::NotFound).with("what", "bookmark"))
    }
}

fn check(wish: BookmarkWish, by: &str, now: UtcMillis) -> Result<Bookmark, Problem> {
    let to = wish.to.unwrap_or(wish.from);
    if to < wish.from || to - wish.from > LONGEST_MS {
        return Err(invalid("to", "out_of_bounds"));
    }
    Ok(Bookmark {
        id: BookmarkId(0),
        path: wish.path,
        from: wish.from,
        to,
        text: wording::text(&wish.text, TEXT)?,
        tags: wording::tags(&wish.tags)?,
        created_by: by.to_owned(),
        created_at: now,
        version: 0,
    })
}
