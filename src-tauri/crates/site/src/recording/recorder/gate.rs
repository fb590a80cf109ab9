//! Whether a recorder writes: decided from the plan's mode and schedule, the triggers, and how far it has recorded.
//!
//! Pure; the clock is handed in. A recorder that is to begin is told since when: it takes the key frame before that
//! from its hub's ring. A recorder that writes asks at each key frame whether that moment is still wanted.

use crate::recording::triggers::{Cause, Windows};
use jiff::tz::TimeZone;
use watchwall_model::{Plan, Slot, SlotAt, UtcMicros, UtcMillis};

/// A stream is pulled this long before it is to be recorded.
const AHEAD_MS: i64 = 20_000;
/// A picture from further ahead was taken before the clock was set back; it says nothing.
const CLOCK_SLACK_MS: i64 = 5_000;

/// What a recorder is to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stance {
    /// The stream is not even wanted.
    Off,
    /// Nothing is recorded yet, but the stream is pulled: it begins in a moment.
    Ready,
    /// The ring is kept for the next event.
    Armed,
    /// Write, from the key frame at or before this moment.
    Open { since: UtcMicros },
}

pub struct Gate {
    plan: Plan,
    zone: TimeZone,
    /// Nothing before is recorded of what is wanted at all times.
    started_at: UtcMillis,
    /// Looked up once per half-hour.
    slot: Option<SlotAt>,
}

impl Gate {
    pub const fn new(plan: Plan, zone: TimeZone, started_at: UtcMillis) -> Self {
        Self { plan, zone, started_at, slot: None }
    }

    pub fn stance(&mut self, now: UtcMillis, windows: &Windows, recorded: Option<UtcMicros>) -> Stance {
        let recorded = recorded.filter(|until| until.to_millis() - now <= CLOCK_SLACK_MS);
        let standing = self.slot_at(now);
        let mut since = (standing.slot == Slot::Continuous).then(|| standing.from.max(self.started_at).to_micros());
        for window in windows.iter().filter(|window| window.from <= now) {
            let from = recorded.map_or(window.from.to_micros(), |until| window.from.to_micros().max(until));
            if from >= window.until.to_micros() {
                continue;
            }
            let begin = if self.heeds(window.cause, from.to_millis()) {
                Some(from)
            } else {
                // It reaches out of a time that is off into this slot.
                let is_on = window.until > now && self.heeds(window.cause, now);
                is_on.then(|| from.max(standing.from.to_micros()))
            };
            since = [since, begin].into_iter().flatten().min();
        }
        match since {
            Some(since) => Stance::Open { since: recorded.map_or(since, |until| since.max(until)) },
            None if standing.slot == Slot::Event => Stance::Armed,
            None if self.begins_soon(now, windows) => Stance::Ready,
            None => Stance::Off,
        }
    }

    /// Whether what was taken at `at` belongs in a recording.
    pub fn wants(&mut self, at: UtcMillis, windows: &Windows) -> bool {
        if self.slot_at(at).slot == Slot::Continuous {
            return true;
        }
        windows.iter().any(|window| window.from <= at && at < window.until && self.heeds(window.cause, at))
    }

    /// What a camera notices counts only while the schedule says so; what is asked for counts always.
    fn heeds(&mut self, cause: Cause, at: UtcMillis) -> bool {
        cause == Cause::Asked || self.slot_at(at).slot != Slot::Off
    }

    fn begins_soon(&mut self, now: UtcMillis, windows: &Windows) -> bool {
        let soon = now.saturating_add_ms(AHEAD_MS);
        let is_asked = |cause| cause == Cause::Asked;
        self.plan.slot_at(soon, &self.zone).slot != Slot::Off
            || windows.iter().any(|window| is_asked(window.cause) && now < window.from && window.from <= soon)
    }

