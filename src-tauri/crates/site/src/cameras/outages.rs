//! How long cameras are away: from the moment the last live stream of a camera falls until one is live again. A camera
//! that nobody wants is not away, and one that was never there does not come back.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use watchwall_model::{CameraId, Phase, StreamPath};

/// Bounds of [`OutageFigures::counts`], in seconds.
pub const OUTAGE_BOUNDS_S: [u64; 9] = [1, 5, 15, 30, 60, 180, 600, 3_600, 86_400];

/// Outages that have ended, by how long they were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutageFigures {
    /// Per bound of [`OUTAGE_BOUNDS_S`], and the longer ones. Not cumulated.
    pub counts: [u64; OUTAGE_BOUNDS_S.len() + 1],
    pub sum: Duration,
}

#[derive(Default)]
pub struct Outages(Mutex<State>);

#[derive(Default)]
struct State {
    cameras: HashMap<CameraId, CameraState>,
    figures: OutageFigures,
}

#[derive(Default)]
struct CameraState {
    /// The wanted streams; true is live.
    streams: BTreeMap<StreamPath, bool>,
    was_live: bool,
    away_since: Option<Instant>,
}

impl Outages {
    /// A stream of a camera entered a phase.
    pub fn note(&self, camera: CameraId, path: &StreamPath, phase: &Phase, now: Instant) {
        let mut state = self.lock();
        let entry = state.cameras.entry(camera).or_default();
        match phase {
            Phase::Idle | Phase::Draining => entry.streams.remove(path),
            phase => entry.streams.insert(path.clone(), phase.is_live()),
        };
        let ended = entry.settle(now);
        if let Some(away) = ended {
            state.figures.add(away);
        }
    }

    /// A stream is gone, or its camera was switched off.
    pub fn forget(&self, camera: CameraId, path: &StreamPath) {
        let mut state = self.lock();
        let Some(entry) = state.cameras.get_mut(&camera) else { return };
        entry.streams.remove(path);
        if entry.streams.is_empty() {
            state.cameras.remove(&camera);
        }
    }

    pub fn figures(&self) -> OutageFigures {
        self.lock().figures
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CameraState {
    /// Answers how long the camera was away when it has just come back.
    fn settle(&mut self, now: Instant) -> Option<Duration> {
        if self.streams.is_empty() {
            // Nobody wants it any more; whether it is there is not known.
            *self = Self::default();
            return None;
        }
        if self.streams.values().any(|is_live| *is_live) {
            self.was_live = true;
            return self.away_since.take().map(|since| now.saturating_duration_since(since));
        }
        if self.was_live {
            self.away_since.get_or_insert(now);
        }
        None
    }
}

impl OutageFigures {
    fn add(&mut self, away: Duration) {
        let slot = OUTAGE_BOUNDS_S.iter().position(|bound| away <= Duration::from_secs(*bound));
        self.counts[slot.unwrap_or(OUTAGE_BOUNDS_S.len())] += 1;
        self.sum += away;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use watchwall_model::{ErrorCode, WaitReason};

    const CAMERA: CameraId = CameraId(1);

    fn waiting() -> Phase {
        let reason = WaitReason { code: ErrorCode::StreamEnded, detail: String::new() };
        Phase::Waiting { until: watchwall_model::UtcMillis(0), attempt: 1, reason }
    }

    /// Phases of streams `a` and `b` at seconds, and the seconds each outage lasted that was counted.
    fn check(story: &[(u64, &str, Phase)], expect: &[u64]) {
        let (outages, start) = (Outages::default(), Instant::now());
        for (at, path, phase) in story {
            let path = StreamPath::parse(path).unwrap();
            outages.note(CAMERA, &path, phase, start + Duration::from_secs(*at));
        }
        let figures = outages.figures();
        assert_eq!(figures.counts.iter().sum::<u64>(), expect.len() as u64, "{story:?}");
        assert_eq!(figures.sum, Duration::from_secs(expect.iter().sum()), "{story:?}");
    }

    #[test]
    fn a_camera_is_away_while_none_of_its_streams_lives() {
        check(&[(0, "a", Phase::Live), (10, "a", waiting()), (52, "a", Phase::Live)], &[42]);
        // The other stream was there all the time.
        check(&[(0, "a", Phase::Live), (0, "b", Phase::Live), (10, "a", waiting()), (52, "a", Phase::Live)], &[]);
        // One stream suffices for being back.
        check(
            &[
                (0, "a", Phase::Live),
                (0, "b", Phase::Live),
                (10, "a", waiting()),
                (12, "b", waiting()),
                (20, "b", Phase::Live),
                (30, "a", Phase::Live),
            ],
            &[8],
        );
        check(&[(0, "a", Phase::Live), (5, "a", waiting()), (6, "a", Phase::Connecting { attempt: 2 })], &[]);
    }

    #[test]
    fn what_nobody_wants_or_was_never_there_is_not_away() {
        check(&[(0, "a", Phase::Connecting { attempt: 1 }), (9, "a", waiting()), (20, "a", Phase::Live)], &[]);
        check(&[(0, "a", Phase::Live), (5, "a", Phase::Draining), (90, "a", Phase::Live)], &[]);
        check(&[(0, "a", Phase::Live), (5, "a", waiting()), (6, "a", Phase::Idle), (90, "a", Phase::Live)], &[]);
    }

    #[test]
    fn removed_cameras_leave_nothing() {
        let (outages, path) = (Outages::default(), StreamPath::parse("a").unwrap());
        outages.note(CAMERA, &path, &Phase::Live, Instant::now());
        outages.forget(CAMERA, &path);
        assert!(outages.lock().cameras.is_empty());
    }
}
