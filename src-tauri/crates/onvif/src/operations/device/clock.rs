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
