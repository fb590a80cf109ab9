//! Rules: what is done when something happens, and when.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// When this happens, do that.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AlarmRuleView {
    pub id: i64,
    pub name: String,
    pub enabled: bool,
    pub when: RuleMatch,
    /// 1 to 8, done in this order; one that fails does not keep back the others.
    pub then: Vec<RuleAction>,
    /// Seconds in which it fires at most once for each camera; 0 to 86400.
    pub rest_s: u32,
    pub last_fired_at: Option<i64>,
    pub version: i64,
}

#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct NewAlarmRule {
    /// Up to 100 characters.
    pub name: String,
    pub when: RuleMatch,
    pub then: Vec<RuleAction>,
    #[serde(default)]
    pub rest_s: u32,
    /// True when absent.
    #[serde(default)]
    pub enabled: Option<bool>,
}

/// What has to hold, all of it; what is absent or empty always does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct RuleMatch {
    /// As of alarms.
    pub source: Option<String>,
    pub kinds: Vec<String>,
    pub camera_ids: Vec<i64>,
    pub group_ids: Vec<i64>,
    /// This level and above.
    pub level: Option<u32>,
    /// Any of these labels among the objects.
    pub labels: Vec<String>,
    /// Seven texts from Monday of 48 letters: `c` holds, `-` does not.
    pub schedule: Option<Vec<String>>,
    /// `day`, `night`, `holiday`.
    pub arming: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum RuleAction {
    /// Raises an alarm where the event itself raises none, or one of a higher level; with `suppress` beside it exactly this
    /// level.
    RaiseAlarm {
        level: u32,
    },
    /// Nothing is raised: what happens is only kept.
    Suppress,
    /// The camera records for so long; 1 to 3600.
    Record {
        seconds: u32,
    },
    /// Tells it through this route at once.
    Push {
        route: String,
    },
    /// Shows the camera on spot displays, 1 to 3600 seconds.
    Show {
        camera_id: Option<i64>,
        seconds: u32,
    },
    /// Turns a camera to a preset.
    Preset {
        camera_id: Option<i64>,
        preset: String,
    },
    /// Switches a relay of a camera's device.
    Relay {
        camera_id: Option<i64>,
        relay: String,
        on: bool,
    },
    /// `alert`, `bell` or `siren`, at every screen that follows alarms.
    Sound {
        sound: String,
    },
    /// A request to an address; the body is JSON of what happened.
    Http {
        url: String,
    },
    Bookmark {
        text: String,
    },
}

/// A rule as it might be, and a stretch of the past.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct RuleTrial {
    pub when: RuleMatch,
    #[serde(default)]
    pub rest_s: u32,
    pub from: i64,
    pub to: i64,
}

/// How often it would have fired.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RuleTrialView {
    pub fired: u64,
    /// How many events of the past were looked at; `is_cut` when there were more.
    pub looked_at: u64,
    pub is_cut: bool,
    /// The newest, at most 20.
    pub examples: Vec<RuleTrialExample>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RuleTrialExample {
    pub at: i64,
    pub source: String,
    pub kind: String,
    pub camera_id: Option<i64>,
    /// Absent for what was no alarm.
    pub level: Option<u32>,
}

/// Which mode the site is in, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ArmingView {
    /// `day`, `night` or `holiday`, now.
    #[serde(default)]
    pub mode: String,
    /// Set by hand; absent when it follows the schedule.
    #[serde(default)]
    pub manual: Option<String>,
    /// Until when; absent until somebody changes it.
    #[serde(default)]
    pub manual_until: Option<i64>,
    /// Seven texts from Monday of 48 letters: `d` day, `n` night, `h` holiday.
    pub schedule: Vec<String>,
    /// Days that are holidays whatever the week says, as `2026-12-25`; at most 366.
    pub holidays: Vec<String>,
    #[serde(default)]
    pub version: i64,
}
