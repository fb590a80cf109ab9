//! Which volume a stream is recorded on. [`choose`] decides; [`Placement`] asks it on behalf of recorders.
//!
//! A plan names a volume or leaves the choice to the site. Without a name recordings go to the writable volume of the
//! highest priority that is not full, the one with most room among equals, and stay there until it is full or fails.
//! A named volume that cannot be written to is stood in for until it can. When every volume is full, the one that holds
//! the oldest recordings is overwritten. Recording never just stops.

use super::{volume::VolumeDisk, volume_set::VolumeSet};
use std::{
    cmp::Reverse,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use watchwall_model::{Plan, UtcMillis, VolumeCode};

/// At most so many recorders change a full volume for another per second: each of them begins a file.
const MOVES_PER_SECOND: u32 = 20;
/// Among full volumes a recorder stays where it is unless another's recordings reach back further by this part of the
/// time that is kept, or by a day where weeks are.
const OLDER_PART: i64 = 4;
const OLDER_MS: i64 = 86_400_000;

/// A volume as the choice sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    pub code: VolumeCode,
    /// It answers, carries our marker, takes writes, and is no archive.
    pub can_record: bool,
    /// Its disk failed a moment ago, whatever it says of itself.
    pub is_suspect: bool,
    pub is_full: bool,
    pub priority: i32,
    pub free_bytes: u64,
    /// Begin of its oldest recording that may go.
    pub oldest_at: Option<UtcMillis>,
}

/// The volume to record on, as a position in `all`; `None` when none can be written to.
pub fn choose(
    wanted: Option<&VolumeCode>,
    current: Option<&VolumeCode>,
    all: &[Candidate],
    now: UtcMillis,
) -> Option<usize> {
    let able = || all.iter().enumerate().filter(|(_, volume)| volume.can_record);
    let sound = || able().filter(|(_, volume)| !volume.is_suspect);
    let named = sound().find(|(_, volume)| Some(&volume.code) == wanted);
    let roomy = || {
        let is_current = |volume: &Candidate| Some(&volume.code) == current;
        sound()
            .filter(|(_, volume)| !volume.is_full)
            .max_by_key(|(n, volume)| (volume.priority, is_current(volume), volume.free_bytes, Reverse(*n)))
    };
    let overwritten = || {
        let oldest = sound().filter_map(|(_, volume)| volume.oldest_at).min();
        let further_ms = oldest.map_or(0, |at| (now - at).max(0) / OLDER_PART).min(OLDER_MS);
        let stays = |volume: &Candidate| if Some(&volume.code) == current { further_ms } else { 0 };
        sound().min_by_key(|(_, volume)| volume.oldest_at.map_or(i64::MAX, |at| at.0.saturating_sub(stays(volume))))
    };
    named.or_else(roomy).or_else(overwritten).or_else(|| able().next()).map(|(n, _)| n)
}

/// Asked by every recorder for itself.
pub struct Placement {
    set: Arc<VolumeSet>,
    moves: Mutex<Moves>,
}

impl Placement {
    pub fn new(set: Arc<VolumeSet>) -> Self {
        Self { set, moves: Mutex::new(Moves { since: Instant::now(), left: MOVES_PER_SECOND }) }
    }

    /// Where the next file goes; when no volume takes any, the one whose refusal says why.
    pub fn disk_for(&self, plan: &Plan, current: Option<&VolumeDisk>) -> Option<Arc<VolumeDisk>> {
        let wanted = plan.volume.as_ref();
        let disks = self.set.disks();
        let chosen = choose(wanted, current.map(|disk| &disk.volume.code), &candidates(&disks), UtcMillis::now());
        let named = || disks.iter().position(|disk| Some(&disk.volume.code) == wanted);
        let same = || disks.iter().position(|disk| current.is_some_and(|current| current.volume == disk.volume));
        let recorded = || disks.iter().position(|disk| disk.is_recorded_on());
        let disk = chosen.or_else(named).or_else(same).or_else(recorded).map(|n| Arc::clone(&disks[n]));
        let is_sound = disk.as_ref().is_some_and(|disk| disk.refusal().is_none() && !disk.candidate().is_suspect);
        // One copy is better than none.
        let mirror = || plan.mirror.then(|| self.mirror_for(None)).flatten();
        if is_sound { disk } else { mirror().or(disk) }
    }

    /// Where the second copy of a file goes that is written to this volume; `None` when no mirror takes it.
    pub fn mirror_for(&self, first: Option<&VolumeCode>) -> Option<Arc<VolumeDisk>> {
        let mut disks = self.set.disks();
        disks.retain(|disk| disk.is_mirror() && Some(&disk.volume.code) != first);
        let candidates: Vec<_> = disks.iter().map(|disk| disk.mirror_candidate()).collect();
        let chosen = choose(None, None, &candidates, UtcMillis::now())?;
        (!candidates[chosen].is_suspect).then(|| Arc::clone(&disks[chosen]))
    }

    /// A volume that takes what `failed` does not.
    pub fn refuge(&self, plan: &Plan, failed: &VolumeDisk) -> Option<Arc<VolumeDisk>> {
        let mut disks = self.set.disks();
        disks.retain(|disk| disk.volume.code != failed.volume.code);
        let candidates = candidates(&disks);
        let chosen = choose(plan.volume.as_ref(), None, &candidates, UtcMillis::now());
        let sound = chosen.filter(|n| !candidates[*n].is_suspect).map(|n| Arc::clone(&disks[n]));
        sound.or_else(|| plan.mirror.then(|| self.mirror_for(Some(&failed.volume.code))).flatten())
    }

