//! AI tasks: what engines are to look for, and how that goes.

use super::answer::{created, page_of, page_request, versioned};
use crate::{
    access::Caller,
    app::{Act, App, as_value},
    error::ApiError,
    extract::{Body, Id, IfMatch, Query},
    notify::Edited,
    views::{ai_preview_view, ai_task_view, ai_task_wish},
};
use axum::{Json, extract::State, http::StatusCode, response::Response};
use watchwall_api::{AiPreviewView, AiTaskView, AiTaskWish, PageOf, PageQuery, ProblemDetails};
use watchwall_model::{AiTask, ErrorCode, Problem, TaskId};
use watchwall_site::analytics::preview_path;

#[utoipa::path(get, path = "/api/v1/ai-tasks", tag = "analytics", operation_id = "list_ai_tasks", params(PageQuery),
    responses((status = 200, body = PageOf<AiTaskView>), (status = 400, body = ProblemDetails)))]
pub async fn list(
    State(app): State<App>,
    Query(query): Query<PageQuery>,
) -> Result<Json<PageOf<AiTaskView>>, ApiError> {
    let page = app.site.store.ai_tasks().page(&page_request(query, &["name"])?).await?;
    Ok(Json(page_of(page, |task| view(&app, &task))))
}

#[utoipa::path(get, path = "/api/v1/ai-tasks/{id}", tag = "analytics", operation_id = "read_ai_task", params(("id" = i64, Path)),
    responses((status = 200, body = AiTaskView), (status = 404, body = ProblemDetails)))]
pub async fn read(State(app): State<App>, Id(id): Id) -> Result<Response, ApiError> {
    let view = view(&app, &find(&app, id).await?);
    Ok(versioned(view.version, view))
}

#[utoipa::path(post, path = "/api/v1/ai-tasks", tag = "analytics", operation_id = "create_ai_task", request_body = AiTaskWish,
    responses((status = 201, body = AiTaskView), (status = 404, body = ProblemDetails), (status = 422, body = ProblemDetails)))]
pub async fn create(
    State(app): State<App>,
    caller: Caller,
    Body(wish): Body<AiTaskWish>,
) -> Result<Response, ApiError> {
    let task = app.site.analytics.add_task(&ai_task_wish(TaskId(0), wish)?).await?;
    let view = view(&app, &task);
    app.audit(&caller, Act { action: "ai_task.create", subject: &task.name, old: None, new: as_value(&view) }).await;
    app.edits.note(Edited::Tasks);
    Ok(created(&format!("/api/v1/ai-tasks/{}", view.id), view.version, view))
}

/// Nodes that run it are told of the change and go on without a gap.
#[utoipa::path(put, path = "/api/v1/ai-tasks/{id}", tag = "analytics", operation_id = "replace_ai_task", params(("id" = i64, Path)), request_body = AiTaskWish,
    responses((status = 200, body = AiTaskView), (status = 404, body = ProblemDetails), (status = 412, body = ProblemDetails), (status = 422, body = ProblemDetails)))]
pub async fn replace(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    IfMatch(version): IfMatch,
    Body(wish): Body<AiTaskWish>,
) -> Result<Response, ApiError> {
    let old = find(&app, id).await?;
    let before = as_value(&view(&app, &old));
    let wanted = ai_task_wish(old.id, wish)?;
    let task = app.site.analytics.update_task(&wanted, version.unwrap_or(old.version)).await?;
    let view = view(&app, &task);
    let act = Act { action: "ai_task.update", subject: &task.name, old: before, new: as_value(&view) };
    app.audit(&caller, act).await;
    app.edits.note(Edited::Tasks);
    Ok(versioned(view.version, view))
}

#[utoipa::path(delete, path = "/api/v1/ai-tasks/{id}", tag = "analytics", operation_id = "remove_ai_task", params(("id" = i64, Path)),
    responses((status = 204), (status = 404, body = ProblemDetails)))]
pub async fn remove(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<StatusCode, ApiError> {
    let task = find(&app, id).await?;
    let old = as_value(&view(&app, &task));
    app.site.analytics.delete_task(task.id).await?;
    app.audit(&caller, Act { action: "ai_task.delete", subject: &task.name, old, new: None }).await;
    app.edits.note(Edited::Tasks);
    Ok(StatusCode::NO_CONTENT)
}

/// Where the preview of a task is watched, and how it stands.
#[utoipa::path(get, path = "/api/v1/ai-tasks/{id}/preview", tag = "analytics", operation_id = "read_ai_preview", params(("id" = i64, Path)),
    responses((status = 200, body = AiPreviewView), (status = 404, body = ProblemDetails)))]
pub async fn preview(State(app): State<App>, Id(id): Id) -> Result<Json<AiPreviewView>, ApiError> {
    let task = find(&app, id).await?.id;
    let path = preview_path(task)?;
    Ok(Json(ai_preview_view(&path, app.site.analytics.preview_standing(task))))
}

fn view(app: &App, task: &AiTask) -> AiTaskView {
    let analytics = &app.site.analytics;
    let latest = |scene: &_| analytics.results().latest().of(task.id, scene);
    ai_task_view(task, analytics.picture().tasks.get(&task.id), latest)
}

async fn find(app: &App, id: i64) -> Result<AiTask, Problem> {
    let task = app.site.store.ai_tasks().get(TaskId(id)).await?;
    task.ok_or_else(|| Problem::new(ErrorCode::NotFound).with("what", "task"))
}
