//! Locks: which stretches no retention may take. The store marks segments; here is what may be asked for.

use super::wording::{self, Words, invalid};
use watchwall_model::{EvidenceLock, EvidenceLockId, Problem, StreamPath, UtcMillis};
use watchwall_store::{LockFilter, NewEvidenceLock, Page, PageRequest, Store};

/// A year and a day, and as far ahead.
const LONGEST_MS: i64 = 367 * 86_400_000;
const REASON: Words = Words { field: "reason", shortest: 1, longest: 500 };

/// What somebody wants locked.
#[derive(Clone, Debug)]
pub struct LockWish {
    pub paths: Vec<StreamPath>,
    pub from: UtcMillis,
    /// May lie ahead.
    pub to: UtcMillis,
    pub reason: String,
    /// When it shall end by itself; `None` stays until somebody unlocks.
    pub until: Option<UtcMillis>,
}

/// The locks of the site. Cheap to clone.
#[derive(Clone)]
pub struct Locks {
    store: Store,
}

impl Locks {
    pub const fn new(store: Store) -> Self {
        Self { store }
    }

    /// Locks at once: once this has answered, nothing of it is deleted.
    ///
    /// # Errors
    /// `request_invalid` or `range_invalid` naming what is wrong, or when the database cannot be written.
    pub async fn lock(&self, wish: LockWish, by: &str) -> Result<EvidenceLock, Problem> {
        let new = check(wish, by, UtcMillis::now())?;
        Ok(self.store.evidence_locks().insert(&new).await?)
    }

    /// Ends a lock and answers it as it was.
    ///
    /// # Errors
    /// `not_found` also for one that has ended.
    pub async fn unlock(&self, id: EvidenceLockId, by: &str) -> Result<EvidenceLock, Problem> {
        let table = self.store.evidence_locks();
        let before = table.get(id).await?;
        table.end(id, UtcMillis::now(), by).await?;
        before.ok_or_else(|| Problem::new(watchwall_model::ErrorCode::NotFound).with("what", "evidence lock"))
    }

    /// Newest first.
    ///
    /// # Errors
    /// `request_invalid` for a made-up cursor, or when the database cannot be read.
    pub async fn page(&self, filter: LockFilter, request: &PageRequest) -> Result<Page<EvidenceLock>, Problem> {
        self.store.evidence_locks().page(filter, request).await
    }
}

fn check(wish: LockWish, by: &str, now: UtcMillis) -> Result<NewEvidenceLock, Problem> {
    if wish.to - now > LONGEST_MS {
        return Err(invalid("to", "too_far"));
    }
    if wish.until.is_some_and(|until| until <= now) {
        return Err(invalid("until", "past"));
    }
    Ok(NewEvidenceLock {
        paths: wording::paths(wish.paths)?,
        range: wording::range(wish.from, wish.to, LONGEST_MS)?,
        reason: wording::text(&wish.reason, REASON)?,
        locked_by: by.to_owned(),
        created_at: now,
        until: wish.until,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes_are_checked() {
        const DAY: i64 = 86_400_000;
        let now = UtcMillis(1_000 * DAY);
        let gate = StreamPath::parse("gate").unwrap();
        let check = |from: i64, to: i64, reason: &str, until: Option<i64>, expect: Result<(), &str>| {
            let at = |days: i64| UtcMillis(now.0 + days * DAY);
            let paths = vec![gate.clone(), gate.clone()];
            let wish = LockWish { paths, from: at(from), to: at(to), reason: reason.into(), until: until.map(at) };
            let found = super::check(wish, "anna", now);
            let field = |problem: Problem| problem.params.get("field").cloned().unwrap_or_default();
            assert_eq!(found.map(|new| assert_eq!(new.paths.len(), 1)).map_err(field), expect.map_err(Into::into));
        };
        check(-1, 0, "theft", None, Ok(()));
        check(-1, 1, "theft", Some(30), Ok(()));
        check(-1, 368, "theft", None, Err("to"));
        check(-1, 0, " ", None, Err("reason"));
        check(-1, 0, "theft", Some(0), Err("until"));
        check(0, 0, "theft", None, Err(""));
        check(-400, 0, "theft", None, Err(""));
    }
}