    /// Whether a recorder that writes well to `current` is to go on elsewhere: that one is full, on its way out, or only
    /// stood in for another. Says so to a few recorders a second.
    pub fn moves_on(&self, plan: &Plan, current: &VolumeDisk) -> bool {
        let candidates = candidates(&self.set.disks());
        let chosen = choose(plan.volume.as_ref(), Some(&current.volume.code), &candidates, UtcMillis::now());
        // From one that may fail to another that may fail nothing is gained.
        let is_other = |n: usize| candidates[n].code != current.volume.code && !candidates[n].is_suspect;
        let is_other = chosen.is_some_and(is_other);
        is_other && self.moves.lock().unwrap_or_else(PoisonError::into_inner).take(Instant::now())
    }
}

/// What may still be moved in the present second.
struct Moves {
    since: Instant,
    left: u32,
}

impl Moves {
    fn take(&mut self, now: Instant) -> bool {
        if now.saturating_duration_since(self.since) >= Duration::from_secs(1) {
            *self = Self { since: now, left: MOVES_PER_SECOND };
        }
        let is_free = self.left > 0;
        self.left = self.left.saturating_sub(1);
        is_free
    }
}

pub fn candidates(disks: &[Arc<VolumeDisk>]) -> Vec<Candidate> {
    disks.iter().map(|disk| disk.candidate()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn volume(code: &str, priority: i32) -> Candidate {
        Candidate {
            code: VolumeCode(code.into()),
            can_record: true,
            is_suspect: false,
            is_full: false,
            priority,
            free_bytes: 100,
            oldest_at: None,
        }
    }

    fn full(code: &str, oldest_ms: i64) -> Candidate {
        Candidate { is_full: true, oldest_at: Some(UtcMillis(oldest_ms)), ..volume(code, 0) }
    }

    fn check(wanted: Option<&str>, current: Option<&str>, all: &[Candidate], expect: Option<&str>) {
        let code = |text: Option<&str>| text.map(|text| VolumeCode(text.into()));
        let chosen = choose(code(wanted).as_ref(), code(current).as_ref(), all, UtcMillis(100 * OLDER_MS));
        assert_eq!(chosen.map(|n| all[n].code.0.as_str()), expect, "{wanted:?} {current:?} {all:?}");
    }

    #[test]
    fn the_site_picks_by_priority_then_room_and_stays() {
        check(None, None, &[], None);
        check(None, None, &[volume("a", 0), volume("b", 1)], Some("b"));
        let roomy = Candidate { free_bytes: 200, ..volume("b", 0) };
        check(None, None, &[volume("a", 0), roomy.clone()], Some("b"));
        check(None, Some("a"), &[volume("a", 0), roomy], Some("a"));
        check(None, Some("a"), &[volume("a", 0), volume("b", 1)], Some("b"));
        check(None, None, &[volume("a", 0), volume("b", 0)], Some("a"));
    }

    #[test]
    fn a_full_volume_is_left_for_one_with_room() {
        check(None, Some("a"), &[full("a", 0), volume("b", -5)], Some("b"));
        check(Some("a"), Some("a"), &[full("a", 0), volume("b", 0)], Some("a"));
    }

    #[test]
    fn of_full_volumes_the_oldest_is_overwritten() {
        check(None, None, &[full("a", 5), full("b", 3)], Some("b"));
        check(None, Some("a"), &[full("a", OLDER_MS), full("b", 1)], Some("a"));
        check(None, Some("a"), &[full("a", OLDER_MS + 2), full("b", 1)], Some("b"));
        // A site that keeps a minute does not wait a day.
        let now_ms = 100 * OLDER_MS;
        check(None, Some("a"), &[full("a", now_ms - 46_000), full("b", now_ms - 60_000)], Some("a"));
        check(None, Some("a"), &[full("a", now_ms - 44_000), full("b", now_ms - 60_000)], Some("b"));
        // Nor does one whose clock went back.
        check(None, Some("a"), &[full("a", now_ms + 9), full("b", now_ms + 8)], Some("b"));
        // One that holds nothing that may go is no help.
        check(None, None, &[Candidate { oldest_at: None, ..full("a", 0) }, full("b", 9)], Some("b"));
    }

    #[test]
    fn a_volume_that_fails_is_stood_in_for() {
        let broken = Candidate { can_record: false, ..volume("a", 9) };
        let suspect = Candidate { is_suspect: true, ..volume("a", 9) };
        check(Some("a"), Some("a"), &[broken.clone(), volume("b", 0)], Some("b"));
        check(Some("a"), Some("b"), &[volume("a", 0), volume("b", 0)], Some("a"));
        check(Some("a"), Some("a"), &[suspect.clone(), full("b", 0)], Some("b"));
        // Better a disk that may fail again than none.
        check(None, None, &[suspect], Some("a"));
        check(Some("a"), None, &[broken], None);
    }

    #[test]
    fn moves_are_paced() {
        let begun = Instant::now();
        let mut moves = Moves { since: begun, left: MOVES_PER_SECOND };
        let granted = |moves: &mut Moves, at| (0..50).filter(|_| moves.take(at)).count();
        assert_eq!(granted(&mut moves, begun), 20);
        assert_eq!(granted(&mut moves, begun + Duration::from_millis(999)), 0);
        assert_eq!(granted(&mut moves, begun + Duration::from_secs(1)), 20);
    }
}
