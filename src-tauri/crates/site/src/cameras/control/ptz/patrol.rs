//! Which preset of a round comes next, and when. Pure.

use std::time::{Duration, Instant};
use watchwall_model::{Patrol, PatrolId};

/// Somebody moved the camera by hand: the round waits so long.
pub const PAUSE: Duration = Duration::from_secs(60);
/// A round that cannot reach its presets so often in a row rests before each further try: the camera may be starting, or
/// gone for long.
const MOST_FAILURES: u32 = 3;
const REST: Duration = Duration::from_secs(60);

/// A round under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatrolFacts {
    pub id: PatrolId,
    pub name: String,
    /// The step the camera is at, from 0.
    pub step: usize,
    pub is_paused: bool,
}

pub struct Round {
    patrol: Patrol,
    at: Option<usize>,
    next_at: Instant,
    paused_until: Option<Instant>,
    failures: u32,
}

impl Round {
    /// `None` for a patrol without steps.
    pub fn start(patrol: Patrol, now: Instant) -> Option<Self> {
        let is_empty = patrol.steps.is_empty();
        (!is_empty).then_some(Self { patrol, at: None, next_at: now, paused_until: None, failures: 0 })
    }

    pub const fn id(&self) -> PatrolId {
        self.patrol.id
    }

    /// When the next move is due.
    pub fn due(&self) -> Instant {
        self.paused_until.map_or(self.next_at, |until| self.next_at.max(until))
    }

    /// The preset to go to now, and notes when the one after is due.
    pub fn next(&mut self, now: Instant) -> String {
        let step = self.at.map_or(0, |at| (at + 1) % self.patrol.steps.len());
        self.at = Some(step);
        self.paused_until = None;
        let step = &self.patrol.steps[step];
        self.next_at = now + Duration::from_secs(u64::from(step.dwell_s.max(1)));
        step.preset.clone()
    }

    /// The camera was moved by hand.
    pub fn pause(&mut self, now: Instant) {
        self.paused_until = Some(now + PAUSE);
    }

    /// Takes note of a move that was done.
    pub const fn arrived(&mut self) {
        self.failures = 0;
    }

    /// Takes note of a move that failed. Whether the round rests from now on.
    pub fn failed(&mut self, now: Instant) -> bool {
        self.failures = self.failures.saturating_add(1);
        if self.failures >= MOST_FAILURES {
            self.next_at = now + REST;
        }
        self.failures == MOST_FAILURES
    }

    pub fn facts(&self, now: Instant) -> PatrolFacts {
        PatrolFacts {
            id: self.patrol.id,
            name: self.patrol.name.clone(),
            step: self.at.unwrap_or(0),
            is_paused: self.paused_until.is_some_and(|until| until > now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use watchwall_model::{CameraId, PatrolStep};

    fn round(dwells: &[u32], now: Instant) -> Option<Round> {
        let steps =
            dwells.iter().enumerate().map(|(n, dwell_s)| PatrolStep { preset: format!("p{n}"), dwell_s: *dwell_s });
        let patrol =
            Patrol { id: PatrolId(1), camera: CameraId(1), name: "Yard".into(), steps: steps.collect(), version: 1 };
        Round::start(patrol, now)
    }

    #[test]
    fn a_round_goes_round() {
        let start = Instant::now();
        let mut round = round(&[5, 10], start).unwrap();
        let mut now = start;
        let mut seen = Vec::new();
        for _ in 0..4 {
            now = round.due();
            seen.push(((now - start).as_secs(), round.next(now)));
        }
        let expect = [(0, "p0"), (5, "p1"), (15, "p0"), (20, "p1")];
        assert_eq!(seen, expect.map(|(at, preset)| (at, preset.to_owned())));
        assert_eq!(round.facts(now).step, 1);
    }

    #[test]
    fn a_hand_on_it_makes_it_wait() {
        let start = Instant::now();
        let mut round = round(&[5], start).unwrap();
        round.next(start);
        round.pause(start + Duration::from_secs(2));
        round.pause(start + Duration::from_secs(10));
        assert_eq!(round.due(), start + Duration::from_secs(70));
        assert!(round.facts(start + Duration::from_secs(69)).is_paused);
        round.next(start + Duration::from_secs(70));
        assert!(!round.facts(start + Duration::from_secs(70)).is_paused);
    }

    #[test]
    fn a_round_that_arrives_nowhere_rests_and_tries_again() {
        let start = Instant::now();
        let mut round = round(&[5], start).unwrap();
        let mut now = start;
        let mut fails = |count: u32| {
            let mut rests = Vec::new();
            for _ in 0..count {
                now = round.due();
                round.next(now);
                rests.push(round.failed(now));
            }
            (rests, (round.due() - now).as_secs())
        };
        assert_eq!(fails(2), (vec![false, false], 5));
        assert_eq!(fails(3), (vec![true, false, false], 60));
        round.next(now);
        round.arrived();
        assert_eq!((round.due() - now).as_secs(), 5);
        assert!(!round.failed(now));
        assert!(self::round(&[], start).is_none());
    }
}
