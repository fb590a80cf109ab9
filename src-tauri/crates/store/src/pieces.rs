//! What is recorded when, in memory: the timeline asks for a month of every camera and wants it at once.
//!
//! One entry of 24 bytes per visible segment, loaded per path on first use, kept in step by every write that commits.
//! A write that ends any other way (an error, a cancelled task) makes the memory forget everything: it is loaded anew.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use watchwall_model::{TimeRange, UtcMillis};

/// A segment lasts at most an hour and a bit, so a search may begin this far before the range.
pub const LONGEST_MS: i64 = 7_500_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    pub start_ms: i64,
    pub end_ms: i64,
    pub id: i64,
}

/// Pieces of one path, by start and id.
#[derive(Debug, Default)]
struct Pieces(Vec<Piece>);

impl Pieces {
    fn find(&self, start_ms: i64, id: i64) -> Result<usize, usize> {
        self.0.binary_search_by_key(&(start_ms, id), |piece| (piece.start_ms, piece.id))
    }

    fn put(&mut self, piece: Piece) {
        match self.find(piece.start_ms, piece.id) {
            Ok(at) => self.0[at] = piece,
            Err(at) => self.0.insert(at, piece),
        }
    }

    fn remove(&mut self, start_ms: i64, id: i64) {
        if let Ok(at) = self.find(start_ms, id) {
            self.0.remove(at);
        }
    }

    /// Stretches of the range, those at most `merge_ms` apart joined.
    fn join(&self, range: TimeRange, merge_ms: i64) -> Vec<TimeRange> {
        let first = self.0.partition_point(|piece| piece.start_ms <= range.start.0.saturating_sub(LONGEST_MS));
        let inside = self.0[first..].iter().take_while(|piece| piece.start_ms < range.end.0);
        let mut joined: Vec<TimeRange> = Vec::new();
        for piece in inside {
            let whole = TimeRange::new(UtcMillis(piece.start_ms), UtcMillis(piece.end_ms));
            let Some(part) = whole.and_then(|whole| whole.intersect(range)) else { continue };
            match joined.last_mut() {
                Some(last) if part.start - last.end <= merge_ms => last.end = last.end.max(part.end),
                _ => joined.push(part),
            }
        }
        joined
    }
}

/// One row that changed.
#[derive(Debug)]
pub enum Change {
    Put { path: String, piece: Piece },
    Remove { path: String, start_ms: i64, id: i64 },
}

/// Shared by all clones of the store. Changed and loaded only by whoever holds the writer connection.
#[derive(Clone, Debug, Default)]
pub struct PieceCache(Arc<Mutex<HashMap<String, Pieces>>>);

impl PieceCache {
    /// `None` while the path is not loaded.
    pub fn join(&self, path: &str, range: TimeRange, merge_ms: i64) -> Option<Vec<TimeRange>> {
        self.lock().get(path).map(|pieces| pieces.join(range, merge_ms))
    }

    pub fn load(&self, path: &str, mut pieces: Vec<Piece>) {
        pieces.sort_unstable_by_key(|piece| (piece.start_ms, piece.id));
        self.lock().insert(path.to_owned(), Pieces(pieces));
    }

    /// Take it before a transaction begins, [`Pending::apply`] it once it is committed.
    pub fn pending(&self) -> Pending<'_> {
        Pending { cache: self, changes: Vec::new(), is_applied: false }
    }

    // A panic while it was held cannot leave it half changed in a way that matters more than losing it.
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Pieces>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Changes of a transaction that may still fail.
pub struct Pending<'a> {
    cache: &'a PieceCache,
    changes: Vec<Change>,
    is_applied: bool,
}

impl Pending<'_> {
    pub fn push(&mut self, change: Change) {
        self.changes.push(change);
    }

    pub fn apply(mut self) {
        let mut paths = self.cache.lock();
        for change in self.changes.drain(..) {
            match change {
                Change::Put { path, piece } => {
                    if let Some(pieces) = paths.get_mut(&path) {
                        pieces.put(piece);
                    }
                }
                Change::Remove { path, start_ms, id } => {
                    if let Some(pieces) = paths.get_mut(&path) {
                        pieces.remove(start_ms, id);
                    }
                }
            }
        }
        drop(paths);
        self.is_applied = true;
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        if !self.is_applied {
            self.cache.lock().clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(start_ms: i64, end_ms: i64, id: i64) -> Piece {
        Piece { start_ms, end_ms, id }
    }

    fn cache(pieces: &[(i64, i64)]) -> PieceCache {
        let cache = PieceCache::default();
        cache.load("p", pieces.iter().zip(1..).map(|((start, end), id)| piece(*start, *end, id)).collect());
        cache
    }

    fn joined(cache: &PieceCache, from: i64, to: i64, merge_ms: i64) -> Option<Vec<(i64, i64)>> {
        let found = cache.join("p", TimeRange::new(UtcMillis(from), UtcMillis(to)).unwrap(), merge_ms)?;
        Some(found.into_iter().map(|range| (range.start.0, range.end.0)).collect())
    }

    #[test]
    fn pieces_join_and_are_cut_to_the_range() {
        let check = |pieces: &[(i64, i64)], merge_ms, expect: &[(i64, i64)]| {
            assert_eq!(joined(&cache(pieces), 100, 200, merge_ms).unwrap(), expect, "{pieces:?} {merge_ms}");
        };
        check(&[], 0, &[]);
        check(&[(0, 100), (200, 300)], 50, &[]);
        check(&[(0, 150), (150, 300)], 0, &[(100, 200)]);
        check(&[(110, 120), (125, 130), (150, 150)], 0, &[(110, 120), (125, 130)]);
        check(&[(110, 120), (125, 130)], 5, &[(110, 130)]);
        check(&[(110, 190), (120, 130), (195, 199)], 5, &[(110, 199)]);
    }

    #[test]
    fn committed_changes_show_and_others_make_it_forget() {
        let cache = cache(&[(100, 110), (110, 120)]);
        let mut pending = cache.pending();
        pending.push(Change::Put { path: "p".into(), piece: piece(110, 130, 2) });
        pending.push(Change::Put { path: "p".into(), piece: piece(50, 101, 9) });
        pending.push(Change::Remove { path: "p".into(), start_ms: 100, id: 1 });
        pending.push(Change::Put { path: "unknown".into(), piece: piece(0, 1, 3) });
        pending.apply();
        assert_eq!(joined(&cache, 0, 1000, 0), Some(vec![(50, 101), (110, 130)]));
        drop(cache.pending());
        assert_eq!(joined(&cache, 0, 1000, 0), None);
    }
}
