//! Which rules something fires, and what they make of it. Pure; time is given.

use crate::alarms::ground::CameraFacts;
use jiff::tz::TimeZone;
use serde::Deserialize;
use std::collections::HashMap;
use watchwall_model::{
    AlarmRule, AlarmRuleId, Arming, ArmingMode, CameraId, Happening, RuleAction, RuleMatch, Slot, UtcMillis,
    WeekSchedule,
};

/// All rules in force, and when they fired last.
#[derive(Clone, Debug)]
pub struct RuleBook {
    rules: Vec<Ready>,
    pub arming: Arming,
    zone: TimeZone,
    rested: HashMap<(AlarmRuleId, Option<CameraId>), UtcMillis>,
}

/// A rule with its schedule read.
#[derive(Clone, Debug)]
struct Ready {
    rule: AlarmRule,
    week: Option<WeekSchedule>,
}

/// What is made of a happening.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ruling {
    /// Of the alarm it becomes; `None` when it becomes none.
    pub level: Option<u32>,
    pub fired: Vec<AlarmRuleId>,
    /// What is done beside, in order.
    pub actions: Vec<RuleAction>,
}

#[derive(Deserialize)]
struct Labelled {
    label: String,
}

impl RuleBook {
    pub fn new(rules: Vec<AlarmRule>, arming: Arming, zone: TimeZone) -> Self {
        let ready = |rule: AlarmRule| {
            let week = rule.when.schedule.as_deref().and_then(WeekSchedule::parse);
            Ready { rule, week }
        };
        let rules = rules.into_iter().filter(|rule| rule.enabled).map(ready).collect();
        Self { rules, arming, zone, rested: HashMap::new() }
    }

    /// Takes over what an older book knew of when rules fired.
    #[must_use]
    pub fn after(mut self, older: &Self) -> Self {
        self.rested.clone_from(&older.rested);
        self.rested.retain(|(id, _), _| self.rules.iter().any(|ready| ready.rule.id == *id));
        self
    }

    /// Raising goes before keeping quiet: a rule that wants an alarm gets it, and the highest level wins. What is kept quiet
    /// counts with the level it is raised to, which may be lower than its own.
    pub fn judge(&mut self, what: &Happening, facts: Option<&CameraFacts>, now: UtcMillis) -> Ruling {
        let mut ruling = Ruling { level: what.level, ..Ruling::default() };
        if self.rules.is_empty() {
            return ruling;
        }
        let mode = self.arming.at(what.at, &self.zone);
        let (mut raised, mut is_suppressed) = (None, false);
        for ready in &self.rules {
            if !holds(&ready.rule.when, ready.week.as_ref(), what, facts, mode, &self.zone) {
                continue;
            }
            let key = (ready.rule.id, what.camera);
            let rest_ms = i64::from(ready.rule.rest_s) * 1_000;
            if self.rested.get(&key).is_some_and(|last| (what.at - *last).abs() < rest_ms) {
                continue;
            }
            if rest_ms > 0 {
                self.rested.insert(key, what.at);
            }
            ruling.fired.push(ready.rule.id);
            for action in &ready.rule.then {
                match action {
                    RuleAction::RaiseAlarm { level } => raised = raised.max(Some(*level)),
                    RuleAction::Suppress => is_suppressed = true,
                    action => ruling.actions.push(action.clone()),
                }
            }
        }
        let own = if is_suppressed { None } else { what.level };
        ruling.level = raised.max(own);
        self.rested.retain(|_, last| now - *last < REST_MOST_MS);
        ruling
    }

    pub fn mode(&self, now: UtcMillis) -> ArmingMode {
        self.arming.at(now, &self.zone)
    }
}

/// No rule rests longer than a day.
const REST_MOST_MS: i64 = 86_400_000;

fn holds(
    when: &RuleMatch,
    week: Option<&WeekSchedule>,
    what: &Happening,
    facts: Option<&CameraFacts>,
    mode: ArmingMode,
    zone: &TimeZone,
) -> bool {
    let is_camera = || match (when.cameras.is_empty(), when.groups.is_empty()) {
        (true, true) => true,
        (no_cameras, _) => {
            let is_named = !no_cameras && what.camera.is_some_and(|camera| when.cameras.contains(&camera));
            is_named || facts.is_some_and(|facts| facts.groups.iter().any(|group| when.groups.contains(group)))
        }
    };
    when.source.is_none_or(|source| source == what.source)
        && (when.kinds.is_empty() || when.kinds.contains(&what.kind))
        && when.level.is_none_or(|least| what.level.is_some_and(|level| level >= least))
        && (when.arming.is_empty() || when.arming.contains(&mode))
        && is_camera()
        && week.is_none_or(|week| week.at(what.at, zone).slot == Slot::Continuous)
        && (when.labels.is_empty() || has_label(what, &when.labels))
}

