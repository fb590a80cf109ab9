//! Which archive takes a recording: a pure decision.

use std::cmp::Reverse;
use watchwall_model::{UtcMillis, VolumeCode};

const DAY_MS: i64 = 86_400_000;

/// An archive as the choice sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct ArchiveCandidate {
    pub code: VolumeCode,
    /// It answers, carries our marker and takes writes.
    pub is_ready: bool,
    /// Recordings younger than this stay where they were recorded.
    pub after_days: u32,
    pub priority: i32,
    pub total_bytes: u64,
    pub free_bytes: u64,
    pub high_watermark_percent: f64,
}

impl ArchiveCandidate {
    /// Whether so much more leaves it below its high watermark. Its own sweeper then makes room for what comes next.
    fn has_room_for(&self, bytes: u64) -> bool {
        let used = self.total_bytes.saturating_sub(self.free_bytes).saturating_add(bytes) as f64;
        bytes < self.free_bytes && used < self.total_bytes as f64 * self.high_watermark_percent / 100.0
    }
}

/// Why recordings are to move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// They are as old as an archive wants them.
    Age,
    /// Their volume stands at its high watermark: better moved early than deleted.
    Room,
}

/// Recordings that end before this may move to any archive; `None` when no archive takes any.
pub fn before(all: &[ArchiveCandidate], occasion: Occasion, now: UtcMillis) -> Option<UtcMillis> {
    let ready = all.iter().filter(|archive| archive.is_ready && archive.has_room_for(1));
    match occasion {
        Occasion::Room => ready.map(|_| now).next(),
        Occasion::Age => ready.map(|archive| limit_of(archive, now)).max(),
    }
}

/// The archive for a finished recording of this size and end, as a position in `all`: the one of the highest priority,
/// the one with most room among equals.
pub fn choose(
    all: &[ArchiveCandidate],
    occasion: Occasion,
    (size_bytes, end): (u64, UtcMillis),
    now: UtcMillis,
) -> Option<usize> {
    let is_due = |archive: &ArchiveCandidate| occasion == Occasion::Room || end <= limit_of(archive, now);
    all.iter()
        .enumerate()
        .filter(|(_, archive)| archive.is_ready && archive.has_room_for(size_bytes) && is_due(archive))
        .max_by_key(|(n, archive)| (archive.priority, archive.free_bytes, Reverse(*n)))
        .map(|(n, _)| n)
}

fn limit_of(archive: &ArchiveCandidate, now: UtcMillis) -> UtcMillis {
    now.saturating_add_ms(-i64::from(archive.after_days).saturating_mul(DAY_MS))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UtcMillis = UtcMillis(100 * DAY_MS);

    fn archive(code: &str, after_days: u32, free_bytes: u64) -> ArchiveCandidate {
        ArchiveCandidate {
            code: VolumeCode(code.into()),
            is_ready: true,
            after_days,
            priority: 0,
            total_bytes: 1_000,
            free_bytes,
            high_watermark_percent: 90.0,
        }
    }

    #[test]
    fn the_archive_of_highest_priority_with_room_takes_what_is_old_enough() {
        let first = ArchiveCandidate { priority: 1, ..archive("a", 3, 200) };
        let away = ArchiveCandidate { is_ready: false, priority: 9, ..archive("c", 0, 1_000) };
        let all = [first, archive("b", 1, 500), away];
        let check = |occasion, size_bytes, age_days: i64, expect: Option<&str>| {
            let end = UtcMillis(NOW.0 - age_days * DAY_MS);
            let chosen = choose(&all, occasion, (size_bytes, end), NOW).map(|n| all[n].code.0.as_str());
            assert_eq!(chosen, expect, "{occasion:?} {size_bytes} {age_days}");
        };
        check(Occasion::Age, 10, 3, Some("a"));
        check(Occasion::Age, 10, 2, Some("b"));
        check(Occasion::Age, 10, 0, None);
        // Past the high watermark it would have to delete at once.
        check(Occasion::Age, 100, 5, Some("b"));
        check(Occasion::Age, 400, 5, None);
        check(Occasion::Room, 10, 0, Some("a"));
        assert_eq!(choose(&[], Occasion::Room, (1, NOW), NOW), None);
    }

    #[test]
    fn the_youngest_recordings_any_archive_wants_are_looked_for() {
        let check = |all: &[ArchiveCandidate], occasion, expect: Option<i64>| {
            assert_eq!(before(all, occasion, NOW).map(|at| (NOW - at) / DAY_MS), expect, "{all:?}");
        };
        check(&[], Occasion::Age, None);
        check(&[archive("a", 3, 500), archive("b", 7, 500)], Occasion::Age, Some(3));
        check(&[archive("a", 3, 50), archive("b", 7, 500)], Occasion::Age, Some(7));
        check(&[archive("a", 3, 50)], Occasion::Room, None);
        check(&[archive("a", 3, 500)], Occasion::Room, Some(0));
    }
}
