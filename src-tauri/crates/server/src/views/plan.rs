//! Plans and triggers on the wire.

use super::{last_fragment_at, recording_word, word};
use jiff::tz::TimeZone;
use watchwall_api::{PlanPatch, PlanView, TriggerMarkView, TriggerRequest, TriggerView};
use watchwall_model::{ErrorCode, Plan, PlanRunning, Problem, UtcMillis, VolumeCode, WeekSchedule};
use watchwall_site::recording::{self, Accepted, Asked, TriggerMark};

/// The word for a volume that the site picks.
const AUTO: &str = "auto";

/// `zone` is the one that recordings are filed by.
pub fn plan_view(view: &recording::PlanView, zone: &TimeZone) -> PlanView {
    let plan = &view.plan;
    let (running, running_code) = recording_word(Some(&view.running));
    PlanView {
        path: plan.path.to_string(),
        enabled: plan.enabled,
        mode: word(&plan.mode),
        schedule: plan.schedule.texts(),
        pre_event_seconds: plan.events.pre_seconds,
        post_event_seconds: plan.events.post_seconds,
        event_kinds: plan.events.kinds.iter().map(word).collect(),
        volume: plan.volume.as_ref().map(ToString::to_string),
        mirror: plan.mirror,
        retention_days: plan.retention_days,
        minimum_days: plan.minimum_days,
        quota_bytes: plan.quota_bytes,
        segment_minutes: plan.segment_minutes,
        audio: plan.audio,
        version: plan.version,
        applied_at: plan.applied_at.map(|at| at.0),
        running: running.to_owned(),
        running_code,
        running_since: since(&view.running).map(|at| at.0),
        last_fragment_at: last_fragment_at(&view.running).map(|at| at.0),
        recorded_on: view.recorded_on.as_ref().map(ToString::to_string),
        copied_on: view.copied_on.as_ref().map(ToString::to_string),
        copy_code: view.copy_fault.map(|code| code.to_string()),
        changes_at: plan.next_change(UtcMillis::now(), zone).map(|at| at.0),
        asked_until: view.asked_until.map(|at| at.0),
    }
}

/// The plan with what a request changes.
///
/// # Errors
/// `plan_invalid` names the field whose word is unknown; bounds are checked when it is saved.
pub fn patched(plan: &Plan, patch: &PlanPatch) -> Result<Plan, Problem> {
    let mut plan = plan.clone();
    if let Some(mode) = &patch.mode {
        plan.mode = known(mode).ok_or_else(|| unknown("mode"))?;
    }
    if let Some(schedule) = &patch.schedule {
        plan.schedule = WeekSchedule::parse(schedule).ok_or_else(|| unknown("schedule"))?;
    }
    if let Some(kinds) = &patch.event_kinds {
        let mut kinds: Vec<_> =
            kinds.iter().map(|kind| known(kind)).collect::<Option<_>>().ok_or_else(|| unknown("event_kinds"))?;
        kinds.sort_unstable();
        kinds.dedup();
        plan.events.kinds = kinds;
    }
    if let Some(volume) = &patch.volume {
        plan.volume = (volume != AUTO).then(|| VolumeCode(volume.clone()));
    }
    plan.mirror = patch.mirror.unwrap_or(plan.mirror);
    plan.enabled = patch.enabled.unwrap_or(plan.enabled);
    plan.events.pre_seconds = patch.pre_event_seconds.unwrap_or(plan.events.pre_seconds);
    plan.events.post_seconds = patch.post_event_seconds.unwrap_or(plan.events.post_seconds);
    plan.retention_days = patch.retention_days.unwrap_or(plan.retention_days);
    plan.minimum_days = patch.minimum_days.map_or(plan.minimum_days, |days| (days > 0).then_some(days));
    plan.quota_bytes = patch.quota_bytes.map_or(plan.quota_bytes, |bytes| (bytes > 0).then_some(bytes));
    plan.segment_minutes = patch.segment_minutes.unwrap_or(plan.segment_minutes);
    plan.audio = patch.audio.unwrap_or(plan.audio);
    Ok(plan)
}

pub fn asked_of(request: TriggerRequest, by: &str) -> Asked {
    Asked {
        start: request.start.map(UtcMillis),
        seconds: request.seconds,
        reason: request.reason.unwrap_or_default(),
        by: by.to_owned(),
    }
}

pub const fn trigger_view(accepted: &Accepted) -> TriggerView {
    TriggerView { from: accepted.range.start.0, until: accepted.range.end.0, scheduled: accepted.is_scheduled }
}

pub fn trigger_mark_view(mark: &TriggerMark) -> TriggerMarkView {
    TriggerMarkView {
        at: mark.at.0,
        from: mark.kept.from.0,
        until: mark.kept.until.map(|at| at.0),
        kind: mark.kept.kind.map(|kind| word(&kind)),
        reason: mark.kept.reason.clone(),
        by: mark.kept.by.clone(),
    }
}

const fn since(running: &PlanRunning) -> Option<UtcMillis> {
    match running {
        PlanRunning::Off | PlanRunning::Starting => None,
        PlanRunning::Waiting { since }
        | PlanRunning::Recording { since, .. }
        | PlanRunning::NotRecording { since, .. } => Some(*since),
    }
}

fn known<T: serde::de::DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_value(serde_json::Value::String(text.to_owned())).ok()
}

fn unknown(field: &str) -> Problem {
    Problem::new(ErrorCode::PlanInvalid).with("field", field)
}

#[cfg(test)]
mod tests {
    use super::*;
    use watchwall_model::{StreamPath, TriggerKind};

    #[test]
    fn only_what_is_given_changes() {
        let plan = Plan { minimum_days: Some(3), ..Plan::continuous(StreamPath::parse("a").unwrap()) };
        assert_eq!(patched(&plan, &PlanPatch::default()).unwrap(), plan);
        let patch = PlanPatch {
            mode: Some("event".into()),
            event_kinds: Some(vec!["vehicle".into(), "motion".into(), "motion".into()]),
            volume: Some("second".into()),
            minimum_days: Some(0),
            ..PlanPatch::default()
        };
        let changed = patched(&plan, &patch).unwrap();
        assert_eq!(changed.events.kinds, [TriggerKind::Motion, TriggerKind::Vehicle]);
        assert_eq!((changed.minimum_days, changed.volume.clone()), (None, Some(VolumeCode("second".into()))));
        let auto = PlanPatch { volume: Some("auto".into()), ..PlanPatch::default() };
        assert_eq!(patched(&changed, &auto).unwrap().volume, None);
    }

    #[test]
    fn unknown_words_name_their_field() {
        let plan = Plan::continuous(StreamPath::parse("a").unwrap());
        let check = |patch: PlanPatch, field: &str| {
            assert_eq!(patched(&plan, &patch).unwrap_err().params["field"], field);
        };
        check(PlanPatch { mode: Some("sometimes".into()), ..PlanPatch::default() }, "mode");
        check(PlanPatch { schedule: Some(vec!["c".into()]), ..PlanPatch::default() }, "schedule");
        check(PlanPatch { event_kinds: Some(vec!["rain".into()]), ..PlanPatch::default() }, "event_kinds");
    }
}
