//! Where recordings are cut: a grid of local wall-clock time, and the file name a start time gets.

use jiff::{
    Timestamp, civil,
    tz::{AmbiguousOffset, TimeZone},
};
use watchwall_model::{StreamPath, UtcMillis};

const DAY_MS: i64 = 86_400_000;
/// Streams cut within this many milliseconds after the boundary, each at its own moment, so that
/// two hundred files are not closed and opened in one burst.
const STAGGER_MS: u64 = 4_000;

/// The cuts of one stream.
#[derive(Clone, Debug)]
pub struct Grid {
    zone: TimeZone,
    step_ms: i64,
    stagger_ms: i64,
}

impl Grid {
    pub fn new(zone: TimeZone, segment_minutes: u32, path: &StreamPath) -> Self {
        let step_ms = i64::from(segment_minutes.clamp(1, 60)) * 60_000;
        Self { zone, step_ms, stagger_ms: stagger(path) }
    }

    /// The moment from which the next key frame starts a new file, for a file that starts at `at`.
    ///
    /// The grid counts from local midnight, so midnight and a change of the zone's offset are always boundaries.
    pub fn next_cut(&self, at: UtcMillis) -> UtcMillis {
        self.boundary_after(at).saturating_add_ms(self.stagger_ms)
    }

    fn boundary_after(&self, at: UtcMillis) -> UtcMillis {
        let stamp = timestamp(at);
        let offset_ms = i64::from(self.zone.to_offset(stamp).seconds()) * 1000;
        let local = at.0.saturating_add(offset_ms);
        let midnight = local.div_euclid(DAY_MS) * DAY_MS;
        let steps = (local - midnight) / self.step_ms + 1;
        let boundary = (midnight + steps * self.step_ms).min(midnight + DAY_MS) - offset_ms;
        let change = self.zone.following(stamp).next().map_or(i64::MAX, |t| t.timestamp().as_millisecond());
        UtcMillis(boundary.min(change))
    }
}

/// `{path}/{YYYY-MM-DD}/{HH-MM-SS}.mp4` in local time; the second pass of a repeated hour is marked `_r`,
/// and further files of the same second count up: `_2`, `_3`.
pub fn file_name(path: &StreamPath, start: UtcMillis, zone: &TimeZone, attempt: u32) -> String {
    let stamp = timestamp(start);
    let local = zone.to_datetime(stamp);
    let repeated = match zone.to_ambiguous_timestamp(local).offset() {
        AmbiguousOffset::Fold { after, .. } if zone.to_offset(stamp) == after => "_r",
        _ => "",
    };
    let count = if attempt == 0 { String::new() } else { format!("_{}", attempt + 1) };
    let (date, time) = (local.date(), local.time());
    format!(
        "{path}/{:04}-{:02}-{:02}/{:02}-{:02}-{:02}{repeated}{count}.mp4",
        date.year(),
        date.month(),
        date.day(),
        time.hour(),
        time.minute(),
        time.second()
    )
}

/// Reads stream and start time back from a file's relative name; for files that carry no time of their own.
pub fn parse_file_name(relative: &str, zone: &TimeZone) -> Option<(StreamPath, UtcMillis)> {
    let mut parts = relative.split('/');
    let (path, day, file) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let path = StreamPath::parse(path).ok()?;
    let stem = file.strip_suffix(".mp4")?;
    let repeated = stem.contains("_r");
    let clock = stem.split('_').next()?;
    let date: civil::Date = day.parse().ok()?;
    let mut hms = clock.split('-').map(|n| n.parse::<i8>().ok());
    let (h, m, s) = (hms.next()??, hms.next()??, hms.next()??);
    let local = date.to_datetime(civil::Time::new(h, m, s, 0).ok()?);
    let ambiguous = zone.to_ambiguous_timestamp(local);
    let stamp = if repeated { ambiguous.later() } else { ambiguous.earlier() }.ok()?;
    Some((path, UtcMillis(stamp.as_millisecond())))
}

