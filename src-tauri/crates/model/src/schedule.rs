//! A week of half-hours in the site's local time: when a plan records, when it waits for events, when it is off.

use crate::UtcMillis;
use jiff::{Timestamp, tz::TimeZone};

const HALF_HOUR_MS: i64 = 1_800_000;

/// What a plan does during a half-hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Slot {
    Continuous,
    /// Only around what happens.
    Event,
    Off,
}

impl Slot {
    const fn letter(self) -> char {
        match self {
            Self::Continuous => 'c',
            Self::Event => 'e',
            Self::Off => '-',
        }
    }

    const fn of(letter: char) -> Option<Self> {
        match letter {
            'c' => Some(Self::Continuous),
            'e' => Some(Self::Event),
            '-' => Some(Self::Off),
            _ => None,
        }
    }
}

/// What holds at a moment, and the stretch around it in which that is certain: at most half an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotAt {
    pub slot: Slot,
    pub from: UtcMillis,
    /// Exclusive.
    pub until: UtcMillis,
}

impl SlotAt {
    /// The same at all times.
    pub const fn always(slot: Slot) -> Self {
        Self { slot, from: UtcMillis(i64::MIN), until: UtcMillis(i64::MAX) }
    }

    pub fn holds(&self, at: UtcMillis) -> bool {
        self.from <= at && at < self.until
    }
}

/// Seven days from Monday, each of 48 half-hours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeekSchedule {
    days: [[Slot; Self::SLOTS]; 7],
}

impl WeekSchedule {
    pub const SLOTS: usize = 48;

    pub const fn all(slot: Slot) -> Self {
        Self { days: [[slot; Self::SLOTS]; 7] }
    }

    /// Seven texts from Monday of 48 letters: `c` continuous, `e` event, `-` off. `None` for anything else.
    pub fn parse<S: AsRef<str>>(texts: &[S]) -> Option<Self> {
        let mut days = [[Slot::Off; Self::SLOTS]; 7];
        if texts.len() != days.len() {
            return None;
        }
        for (day, text) in days.iter_mut().zip(texts) {
            let slots: Vec<Slot> = text.as_ref().chars().map(Slot::of).collect::<Option<_>>()?;
            *day = slots.try_into().ok()?;
        }
        Some(Self { days })
    }

    /// As [`Self::parse`] reads them.
    pub fn texts(&self) -> Vec<String> {
        self.days.iter().map(|day| day.iter().map(|slot| slot.letter()).collect()).collect()
    }

    pub fn has(&self, slot: Slot) -> bool {
        self.days.iter().flatten().any(|other| *other == slot)
    }

    /// What holds at `at`. The hour that daylight saving leaves out never comes; the hour it repeats comes twice.
    pub fn at(&self, at: UtcMillis, zone: &TimeZone) -> SlotAt {
        let stamp = Timestamp::from_millisecond(at.0).unwrap_or(Timestamp::UNIX_EPOCH);
        let local = zone.to_datetime(stamp);
        let day = usize::from(local.date().weekday().to_monday_zero_offset().unsigned_abs());
        let half_hour = usize::from(local.hour().unsigned_abs()) * 2 + usize::from(local.minute() >= 30);
        let slot = self.days.get(day).and_then(|day| day.get(half_hour)).copied().unwrap_or(Slot::Off);
        let offset_ms = i64::from(zone.to_offset(stamp).seconds()) * 1000;
        let from = at.0.saturating_add(offset_ms).div_euclid(HALF_HOUR_MS) * HALF_HOUR_MS - offset_ms;
        let next = zone.following(stamp).next().map_or(i64::MAX, |change| change.timestamp().as_millisecond());
        let just_after = Timestamp::from_millisecond(at.0.saturating_add(1)).unwrap_or(stamp);
        let last = zone.preceding(just_after).next().map_or(i64::MIN, |change| change.timestamp().as_millisecond());
        SlotAt { slot, from: UtcMillis(from.max(last)), until: UtcMillis((from + HALF_HOUR_MS).min(next)) }
    }

