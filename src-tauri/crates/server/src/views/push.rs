//! Channels of pushes and rules of alarms on the wire.

use super::word;
use crate::extract::invalid;
use std::collections::BTreeMap;
use watchwall_api::{
    AlarmRuleView, ArmingView, NewAlarmRule, NewPushChannel, PushChannelPatch, PushChannelView, PushHealthView,
    PushRouteView, PushRoutesView, PushTest, RuleAction as ActionView, RuleMatch as MatchView, RuleTrialExample,
    RuleTrialView,
};
use watchwall_model::{
    AlarmRule, AlarmRuleId, AlarmSource, Arming, ArmingMode, CameraId, GroupId, Problem, PushChannelId, RuleAction,
    RuleMatch, RuleSound, Secret, UtcMillis,
};
use watchwall_push::Outcome;
use watchwall_site::alarms::{
    push::{ChannelHealth, HealthState},
    rules::Trial,
};
use watchwall_store::{ChannelChange, PushChannelRow, PushRoutes};

const PER_MINUTE: u32 = 20;

pub fn push_channel_view(row: &PushChannelRow, health: ChannelHealth, waiting: u64) -> PushChannelView {
    let change = &row.change;
    PushChannelView {
        id: row.id.0,
        name: change.name.clone(),
        kind: change.kind.clone(),
        enabled: change.enabled,
        language: change.language.clone(),
        settings: change.settings.clone(),
        secrets: change.secrets.keys().cloned().collect(),
        per_minute: change.per_minute,
        health: PushHealthView {
            state: match health.state {
                HealthState::Idle => "idle",
                HealthState::Ok => "ok",
                HealthState::Failing => "failing",
            }
            .to_owned(),
            waiting,
            last_sent_at: health.last_sent_at.map(|at| at.0),
            last_failed_at: health.last_failed_at.map(|at| at.0),
            last_error: health.last_error,
        },
        version: row.version,
    }
}

pub fn new_channel(new: NewPushChannel) -> ChannelChange {
    ChannelChange {
        name: new.name.trim().to_owned(),
        kind: new.kind,
        enabled: new.enabled.unwrap_or(true),
        language: new.language.unwrap_or_else(|| "en".to_owned()),
        settings: filled(new.settings),
        secrets: filled(new.secrets).into_iter().map(|(name, secret)| (name, Secret::new(secret))).collect(),
        per_minute: new.per_minute.unwrap_or(PER_MINUTE),
    }
}

pub fn patched_channel(mut change: ChannelChange, patch: PushChannelPatch) -> ChannelChange {
    if let Some(name) = patch.name {
        change.name = name.trim().to_owned();
    }
    change.enabled = patch.enabled.unwrap_or(change.enabled);
    change.language = patch.language.unwrap_or(change.language);
    change.per_minute = patch.per_minute.unwrap_or(change.per_minute);
    if let Some(settings) = patch.settings {
        change.settings = filled(settings);
    }
    for (name, secret) in patch.secrets {
        if secret.is_empty() {
            change.secrets.remove(&name);
        } else {
            change.secrets.insert(name, Secret::new(secret));
        }
    }
    change
}

