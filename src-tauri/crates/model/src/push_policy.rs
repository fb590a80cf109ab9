//! When what happens is told to people, and how alarms are treated level by level.

use crate::{ErrorCode, Problem};
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// When what happens is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PushMode {
    Off,
    /// Each time.
    Immediate,
    /// After so many times.
    Count,
    /// At the end of a stretch of time that began with the first.
    Window,
    /// Whichever comes first.
    CountOrWindow,
    /// As the level of the alarm has it; only of a task.
    LevelDefault,
}

/// Mode and its figures. What a mode does not use is kept and not looked at.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PushPolicy {
    pub mode: PushMode,
    #[serde(default = "one")]
    pub count: u32,
    #[serde(default = "one")]
    pub window_s: u32,
    /// Between two.
    #[serde(default)]
    pub cooldown_s: u32,
    /// Which channels: key of a route.
    #[serde(default = "default_route")]
    pub route: String,
}

const fn one() -> u32 {
    1
}

fn default_route() -> String {
    PushPolicy::DEFAULT_ROUTE.to_owned()
}

impl PushPolicy {
    pub const DEFAULT_ROUTE: &str = "default";
    const MOST_ROUTE_CHARS: usize = 64;

    pub fn new(mode: PushMode) -> Self {
        Self { mode, count: 1, window_s: 1, cooldown_s: 0, route: default_route() }
    }

    /// # Errors
    /// `request_invalid` naming the field.
    pub fn check(&self) -> Result<(), Problem> {
        let uses_count = matches!(self.mode, PushMode::Count | PushMode::CountOrWindow);
        let uses_window = matches!(self.mode, PushMode::Window | PushMode::CountOrWindow);
        if uses_count {
            within("count", self.count, 1..=10_000)?;
        }
        if uses_window {
            within("window_s", self.window_s, 1..=86_400)?;
        }
        within("cooldown_s", self.cooldown_s, 0..=86_400)?;
        check_route_key(&self.route)
    }
}

/// # Errors
/// `request_invalid`.
pub fn check_route_key(key: &str) -> Result<(), Problem> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if (1..=PushPolicy::MOST_ROUTE_CHARS).contains(&key.len()) && key.chars().all(allowed) {
        Ok(())
    } else {
        Err(Problem::new(ErrorCode::RequestInvalid).with("field", "route").with("reason", "route_key"))
    }
}

fn within(field: &'static str, value: u32, range: RangeInclusive<u32>) -> Result<(), Problem> {
    if range.contains(&value) {
        return Ok(());
    }
    let (least, most) = (range.start(), range.end());
    Err(Problem::new(ErrorCode::RequestInvalid)
        .with("field", field)
        .with("reason", "out_of_range")
        .with("least", least)
        .with("most", most))
}

/// How alarms of one level are treated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LevelPolicy {
    pub push: PushPolicy,
    /// Until somebody must have acknowledged it; 0 is for ever.
    pub deadline_s: u32,
    /// One that nobody took care of closes itself; 0 is never.
    pub auto_close_s: u32,
    pub sound: bool,
}

/// How alarms are treated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmPolicy {
    /// Of levels 1 to 4.
    pub levels: [LevelPolicy; 4],
    /// What happens again within so long is the same alarm.
    pub repeat_s: u32,
    /// Of the clip.
    pub clip_before_s: u32,
    pub clip_after_s: u32,
    /// Recordings of alarms that nobody acknowledged are kept, up to so much.
    pub protect_gb: u32,
    pub version: i64,
}

impl Default for AlarmPolicy {
    fn default() -> Self {
        let hourly = PushPolicy { window_s: 3_600, ..PushPolicy::new(PushMode::Window) };
        let five = PushPolicy { count: 5, window_s: 600, ..PushPolicy::new(PushMode::CountOrWindow) };
        let level =
            |push: PushPolicy, deadline_s, auto_close_s, sound| LevelPolicy { push, deadline_s, auto_close_s, sound };
        Self {
            levels: [
                level(hourly.clone(), 0, 86_400, false),
                level(hourly, 3_600, 7 * 86_400, false),
                level(five, 900, 0, true),
                level(PushPolicy::new(PushMode::Immediate), 180, 0, true),
            ],
            repeat_s: 10,
            clip_before_s: 10,
            clip_after_s: 20,
            protect_gb: 20,
            version: 0,
        }
    }
}

impl AlarmPolicy {
    /// Of a level from 1 to 4; others are taken as the nearest.
    pub fn of(&self, level: u32) -> &LevelPolicy {
        let [first, second, third, fourth] = &self.levels;
        match level {
            0 | 1 => first,
            2 => second,
            3 => third,
            _ => fourth,
        }
    }

    /// # Errors
    /// `request_invalid` naming the field and, where it is one, the level.
    pub fn check(&self) -> Result<(), Problem> {
        within("repeat_s", self.repeat_s, 1..=86_400)?;
        within("clip_before_s", self.clip_before_s, 0..=300)?;
        within("clip_after_s", self.clip_after_s, 0..=300)?;
        within("clip_s", self.clip_before_s.saturating_add(self.clip_after_s), 1..=600)?;
        within("protect_gb", self.protect_gb, 0..=100_000)?;
        for (number, level) in (1_u32..).zip(&self.levels) {
            let check = || {
                if level.push.mode == PushMode::LevelDefault {
                    return Err(Problem::new(ErrorCode::RequestInvalid)
                        .with("field", "mode")
                        .with("reason", "unknown"));
                }
                level.push.check()?;
                within("deadline_s", level.deadline_s, 0..=604_800)?;
                within("auto_close_s", level.auto_close_s, 0..=31_536_000)
            };
            check().map_err(|problem| problem.with("level", number))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_policy_may_not_be_is_named() {
        let check = |change: fn(&mut AlarmPolicy), field: Option<&str>| {
            let mut policy = AlarmPolicy::default();
            change(&mut policy);
            let answer = policy.check().err();
            assert_eq!(answer.as_ref().and_then(|p| p.params.get("field")).map(String::as_str), field, "{answer:?}");
        };
        check(|_| {}, None);
        check(|policy| policy.repeat_s = 0, Some("repeat_s"));
        check(|policy| (policy.clip_before_s, policy.clip_after_s) = (0, 0), Some("clip_s"));
        check(|policy| policy.levels[0].push.mode = PushMode::LevelDefault, Some("mode"));
        check(|policy| policy.levels[2].push.count = 0, Some("count"));
        check(|policy| policy.levels[1].push.window_s = 86_401, Some("window_s"));
        check(|policy| policy.levels[1].push.route = "a b".into(), Some("route"));
        check(|policy| policy.levels[3].push.count = 0, None);
        check(|policy| policy.levels[3].deadline_s = 604_801, Some("deadline_s"));
    }

    #[test]
    fn levels_have_their_policy_and_json_keeps_it() {
        let policy = AlarmPolicy::default();
        let modes = [1, 2, 3, 4].map(|level| policy.of(level).push.mode);
        assert_eq!(modes, [PushMode::Window, PushMode::Window, PushMode::CountOrWindow, PushMode::Immediate]);
        let text = serde_json::to_string(&policy).unwrap();
        assert_eq!(serde_json::from_str::<AlarmPolicy>(&text).unwrap(), policy);
        assert!(text.contains("COUNT_OR_WINDOW"));
    }
}