    fn slot_at(&mut self, at: UtcMillis) -> SlotAt {
        match self.slot {
            Some(slot) if slot.holds(at) => slot,
            _ => *self.slot.insert(self.plan.slot_at(at, &self.zone)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::triggers::Window;
    use watchwall_model::{PlanMode, StreamPath, WeekSchedule};

    /// Monday 2026-03-02, 10:00 UTC. Seconds count from there.
    const TEN: UtcMillis = UtcMillis(1_772_445_600_000);

    fn at(seconds: i64) -> UtcMillis {
        TEN.saturating_add_ms(seconds * 1000)
    }

    /// Every day off until 10:00, events until 10:30, continuous until 11:00, off again.
    fn gate(mode: PlanMode) -> Gate {
        let mut day = "-".repeat(20) + "ec";
        day += &"-".repeat(26);
        let schedule = WeekSchedule::parse(&vec![day; 7]).unwrap();
        let plan = Plan { mode, schedule, ..Plan::continuous(StreamPath::parse("a").unwrap()) };
        Gate::new(plan, TimeZone::UTC, at(-7_200))
    }

    fn windows(all: &[(i64, i64, Cause)]) -> Windows {
        let mut windows = Windows::default();
        for (from, until, cause) in all {
            windows.add(Window { from: at(*from), until: at(*until), cause: *cause, going_on: None }, at(-9_999));
        }
        windows
    }

    fn open(since: i64) -> Stance {
        Stance::Open { since: at(since).to_micros() }
    }

    #[track_caller]
    fn check(mode: PlanMode, now: i64, triggers: &[(i64, i64, Cause)], recorded: Option<i64>, expect: Stance) {
        let recorded = recorded.map(|seconds| at(seconds).to_micros());
        let found = gate(mode).stance(at(now), &windows(triggers), recorded);
        assert_eq!(found, expect, "{mode:?} at {now} with {triggers:?} recorded {recorded:?}");
    }

    use Cause::{Asked, Camera};
    use PlanMode::{Continuous, Event, Schedule};

    #[test]
    fn continuous_is_always_open() {
        check(Continuous, 0, &[], None, open(-7_200));
        check(Continuous, 0, &[], Some(-3), open(-3));
        check(Continuous, 0, &[(-90, 40, Camera)], Some(-3), open(-3));
        // What was recorded before the clock was set back an hour.
        check(Continuous, 0, &[], Some(3_600), open(-7_200));
    }

    #[test]
    fn events_open_with_the_seconds_before_them() {
        check(Event, 0, &[], None, Stance::Armed);
        check(Event, 0, &[(-10, 30, Camera)], None, open(-10));
        // Half of what comes before it is in the last file.
        check(Event, 0, &[(-10, 30, Camera)], Some(-4), open(-4));
        // All of it is recorded.
        check(Event, 31, &[(-10, 30, Camera)], Some(30), Stance::Armed);
        // Told late: it is in the ring, if anywhere.
        check(Event, 60, &[(-10, 30, Camera)], None, open(-10));
        // The earlier of two begins it.
        check(Event, 5, &[(0, 35, Camera), (-20, 3, Asked)], None, open(-20));
        // Ahead.
        check(Event, 0, &[(60, 90, Asked)], None, Stance::Armed);
    }

    #[test]
    fn the_schedule_opens_and_closes() {
        check(Schedule, -60, &[], None, Stance::Off);
        check(Schedule, -20, &[], None, Stance::Ready);
        check(Schedule, 0, &[], None, Stance::Armed);
        check(Schedule, 1_800, &[], None, open(1_800));
        check(Schedule, 2_000, &[], None, open(1_800));
        check(Schedule, 2_000, &[], Some(1_990), open(1_990));
        check(Schedule, 3_600, &[], Some(3_600), Stance::Off);
    }

    #[test]
    fn off_is_off_but_for_who_asks() {
        check(Schedule, -60, &[(-70, -30, Camera)], None, Stance::Off);
        check(Schedule, -60, &[(-70, -30, Asked)], None, open(-70));
        check(Schedule, -60, &[(-45, -30, Asked)], None, Stance::Ready);
        check(Schedule, -60, &[(300, 600, Asked)], None, Stance::Off);
        // It goes on into the slot, where it counts; what came before does not.
        check(Schedule, 3, &[(-70, 600, Camera)], None, open(0));
    }

    #[test]
    fn a_moment_is_wanted_by_slot_or_trigger() {
        let check = |mode, moment: i64, triggers: &[(i64, i64, Cause)], expect: bool| {
            assert_eq!(gate(mode).wants(at(moment), &windows(triggers)), expect, "{mode:?} {moment} {triggers:?}");
        };
        check(Continuous, 0, &[], true);
        check(Event, 0, &[], false);
        check(Event, 0, &[(-10, 30, Camera)], true);
        check(Event, 30, &[(-10, 30, Camera)], false);
        check(Event, 30, &[(-10, 30, Camera), (31, 60, Camera)], false);
        check(Event, 31, &[(-10, 30, Camera), (31, 60, Camera)], true);
        check(Schedule, 1_799, &[], false);
        check(Schedule, 1_800, &[], true);
        check(Schedule, 3_599, &[(3_590, 3_700, Camera)], true);
        // The slot ends before the event does.
        check(Schedule, 3_600, &[(3_590, 3_700, Camera)], false);
        check(Schedule, 3_600, &[(3_590, 3_700, Asked)], true);
    }
}