/// A field left empty is a field not given.
fn filled(fields: BTreeMap<String, String>) -> BTreeMap<String, String> {
    fields.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

pub fn push_test(outcome: &Outcome) -> PushTest {
    let answer = outcome.answer();
    PushTest {
        is_sent: outcome.is_sent(),
        status: answer.status,
        response: (!answer.response.is_empty()).then(|| answer.response.clone()),
        took_ms: u32::try_from(answer.took.as_millis()).unwrap_or(u32::MAX),
    }
}

pub fn push_routes_view((mut routes, version): (PushRoutes, i64)) -> PushRoutesView {
    // Always there to be edited, also while it leads nowhere.
    routes.entry(watchwall_model::PushPolicy::DEFAULT_ROUTE.to_owned()).or_default();
    let route = |(key, channels): (String, Vec<PushChannelId>)| PushRouteView {
        key,
        channel_ids: channels.into_iter().map(|channel| channel.0).collect(),
    };
    PushRoutesView { routes: routes.into_iter().map(route).collect(), version }
}

/// # Errors
/// `request_invalid` for a key that stands twice.
pub fn push_routes_of(view: PushRoutesView) -> Result<PushRoutes, Problem> {
    let mut routes = PushRoutes::new();
    for route in view.routes {
        let mut channels: Vec<PushChannelId> = route.channel_ids.into_iter().map(PushChannelId).collect();
        channels.sort_unstable();
        channels.dedup();
        if routes.insert(route.key.clone(), channels).is_some() {
            return Err(invalid("route", "twice").with("key", route.key));
        }
    }
    Ok(routes)
}

pub fn alarm_rule_view(rule: &AlarmRule) -> AlarmRuleView {
    AlarmRuleView {
        id: rule.id.0,
        name: rule.name.clone(),
        enabled: rule.enabled,
        when: match_view(&rule.when),
        then: rule.then.iter().map(action_view).collect(),
        rest_s: rule.rest_s,
        last_fired_at: rule.last_fired_at.map(|at| at.0),
        version: rule.version,
    }
}

fn match_view(when: &RuleMatch) -> MatchView {
    MatchView {
        source: when.source.map(|source| source.as_str().to_owned()),
        kinds: when.kinds.clone(),
        camera_ids: when.cameras.iter().map(|camera| camera.0).collect(),
        group_ids: when.groups.iter().map(|group| group.0).collect(),
        level: when.level,
        labels: when.labels.clone(),
        schedule: when.schedule.clone(),
        arming: when.arming.iter().map(|mode| mode.as_str().to_owned()).collect(),
    }
}

fn action_view(action: &RuleAction) -> ActionView {
    let id = |camera: Option<CameraId>| camera.map(|camera| camera.0);
    match action.clone() {
        RuleAction::RaiseAlarm { level } => ActionView::RaiseAlarm { level },
        RuleAction::Suppress => ActionView::Suppress,
        RuleAction::Record { seconds } => ActionView::Record { seconds },
        RuleAction::Push { route } => ActionView::Push { route },
        RuleAction::Show { camera, seconds } => ActionView::Show { camera_id: id(camera), seconds },
        RuleAction::Preset { camera, preset } => ActionView::Preset { camera_id: id(camera), preset },
        RuleAction::Relay { camera, relay, on } => ActionView::Relay { camera_id: id(camera), relay, on },
        RuleAction::Sound { sound } => ActionView::Sound { sound: word(&sound) },
        RuleAction::Http { url } => ActionView::Http { url },
        RuleAction::Bookmark { text } => ActionView::Bookmark { text },
    }
}

/// Checked as a whole by the site.
///
/// # Errors
/// `request_invalid` for a word that is none.
pub fn alarm_rule_of(new: NewAlarmRule) -> Result<AlarmRule, Problem> {
    Ok(AlarmRule {
        id: AlarmRuleId(0),
        version: 0,
        name: new.name.trim().to_owned(),
        enabled: new.enabled.unwrap_or(true),
        when: rule_match_of(new.when)?,
        then: new.then.into_iter().map(action_of).collect::<Result<_, _>>()?,
        rest_s: new.rest_s,
        last_fired_at: None,
    })
}

/// # Errors
/// `request_invalid` for a word that is none.
pub fn rule_match_of(view: MatchView) -> Result<RuleMatch, Problem> {
    let source = match view.source.as_deref() {
        Some(word) => Some(AlarmSource::parse(word).ok_or_else(|| invalid("source", "unknown"))?),
        None => None,
    };
    let mode = |word: String| ArmingMode::parse(&word).ok_or_else(|| invalid("arming", "unknown"));
    Ok(RuleMatch {
        source,
        kinds: view.kinds,
        cameras: view.camera_ids.into_iter().map(CameraId).collect(),
        groups: view.group_ids.into_iter().map(GroupId).collect(),
        level: view.level,
        labels: view.labels,
        schedule: view.schedule,
        arming: view.arming.into_iter().map(mode).collect::<Result<_, _>>()?,
    })
}

fn action_of(view: ActionView) -> Result<RuleAction, Problem> {
    let id = |camera: Option<i64>| camera.map(CameraId);
    Ok(match view {
        ActionView::RaiseAlarm { level } => RuleAction::RaiseAlarm { level },
        ActionView::Suppress => RuleAction::Suppress,
        ActionView::Record { seconds } => RuleAction::Record { seconds },
        ActionView::Push { route } => RuleAction::Push { route },
        ActionView::Show { camera_id, seconds } => RuleAction::Show { camera: id(camera_id), seconds },
        ActionView::Preset { camera_id, preset } => RuleAction::Preset { camera: id(camera_id), preset },
        ActionView::Relay { camera_id, relay, on } => RuleAction::Relay { camera: id(camera_id), relay, on },
        ActionView::Sound { sound } => {
            let sound: Result<RuleSound, _> = serde_json::from_value(serde_json::Value::String(sound));
            RuleAction::Sound { sound: sound.map_err(|_| invalid("sound", "unknown"))? }
        }
        ActionView::Http { url } => RuleAction::Http { url },
        ActionView::Bookmark { text } => RuleAction::Bookmark { text },
    })
}

pub fn rule_trial_view(trial: Trial) -> RuleTrialView {
    let examples = trial.examples.into_iter().map(|example| RuleTrialExample {
        at: example.at.0,
        source: example.source.as_str().to_owned(),
        kind: example.kind,
        camera_id: example.camera.map(|camera| camera.0),
        level: example.level,
    });
    RuleTrialView { fired: trial.fired, looked_at: trial.looked_at, is_cut: trial.is_cut, examples: examples.collect() }
}

pub fn arming_view(arming: &Arming, mode: ArmingMode) -> ArmingView {
    ArmingView {
        mode: mode.as_str().to_owned(),
        manual: arming.manual.map(|mode| mode.as_str().to_owned()),
        manual_until: arming.manual_until.map(|at| at.0),
        schedule: arming.schedule.clone(),
        holidays: arming.holidays.clone(),
        version: arming.version,
    }
}

/// # Errors
/// `request_invalid` for a mode that is none.
pub fn arming_of(view: ArmingView) -> Result<Arming, Problem> {
    let manual = match view.manual.as_deref() {
        Some(word) => Some(ArmingMode::parse(word).ok_or_else(|| invalid("manual", "unknown"))?),
        None => None,
    };
    Ok(Arming {
        manual_until: view.manual_until.map(UtcMillis).filter(|_| manual.is_some()),
        manual,
        schedule: view.schedule,
        holidays: view.holidays,
        version: view.version,
    })
}
