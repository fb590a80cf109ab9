//! Dates and durations as SOAP writes them.

use watchwall_model::UtcMillis;

/// A moment taken apart, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Civil {
    pub year: i64,
    pub month: i64,
    pub day: i64,
    pub hour: i64,
    pub minute: i64,
    pub second: i64,
    pub millisecond: i64,
}

const DAY_MS: i64 = 86_400_000;

/// Days from 1970 to the first of March of a year, months counted from March: leap days then come last.
const fn days_to(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * month + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

impl Civil {
    pub const fn of(at: UtcMillis) -> Self {
        let days = at.0.div_euclid(DAY_MS) + 719_468;
        let ms = at.0.rem_euclid(DAY_MS);
        let era = days.div_euclid(146_097);
        let of_era = days.rem_euclid(146_097);
        let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month + 2) / 5 + 1;
        let (month, later) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
        Self {
            year: era * 400 + year_of_era + later,
            month,
            day,
            hour: ms / 3_600_000,
            minute: ms / 60_000 % 60,
            second: ms / 1000 % 60,
            millisecond: ms % 1000,
        }
    }

    /// `None` for what is on no calendar.
    pub fn to_utc(self) -> Option<UtcMillis> {
        let in_range = (1..=9999).contains(&self.year)
            && (1..=12).contains(&self.month)
            && (1..=31).contains(&self.day)
            && (0..24).contains(&self.hour)
            && (0..60).contains(&self.minute)
            && (0..=60).contains(&self.second);
        let days = days_to(self.year, self.month, self.day);
        let ms = ((self.hour * 60 + self.minute) * 60 + self.second) * 1000 + self.millisecond;
        let at = UtcMillis(days * DAY_MS + ms);
        (in_range && (Self::of(at).day == self.day || self.second == 60)).then_some(at)
    }
}

/// `2026-01-02T03:04:05.678Z`.
pub(super) fn utc_text(at: UtcMillis) -> String {
    let t = Civil::of(at);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
        t.year, t.month, t.day, t.hour, t.minute, t.second, t.millisecond
    )
}

/// Reads what [`utc_text`] writes, with or without parts of seconds.
pub(super) fn parse_utc(text: &str) -> Option<UtcMillis> {
    let text = text.trim().strip_suffix('Z').or_else(|| text.trim().strip_suffix("+00:00"))?;
    let (date, time) = text.split_once('T')?;
    let mut date = date.split('-').map(str::parse);
    let mut time = time.split(':');
    let (hour, minute) = (time.next()?.parse().ok()?, time.next()?.parse().ok()?);
    let (second, part) = time.next().map(|s| s.split_once('.').unwrap_or((s, "")))?;
    let millisecond = format!("{part:0<3}").get(..3)?.parse().ok()?;
    let civil = Civil {
        year: date.next()?.ok()?,
        month: date.next()?.ok()?,
        day: date.next()?.ok()?,
        hour,
        minute,
        second: second.parse().ok()?,
        millisecond,
    };
    civil.to_utc()
}

/// Reads `20260102T030405.678Z`, the moments of RTSP's `clock` ranges (RFC 2326 3.7).
pub(crate) fn parse_clock(text: &str) -> Option<UtcMillis> {
    let (date, time) = text.trim().strip_suffix('Z')?.split_once('T')?;
    let (time, part) = time.split_once('.').unwrap_or((time, ""));
    let number = |text: &str, range: std::ops::Range<usize>| text.get(range)?.parse().ok();
    if date.len() != 8 || time.len() != 6 {
        return None;
    }
    let civil = Civil {
        year: number(date, 0..4)?,
        month: number(date, 4..6)?,
        day: number(date, 6..8)?,
        hour: number(time, 0..2)?,
        minute: number(time, 2..4)?,
        second: number(time, 4..6)?,
        millisecond: format!("{part:0<3}").get(..3)?.parse().ok()?,
    };
    civil.to_utc()
}

/// `PT1M30S` in milliseconds. Years and months have no length.
pub(super) fn parse_duration_ms(text: &str) -> Option<u64> {
    let (date, time) = text.trim().strip_prefix('P')?.split_once('T').unwrap_or((text.trim().get(1..)?, ""));
    let mut total = 0.0;
    for (part, units) in
        [(date, [('D', 86_400.0), ('W', 604_800.0), (' ', 0.0)]), (time, [('H', 3600.0), ('M', 60.0), ('S', 1.0)])]
    {
        let mut number = String::new();
        for c in part.chars() {
            if c.is_ascii_digit() || c == '.' {
                number.push(c);
            } else {
                let (_, seconds) = units.iter().find(|(unit, _)| *unit == c)?;
                total += number.parse::<f64>().ok()? * seconds;
                number.clear();
            }
        }
        if !number.is_empty() {
            return None;
        }
    }
    // Clients ask for seconds or hours; anything longer is as good as a week.
    Some((total.min(604_800.0) * 1000.0) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_survive_being_taken_apart() {
        for text in [
            "1970-01-01T00:00:00.000Z",
            "2000-02-29T23:59:59.999Z",
            "2026-11-26T02:03:04.050Z",
            "1969-12-31T00:00:00.000Z",
        ] {
            assert_eq!(parse_utc(text).map(utc_text).as_deref(), Some(text));
        }
        assert_eq!(parse_utc("2001-09-09T01:46:40Z"), Some(UtcMillis(1_000_000_000_000)));
        assert_eq!(parse_utc("2001-09-09T01:46:40.5Z"), Some(UtcMillis(1_000_000_000_500)));
        for wrong in ["", "2001-02-30T00:00:00Z", "2001-13-01T00:00:00Z", "2001-01-01T25:00:00Z", "2001-01-01"] {
            assert_eq!(parse_utc(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn clock_ranges_write_moments_without_marks() {
        let check = |text, expect| assert_eq!(parse_clock(text), expect, "{text}");
        check("20010909T014640Z", Some(UtcMillis(1_000_000_000_000)));
        check("20010909T014640.25Z", Some(UtcMillis(1_000_000_000_250)));
        for wrong in ["", "Z", "20010909T0146Z", "2001-09-09T01:46:40Z", "20011309T014640Z", "20010909T014640"] {
            check(wrong, None);
        }
    }

    #[test]
    fn durations() {
        let check = |text, expect| assert_eq!(parse_duration_ms(text), expect, "{text}");
        check("PT60S", Some(60_000));
        check("PT1H1M0.5S", Some(3_660_500));
        check("P1D", Some(86_400_000));
        check("PT0S", Some(0));
        for wrong in ["", "60", "PT5", "PT5X", "P1Y"] {
            check(wrong, None);
        }
    }
}
