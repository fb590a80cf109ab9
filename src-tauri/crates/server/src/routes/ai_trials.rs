//! AI tasks tried on recordings.

use super::{
    answer::{cut, page_request},
    timeline::range_of,
};
use crate::{
    access::Caller,
    app::{Act, App, as_value},
    error::ApiError,
    extract::{Body, Id, Query},
    views::{ai_trial_report, ai_trial_view},
};
use axum::{Json, extract::State, http::StatusCode};
use watchwall_api::{AiTrialReport, AiTrialView, NewAiTrial, PageOf, PageQuery, ProblemDetails};
use watchwall_model::{ErrorCode, Problem, TaskId};
use watchwall_site::analytics::trials::Trial;
use watchwall_store::PageRequest;

/// Longest range.
const DAY_MS: i64 = 86_400_000;

/// Newest first, of this run of the site.
#[utoipa::path(get, path = "/api/v1/ai-tasks/{id}/trials", tag = "analytics", operation_id = "list_ai_trials", params(("id" = i64, Path), PageQuery),
    responses((status = 200, body = PageOf<AiTrialView>), (status = 400, body = ProblemDetails), (status = 404, body = ProblemDetails)))]
pub async fn list(
    State(app): State<App>,
    Id(id): Id,
    Query(query): Query<PageQuery>,
) -> Result<Json<PageOf<AiTrialView>>, ApiError> {
    let task = app.site.store.ai_tasks().get(TaskId(id)).await?;
    let task = task.ok_or_else(|| Problem::new(ErrorCode::NotFound).with("what", "task"))?;
    let trials = app.site.analytics.trials().of_task(task.id);
    // Numbers rise with time.
    let request = PageRequest { descending: true, ..page_request(query, &[])? };
    Ok(Json(cut(trials, &request, |trial| format!("{:020}", trial.id.0), |trial| ai_trial_view(&trial))?))
}

/// Looks at a range of what was recorded of the task's camera as the task is kept, and raises no alarm. Runs in the
/// background, as soon as a node has room.
#[utoipa::path(post, path = "/api/v1/ai-tasks/{id}/trials", tag = "analytics", operation_id = "start_ai_trial", params(("id" = i64, Path)), request_body = NewAiTrial,
    responses((status = 202, body = AiTrialView), (status = 400, body = ProblemDetails), (status = 404, body = ProblemDetails),
    (status = 409, body = ProblemDetails), (status = 429, body = ProblemDetails)))]
pub async fn start(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    Body(new): Body<NewAiTrial>,
) -> Result<(StatusCode, Json<AiTrialView>), ApiError> {
    let trial = app.site.analytics.start_trial(TaskId(id), range_of(new.from, new.to, DAY_MS)?).await?;
    let view = ai_trial_view(&trial);
    let subject = &trial.wish.task.name;
    app.audit(&caller, Act { action: "ai_trial.start", subject, old: None, new: as_value(&view) }).await;
    Ok((StatusCode::ACCEPTED, Json(view)))
}

#[utoipa::path(get, path = "/api/v1/ai-trials/{id}", tag = "analytics", operation_id = "read_ai_trial", params(("id" = i64, Path)),
    responses((status = 200, body = AiTrialReport), (status = 404, body = ProblemDetails)))]
pub async fn read(State(app): State<App>, Id(id): Id) -> Result<Json<AiTrialReport>, ApiError> {
    Ok(Json(ai_trial_report(&find(&app, id)?)))
}

/// Ends one that waits or runs; what it has found stays. One that is over stays as it is.
#[utoipa::path(delete, path = "/api/v1/ai-trials/{id}", tag = "analytics", operation_id = "cancel_ai_trial", params(("id" = i64, Path)),
    responses((status = 204), (status = 404, body = ProblemDetails)))]
pub async fn cancel(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<StatusCode, ApiError> {
    let trial = find(&app, id)?;
    app.site.analytics.trials().cancel(trial.id);
    let (subject, new) = (&trial.wish.task.name, Some(serde_json::json!({ "id": id })));
    app.audit(&caller, Act { action: "ai_trial.cancel", subject, old: None, new }).await;
    Ok(StatusCode::NO_CONTENT)
}

fn find(app: &App, id: i64) -> Result<Trial, Problem> {
    let trial = app.site.analytics.trials().get(TaskId(id));
    trial.ok_or_else(|| Problem::new(ErrorCode::NotFound).with("what", "trial"))
}