/// A time no calendar can hold is named after the epoch rather than not recorded.
fn timestamp(at: UtcMillis) -> Timestamp {
    Timestamp::from_millisecond(at.0).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// FNV-1a, so that a stream keeps its place over restarts.
fn stagger(path: &StreamPath) -> i64 {
    let hash = path
        .as_str()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    i64::try_from((hash >> 16) % STAGGER_MS).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    fn at(text: &str) -> UtcMillis {
        UtcMillis(text.parse::<Timestamp>().unwrap().as_millisecond())
    }

    fn path() -> StreamPath {
        StreamPath::parse("cam_10_0_0_5_ch1_main").unwrap()
    }

    #[test]
    fn cuts_follow_local_time() {
        let check = |zone_name: &str, minutes, start: &str, expect: &str| {
            let mut grid = Grid::new(zone(zone_name), minutes, &path());
            grid.stagger_ms = 0;
            assert_eq!(grid.next_cut(at(start)), at(expect), "{zone_name} {minutes} {start}");
        };
        check("UTC", 10, "2026-03-01T10:03:07Z", "2026-03-01T10:10:00Z");
        check("UTC", 10, "2026-03-01T10:10:00Z", "2026-03-01T10:20:00Z");
        // Seven does not divide a day: midnight is a boundary all the same.
        check("UTC", 7, "2026-03-01T23:58:00Z", "2026-03-02T00:00:00Z");
        // Half-hour zones.
        check("Asia/Kolkata", 60, "2026-03-01T10:03:00Z", "2026-03-01T10:30:00Z");
        check("Asia/Shanghai", 10, "2026-03-01T15:59:59.999Z", "2026-03-01T16:00:00Z");
        // The clock change itself is a boundary.
        check("Europe/Berlin", 60, "2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z");
        check("Europe/Berlin", 60, "2026-03-29T00:59:00Z", "2026-03-29T01:00:00Z");
        // Lord Howe shifts by half an hour.
        check("Australia/Lord_Howe", 60, "2026-04-04T14:40:00Z", "2026-04-04T15:00:00Z");
        check("UTC", 10, "1970-01-01T00:00:00Z", "1970-01-01T00:10:00Z");
    }

    #[test]
    fn streams_cut_at_different_moments() {
        let moments: std::collections::BTreeSet<i64> =
            (0..50).map(|n| stagger(&StreamPath::parse(&format!("cam_10_0_0_{n}_ch1_main")).unwrap())).collect();
        assert!(moments.len() > 40, "{moments:?}");
        assert!(moments.iter().all(|m| (0..4_000).contains(m)));
    }

    #[test]
    fn names_are_local_and_unique() {
        let check = |zone_name: &str, start: &str, attempt, expect: &str| {
            let name = file_name(&path(), at(start), &zone(zone_name), attempt);
            assert_eq!(name, format!("cam_10_0_0_5_ch1_main/{expect}"));
        };
        check("Asia/Shanghai", "2026-03-01T16:00:03Z", 0, "2026-03-02/00-00-03.mp4");
        check("UTC", "2026-03-01T16:00:03Z", 2, "2026-03-01/16-00-03_3.mp4");
        check("Europe/Berlin", "2026-10-25T00:30:00Z", 0, "2026-10-25/02-30-00.mp4");
        check("Europe/Berlin", "2026-10-25T01:30:00Z", 0, "2026-10-25/02-30-00_r.mp4");
        check("Europe/Berlin", "2026-10-25T01:30:00Z", 1, "2026-10-25/02-30-00_r_2.mp4");
    }

    #[test]
    fn names_read_back_to_their_start() {
        for (zone_name, start) in [
            ("Asia/Shanghai", "2026-03-01T16:00:03Z"),
            ("Europe/Berlin", "2026-10-25T00:30:00Z"),
            ("Europe/Berlin", "2026-10-25T01:30:00Z"),
        ] {
            let zone = zone(zone_name);
            for attempt in [0, 3] {
                let name = file_name(&path(), at(start), &zone, attempt);
                assert_eq!(parse_file_name(&name, &zone), Some((path(), at(start))), "{name}");
            }
        }
        for bad in [
            "",
            "a",
            "cam/2026-01-01",
            "cam/x/00-00-00.mp4",
            "cam/2026-01-01/00-00.mp4",
            "cam/2026-01-01/00-00-00.txt",
            "a/b/c/d",
        ] {
            assert_eq!(parse_file_name(bad, &TimeZone::UTC), None, "{bad}");
        }
    }
}