fn has_label(what: &Happening, labels: &[String]) -> bool {
    let objects = what.objects.as_deref().and_then(|text| serde_json::from_str::<Vec<Labelled>>(text).ok());
    objects.is_some_and(|objects| objects.iter().any(|object| labels.contains(&object.label)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use watchwall_model::{AlarmSource, GroupId, PushPolicy};

    const NOON_THURSDAY: i64 = 12 * 3_600_000;

    fn rule(id: i64, when: RuleMatch, then: Vec<RuleAction>) -> AlarmRule {
        AlarmRule {
            id: AlarmRuleId(id),
            version: 1,
            name: id.to_string(),
            enabled: true,
            when,
            then,
            rest_s: 0,
            last_fired_at: None,
        }
    }

    fn book(rules: Vec<AlarmRule>) -> RuleBook {
        RuleBook::new(rules, Arming::default(), TimeZone::UTC)
    }

    fn what() -> Happening {
        let mut what = Happening::new(AlarmSource::Ai, "MOTION", UtcMillis(NOON_THURSDAY)).of(CameraId(1)).alarming(2);
        what.objects = Some(r#"[{"label":"cat","score":0.5,"bbox":[0,0,1,1]}]"#.into());
        what
    }

    fn facts() -> CameraFacts {
        CameraFacts { name: "Gate".into(), groups: vec![GroupId(5), GroupId(6)], ..CameraFacts::default() }
    }

    #[test]
    fn all_that_is_named_has_to_hold() {
        let check = |change: fn(&mut RuleMatch), expect: bool| {
            let mut when = RuleMatch::default();
            change(&mut when);
            let record = vec![RuleAction::Record { seconds: 5 }];
            let ruling = book(vec![rule(1, when.clone(), record)]).judge(&what(), Some(&facts()), UtcMillis(0));
            assert_eq!(!ruling.fired.is_empty(), expect, "{when:?}");
            assert_eq!(ruling.level, Some(2));
        };
        let week = |slot| Some(WeekSchedule::all(slot).texts());
        check(|_| {}, true);
        check(|when| when.source = Some(AlarmSource::Health), false);
        check(|when| when.kinds = vec!["TAMPER".into(), "MOTION".into()], true);
        check(|when| when.kinds = vec!["TAMPER".into()], false);
        check(|when| when.cameras = vec![CameraId(2)], false);
        check(|when| when.groups = vec![GroupId(6)], true);
        check(|when| (when.cameras, when.groups) = (vec![CameraId(2)], vec![GroupId(6)]), true);
        check(|when| when.level = Some(3), false);
        check(|when| when.labels = vec!["dog".into(), "cat".into()], true);
        check(|when| when.labels = vec!["dog".into()], false);
        check(|when| when.arming = vec![ArmingMode::Day], true);
        check(|when| when.arming = vec![ArmingMode::Night, ArmingMode::Holiday], false);
        let mut off =
            rule(1, RuleMatch { schedule: week(Slot::Off), ..RuleMatch::default() }, vec![RuleAction::Suppress]);
        assert_eq!(book(vec![off.clone()]).judge(&what(), None, UtcMillis(0)).level, Some(2));
        off.when.schedule = week(Slot::Continuous);
        assert_eq!(book(vec![off.clone()]).judge(&what(), None, UtcMillis(0)).level, None);
        off.enabled = false;
        assert_eq!(book(vec![off]).judge(&what(), None, UtcMillis(0)).level, Some(2));
    }

    #[test]
    fn raising_goes_before_keeping_quiet_and_the_highest_wins() {
        let any = RuleMatch::default;
        let raise = |level| vec![RuleAction::RaiseAlarm { level }];
        let check = |rules: Vec<AlarmRule>, own: Option<u32>, expect: Option<u32>| {
            let happened = Happening { level: own, ..what() };
            assert_eq!(book(rules).judge(&happened, None, UtcMillis(0)).level, expect);
        };
        check(vec![], None, None);
        check(vec![rule(1, any(), raise(1))], None, Some(1));
        check(vec![rule(1, any(), vec![RuleAction::Suppress]), rule(2, any(), raise(3))], Some(2), Some(3));
        check(vec![rule(1, any(), raise(4)), rule(2, any(), raise(1))], Some(2), Some(4));
        check(vec![rule(1, any(), raise(1))], Some(2), Some(2));
        check(vec![rule(1, any(), [vec![RuleAction::Suppress], raise(1)].concat())], Some(2), Some(1));
    }

    #[test]
    fn a_rule_rests_for_each_camera_by_itself() {
        let push = vec![RuleAction::Push { route: PushPolicy::DEFAULT_ROUTE.into() }];
        let mut rules = book(vec![AlarmRule { rest_s: 10, ..rule(1, RuleMatch::default(), push) }]);
        let mut fires = |camera: i64, second: i64| {
            let at = UtcMillis(NOON_THURSDAY + second * 1_000);
            let happened = Happening { at, camera: Some(CameraId(camera)), ..what() };
            !rules.judge(&happened, None, at).fired.is_empty()
        };
        assert_eq!(
            [fires(1, 0), fires(1, 9), fires(2, 9), fires(1, 10), fires(1, 19)],
            [true, false, true, true, false]
        );
    }
}
