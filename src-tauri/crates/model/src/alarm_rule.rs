//! What is done when something happens, and which mode the site is in.

use crate::{
    AlarmRuleId, AlarmSource, CameraId, ErrorCode, GroupId, Problem, UtcMillis, WeekSchedule, check_route_key,
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// When this happens, do that.
#[derive(Clone, Debug, PartialEq)]
pub struct AlarmRule {
    pub id: AlarmRuleId,
    pub version: i64,
    pub name: String,
    pub enabled: bool,
    pub when: RuleMatch,
    /// In this order; one that fails does not keep back the others.
    pub then: Vec<RuleAction>,
    /// It fires at most once in so long for each camera.
    pub rest_s: u32,
    pub last_fired_at: Option<UtcMillis>,
}

/// What has to hold, all of it; what is absent or empty always does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RuleMatch {
    pub source: Option<AlarmSource>,
    pub kinds: Vec<String>,
    pub cameras: Vec<CameraId>,
    /// Cameras anywhere below.
    pub groups: Vec<GroupId>,
    /// This level and above.
    pub level: Option<u32>,
    /// Any of them among the objects.
    pub labels: Vec<String>,
    /// As [`WeekSchedule::parse`] reads it; it holds where it is continuous.
    pub schedule: Option<Vec<String>>,
    pub arming: Vec<ArmingMode>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum RuleAction {
    /// Makes an alarm of it, or gives it another level.
    RaiseAlarm {
        level: u32,
    },
    /// It is no alarm.
    Suppress,
    /// The camera is recorded for so long.
    Record {
        seconds: u32,
    },
    /// It is told at once.
    Push {
        route: String,
    },
    /// A camera, or the one it happened at, is shown on spot displays.
    Show {
        camera: Option<CameraId>,
        seconds: u32,
    },
    /// A camera turns to a preset.
    Preset {
        camera: Option<CameraId>,
        preset: String,
    },
    /// A relay of a camera's device is switched.
    Relay {
        camera: Option<CameraId>,
        relay: String,
        on: bool,
    },
    /// At every screen that follows alarms.
    Sound {
        sound: RuleSound,
    },
    /// A request to an address.
    Http {
        url: String,
    },
    Bookmark {
        text: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleSound {
    Alert,
    Bell,
    Siren,
}

impl AlarmRule {
    const MOST_ACTIONS: u32 = 8;
    const MOST_OF_A_LIST: u32 = 256;
    const MOST_CHARS: u32 = 100;
    const MOST_TEXT_CHARS: u32 = 500;
    const MOST_URL_CHARS: u32 = 2_000;

    /// # Errors
    /// `request_invalid` naming the field.
    pub fn check(&self) -> Result<(), Problem> {
        text("name", &self.name, 1..=Self::MOST_CHARS)?;
        within("rest_s", self.rest_s, 0..=86_400)?;
        within("then", length(self.then.len()), 1..=Self::MOST_ACTIONS)?;
        self.when.check()?;
        self.then.iter().try_for_each(RuleAction::check)
    }
}

impl RuleMatch {
    /// # Errors
    /// `request_invalid` naming the field.
    pub fn check(&self) -> Result<(), Problem> {
        let lists = [
            ("kinds", self.kinds.len()),
            ("camera_ids", self.cameras.len()),
            ("group_ids", self.groups.len()),
            ("labels", self.labels.len()),
            ("arming", self.arming.len()),
        ];
        for (field, count) in lists {
            within(field, length(count), 0..=AlarmRule::MOST_OF_A_LIST)?;
        }
        for word in &self.kinds {
            text("kinds", word, 1..=AlarmRule::MOST_CHARS)?;
        }
        for word in &self.labels {
            text("labels", word, 1..=AlarmRule::MOST_CHARS)?;
        }
        if let Some(level) = self.level {
            within("level", level, 1..=4)?;
        }
        match &self.schedule {
            Some(texts) if WeekSchedule::parse(texts).is_none() => Err(invalid("schedule", "schedule")),
            _ => Ok(()),
        }
    }
}

impl RuleAction {
    fn check(&self) -> Result<(), Problem> {
        match self {
            Self::RaiseAlarm { level } => within("level", *level, 1..=4),
            Self::Suppress | Self::Sound { .. } => Ok(()),
            Self::Record { seconds } | Self::Show { seconds, .. } => within("seconds", *seconds, 1..=3_600),
            Self::Push { route } => check_route_key(route),
            Self::Preset { preset, .. } => text("preset", preset, 1..=AlarmRule::MOST_CHARS),
            Self::Relay { relay, .. } => text("relay", relay, 1..=AlarmRule::MOST_CHARS),
            Self::Http { url } => check_url(url),
            Self::Bookmark { text: words } => text("text", words, 1..=AlarmRule::MOST_TEXT_CHARS),
        }
    }
}

fn check_url(url: &str) -> Result<(), Problem> {
    text("url", url, 1..=AlarmRule::MOST_URL_CHARS)?;
    let parsed = url::Url::parse(url).map_err(|_| invalid("url", "url_invalid"))?;
    let is_web = matches!(parsed.scheme(), "http" | "https") && parsed.has_host();
    if is_web { Ok(()) } else { Err(invalid("url", "url_invalid")) }
}

fn length(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn text(field: &'static str, value: &str, range: RangeInclusive<u32>) -> Result<(), Problem> {
    if value.chars().any(char::is_control) {
        return Err(invalid(field, "control_characters"));
    }
    match length(value.trim().chars().count()) {
        count if count < *range.start() => Err(invalid(field, "missing")),
        count if count > *range.end() => Err(invalid(field, "too_long").with("longest", range.end())),
        _ => Ok(()),
    }
}

fn within(field: &'static str, value: u32, range: RangeInclusive<u32>) -> Result<(), Problem> {
    if range.contains(&value) {
        return Ok(());
    }
    Err(invalid(field, "out_of_range").with("least", range.start()).with("most", range.end()))
}

fn invalid(field: &'static str, reason: &'static str) -> Problem {
    Problem::new(ErrorCode::RequestInvalid).with("field", field).with("reason", reason)
}

/// What kind of time it is for a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArmingMode {
    Day,
    Night,
    Holiday,
}

impl ArmingMode {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Night => "night",
            Self::Holiday => "holiday",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Day, Self::Night, Self::Holiday].into_iter().find(|mode| mode.as_str() == text)
    }

    const fn of_letter(letter: char) -> Option<Self> {
        match letter {
            'd' => Some(Self::Day),
            'n' => Some(Self::Night),
            'h' => Some(Self::Holiday),
            _ => None,
        }
    }
}

/// By hand, by the calendar, by the week: the first that says something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arming {
    pub manual: Option<ArmingMode>,
    /// Until somebody changes it, without one.
    pub manual_until: Option<UtcMillis>,
    /// Seven texts from Monday of 48 letters: `d`, `n`, `h`.
    pub schedule: Vec<String>,
    /// Days that are holidays whatever the week says, as `2026-12-25`.
    pub holidays: Vec<String>,
    pub version: i64,
}

