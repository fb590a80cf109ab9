//! The device's clock and where it takes the time from.

use crate::{
    dates::CivilTime,
    soap::{Gap, Login, Xml},
    tree::Node,
};
use watchwall_model::UtcMillis;

/// Who sets the clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TimeSource {
    Manual,
    Ntp,
    Other(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetSystemDateAndTime;

/// A clock as the device shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemClock {
    pub source: TimeSource,
    pub has_daylight_savings: bool,
    /// As written: rarely what POSIX would read. Compare the two times instead.
    pub time_zone: String,
    pub utc: Option<CivilTime>,
    pub local: Option<CivilTime>,
}

impl SystemClock {
    /// The moment it shows. Without UTC its local time is taken for it, which is what such devices mean.
    pub fn shown(&self) -> Option<UtcMillis> {
        self.utc.and_then(CivilTime::to_utc).or_else(|| self.local.and_then(CivilTime::to_utc))
    }

    /// Milliseconds it is ahead of ours, shown in an answer to what was asked at `asked_at` and heard at `heard_at`.
    ///
    /// It shows whole seconds, so a reading allows a second of offsets. The one already `known` stays while the reading
    /// allows it, and moves only as far as it must: what is dated by it keeps its order, and readings narrow it down.
    pub fn ahead_ms(&self, asked_at: UtcMillis, heard_at: UtcMillis, known: Option<i64>) -> Option<i64> {
        let shown = self.shown()?;
        let least = shown - heard_at.max(asked_at);
        let most = (shown - asked_at.min(heard_at)).saturating_add(999);
        Some(known.map_or(least.midpoint(most), |known| known.clamp(least, most)))
    }

    /// Minutes its local time is ahead of UTC.
    pub fn zone_minutes(&self) -> Option<i64> {
        let (utc, local) = (self.utc?.to_utc()?, self.local?.to_utc()?);
        // The two are written a moment apart by some.
        Some((local - utc + 30_000).div_euclid(60_000))
    }
}

operation! {
    GetSystemDateAndTime "GetSystemDateAndTime" of Device -> SystemClock { const LOGIN: Login = Login::NotNeeded; }
    read(self, answer) {
        let clock = answer.child("SystemDateAndTime").unwrap_or(answer);
        let found = SystemClock {
            source: match clock.text_of("DateTimeType") {
                Some("NTP") => TimeSource::Ntp,
                Some("Manual") | None => TimeSource::Manual,
                Some(other) => TimeSource::Other(other.to_owned()),
            },
            has_daylight_savings: clock.flag_of("DaylightSavings").unwrap_or(false),
            time_zone: clock.child("TimeZone").map(|zone| zone.string_of("TZ")).unwrap_or_default(),
            utc: clock.child("UTCDateTime").and_then(read_time),
            local: clock.child("LocalDateTime").and_then(read_time),
        };
        // An answer to something else has none of it.
        if found.utc.is_none() && found.local.is_none() && clock.text_of("DateTimeType").is_none() {
            return Err(Gap("SystemDateAndTime"));
        }
        Ok(found)
    }
}

fn read_time(node: Node<'_>) -> Option<CivilTime> {
    let (date, time) = (node.child("Date")?, node.child("Time")?);
    Some(CivilTime {
        year: date.number_of("Year")?,
        month: date.number_of("Month")?,
        day: date.number_of("Day")?,
        hour: time.number_of("Hour").unwrap_or(0),
        minute: time.number_of("Minute").unwrap_or(0),
        second: time.number_of("Second").unwrap_or(0),
        millisecond: 0,
    })
}

/// Sets the clock, or hands it to NTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetSystemDateAndTime {
    /// The time for a manual clock; `None` for NTP.
    pub manual: Option<UtcMillis>,
    pub has_daylight_savings: bool,
    /// Kept as the device wrote it; `None` leaves it.
    pub time_zone: Option<String>,
}

