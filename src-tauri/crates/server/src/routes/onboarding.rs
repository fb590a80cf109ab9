//! Adding devices: one row or a thousand. `/ws/web-notify` tells how it goes, topic `onboarding`.

use super::{answer::page_request, credential_sets, discovery::job_id};
use crate::{
    access::Caller,
    app::{Act, App},
    error::ApiError,
    extract::{Body, Id, Query},
    net::RequestId,
    onboarding::JobFollower,
    views::{job_progress, new_rows, patch_of, report_line, row_view},
};
use axum::{
    Extension, Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;
use std::sync::Arc;
use watchwall_api::{NewOnboarding, OnboardingRetry, OnboardingView, PageQuery, ProblemDetails};
use watchwall_model::Problem;
use watchwall_site::cameras::onboarding::{Job, JobOptions, RowPatch, write_report};
use watchwall_store::PageRequest;

/// Begins to add the devices of a list or a table, 64 at a time. Rows that cannot be read stand in the answer as failed.
#[utoipa::path(post, path = "/api/v1/onboarding", tag = "devices", operation_id = "start_onboarding", request_body = NewOnboarding,
    responses((status = 202, body = OnboardingView), (status = 400, body = ProblemDetails), (status = 413, body = ProblemDetails), (status = 422, body = ProblemDetails), (status = 429, body = ProblemDetails)))]
pub async fn start(
    State(app): State<App>,
    caller: Caller,
    Extension(request): Extension<RequestId>,
    Body(new): Body<NewOnboarding>,
) -> Result<(StatusCode, Json<OnboardingView>), ApiError> {
    let rows = new_rows(&new)?;
    let mut sets = Vec::new();
    for id in &new.credential_set_ids {
        sets.push(credential_sets::find(&app, *id).await?);
    }
    let options = JobOptions { is_dry_run: new.dry_run, records: new.record.unwrap_or(true), sets };
    let count = rows.len();
    let follower = Arc::new(JobFollower::new(app.clone(), caller.clone()));
    let job = app.site.cameras.start_onboarding(rows, options, follower)?;
    let what = json!({ "rows": count, "dry_run": new.dry_run, "credential_set_ids": new.credential_set_ids });
    let subject = format!("{count} rows");
    app.audit(&caller, Act { action: "onboarding.start", subject: &subject, old: None, new: Some(what) }).await;
    let view = view(&job, &PageRequest::default(), &request)?;
    Ok((StatusCode::ACCEPTED, Json(view)))
}

/// How far a job is, and one page of its rows. The last eight jobs are kept.
#[utoipa::path(get, path = "/api/v1/onboarding/{id}", tag = "devices", operation_id = "read_onboarding", params(("id" = i64, Path), PageQuery),
    responses((status = 200, body = OnboardingView), (status = 404, body = ProblemDetails)))]
pub async fn read(
    State(app): State<App>,
    Extension(request): Extension<RequestId>,
    Id(id): Id,
    Query(query): Query<PageQuery>,
) -> Result<Json<OnboardingView>, ApiError> {
    let page = page_request(query, &["row"])?;
    let job = app.site.cameras.onboarding(job_id(id))?;
    Ok(Json(view(&job, &page, &request)?))
}

/// Tries failed rows again, with what was mended.
#[utoipa::path(post, path = "/api/v1/onboarding/{id}/retry", tag = "devices", operation_id = "retry_onboarding", params(("id" = i64, Path)), request_body = OnboardingRetry,
    responses((status = 202, body = OnboardingView), (status = 404, body = ProblemDetails), (status = 409, body = ProblemDetails)))]
pub async fn retry(
    State(app): State<App>,
    caller: Caller,
    Extension(request): Extension<RequestId>,
    Id(id): Id,
    Body(wish): Body<OnboardingRetry>,
) -> Result<(StatusCode, Json<OnboardingView>), ApiError> {
    let mut patches: Vec<RowPatch> = Vec::with_capacity(wish.rows.len());
    for row in wish.rows {
        let set = match row.credential_set_id {
            Some(id) => Some(credential_sets::find(&app, id).await?.credentials),
            None => None,
        };
        patches.push(patch_of(row, set));
    }
    let follower = Arc::new(JobFollower::new(app.clone(), caller.clone()));
    let count = app.site.cameras.retry_onboarding(job_id(id), &patches, follower)?;
    let subject = format!("{count} rows");
    app.audit(&caller, Act { action: "onboarding.retry", subject: &subject, old: None, new: None }).await;
    let job = app.site.cameras.onboarding(job_id(id))?;
    Ok((StatusCode::ACCEPTED, Json(view(&job, &PageRequest::default(), &request)?)))
}

/// Ends a job that runs: what was added stays. One that is over is forgotten.
#[utoipa::path(delete, path = "/api/v1/onboarding/{id}", tag = "devices", operation_id = "cancel_onboarding", params(("id" = i64, Path)),
    responses((status = 204), (status = 404, body = ProblemDetails)))]
pub async fn cancel(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<StatusCode, ApiError> {
    app.site.cameras.cancel_onboarding(job_id(id))?;
    app.audit(&caller, Act { action: "onboarding.cancel", subject: &id.to_string(), old: None, new: None }).await;
    Ok(StatusCode::NO_CONTENT)
}

/// Every row as CSV, in UTF-8 with a mark.
#[utoipa::path(get, path = "/api/v1/onboarding/{id}/report.csv", tag = "devices", operation_id = "report_onboarding", params(("id" = i64, Path)),
    responses((status = 200, content_type = "text/csv", body = String), (status = 404, body = ProblemDetails)))]
pub async fn report(
    State(app): State<App>,
    Extension(request): Extension<RequestId>,
    Id(id): Id,
) -> Result<Response, ApiError> {
    let job = app.site.cameras.onboarding(job_id(id))?;
    let cameras = app.site.store.cameras().all().await?;
    let cameras = cameras.into_iter().map(|camera| (camera.id, camera)).collect();
    let lines: Vec<_> = job.rows().iter().map(|row| report_line(row, &cameras, &request)).collect();
    let name = format!("attachment; filename=\"onboarding-{}.csv\"", job.id.0);
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, name),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, write_report(&lines)).into_response())
}

fn view(job: &Job, page: &PageRequest, request: &RequestId) -> Result<OnboardingView, Problem> {
    // Asked first: of a job that is said to have ended every row has.
    let progress = job_progress(job);
    let mut rows = job.rows();
    if let Some(search) = page.search.as_deref().map(str::to_lowercase) {
        rows.retain(|row| {
            let name = row.name.as_deref().unwrap_or_default().to_lowercase();
            name.contains(&search) || row.address.to_lowercase().contains(&search) || row.state.as_str() == search
        });
    }
    if page.descending {
        rows.reverse();
    }
    let cut = page.cut(rows, |row| format!("{:010}", row.number))?;
    Ok(OnboardingView {
        progress,
        rows: cut.items.iter().map(|row| row_view(row, request)).collect(),
        next_cursor: cut.next_cursor,
    })
}
