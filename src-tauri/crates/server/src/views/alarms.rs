//! Alarms and how they are treated, as clients see and write them.

use super::word;
use crate::{extract::invalid, wording::Language};
use watchwall_api::{
    AiObjectView, AlarmClipView, AlarmHistoryView, AlarmHour, AlarmPolicyView, AlarmStatisticsView, AlarmSummary,
    AlarmView, AlarmsOfCamera, AlarmsOfKind, BothLanguages, LevelPolicyView, PushLogView, PushPolicyView,
};
use watchwall_model::{
    Alarm, AlarmClip, AlarmHistory, AlarmPolicy, AlarmState, Camera, ErrorCode, LevelPolicy, Problem, PushMode,
    PushPolicy, TimeRange, UtcMillis, Verdict,
};
use watchwall_site::alarms::wording;
use watchwall_store::{AlarmCounts, AlarmNumber, AlarmStatistics, PushLogRow};

/// `camera` as it is now; `None` when it is gone.
pub fn alarm_view(alarm: &Alarm, camera: Option<&Camera>, related: Vec<i64>, now: UtcMillis) -> AlarmView {
    let camera_name = camera.map(|camera| camera.name.clone()).or_else(|| alarm.camera_name.clone());
    let words = |language: Language| wording::words(alarm, camera_name.as_deref(), language);
    let (en, zh_cn) = (words(Language::English), words(Language::Chinese));
    AlarmView {
        id: alarm.id.0,
        source: alarm.source.as_str().to_owned(),
        kind: alarm.kind.clone(),
        level: alarm.level,
        is_escalated: alarm.is_escalated,
        camera_id: alarm.camera.map(|camera| camera.0),
        group_id: camera.and_then(|camera| camera.group).map(|group| group.0),
        camera_name,
        task_id: alarm.task.map(|task| task.0),
        first_at: alarm.first_at.0,
        last_at: alarm.last_at.0,
        count: alarm.count,
        title: BothLanguages { en: en.title, zh_cn: zh_cn.title },
        text: BothLanguages { en: en.text, zh_cn: zh_cn.text },
        params: alarm.params.clone(),
        confidence: alarm.confidence,
        // Written by ourselves; what cannot be read is left out rather than the whole row.
        objects: alarm
            .objects
            .as_deref()
            .and_then(|text| serde_json::from_str::<Vec<AiObjectView>>(text).ok())
            .unwrap_or_default(),
        has_picture: alarm.snapshot.is_some(),
        clip: clip_view(&alarm.clip),
        related_cameras: related,
        state: alarm.state.as_str().to_owned(),
        owner: alarm.owner.clone(),
        verdict: alarm.verdict.map(|verdict| verdict.as_str().to_owned()),
        deadline: alarm.deadline.map(|at| at.0),
        is_overdue: alarm.is_overdue(now),
        version: alarm.version,
    }
}

fn clip_view(clip: &AlarmClip) -> AlarmClipView {
    let place = clip.place();
    AlarmClipView {
        state: clip.word().to_owned(),
        reason: match clip {
            AlarmClip::Unavailable { reason, .. } => Some(reason.as_str().to_owned()),
            _ => None,
        },
        path: place.map(|(path, _)| path.to_string()),
        from: place.map(|(_, range)| range.start.0),
        to: place.map(|(_, range)| range.end.0),
    }
}

pub fn alarm_history_view(line: AlarmHistory) -> AlarmHistoryView {
    let state = |state: Option<AlarmState>| state.map(|state| state.as_str().to_owned());
    AlarmHistoryView {
        at: line.at.0,
        by: line.by,
        what: word(&line.what),
        from: state(line.from),
        to: state(line.to),
        note: line.note,
    }
}

pub const fn alarm_summary(counts: AlarmCounts) -> AlarmSummary {
    let AlarmCounts { new, acknowledged, in_progress, overdue, open_by_level } = counts;
    AlarmSummary { new, acknowledged, in_progress, overdue, open_by_level }
}