impl Default for Arming {
    /// Night from eight in the evening to six in the morning.
    fn default() -> Self {
        let day = format!("{}{}{}", "n".repeat(12), "d".repeat(28), "n".repeat(8));
        Self { manual: None, manual_until: None, schedule: vec![day; 7], holidays: Vec::new(), version: 0 }
    }
}

impl Arming {
    const DAYS: usize = 7;
    const MOST_HOLIDAYS: u32 = 366;

    /// # Errors
    /// `request_invalid` naming the field.
    pub fn check(&self) -> Result<(), Problem> {
        let is_day = |text: &String| {
            text.chars().count() == WeekSchedule::SLOTS && text.chars().all(|c| ArmingMode::of_letter(c).is_some())
        };
        if self.schedule.len() != Self::DAYS || !self.schedule.iter().all(is_day) {
            return Err(invalid("schedule", "schedule"));
        }
        within("holidays", length(self.holidays.len()), 0..=Self::MOST_HOLIDAYS)?;
        match self.holidays.iter().all(|day| day.parse::<Date>().is_ok()) {
            true => Ok(()),
            false => Err(invalid("holidays", "date")),
        }
    }

    /// The mode at a moment, in the site's local time.
    pub fn at(&self, now: UtcMillis, zone: &TimeZone) -> ArmingMode {
        if let Some(mode) = self.manual.filter(|_| self.manual_until.is_none_or(|until| now < until)) {
            return mode;
        }
        let local = zone.to_datetime(Timestamp::from_millisecond(now.0).unwrap_or(Timestamp::UNIX_EPOCH));
        if self.holidays.iter().any(|day| day.parse::<Date>().is_ok_and(|day| day == local.date())) {
            return ArmingMode::Holiday;
        }
        let day = usize::from(local.date().weekday().to_monday_zero_offset().unsigned_abs());
        let half_hour = usize::from(local.hour().unsigned_abs()) * 2 + usize::from(local.minute() >= 30);
        let letter = self.schedule.get(day).and_then(|day| day.chars().nth(half_hour));
        letter.and_then(ArmingMode::of_letter).unwrap_or(ArmingMode::Day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(when: RuleMatch, then: Vec<RuleAction>) -> AlarmRule {
        let (id, version) = (AlarmRuleId(1), 1);
        AlarmRule { id, version, name: "Gate".into(), enabled: true, when, then, rest_s: 0, last_fired_at: None }
    }

    #[test]
    fn what_a_rule_may_not_be_is_named() {
        let check = |when: RuleMatch, then: Vec<RuleAction>, field: Option<&str>| {
            let answer = rule(when, then).check().err();
            assert_eq!(answer.as_ref().and_then(|p| p.params.get("field")).map(String::as_str), field, "{answer:?}");
        };
        let any = RuleMatch::default;
        check(any(), vec![RuleAction::Suppress], None);
        check(any(), vec![], Some("then"));
        check(any(), vec![RuleAction::RaiseAlarm { level: 5 }], Some("level"));
        check(any(), vec![RuleAction::Http { url: "ftp://x/".into() }], Some("url"));
        check(any(), vec![RuleAction::Http { url: "http://10.0.0.1/relay?on=1".into() }], None);
        check(any(), vec![RuleAction::Record { seconds: 0 }], Some("seconds"));
        check(RuleMatch { schedule: Some(vec!["c".into()]), ..any() }, vec![RuleAction::Suppress], Some("schedule"));
        check(RuleMatch { kinds: vec![" ".into()], ..any() }, vec![RuleAction::Suppress], Some("kinds"));
    }

    #[test]
    fn actions_are_written_as_people_send_them() {
        let action: RuleAction = serde_json::from_str(r#"{"do":"raise_alarm","level":4}"#).unwrap();
        assert_eq!(action, RuleAction::RaiseAlarm { level: 4 });
        assert_eq!(serde_json::to_string(&RuleAction::Suppress).unwrap(), r#"{"do":"suppress"}"#);
    }

    #[test]
    fn a_hand_goes_before_the_calendar_and_that_before_the_week() {
        let zone = TimeZone::UTC;
        let at = |text: &str| UtcMillis(text.parse::<Timestamp>().unwrap().as_millisecond());
        let mut arming = Arming { holidays: vec!["2026-12-25".into()], ..Arming::default() };
        assert!(arming.check().is_ok());
        let check = |arming: &Arming, moment: &str, expect: ArmingMode| {
            assert_eq!(arming.at(at(moment), &zone), expect, "{moment}");
        };
        check(&arming, "2026-12-24T12:00:00Z", ArmingMode::Day);
        check(&arming, "2026-12-24T05:59:59Z", ArmingMode::Night);
        check(&arming, "2026-12-24T20:00:00Z", ArmingMode::Night);
        check(&arming, "2026-12-25T12:00:00Z", ArmingMode::Holiday);
        arming.manual = Some(ArmingMode::Night);
        arming.manual_until = Some(at("2026-12-25T13:00:00Z"));
        check(&arming, "2026-12-25T12:00:00Z", ArmingMode::Night);
        check(&arming, "2026-12-25T13:00:00Z", ArmingMode::Holiday);
        arming.schedule.pop();
        assert!(arming.check().is_err());
    }
}
