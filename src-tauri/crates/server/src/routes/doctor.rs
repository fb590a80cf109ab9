//! Camera Doctor: one camera examined, a verdict per line, and mends. `/ws/web-notify` tells how it goes, topic `doctor`.

use super::{credential_sets, discovery::job_id};
use crate::{
    access::Caller,
    app::{Act, App},
    error::ApiError,
    extract::{Body, Id, invalid},
    net::RequestId,
    views::{audited_mend, doctor_job_view, doctor_report_view, doctor_wish},
};
use axum::{Extension, Json, extract::State, http::StatusCode};
use watchwall_api::{DoctorMendOrder, DoctorView, LastDoctorView, NewDoctor, ProblemDetails};
use watchwall_model::{CameraId, Problem, StreamRole};
use watchwall_site::cameras::doctor::{MendKind, MendOrder, Place};

/// Begins to examine a camera of the site, or an address. Nothing is stored of an address, and nothing changed on either.
#[utoipa::path(post, path = "/api/v1/doctor", tag = "devices", operation_id = "start_doctor", request_body = NewDoctor,
    responses((status = 202, body = DoctorView), (status = 400, body = ProblemDetails), (status = 404, body = ProblemDetails), (status = 409, body = ProblemDetails), (status = 422, body = ProblemDetails), (status = 429, body = ProblemDetails)))]
pub async fn start(
    State(app): State<App>,
    caller: Caller,
    Extension(request): Extension<RequestId>,
    Body(new): Body<NewDoctor>,
) -> Result<(StatusCode, Json<DoctorView>), ApiError> {
    let job = match new.camera_id {
        Some(id) => app.site.doctor.examine_camera(CameraId(id)).await?,
        None => {
            let set = match new.credential_set_id {
                Some(id) => Some(credential_sets::find(&app, id).await?.credentials),
                None => None,
            };
            app.site.doctor.examine_address(&doctor_wish(new, set))?
        }
    };
    let view = doctor_job_view(&job, &request);
    let subject = if view.progress.name.is_empty() { &view.progress.address } else { &view.progress.name };
    app.audit(&caller, Act { action: "doctor.start", subject, old: None, new: None }).await;
    Ok((StatusCode::ACCEPTED, Json(view)))
}

/// What was found so far. The last eight examinations are kept.
#[utoipa::path(get, path = "/api/v1/doctor/{id}", tag = "devices", operation_id = "read_doctor", params(("id" = i64, Path)),
    responses((status = 200, body = DoctorView), (status = 404, body = ProblemDetails)))]
pub async fn read(
    State(app): State<App>,
    Extension(request): Extension<RequestId>,
    Id(id): Id,
) -> Result<Json<DoctorView>, ApiError> {
    Ok(Json(doctor_job_view(&*app.site.doctor.job(job_id(id))?, &request)))
}

/// Ends an examination that runs, or forgets one that is over.
#[utoipa::path(delete, path = "/api/v1/doctor/{id}", tag = "devices", operation_id = "cancel_doctor", params(("id" = i64, Path)),
    responses((status = 204), (status = 404, body = ProblemDetails)))]
pub async fn cancel(State(app): State<App>, Id(id): Id) -> Result<StatusCode, ApiError> {
    app.site.doctor.cancel(job_id(id))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Does what a line offers, and begins to look again at what that changed.
#[utoipa::path(post, path = "/api/v1/doctor/{id}/mends", tag = "devices", operation_id = "mend_camera", params(("id" = i64, Path)), request_body = DoctorMendOrder,
    responses((status = 200, body = DoctorView), (status = 400, body = ProblemDetails), (status = 404, body = ProblemDetails), (status = 409, body = ProblemDetails), (status = 502, body = ProblemDetails)))]
pub async fn mend(
    State(app): State<App>,
    caller: Caller,
    Extension(request): Extension<RequestId>,
    Id(id): Id,
    Body(order): Body<DoctorMendOrder>,
) -> Result<Json<DoctorView>, ApiError> {
    let order = order_of(order)?;
    let (job, mended) = app.site.doctor.mend(job_id(id), &order).await?;
    let view = doctor_job_view(&job, &request);
    let (action, new) = audited_mend(&mended);
    let subject = if view.progress.name.is_empty() { &view.progress.address } else { &view.progress.name };
    app.audit(&caller, Act { action, subject, old: None, new }).await;
    Ok(Json(view))
}

/// The last examination of a camera that came to its end, kept over restarts.
#[utoipa::path(get, path = "/api/v1/cameras/{id}/doctor", tag = "devices", operation_id = "last_doctor", params(("id" = i64, Path)),
    responses((status = 200, body = LastDoctorView), (status = 404, body = ProblemDetails)))]
pub async fn last(
    State(app): State<App>,
    Extension(request): Extension<RequestId>,
    Id(id): Id,
) -> Result<Json<LastDoctorView>, ApiError> {
    let camera = app.site.cameras.get(CameraId(id)).await?.camera;
    let report = app.site.doctor.last(camera.id).await?;
    Ok(Json(LastDoctorView { report: report.map(|report| doctor_report_view(&report, &request)) }))
}

fn order_of(order: DoctorMendOrder) -> Result<MendOrder, Problem> {
    let kind = MendKind::parse(&order.mend).ok_or_else(|| invalid("mend", "unknown"))?;
    let stream = match order.stream.as_deref() {
        None => None,
        Some("main") => Some(StreamRole::Main),
        Some("sub") => Some(StreamRole::Sub),
        Some(_) => return Err(invalid("stream", "unknown")),
    };
    Ok(MendOrder { kind, place: Place { channel: order.channel, stream }, servers: order.servers })
}