pub fn alarm_statistics(found: AlarmStatistics, range: TimeRange) -> AlarmStatisticsView {
    AlarmStatisticsView {
        from: range.start.0,
        to: range.end.0,
        alarms: found.all.alarms,
        happened: found.all.happened,
        hours: found.hours.into_iter().map(|(at, by_level)| AlarmHour { at: at.0, by_level }).collect(),
        cameras: found
            .cameras
            .into_iter()
            .map(|(camera, AlarmNumber { alarms, happened })| AlarmsOfCamera {
                camera_id: camera.map(|camera| camera.0),
                alarms,
                happened,
            })
            .collect(),
        kinds: found
            .kinds
            .into_iter()
            .map(|(source, kind, AlarmNumber { alarms, happened })| AlarmsOfKind {
                source: source.as_str().to_owned(),
                kind,
                alarms,
                happened,
            })
            .collect(),
    }
}

pub fn push_log_view(row: PushLogRow) -> PushLogView {
    PushLogView {
        id: row.id,
        at: row.at.0,
        channel_id: row.channel.0,
        channel_name: row.channel_name,
        target: row.target,
        alarm_id: row.alarm.map(|alarm| alarm.0),
        content: row.content,
        attempt: row.attempt,
        outcome: word(&row.outcome),
        status: row.status,
        response: row.response,
        took_ms: row.took_ms,
    }
}

pub fn push_policy_view(policy: &PushPolicy) -> PushPolicyView {
    PushPolicyView {
        mode: word(&policy.mode),
        count: policy.count,
        window_s: policy.window_s,
        cooldown_s: policy.cooldown_s,
        route: Some(policy.route.clone()),
    }
}

/// # Errors
/// `request_invalid` for a mode that is none.
pub fn push_policy_of(view: PushPolicyView) -> Result<PushPolicy, Problem> {
    let mode: Result<PushMode, _> = serde_json::from_value(serde_json::Value::String(view.mode));
    let mode = mode.map_err(|_| invalid("mode", "unknown"))?;
    Ok(PushPolicy {
        count: view.count.max(1),
        window_s: view.window_s.max(1),
        cooldown_s: view.cooldown_s,
        route: view.route.unwrap_or_else(|| PushPolicy::DEFAULT_ROUTE.to_owned()),
        ..PushPolicy::new(mode)
    })
}

pub fn alarm_policy_view(policy: &AlarmPolicy) -> AlarmPolicyView {
    let levels = (1..=4).map(|number| {
        let level = policy.of(number);
        LevelPolicyView {
            level: number,
            push: push_policy_view(&level.push),
            deadline_s: level.deadline_s,
            auto_close_s: level.auto_close_s,
            sound: level.sound,
        }
    });
    AlarmPolicyView {
        levels: levels.collect(),
        repeat_s: policy.repeat_s,
        clip_before_s: policy.clip_before_s,
        clip_after_s: policy.clip_after_s,
        protect_gb: policy.protect_gb,
        version: policy.version,
    }
}

/// Checked as a whole by the site.
///
/// # Errors
/// `request_invalid` when the levels are not 1 to 4, each once, in that order.
pub fn alarm_policy_of(view: AlarmPolicyView) -> Result<AlarmPolicy, Problem> {
    if view.levels.iter().map(|level| level.level).ne(1..=4) {
        return Err(invalid("levels", "unknown"));
    }
    let levels = view.levels.into_iter().map(|level| {
        Ok(LevelPolicy {
            push: push_policy_of(level.push).map_err(|problem| problem.with("level", level.level))?,
            deadline_s: level.deadline_s,
            auto_close_s: level.auto_close_s,
            sound: level.sound,
        })
    });
    let levels: [LevelPolicy; 4] = levels
        .collect::<Result<Vec<_>, Problem>>()?
        .try_into()
        .map_err(|_| Problem::new(ErrorCode::Internal).at("alarm_policy"))?;
    Ok(AlarmPolicy {
        levels,
        repeat_s: view.repeat_s,
        clip_before_s: view.clip_before_s,
        clip_after_s: view.clip_after_s,
        protect_gb: view.protect_gb,
        version: view.version,
    })
}

/// # Errors
/// `request_invalid`.
pub fn verdict_of(text: &str) -> Result<Verdict, Problem> {
    Verdict::parse(text).ok_or_else(|| invalid("verdict", "unknown"))
}
