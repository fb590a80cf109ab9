//! Settings of one camera's picture and streams, on the device.

use crate::{
    access::Caller,
    app::{App, as_value},
    error::ApiError,
    extract::{Body, Id, Query},
    views::{encoder_of, encoder_view, focus_of, imaging_of, imaging_view, osd_of, osds_view, picture_view},
};
use axum::{Json, extract::State, http::StatusCode};
use watchwall_api::{
    EncoderPatch, EncoderView, FocusCommand, ImagingView, OsdView, OsdsView, PictureView, ProblemDetails, TokenQuery,
};
use watchwall_model::CameraId;

/// How the picture is set, and what it may be set to.
#[utoipa::path(get, path = "/api/v1/cameras/{id}/imaging", tag = "control", operation_id = "read_imaging", params(("id" = i64, Path)),
    responses((status = 200, body = PictureView), (status = 501, body = ProblemDetails), (status = 502, body = ProblemDetails)))]
pub async fn imaging(State(app): State<App>, Id(id): Id) -> Result<Json<PictureView>, ApiError> {
    Ok(Json(picture_view(&app.site.control.picture(CameraId(id)).await?)))
}

/// Answers how the picture is set then: devices round.
#[utoipa::path(patch, path = "/api/v1/cameras/{id}/imaging", tag = "control", operation_id = "change_imaging", params(("id" = i64, Path)), request_body = ImagingView,
    responses((status = 200, body = ImagingView), (status = 400, body = ProblemDetails), (status = 502, body = ProblemDetails)))]
pub async fn change_imaging(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    Body(patch): Body<ImagingView>,
) -> Result<Json<ImagingView>, ApiError> {
    let asked = as_value(&patch);
    let settings = app.site.control.set_picture(CameraId(id), imaging_of(patch)).await?;
    app.audit_camera(&caller, "camera.set_imaging", CameraId(id), asked).await;
    Ok(Json(imaging_view(&settings)))
}

#[utoipa::path(post, path = "/api/v1/cameras/{id}/focus", tag = "control", operation_id = "move_focus", params(("id" = i64, Path)), request_body = FocusCommand,
    responses((status = 204), (status = 501, body = ProblemDetails), (status = 502, body = ProblemDetails)))]
pub async fn focus(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    Body(command): Body<FocusCommand>,
) -> Result<StatusCode, ApiError> {
    app.site.control.focus(CameraId(id), focus_of(command)).await?;
    app.audit_camera(&caller, "camera.move_focus", CameraId(id), None).await;
    Ok(StatusCode::NO_CONTENT)
}

/// Overlays burnt into the picture.
#[utoipa::path(get, path = "/api/v1/cameras/{id}/osds", tag = "control", operation_id = "list_osds", params(("id" = i64, Path)),
    responses((status = 200, body = OsdsView), (status = 501, body = ProblemDetails), (status = 502, body = ProblemDetails)))]
pub async fn osds(State(app): State<App>, Id(id): Id) -> Result<Json<OsdsView>, ApiError> {
    let (osds, options) = app.site.control.osds(CameraId(id)).await?;
    Ok(Json(osds_view(&osds, &options)))
}

/// Replaces an overlay, or creates one when it has no token.
#[utoipa::path(put, path = "/api/v1/cameras/{id}/osds", tag = "control", operation_id = "put_osd", params(("id" = i64, Path)), request_body = OsdView,
    responses((status = 200, body = OsdView), (status = 501, body = ProblemDetails), (status = 502, body = ProblemDetails)))]
pub async fn put_osd(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    Body(view): Body<OsdView>,
) -> Result<Json<OsdView>, ApiError> {
    let token = app.site.control.put_osd(CameraId(id), osd_of(view.clone())?).await?;
    let view = OsdView { token: Some(token), ..view };
    app.audit_camera(&caller, "camera.put_osd", CameraId(id), as_value(&view)).await;
    Ok(Json(view))
}

#[utoipa::path(delete, path = "/api/v1/cameras/{id}/osds", tag = "control", operation_id = "remove_osd", params(("id" = i64, Path), TokenQuery),
    responses((status = 204), (status = 502, body = ProblemDetails)))]
pub async fn remove_osd(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    Query(osd): Query<TokenQuery>,
) -> Result<StatusCode, ApiError> {
    app.site.control.remove_osd(CameraId(id), osd.token.clone()).await?;
    app.audit_camera(&caller, "camera.remove_osd", CameraId(id), as_value(&osd.token)).await;
    Ok(StatusCode::NO_CONTENT)
}

/// Encoders of all profiles that show the camera.
#[utoipa::path(get, path = "/api/v1/cameras/{id}/encoders", tag = "control", operation_id = "list_encoders", params(("id" = i64, Path)),
    responses((status = 200, body = Vec<EncoderView>), (status = 502, body = ProblemDetails)))]
pub async fn encoders(State(app): State<App>, Id(id): Id) -> Result<Json<Vec<EncoderView>>, ApiError> {
    Ok(Json(app.site.control.encoders(CameraId(id)).await?.iter().map(encoder_view).collect()))
}

/// Answers how the encoder is set then: devices round.
#[utoipa::path(patch, path = "/api/v1/cameras/{id}/encoders", tag = "control", operation_id = "change_encoder", params(("id" = i64, Path)), request_body = EncoderPatch,
    responses((status = 200, body = EncoderView), (status = 400, body = ProblemDetails), (status = 422, body = ProblemDetails), (status = 502, body = ProblemDetails)))]
pub async fn change_encoder(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    Body(patch): Body<EncoderPatch>,
) -> Result<Json<EncoderView>, ApiError> {
    let (profile, order) = encoder_of(patch)?;
    let view = encoder_view(&app.site.control.set_encoder(CameraId(id), &profile, order).await?);
    let mut audited = as_value(&view);
    if let Some(object) = audited.as_mut().and_then(serde_json::Value::as_object_mut) {
        object.remove("options");
    }
    app.audit_camera(&caller, "camera.set_encoder", CameraId(id), audited).await;
    Ok(Json(view))
}
