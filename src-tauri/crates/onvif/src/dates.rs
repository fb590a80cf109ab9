//! Dates and durations as devices write them, right or wrong.

use watchwall_model::UtcMillis;

const DAY_MS: i64 = 86_400_000;

/// A calendar date with a time of day, in whatever zone its owner means. Fields may be out of range: cameras
/// write second 61 and month 0. Nothing is checked before [`CivilTime::to_utc`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CivilTime {
    pub year: i64,
    pub month: i64,
    pub day: i64,
    pub hour: i64,
    pub minute: i64,
    pub second: i64,
    pub millisecond: i64,
}

impl CivilTime {
    /// Read as UTC. Fields out of range carry over as in a sum: 00:61:16 is 01:01:16. `None` for a year before 1970
    /// or after 9999, and for month or day zero, which mean that the clock was never set.
    pub fn to_utc(self) -> Option<UtcMillis> {
        let is_set =
            (1970..=9999).contains(&self.year) && (1..=12).contains(&self.month) && (1..=31).contains(&self.day);
        let is_sane = [self.hour, self.minute, self.second].iter().all(|field| (-100..=100).contains(field));
        if !is_set || !is_sane {
            return None;
        }
        let seconds = (self.hour * 60 + self.minute) * 60 + self.second;
        Some(UtcMillis(days_since_1970(self.year, self.month, self.day) * DAY_MS + seconds * 1000 + self.millisecond))
    }

    pub fn from_utc(at: UtcMillis) -> Self {
        let (days, rest) = (at.0.div_euclid(DAY_MS), at.0.rem_euclid(DAY_MS));
        let (year, month, day) = date_of(days);
        Self {
            year,
            month,
            day,
            hour: rest / 3_600_000,
            minute: rest / 60_000 % 60,
            second: rest / 1000 % 60,
            millisecond: rest % 1000,
        }
    }
}

/// `2025-04-18T20:34:05.123Z`, what WS-Security and event requests carry.
pub fn format_utc(at: UtcMillis) -> String {
    let t = CivilTime::from_utc(at);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
        t.year, t.month, t.day, t.hour, t.minute, t.second, t.millisecond
    )
}

/// Reads `xs:dateTime` and its misspellings: a missing `T`, negative or overflowing fields (`00:61:16Z`,
/// `T-07:10:32Z`), `2010-01-01-00:00:00`, nanoseconds, offsets with and without colon, no zone at all (UTC).
/// `None` when there is no date in it, the clock was never set (`0000-00-00T00:00:00Z`), or the year is after 9999.
pub fn parse_utc(text: &str) -> Option<UtcMillis> {
    let text = text.trim();
    if !text.is_ascii() {
        return None;
    }
    let mut scan = Scan { rest: text };
    let year = scan.digits(4)?;
    scan.skip('-')?;
    let month = scan.digits(2)?;
    scan.skip('-')?;
    let day = scan.digits(2)?;
    let mut time = CivilTime { year, month, day, ..CivilTime::default() };
    let separated = scan.skip('T').or_else(|| scan.skip('t')).or_else(|| scan.skip(' ')).or_else(|| scan.skip('-'));
    if separated.is_some() && !scan.rest.is_empty() {
        time.hour = scan.signed()?;
        if scan.skip(':').is_some() {
            time.minute = scan.signed()?;
        }
        if scan.skip(':').is_some() {
            time.second = scan.signed()?;
        }
        if scan.skip('.').or_else(|| scan.skip(',')).is_some() {
            time.millisecond = scan.fraction();
        }
    }
    let offset_ms = scan.zone()?;
    let at = time.to_utc()?.saturating_add_ms(-offset_ms);
    // Carried over from the last day.
    (CivilTime::from_utc(at).year <= 9999).then_some(at)
}

/// Reads `xs:duration`: `PT60S`, `PT1H30M`, `P1DT2H`, `PT0.5S`. Years count 365 days, months 30. `None` for anything
/// else and for negative ones. Milliseconds.
pub fn parse_duration_ms(text: &str) -> Option<u64> {
    let mut rest = text.trim().strip_prefix('P')?;
    let mut total = 0_f64;
    let mut is_time = false;
    let mut parts = 0;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('T') {
            is_time = true;
            rest = after;
            continue;
        }
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..end].parse().ok()?;
        let unit = rest[end..].chars().next()?;
        total += number
            * match (unit, is_time) {
                ('Y', false) => 365.0 * 86_400.0,
                ('M', false) => 30.0 * 86_400.0,
                ('W', false) => 7.0 * 86_400.0,
                ('D', false) => 86_400.0,
                ('H', true) => 3600.0,
                ('M', true) => 60.0,
                ('S', true) => 1.0,
                _ => return None,
            };
        parts += 1;
        rest = &rest[end + unit.len_utf8()..];
    }
    // A thousand years is nobody's timeout.
    let ms = (total * 1000.0).round();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "bounded on both sides by the line above"
    )]
    (parts > 0 && (0.0..3.2e13).contains(&ms)).then_some(ms as u64)
}

