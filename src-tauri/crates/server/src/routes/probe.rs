//! Looking at a stream before it is saved.

use crate::{
    app::App,
    error::ApiError,
    extract::Body,
    views::{engine_of, probe_view, transport_of},
};
use axum::{Json, extract::State};
use std::time::Duration;
use watchwall_api::{ProbeAnswer, ProbeRequest as Asked, ProblemDetails};
use watchwall_media::ingest::{ProbeReport, ProbeRequest};
use watchwall_model::{CameraId, Credentials, Problem, SafeUrl};
use watchwall_site::cameras::NewCamera;

/// From the first connection to the facts.
const DEADLINE: Duration = Duration::from_secs(20);

/// Opens a stream, waits for its first picture, measures a little, and closes it.
#[utoipa::path(post, path = "/api/v1/cameras/probe", tag = "cameras", operation_id = "probe_camera", request_body = Asked,
    responses((status = 200, body = ProbeAnswer), (status = 422, body = ProblemDetails), (status = 502, body = ProblemDetails), (status = 504, body = ProblemDetails)))]
pub async fn probe(State(app): State<App>, Body(asked): Body<Asked>) -> Result<Json<ProbeAnswer>, ApiError> {
    let (url, in_url) = SafeUrl::split(&asked.url).map_err(|problem| problem.with("field", "url"))?;
    let typed = asked.username.filter(|name| !name.is_empty()).map(|username| Credentials {
        username,
        password: asked.password.clone().or_else(|| in_url.as_ref().map(|c| c.password.clone())).unwrap_or_default(),
    });
    let mut credentials = typed.or(in_url);
    if credentials.is_none()
        && let Some(id) = asked.camera_id
    {
        credentials = app.site.cameras.get(CameraId(id)).await?.camera.credentials;
    }
    let request = ProbeRequest {
        url,
        credentials,
        engine: engine_of(asked.engine.as_deref())?.unwrap_or_default(),
        transport: transport_of(asked.transport.as_deref())?.unwrap_or_default(),
        device_key: None,
    };
    let report = look(&app, request).await?;
    let picture = crate::snapshot::of_probe(&report).await;
    Ok(Json(probe_view(&report, picture.as_deref())))
}

/// # Errors
/// What keeps the stream from playing, by catalogue code.
pub async fn look(app: &App, request: ProbeRequest) -> Result<ProbeReport, Problem> {
    app.site.cameras.probe(request, DEADLINE).await
}

/// The main stream of a camera that is about to be saved.
pub fn request_of(new: &NewCamera) -> Result<ProbeRequest, Problem> {
    let draft = new.clone().draft()?;
    let (_, url) = draft.streams.into_iter().next().ok_or_else(|| crate::extract::invalid("main_url", "missing"))?;
    let (engine, transport) = (draft.engine, draft.transport);
    Ok(ProbeRequest { url, credentials: draft.credentials, engine, transport, device_key: None })
}
