//! The stretches of one stream that triggers ask for. Pure.

use watchwall_model::{TriggerKind, UtcMillis};

/// What never ended, as far as we heard, ends after this long: the end may have been lost.
pub const LONGEST_MS: i64 = 3_600_000;
/// A stretch is kept this long after its end, for what comes late.
const KEPT_MS: i64 = 180_000;
/// More of them at once are joined.
const MOST: usize = 64;

/// Who wants a stretch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Recorded only while the plan awaits events.
    Camera,
    /// Somebody, or a program, asked: recorded whatever the schedule says.
    Asked,
}

/// What names an event that goes on until its end is told: kind, source, rule.
pub type GoingOn = (TriggerKind, String, String);

/// A stretch to be recorded, `[from, until)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    pub from: UtcMillis,
    pub until: UtcMillis,
    pub cause: Cause,
    /// Until its end is told.
    pub going_on: Option<GoingOn>,
}

/// Those of one stream.
#[derive(Clone, Debug, Default)]
pub struct Windows {
    all: Vec<Window>,
}

impl Windows {
    /// Takes a stretch; one that overlaps another of the same cause extends it. Says whether it is news, and not just
    /// makes go on what goes on.
    pub fn add(&mut self, new: Window, now: UtcMillis) -> bool {
        self.forget(now);
        if new.going_on.is_some() && self.all.iter().any(|window| window.going_on == new.going_on) {
            return false;
        }
        let near =
            |window: &&mut Window| window.cause == new.cause && window.from <= new.until && new.from <= window.until;
        let joined = self.all.iter_mut().filter(|window| window.going_on.is_none()).find(near);
        match joined {
            Some(window) if new.going_on.is_none() => {
                // The seconds before it may lie in what ended already.
                let is_news = window.until < now;
                window.from = window.from.min(new.from);
                window.until = window.until.max(new.until);
                is_news
            }
            _ => {
                self.all.push(new);
                self.bound();
                true
            }
        }
    }

    /// An event that went on has ended: its stretch reaches until `until`.
    pub fn end(&mut self, ended: &GoingOn, until: UtcMillis) {
        for window in self.all.iter_mut().filter(|window| window.going_on.as_ref() == Some(ended)) {
            window.until = window.until.min(until);
            window.going_on = None;
        }
    }

    /// When what was asked for ends; what lies ahead counts too.
    pub fn asked_until(&self, now: UtcMillis) -> Option<UtcMillis> {
        let asked = self.all.iter().filter(|window| window.cause == Cause::Asked && window.until > now);
        asked.map(|window| window.until).max()
    }

    /// Nobody asks any more: what was asked for and is under way ends now, what lies ahead is forgotten. What cameras
    /// notice stays. Answers how many stretches that were.
    pub fn withdraw(&mut self, now: UtcMillis) -> usize {
        let is_due = |window: &Window| window.cause == Cause::Asked && window.until > now;
        let withdrawn = self.all.iter().filter(|window| is_due(window)).count();
        self.all.retain(|window| !is_due(window) || window.from < now);
        for window in self.all.iter_mut().filter(|window| is_due(window)) {
            window.until = now;
        }
        withdrawn
    }

    pub fn iter(&self) -> impl Iterator<Item = &Window> {
        self.all.iter()
    }

    fn forget(&mut self, now: UtcMillis) {
        self.all.retain(|window| now - window.until <= KEPT_MS);
    }

