//! Days of the site.

use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use watchwall_model::{TimeRange, UtcMillis};

/// The nightly comparison of the volumes comes first.
const RIPE_AFTER_MS: i64 = 2 * 3_600_000 + 30 * 60_000;

/// From midnight to midnight; 23 or 25 hours where the clock is changed.
pub fn range_of(day: Date, zone: &TimeZone) -> Option<TimeRange> {
    let begins = |day: Date| {
        let zoned = day.to_zoned(zone.clone()).ok()?;
        Some(UtcMillis(zoned.timestamp().as_millisecond()))
    };
    TimeRange::new(begins(day)?, begins(day.checked_add(1.day()).ok()?)?)
}

/// The last `count` days that are over for some hours, newest first.
pub fn ripe(now: UtcMillis, count: i64, zone: &TimeZone) -> Vec<Date> {
    let stamp = Timestamp::from_millisecond(now.0.saturating_sub(RIPE_AFTER_MS)).unwrap_or(Timestamp::UNIX_EPOCH);
    let today = zone.to_datetime(stamp).date();
    (1..=count).filter_map(|back| today.checked_sub(back.days()).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> UtcMillis {
        UtcMillis(text.parse::<Timestamp>().unwrap().as_millisecond())
    }

    #[test]
    fn days_are_the_sites() {
        let check = |zone: &str, day: &str, from: &str, hours: i64| {
            let range = range_of(day.parse().unwrap(), &TimeZone::get(zone).unwrap()).unwrap();
            assert_eq!((range.start, range.duration_ms()), (at(from), hours * 3_600_000), "{zone} {day}");
        };
        check("UTC", "2026-03-01", "2026-03-01T00:00:00Z", 24);
        check("Asia/Shanghai", "2026-03-01", "2026-02-28T16:00:00Z", 24);
        check("Europe/Berlin", "2026-03-29", "2026-03-28T23:00:00Z", 23);
        check("Europe/Berlin", "2026-10-25", "2026-10-24T22:00:00Z", 25);
    }

    #[test]
    fn a_day_is_ripe_after_the_night() {
        let check = |now: &str, expect: &[&str]| {
            let zone = TimeZone::get("Asia/Shanghai").unwrap();
            let found: Vec<_> = ripe(at(now), 2, &zone).iter().map(ToString::to_string).collect();
            assert_eq!(found, expect, "{now}");
        };
        check("2026-03-01T18:29:59Z", &["2026-02-28", "2026-02-27"]);
        check("2026-03-01T18:30:00Z", &["2026-03-01", "2026-02-28"]);
    }
}