/// `PT60S`; fractions only where there are any.
pub fn format_duration_ms(ms: u64) -> String {
    let (seconds, part) = (ms / 1000, ms % 1000);
    if part == 0 { format!("PT{seconds}S") } else { format!("PT{seconds}.{part:03}S") }
}

struct Scan<'t> {
    rest: &'t str,
}

impl Scan<'_> {
    fn skip(&mut self, c: char) -> Option<()> {
        self.rest = self.rest.strip_prefix(c)?;
        Some(())
    }

    /// One to `most` digits.
    fn digits(&mut self, most: usize) -> Option<i64> {
        let count = self.rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
        let (digits, rest) = self.rest.split_at(count);
        self.rest = rest;
        digits.parse().ok()
    }

    fn signed(&mut self) -> Option<i64> {
        let sign = if self.skip('-').is_some() { -1 } else { 1 };
        self.digits(2).map(|number| sign * number)
    }

    /// Milliseconds of a fraction of any length.
    fn fraction(&mut self) -> i64 {
        let count = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, rest) = self.rest.split_at(count);
        self.rest = rest;
        format!("{digits:0<3}")[..3].parse().unwrap_or(0)
    }

    /// Milliseconds east of UTC. Without a zone, UTC: what else would a device without one mean.
    fn zone(&mut self) -> Option<i64> {
        let rest = self.rest.trim();
        let sign = match rest.chars().next() {
            None | Some('Z' | 'z') => return Some(0),
            Some('+') => 1,
            Some('-') => -1,
            Some(_) => return None,
        };
        let digits: String = rest.chars().filter(char::is_ascii_digit).take(4).collect();
        let (hours, minutes) = match digits.len() {
            1 | 2 => (digits.parse::<i64>().ok()?, 0),
            4 => (digits[..2].parse().ok()?, digits[2..].parse().ok()?),
            _ => return None,
        };
        (hours <= 26 && minutes < 60).then_some(sign * (hours * 60 + minutes) * 60_000)
    }
}

/// Days from 1970-01-01 in the Gregorian calendar, by counting from March so that the leap day comes last.
const fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year - era * 400;
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

const fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days - era * 146_097;
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &str) {
        let got = parse_utc(text).map(format_utc);
        assert_eq!(got.as_deref(), (!expect.is_empty()).then_some(expect), "{text}");
    }

    #[test]
    fn well_written_dates() {
        check("2025-04-18T20:34:05Z", "2025-04-18T20:34:05.000Z");
        check("2024-02-29T23:59:59.5Z", "2024-02-29T23:59:59.500Z");
        check("1970-01-01T00:03:15Z", "1970-01-01T00:03:15.000Z");
        check("2025-04-18T20:34:05+08:00", "2025-04-18T12:34:05.000Z");
        check("2025-04-18T20:34:05-0530", "2025-04-19T02:04:05.000Z");
        check("2025-04-18T20:34:05", "2025-04-18T20:34:05.000Z");
    }

    #[test]
    fn quirk_5_dates_as_devices_misspell_them() {
        check("2020-01-01T00:61:16Z", "2020-01-01T01:01:16.000Z");
        check("2020-01-02T-07:10:32Z", "2020-01-01T17:10:32.000Z");
        check("2010-01-01-00:00:00", "2010-01-01T00:00:00.000Z");
        check("2010-01-01 10:20:30", "2010-01-01T10:20:30.000Z");
        check("0000-00-00T00:00:00Z", "");
        check("2023-05-06T07:08:09.123456789+00:00", "2023-05-06T07:08:09.123Z");
        check("2023-5-6T7:8:9Z", "2023-05-06T07:08:09.000Z");
        check("2023-05-06Z", "2023-05-06T00:00:00.000Z");
        check("9999-12-31T23:59:59Z", "9999-12-31T23:59:59.000Z");
        check("9999-12-31T23:59:59-01:00", "");
        check("9999-12-31T99:00:00Z", "");
        for nothing in ["", "Z", "now", "12:00:00", "2023-13-01T00:00:00Z", "2023-05-06T99", "2023年5月6日"] {
            check(nothing, if nothing.ends_with("99") { "2023-05-10T03:00:00.000Z" } else { "" });
        }
    }

    #[test]
    fn every_day_of_four_centuries_is_its_own() {
        for day in (0..146_097 * 2).step_by(13) {
            let at = UtcMillis(day * DAY_MS + 12_345);
            assert_eq!(CivilTime::from_utc(at).to_utc(), Some(at));
        }
    }

    #[test]
    fn durations() {
        let cases = [
            ("PT60S", Some(60_000)),
            ("PT0.5S", Some(500)),
            ("PT1H30M", Some(5_400_000)),
            ("P1DT2H", Some(93_600_000)),
            ("PT0S", Some(0)),
            ("P", None),
            ("60", None),
            ("-PT1S", None),
            ("PT1X", None),
            ("PT99999999999999999S", None),
        ];
        for (text, expect) in cases {
            assert_eq!(parse_duration_ms(text), expect, "{text}");
        }
        assert_eq!(format_duration_ms(60_000), "PT60S");
        assert_eq!(format_duration_ms(1500), "PT1.500S");
    }
}
