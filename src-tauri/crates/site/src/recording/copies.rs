//! Which of several recordings of the same moments is played: the one on a volume that is recorded on, else its copy on
//! a mirror. [`preferred`] decides; [`Ranks`] knows how the volumes stand.

use super::volume::VolumeHealth;
use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};
use tokio::sync::watch;
use watchwall_model::{Segment, VolumeCode, VolumeKind, VolumeState};

/// A stretch this short between two files is no gap that a copy has to fill.
const SEAM_MS: i64 = 500;

/// How a volume stands when its recordings are wanted. The lesser is preferred.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    First,
    Copy,
    /// It does not answer: better than nothing only in that the answer then says so.
    Away,
}

/// How the volumes stand now. Cheap to clone; clones share what they know.
#[derive(Clone, Default)]
pub struct Ranks(Arc<RwLock<HashMap<VolumeCode, Standing>>>);

struct Standing {
    kind: VolumeKind,
    health: watch::Receiver<VolumeHealth>,
}

impl Ranks {
    /// From now on a volume is asked how it stands.
    pub fn know(&self, code: VolumeCode, kind: VolumeKind, health: watch::Receiver<VolumeHealth>) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(code, Standing { kind, health });
    }

    pub fn forget(&self, code: &VolumeCode) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(code);
    }

    /// Of rows in the order of their begin those to read.
    pub fn preferred(&self, rows: Vec<Segment>) -> Vec<Segment> {
        let standings = self.0.read().unwrap_or_else(PoisonError::into_inner);
        preferred(rows, |code| standings.get(code).map_or(Rank::First, Standing::rank))
    }

    pub fn of(&self, code: &VolumeCode) -> Rank {
        let standings = self.0.read().unwrap_or_else(PoisonError::into_inner);
        standings.get(code).map_or(Rank::First, Standing::rank)
    }

    /// Whether any volume holds copies.
    pub fn has_copies(&self) -> bool {
        let standings = self.0.read().unwrap_or_else(PoisonError::into_inner);
        standings.values().any(|standing| standing.kind == VolumeKind::Mirror)
    }
}

impl Standing {
    fn rank(&self) -> Rank {
        match (self.health.borrow().state, self.kind) {
            (VolumeState::Offline, _) => Rank::Away,
            (_, VolumeKind::Mirror) => Rank::Copy,
            _ => Rank::First,
        }
    }
}

/// Leaves out what better ones hold. Rows come and go in the order of their begin; those of the first rank all stay.
fn preferred(rows: Vec<Segment>, rank: impl Fn(&VolumeCode) -> Rank) -> Vec<Segment> {
    if rows.iter().all(|row| rank(&row.volume) == Rank::First) {
        return rows;
    }
    let (mut chosen, mut others): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| rank(&row.volume) == Rank::First);
    others.sort_by_key(|row| (rank(&row.volume), row.start));
    for row in others {
        // Of a short one all that is missing counts.
        if missing_ms(&row, &chosen) > SEAM_MS.min(row.end - row.start - 1) {
            let at = chosen.partition_point(|other| other.start <= row.start);
            chosen.insert(at, row);
        }
    }
    chosen
}

/// How much of a row these, in the order of their begin, do not hold.
fn missing_ms(row: &Segment, chosen: &[Segment]) -> i64 {
    let (mut missing, mut end) = (0, row.start);
    for other in chosen {
        let start = other.start.min(row.end);
        missing += (start - end).max(0);
        end = end.max(other.end.min(row.end));
    }
    missing + (row.end - end).max(0)
}

/// Another recording of the moment at which this one begins.
pub fn stands_in(row: &Segment) -> impl Fn(&Segment) -> bool + '_ {
    |other| other.id != row.id && other.volume != row.volume && other.start <= row.start && other.end > row.start
}

#[cfg(test)]
mod tests {
    use super::*;
    use watchwall_model::UtcMillis;
    use watchwall_model::{SegmentId, SegmentState, StreamPath};

    fn row(volume: &str, start_ms: i64, end_ms: i64) -> Segment {
        Segment {
            id: SegmentId(start_ms),
            path: StreamPath::parse("a").unwrap(),
            volume: VolumeCode(volume.into()),
            file: String::new(),
            start: UtcMillis(start_ms),
            end: UtcMillis(end_ms),
            size_bytes: 0,
            video_codec: String::new(),
            width: 0,
            height: 0,
            has_audio: false,
            state: SegmentState::Complete,
            locked: false,
            init_bytes: 0,
        }
    }

    /// Volumes `a` and `b` are recorded on, `m` mirrors, and those in capitals are away.
    fn check(rows: &[(&str, i64, i64)], expect: &[(&str, i64)]) {
        let all = rows.iter().map(|(volume, start, end)| row(volume, *start, *end)).collect();
        let rank = |code: &VolumeCode| match code.0.as_str() {
            "m" => Rank::Copy,
            "a" | "b" => Rank::First,
            _ => Rank::Away,
        };
        let chosen = preferred(all, rank);
        let chosen: Vec<_> = chosen.iter().map(|row| (row.volume.0.as_str(), row.start.0)).collect();
        assert_eq!(chosen, expect, "{rows:?}");
    }

    #[test]
    fn a_copy_is_played_where_the_first_is_not() {
        check(&[], &[]);
        check(&[("a", 0, 60_000), ("b", 59_000, 90_000)], &[("a", 0), ("b", 59_000)]);
        check(&[("a", 0, 60_000), ("m", 0, 60_000)], &[("a", 0)]);
        check(&[("m", 0, 60_000), ("m", 60_000, 90_000)], &[("m", 0), ("m", 60_000)]);
        // The disk of the first failed in the middle.
        check(&[("a", 0, 30_000), ("m", 0, 60_000), ("b", 60_000, 90_000)], &[("a", 0), ("m", 0), ("b", 60_000)]);
        // It is gone with all it holds.
        check(&[("A", 0, 60_000), ("m", 0, 60_000), ("b", 60_000, 90_000)], &[("m", 0), ("b", 60_000)]);
        // Files are not cut at the same places on both.
        check(&[("a", 0, 60_000), ("m", 20_000, 80_000), ("b", 60_040, 90_000)], &[("a", 0), ("b", 60_040)]);
        // Nothing better than what cannot be read.
        check(&[("A", 0, 60_000)], &[("A", 0)]);
        check(&[("A", 0, 60_000), ("M", 0, 60_000)], &[("A", 0)]);
        check(&[("A", 0, 60_000), ("m", 0, 20_000)], &[("m", 0), ("A", 0)]);
        // However short it is, nobody else has it.
        check(
            &[("a", 0, 60_000), ("m", 61_000, 61_300), ("b", 70_000, 90_000)],
            &[("a", 0), ("m", 61_000), ("b", 70_000)],
        );
        check(&[("a", 0, 60_000), ("m", 59_000, 59_300)], &[("a", 0)]);
    }
}