operation! {
    SetSystemDateAndTime "SetSystemDateAndTime" of Device {}
    write(self, body) {
        body.leaf("DateTimeType", if self.manual.is_some() { "Manual" } else { "NTP" });
        body.leaf("DaylightSavings", self.has_daylight_savings);
        if let Some(zone) = &self.time_zone {
            body.parent("TimeZone", |body| {
                body.leaf("tt:TZ", zone);
            });
        }
        if let Some(manual) = self.manual {
            let time = CivilTime::from_utc(manual);
            body.parent("UTCDateTime", |body| write_time(body, time));
        }
    }
}

fn write_time(body: &mut Xml, time: CivilTime) {
    body.parent("tt:Time", |body| {
        body.leaf("tt:Hour", time.hour).leaf("tt:Minute", time.minute).leaf("tt:Second", time.second);
    });
    body.parent("tt:Date", |body| {
        body.leaf("tt:Year", time.year).leaf("tt:Month", time.month).leaf("tt:Day", time.day);
    });
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetNtp;

/// Time servers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NtpServers {
    pub from_dhcp: bool,
    /// Addresses and names set by hand.
    pub manual: Vec<String>,
}

operation! {
    GetNtp "GetNTP" of Device -> NtpServers {}
    read(self, answer) {
        let information = answer.child("NTPInformation").ok_or(Gap("NTPInformation"))?;
        let server = |node: Node<'_>| {
            ["DNSname", "IPv4Address", "IPv6Address"].iter().find_map(|name| node.text_of(name)).map(ToOwned::to_owned)
        };
        Ok(NtpServers {
            from_dhcp: information.flag_of("FromDHCP").unwrap_or(false),
            manual: information.children("NTPManual").filter_map(server).collect(),
        })
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetNtp(pub NtpServers);

operation! {
    SetNtp "SetNTP" of Device {}
    write(self, body) {
        body.leaf("FromDHCP", self.0.from_dhcp);
        for server in &self.0.manual {
            let (kind, element) = match server.parse() {
                Ok(std::net::IpAddr::V4(_)) => ("IPv4", "tt:IPv4Address"),
                Ok(std::net::IpAddr::V6(_)) => ("IPv6", "tt:IPv6Address"),
                Err(_) => ("DNS", "tt:DNSname"),
            };
            body.parent("NTPManual", |body| {
                body.leaf("tt:Type", kind).leaf(element, server);
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn showing(second: i64) -> SystemClock {
        SystemClock {
            source: TimeSource::Manual,
            has_daylight_savings: false,
            time_zone: String::new(),
            utc: Some(CivilTime::from_utc(UtcMillis(second * 1_000))),
            local: None,
        }
    }

    #[test]
    fn a_clock_of_whole_seconds_is_narrowed_down_and_never_jumps_about() {
        let (ahead, base) = (2_345_i64, 1_700_000_000_000_i64);
        let mut known = None;
        let mut seen = Vec::new();
        for n in 0..200 {
            // Asked at all parts of a second; answers take 20 ms.
            let asked_at = base + n * 30_137;
            let shown = (asked_at + 10 + ahead).div_euclid(1_000);
            known = showing(shown).ahead_ms(UtcMillis(asked_at), UtcMillis(asked_at + 20), known);
            seen.extend(known);
        }
        assert!((seen[0] - ahead).abs() <= 510, "{seen:?}");
        assert!((seen[199] - ahead).abs() <= 25, "{seen:?}");
        // It only ever comes nearer.
        assert!(seen.windows(2).all(|pair| (pair[1] - ahead).abs() <= (pair[0] - ahead).abs().max(20)), "{seen:?}");
    }

    #[test]
    fn a_clock_that_was_set_is_followed_at_once() {
        let now = UtcMillis(1_700_000_000_500);
        let offset = |known| showing(1_700_003_600).ahead_ms(now, now, known);
        assert_eq!(
            (offset(None), offset(Some(0)), offset(Some(3_700_000))),
            (Some(3_599_999), Some(3_599_500), Some(3_600_499))
        );
        let unset = SystemClock { utc: None, ..showing(0) };
        assert_eq!(unset.ahead_ms(now, now, Some(5)), None);
        // Our own clock was set back while it was asked.
        assert!(showing(1_700_000_000).ahead_ms(now, UtcMillis(1_000), None).is_some());
    }
}