    /// When something else than now begins to hold; `None` when every slot is the same.
    pub fn next_change(&self, at: UtcMillis, zone: &TimeZone) -> Option<UtcMillis> {
        let now = self.at(at, zone);
        if self.days.iter().flatten().all(|slot| *slot == now.slot) {
            return None;
        }
        let mut next = now;
        // The one slot that differs may fall into the hour that is left out; it comes a week later.
        for _ in 0..2 * 7 * Self::SLOTS + 8 {
            next = self.at(next.until, zone);
            if next.slot != now.slot {
                return Some(next.from);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> UtcMillis {
        UtcMillis(text.parse::<Timestamp>().unwrap().as_millisecond())
    }

    /// Off but for this day (from Monday) and these half-hours.
    fn only(day: usize, half_hours: std::ops::Range<usize>, slot: Slot) -> WeekSchedule {
        let mut week = WeekSchedule::all(Slot::Off);
        week.days[day][half_hours].fill(slot);
        week
    }

    #[test]
    fn texts_read_back() {
        let mut texts = only(2, 16..36, Slot::Continuous).texts();
        texts[6] = "e".repeat(48);
        let week = WeekSchedule::parse(&texts).unwrap();
        assert_eq!(week.texts(), texts);
        assert!(week.has(Slot::Event) && week.has(Slot::Continuous) && week.has(Slot::Off));
        let long = vec!["c".repeat(49); 7];
        let strange = vec!["x".repeat(48); 7];
        let short = vec!["c".repeat(48); 6];
        for bad in [long, strange, short] {
            assert_eq!(WeekSchedule::parse(&bad), None, "{bad:?}");
        }
    }

    #[test]
    fn slots_follow_local_time() {
        let check = |zone: &str, week: &WeekSchedule, moment: &str, expect: (Slot, &str, &str)| {
            let zone = TimeZone::get(zone).unwrap();
            let expect = SlotAt { slot: expect.0, from: at(expect.1), until: at(expect.2) };
            assert_eq!(week.at(at(moment), &zone), expect, "{moment}");
        };
        // Wednesday from 08:00 to 18:00.
        let week = only(2, 16..36, Slot::Continuous);
        let (on, off) = (Slot::Continuous, Slot::Off);
        let (eight, half_past) = ("2026-03-04T08:00:00Z", "2026-03-04T08:30:00Z");
        check("UTC", &week, "2026-03-04T07:59:59.999Z", (off, "2026-03-04T07:30:00Z", eight));
        check("UTC", &week, eight, (on, eight, half_past));
        check("UTC", &week, "2026-03-04T08:29:59Z", (on, eight, half_past));
        check("UTC", &week, "2026-03-04T18:00:00Z", (off, "2026-03-04T18:00:00Z", "2026-03-04T18:30:00Z"));
        check("UTC", &week, "2026-03-05T08:10:00Z", (off, "2026-03-05T08:00:00Z", "2026-03-05T08:30:00Z"));
        check("Asia/Shanghai", &week, "2026-03-04T00:10:00Z", (on, "2026-03-04T00:00:00Z", "2026-03-04T00:30:00Z"));
        // Nepal is three quarters of an hour beside the hour.
        check("Asia/Kathmandu", &week, "2026-03-04T02:20:00Z", (on, "2026-03-04T02:15:00Z", "2026-03-04T02:45:00Z"));
    }

    /// Berlin springs from 02:00 to 03:00 on Sunday 29 March 2026 and falls from 03:00 to 02:00 on 25 October.
    #[test]
    fn both_nights_of_daylight_saving_are_right() {
        let check = |half_hours, moment: &str, expect: Option<(&str, &str)>| {
            let zone = TimeZone::get("Europe/Berlin").unwrap();
            let found = only(6, half_hours, Slot::Event).at(at(moment), &zone);
            assert_eq!(found.slot == Slot::Event, expect.is_some(), "{moment}");
            if let Some((from, until)) = expect {
                assert_eq!((found.from, found.until), (at(from), at(until)), "{moment}");
            }
        };
        // 01:30 to 02:00 is whole, 02:00 to 03:00 never comes, and 03:00 follows at once.
        check(3..4, "2026-03-29T00:45:00Z", Some(("2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z")));
        check(4..6, "2026-03-29T00:59:59Z", None);
        check(4..6, "2026-03-29T01:00:00Z", None);
        check(6..7, "2026-03-29T01:00:00Z", Some(("2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z")));
        // 02:00 to 03:00 comes twice.
        for moment in ["2026-10-25T00:00:00Z", "2026-10-25T00:59:59Z", "2026-10-25T01:00:00Z", "2026-10-25T01:59:59Z"] {
            let zone = TimeZone::get("Europe/Berlin").unwrap();
            assert_eq!(only(6, 4..6, Slot::Event).at(at(moment), &zone).slot, Slot::Event, "{moment}");
        }
        check(5..6, "2026-10-25T00:40:00Z", Some(("2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z")));
        check(5..6, "2026-10-25T01:10:00Z", None);
        check(6..7, "2026-10-25T02:00:00Z", Some(("2026-10-25T02:00:00Z", "2026-10-25T02:30:00Z")));
    }

    #[test]
    fn the_next_change_is_found_over_days_and_clock_changes() {
        let check = |zone: &str, week: &WeekSchedule, moment: &str, expect: Option<&str>| {
            let zone = TimeZone::get(zone).unwrap();
            assert_eq!(week.next_change(at(moment), &zone), expect.map(at), "{moment}");
        };
        let week = only(2, 16..36, Slot::Continuous);
        check("UTC", &week, "2026-03-04T08:10:00Z", Some("2026-03-04T18:00:00Z"));
        check("UTC", &week, "2026-03-04T18:00:00Z", Some("2026-03-11T08:00:00Z"));
        check("UTC", &WeekSchedule::all(Slot::Event), "2026-03-04T18:00:00Z", None);
        // Sunday 02:00 is left out, so that its end at 03:00 comes at its beginning: no change is seen there.
        check("Europe/Berlin", &only(6, 4..6, Slot::Event), "2026-03-28T12:00:00Z", Some("2026-04-05T00:00:00Z"));
        check("Europe/Berlin", &only(6, 4..6, Slot::Event), "2026-10-25T00:10:00Z", Some("2026-10-25T02:00:00Z"));
    }
}
