//! Rules of alarms, how alarms are treated, and the mode of the site.

use super::{
    answer::{created, page_of, page_request, versioned},
    timeline::range_of,
};
use crate::{
    access::Caller,
    app::{Act, App, as_value},
    error::ApiError,
    extract::{Body, Id, IfMatch, Query},
    notify::Edited,
    views::{
        alarm_policy_of, alarm_policy_view, alarm_rule_of, alarm_rule_view, arming_of, arming_view, rule_match_of,
        rule_trial_view,
    },
};
use axum::{Json, extract::State, http::StatusCode, response::Response};
use watchwall_api::{
    AlarmPolicyView, AlarmRuleView, ArmingView, NewAlarmRule, PageOf, PageQuery, ProblemDetails, RuleTrial,
    RuleTrialView,
};
use watchwall_model::{AlarmRule, AlarmRuleId, ErrorCode, Problem};

/// A rule is tried on so much at most.
const LONGEST_TRIAL_MS: i64 = 31 * 86_400_000;

#[utoipa::path(get, path = "/api/v1/alarm-rules", tag = "alarms", operation_id = "list_alarm_rules", params(PageQuery),
    responses((status = 200, body = PageOf<AlarmRuleView>), (status = 400, body = ProblemDetails)))]
pub async fn list(
    State(app): State<App>,
    Query(query): Query<PageQuery>,
) -> Result<Json<PageOf<AlarmRuleView>>, ApiError> {
    let page = app.site.store.alarm_rules().page(&page_request(query, &["name"])?).await?;
    Ok(Json(page_of(page, |rule| alarm_rule_view(&rule))))
}

#[utoipa::path(get, path = "/api/v1/alarm-rules/{id}", tag = "alarms", operation_id = "read_alarm_rule", params(("id" = i64, Path)),
    responses((status = 200, body = AlarmRuleView), (status = 404, body = ProblemDetails)))]
pub async fn read(State(app): State<App>, Id(id): Id) -> Result<Response, ApiError> {
    let view = alarm_rule_view(&find(&app, id).await?);
    Ok(versioned(view.version, view))
}

#[utoipa::path(post, path = "/api/v1/alarm-rules", tag = "alarms", operation_id = "create_alarm_rule", request_body = NewAlarmRule,
    responses((status = 201, body = AlarmRuleView), (status = 400, body = ProblemDetails)))]
pub async fn create(
    State(app): State<App>,
    caller: Caller,
    Body(new): Body<NewAlarmRule>,
) -> Result<Response, ApiError> {
    let rule = app.site.alarms.add_rule(&alarm_rule_of(new)?).await?;
    let view = alarm_rule_view(&rule);
    app.audit(&caller, Act { action: "alarm_rule.create", subject: &rule.name, old: None, new: as_value(&view) }).await;
    app.edits.note(Edited::AlarmRules);
    Ok(created(&format!("/api/v1/alarm-rules/{}", view.id), view.version, view))
}

#[utoipa::path(put, path = "/api/v1/alarm-rules/{id}", tag = "alarms", operation_id = "replace_alarm_rule", params(("id" = i64, Path)), request_body = NewAlarmRule,
    responses((status = 200, body = AlarmRuleView), (status = 400, body = ProblemDetails), (status = 404, body = ProblemDetails), (status = 412, body = ProblemDetails)))]
pub async fn replace(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    IfMatch(version): IfMatch,
    Body(new): Body<NewAlarmRule>,
) -> Result<Response, ApiError> {
    let old = find(&app, id).await?;
    let wanted = AlarmRule { id: old.id, last_fired_at: old.last_fired_at, ..alarm_rule_of(new)? };
    let rule = app.site.alarms.update_rule(&wanted, version.unwrap_or(old.version)).await?;
    let view = alarm_rule_view(&rule);
    let before = as_value(&alarm_rule_view(&old));
    app.audit(&caller, Act { action: "alarm_rule.update", subject: &rule.name, old: before, new: as_value(&view) })
        .await;
    app.edits.note(Edited::AlarmRules);
    Ok(versioned(view.version, view))
}

#[utoipa::path(delete, path = "/api/v1/alarm-rules/{id}", tag = "alarms", operation_id = "remove_alarm_rule", params(("id" = i64, Path)),
    responses((status = 204), (status = 404, body = ProblemDetails)))]