    /// The two oldest become one.
    fn bound(&mut self) {
        if self.all.len() > MOST {
            let oldest = self.all.remove(0);
            if let Some(next) = self.all.first_mut() {
                next.from = next.from.min(oldest.from);
                next.until = next.until.max(oldest.until);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn going_on(rule: &str) -> GoingOn {
        (TriggerKind::Motion, String::new(), rule.to_owned())
    }

    fn window(from: i64, until: i64, cause: Cause, rule: Option<&str>) -> Window {
        Window { from: UtcMillis(from), until: UtcMillis(until), cause, going_on: rule.map(going_on) }
    }

    fn shown(windows: &Windows) -> Vec<(i64, i64, Cause)> {
        windows.iter().map(|window| (window.from.0, window.until.0, window.cause)).collect()
    }

    #[test]
    fn what_overlaps_extends() {
        let check = |new: &[(i64, i64, Cause)], expect: &[(i64, i64, Cause)]| {
            let mut windows = Windows::default();
            for (from, until, cause) in new {
                windows.add(window(*from, *until, *cause, None), UtcMillis(0));
            }
            assert_eq!(shown(&windows), expect, "{new:?}");
        };
        use Cause::{Asked, Camera};
        check(&[(10, 40, Camera), (30, 60, Camera)], &[(10, 60, Camera)]);
        check(&[(10, 40, Camera), (40, 60, Camera)], &[(10, 60, Camera)]);
        check(&[(10, 40, Camera), (41, 60, Camera)], &[(10, 40, Camera), (41, 60, Camera)]);
        check(&[(10, 40, Camera), (20, 30, Camera)], &[(10, 40, Camera)]);
        check(&[(10, 40, Camera), (5, 20, Camera)], &[(5, 40, Camera)]);
        // What was asked for stands by itself: the schedule may cut the other.
        check(&[(10, 40, Camera), (20, 90, Asked)], &[(10, 40, Camera), (20, 90, Asked)]);
    }

    #[test]
    fn only_what_comes_after_an_end_is_news() {
        let mut windows = Windows::default();
        let mut check = |from, until, now, expect| {
            let is_news = windows.add(window(from, until, Cause::Camera, None), UtcMillis(now));
            assert_eq!(is_news, expect, "{from} {until} at {now}");
        };
        check(0, 40, 10, true);
        check(20, 60, 30, false);
        check(55, 95, 65, true);
        check(56, 96, 66, false);
    }

    #[test]
    fn what_goes_on_ends_when_it_is_told() {
        let mut windows = Windows::default();
        assert!(windows.add(window(0, LONGEST_MS, Cause::Camera, Some("a")), UtcMillis(0)));
        assert!(!windows.add(window(50, LONGEST_MS, Cause::Camera, Some("a")), UtcMillis(0)));
        assert!(windows.add(window(10, LONGEST_MS, Cause::Camera, Some("b")), UtcMillis(0)));
        windows.end(&going_on("a"), UtcMillis(90));
        windows.end(&going_on("unknown"), UtcMillis(1));
        assert_eq!(shown(&windows), [(0, 90, Cause::Camera), (10, LONGEST_MS, Cause::Camera)]);
        // It may begin again, and an end past the longest changes nothing.
        assert!(windows.add(window(200, 300, Cause::Camera, Some("a")), UtcMillis(0)));
        windows.end(&going_on("b"), UtcMillis(i64::MAX));
        assert_eq!(shown(&windows)[1].1, LONGEST_MS);
    }

    #[test]
    fn what_was_asked_for_can_be_withdrawn() {
        use Cause::{Asked, Camera};
        let check = |given: &[(i64, i64, Cause)], withdrawn: usize, expect: &[(i64, i64, Cause)]| {
            let mut windows = Windows::default();
            for (from, until, cause) in given {
                windows.add(window(*from, *until, *cause, None), UtcMillis(0));
            }
            assert_eq!(windows.asked_until(UtcMillis(50)).is_some(), withdrawn > 0, "{given:?}");
            assert_eq!(windows.withdraw(UtcMillis(50)), withdrawn, "{given:?}");
            assert_eq!(windows.asked_until(UtcMillis(50)), None, "{given:?}");
            assert_eq!(shown(&windows), expect, "{given:?}");
        };
        check(&[], 0, &[]);
        check(&[(10, 90, Asked)], 1, &[(10, 50, Asked)]);
        check(&[(10, 90, Camera), (20, 80, Asked)], 1, &[(10, 90, Camera), (20, 50, Asked)]);
        check(&[(10, 40, Asked), (60, 90, Asked)], 1, &[(10, 40, Asked)]);
        check(&[(50, 90, Asked)], 1, &[]);
    }

    #[test]
    fn the_past_is_forgotten_and_the_number_is_bounded() {
        let mut windows = Windows::default();
        windows.add(window(0, 10, Cause::Camera, None), UtcMillis(0));
        windows.add(window(KEPT_MS, KEPT_MS + 20, Cause::Camera, None), UtcMillis(KEPT_MS + 11));
        assert_eq!(shown(&windows).len(), 1);
        for n in 0..200 {
            let from = 10_000_000 + n * 1_000;
            windows.add(window(from, from + 10, Cause::Asked, None), UtcMillis(KEPT_MS));
        }
        assert_eq!(windows.iter().count(), MOST);
        assert_eq!(shown(&windows)[MOST - 1].1, 10_199_010);
    }
}
