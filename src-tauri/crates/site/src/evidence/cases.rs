//! Cases: clips of several cameras that belong together, with notes.

use super::wording::{self, Words, invalid};
use watchwall_model::{Case, CaseClip, CaseId, ErrorCode, Problem, UtcMillis};
use watchwall_store::{Page, PageRequest, Store};

const MOST_CLIPS: usize = 200;
const LONGEST_CLIP_MS: i64 = 7 * 86_400_000;
const NAME: Words = Words { field: "name", shortest: 1, longest: 120 };
const NOTES: Words = Words { field: "notes", shortest: 0, longest: 20_000 };
const NOTE: Words = Words { field: "clips", shortest: 0, longest: 1_000 };

/// What a case shall hold.
#[derive(Clone, Debug)]
pub struct CaseWish {
    pub name: String,
    pub notes: String,
    pub clips: Vec<CaseClip>,
}

/// The cases of the site. Cheap to clone.
#[derive(Clone)]
pub struct Cases {
    store: Store,
}

impl Cases {
    pub const fn new(store: Store) -> Self {
        Self { store }
    }

    /// # Errors
    /// `request_invalid` or `range_invalid` naming what is wrong, or when the database cannot be written.
    pub async fn open(&self, wish: CaseWish, by: &str) -> Result<Case, Problem> {
        let new = check(wish, by, UtcMillis::now())?;
        Ok(self.store.cases().insert(&new).await?)
    }

    /// # Errors
    /// `not_found`.
    pub async fn get(&self, id: CaseId) -> Result<Case, Problem> {
        let found = self.store.cases().get(id).await?;
        found.ok_or_else(|| Problem::new(ErrorCode::NotFound).with("what", "case"))
    }

    /// Replaces what a case holds; answers how it was and how it is. Without an expected version the last one counts.
    ///
    /// # Errors
    /// `not_found`, `version_conflict`, or as [`Self::open`].
    pub async fn change(&self, id: CaseId, wish: CaseWish, expected: Option<i64>) -> Result<(Case, Case), Problem> {
        let before = self.get(id).await?;
        let created_by = before.created_by.clone();
        let wanted = Case { id, created_by, ..check(wish, "", before.created_at)? };
        let after = self.store.cases().update(&wanted, expected.unwrap_or(before.version)).await?;
        Ok((before, after))
    }

    /// Forgets one and answers it as it was; the recordings stay.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn remove(&self, id: CaseId) -> Result<Case, Problem> {
        let before = self.get(id).await?;
        self.store.cases().delete(id).await?;
        Ok(before)
    }

    /// Newest first.
    ///
    /// # Errors
    /// `request_invalid` for a made-up cursor, or when the database cannot be read.
    pub async fn page(&self, request: &PageRequest) -> Result<Page<Case>, Problem> {
        self.store.cases().page(request).await
    }
}

fn check(wish: CaseWish, by: &str, now: UtcMillis) -> Result<Case, Problem> {
    if wish.clips.len() > MOST_CLIPS {
        return Err(invalid("clips", "too_many").with("most", MOST_CLIPS));
    }
    let mut clips = Vec::with_capacity(wish.clips.len());
    for clip in wish.clips {
        let range = wording::range(clip.from, clip.to, LONGEST_CLIP_MS)?;
        let note = wording::text(&clip.note, NOTE)?;
        clips.push(CaseClip { path: clip.path, from: range.start, to: range.end, note });
    }
    Ok(Case {
        id: CaseId(0),
        name: wording::text(&wish.name, NAME)?,
        notes: wording::text(&wish.notes, NOTES)?,
        clips,
        created_by: by.to_owned(),
        created_at: now,
        version: 0,
    })
}