pub async fn remove(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<StatusCode, ApiError> {
    let rule = find(&app, id).await?;
    app.site.alarms.delete_rule(rule.id).await?;
    let old = as_value(&alarm_rule_view(&rule));
    app.audit(&caller, Act { action: "alarm_rule.delete", subject: &rule.name, old, new: None }).await;
    app.edits.note(Edited::AlarmRules);
    Ok(StatusCode::NO_CONTENT)
}

/// How often a rule would have fired. Modes set by hand are not remembered: it goes by week and calendar.
#[utoipa::path(post, path = "/api/v1/alarm-rules/try", tag = "alarms", operation_id = "try_alarm_rule", request_body = RuleTrial,
    responses((status = 200, body = RuleTrialView), (status = 400, body = ProblemDetails)))]
pub async fn try_out(State(app): State<App>, Body(trial): Body<RuleTrial>) -> Result<Json<RuleTrialView>, ApiError> {
    let range = range_of(trial.from, trial.to, LONGEST_TRIAL_MS)?;
    let when = rule_match_of(trial.when)?;
    let results = app.site.analytics.kept_results();
    Ok(Json(rule_trial_view(app.site.alarms.try_rule(results, when, trial.rest_s, range).await?)))
}

#[utoipa::path(get, path = "/api/v1/alarm-policy", tag = "alarms", operation_id = "read_alarm_policy",
    responses((status = 200, body = AlarmPolicyView)))]
pub async fn policy(State(app): State<App>) -> Json<AlarmPolicyView> {
    Json(alarm_policy_view(&app.site.alarms.policy()))
}

/// `version` is that of what was read.
#[utoipa::path(put, path = "/api/v1/alarm-policy", tag = "alarms", operation_id = "replace_alarm_policy", request_body = AlarmPolicyView,
    responses((status = 200, body = AlarmPolicyView), (status = 400, body = ProblemDetails), (status = 412, body = ProblemDetails)))]
pub async fn replace_policy(
    State(app): State<App>,
    caller: Caller,
    Body(wanted): Body<AlarmPolicyView>,
) -> Result<Json<AlarmPolicyView>, ApiError> {
    let before = as_value(&alarm_policy_view(&app.site.alarms.policy()));
    let view = alarm_policy_view(&app.site.alarms.set_policy(alarm_policy_of(wanted)?).await?);
    let act = Act { action: "alarm_policy.update", subject: "alarm_policy", old: before, new: as_value(&view) };
    app.audit(&caller, act).await;
    app.edits.note(Edited::AlarmPolicy);
    Ok(Json(view))
}

#[utoipa::path(get, path = "/api/v1/arming", tag = "alarms", operation_id = "read_arming",
    responses((status = 200, body = ArmingView)))]
pub async fn arming(State(app): State<App>) -> Json<ArmingView> {
    Json(arming_view(&app.site.alarms.arming(), app.site.alarms.arming_mode()))
}

/// `version` is that of what was read; `mode` says nothing here.
#[utoipa::path(put, path = "/api/v1/arming", tag = "alarms", operation_id = "replace_arming", request_body = ArmingView,
    responses((status = 200, body = ArmingView), (status = 400, body = ProblemDetails), (status = 412, body = ProblemDetails)))]
pub async fn replace_arming(
    State(app): State<App>,
    caller: Caller,
    Body(wanted): Body<ArmingView>,
) -> Result<Json<ArmingView>, ApiError> {
    let alarms = &app.site.alarms;
    let before = as_value(&arming_view(&alarms.arming(), alarms.arming_mode()));
    let arming = alarms.set_arming(arming_of(wanted)?).await?;
    let view = arming_view(&arming, alarms.arming_mode());
    app.audit(&caller, Act { action: "arming.update", subject: "arming", old: before, new: as_value(&view) }).await;
    app.edits.note(Edited::Arming);
    Ok(Json(view))
}

async fn find(app: &App, id: i64) -> Result<AlarmRule, Problem> {
    let rule = app.site.store.alarm_rules().get(AlarmRuleId(id)).await?;
    rule.ok_or_else(|| Problem::new(ErrorCode::NotFound).with("what", "rule"))
}
