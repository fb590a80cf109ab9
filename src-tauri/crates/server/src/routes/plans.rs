//! What is recorded.

use super::answer::{cut, page_request, versioned};
use crate::{
    access::Caller,
    app::{Act, App, as_value},
    error::ApiError,
    extract::{AtPath, Body, IfMatch, Query},
    notify::Edited,
    views::{patched, plan_view},
};
use axum::{Json, extract::State, http::StatusCode, response::Response};
use watchwall_api::{PageOf, PageQuery, PlanPatch, PlanView, ProblemDetails};
use watchwall_model::{ErrorCode, Plan, Problem, StreamPath};
use watchwall_site::recording;

#[utoipa::path(get, path = "/api/v1/plans", tag = "recording", operation_id = "list_plans", params(PageQuery), responses((status = 200, body = PageOf<PlanView>)))]
pub async fn list(State(app): State<App>, Query(query): Query<PageQuery>) -> Result<Json<PageOf<PlanView>>, ApiError> {
    let request = page_request(query, &["path"])?;
    let plans = app.site.recording.plans().await?;
    let zone = app.site.recording.zone();
    Ok(Json(cut(plans, &request, |view| view.plan.path.to_string(), |view| plan_view(&view, zone))?))
}

/// Creates or changes the plan of a stream and applies it at once.
#[utoipa::path(put, path = "/api/v1/plans/{path}", tag = "recording", operation_id = "put_plan", params(("path" = String, Path)), request_body = PlanPatch,
    responses((status = 200, body = PlanView), (status = 412, body = ProblemDetails), (status = 422, body = ProblemDetails), (status = 503, body = ProblemDetails)))]
pub async fn put(
    State(app): State<App>,
    caller: Caller,
    AtPath(path): AtPath,
    IfMatch(version): IfMatch,
    Body(patch): Body<PlanPatch>,
) -> Result<Response, ApiError> {
    if app.site.store.cameras().by_path(&path).await?.is_none() {
        return Err(Problem::new(ErrorCode::CameraNotFound).with("path", &path).into());
    }
    let old = find(&app, &path).await?;
    let plan = old.as_ref().map_or_else(|| Plan::continuous(path.clone()), |view| view.plan.clone());
    if version.is_some_and(|version| version != plan.version) {
        let code = if old.is_some() { ErrorCode::VersionConflict } else { ErrorCode::NotFound };
        return Err(Problem::new(code).with("what", "plan").into());
    }
    let saved = app.site.recording.put_plan(patched(&plan, &patch)?).await;
    app.edits.note(Edited::Plans);
    let zone = app.site.recording.zone();
    let view = plan_view(&saved?, zone);
    let act = Act {
        action: if old.is_some() { "plan.update" } else { "plan.create" },
        subject: path.as_str(),
        old: old.and_then(|view| as_value(&plan_view(&view, zone))),
        new: as_value(&view),
    };
    app.audit(&caller, act).await;
    Ok(versioned(view.version, view))
}

/// Stops recording a stream. What is recorded stays until its age takes it.
#[utoipa::path(delete, path = "/api/v1/plans/{path}", tag = "recording", operation_id = "remove_plan", params(("path" = String, Path)),
    responses((status = 204), (status = 404, body = ProblemDetails)))]
pub async fn remove(State(app): State<App>, caller: Caller, AtPath(path): AtPath) -> Result<StatusCode, ApiError> {
    let old = find(&app, &path).await?;
    let old = old.ok_or_else(|| Problem::new(ErrorCode::NotFound).with("what", "plan"))?;
    app.site.recording.delete_plan(&path).await?;
    let old = as_value(&plan_view(&old, app.site.recording.zone()));
    app.audit(&caller, Act { action: "plan.delete", subject: path.as_str(), old, new: None }).await;
    app.edits.note(Edited::Plans);
    Ok(StatusCode::NO_CONTENT)
}

async fn find(app: &App, path: &StreamPath) -> Result<Option<recording::PlanView>, Problem> {
    Ok(app.site.recording.plans().await?.into_iter().find(|view| view.plan.path == *path))
}
