//! Where recordings lie.

use crate::{
    access::Caller,
    app::{Act, App, as_value},
    error::ApiError,
    extract::{Body, Segment, invalid},
    notify::Edited,
    routes::groups::check_name,
    views::{object_view, volume_view},
};
use axum::{Json, extract::State, http::StatusCode};
use watchwall_api::{
    NewObjectPlace, NewVolume, PageOf, ProblemDetails, VolumeFolder, VolumeFolderRequest, VolumePatch, VolumeView,
};
use watchwall_model::{ErrorCode, ObjectPlace, Problem, Volume, VolumeCode, VolumeKind};
use watchwall_site::recording;

#[utoipa::path(get, path = "/api/v1/volumes", tag = "recording", operation_id = "list_volumes", responses((status = 200, body = PageOf<VolumeView>)))]
pub async fn list(State(app): State<App>) -> Result<Json<PageOf<VolumeView>>, ApiError> {
    let volumes = app.site.recording.volumes().await?;
    Ok(Json(PageOf { items: volumes.iter().map(volume_view).collect(), next_cursor: None }))
}

/// Makes a folder, or a place in an object store, a volume while the site records.
#[utoipa::path(post, path = "/api/v1/volumes", tag = "recording", operation_id = "add_volume", request_body = NewVolume,
    responses((status = 201, body = VolumeView), (status = 409, body = ProblemDetails), (status = 422, body = ProblemDetails), (status = 507, body = ProblemDetails)))]
pub async fn add(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<NewVolume>,
) -> Result<(StatusCode, Json<VolumeView>), ApiError> {
    let new = recording::NewVolume {
        name: check_name(&request.name)?,
        kind: kind_of(request.kind.as_deref())?,
        high_watermark_percent: request.high_watermark_percent.unwrap_or(Volume::DEFAULT_HIGH_WATERMARK_PERCENT),
        low_watermark_percent: request.low_watermark_percent.unwrap_or(Volume::DEFAULT_LOW_WATERMARK_PERCENT),
        priority: request.priority.unwrap_or(0),
        archive_after_days: request.archive_after_days,
        take_over: request.take_over.unwrap_or(false),
        root: request.root,
        object: request.object.map(place_of),
    };
    let view = app.site.recording.add_volume(new).await?;
    let code = view.volume.code.to_string();
    let act = Act { action: "volume.add", subject: &code, old: None, new: settings_of(&view.volume) };
    app.audit(&caller, act).await;
    app.edits.note(Edited::Volumes);
    Ok((StatusCode::CREATED, Json(volume_view(&view))))
}

/// Looks at a folder, or asks an object store, that may become a volume, and leaves nothing there.
#[utoipa::path(post, path = "/api/v1/volumes/look", tag = "recording", operation_id = "look_at_volume_folder", request_body = VolumeFolderRequest,
    responses((status = 200, body = VolumeFolder), (status = 409, body = ProblemDetails), (status = 422, body = ProblemDetails)))]
pub async fn look(
    State(app): State<App>,
    Body(request): Body<VolumeFolderRequest>,
) -> Result<Json<VolumeFolder>, ApiError> {
    let look = app.site.recording.look_at_new_volume(&request.root, request.object.map(place_of).as_ref()).await?;
    let recording::Capacity { total_bytes, free_bytes } = look.capacity;
    let shares_disk_with = look.shares_disk_with.iter().map(ToString::to_string).collect();
    Ok(Json(VolumeFolder { total_bytes, free_bytes, is_volume: look.is_volume, shares_disk_with }))
}

#[utoipa::path(patch, path = "/api/v1/volumes/{code}", tag = "recording", operation_id = "change_volume", params(("code" = String, Path)), request_body = VolumePatch,
    responses((status = 200, body = VolumeView), (status = 404, body = ProblemDetails), (status = 422, body = ProblemDetails)))]
pub async fn change(
    State(app): State<App>,
    caller: Caller,
    Segment(code): Segment,
    Body(patch): Body<VolumePatch>,
) -> Result<Json<VolumeView>, ApiError> {
    let old = find(&app, &code).await?;
    let change = recording::VolumeChange {
        name: patch.name.as_deref().map(check_name).transpose()?,
        high_watermark_percent: patch.high_watermark_percent,
        low_watermark_percent: patch.low_watermark_percent,
        priority: patch.priority,
        archive_after_days: patch.archive_after_days,
        object: patch.object.map(|object| recording::ObjectChange {
            access_key: object.access_key,
            secret_key: object.secret_key,
            limit_bytes: object.limit_bytes,
        }),
    };
    let view = app.site.recording.change_volume(&old.volume.code, change).await?;
    let new = settings_of(&view.volume);
    app.audit(&caller, Act { action: "volume.update", subject: &code, old: settings_of(&old.volume), new }).await;
    app.edits.note(Edited::Volumes);
    Ok(Json(volume_view(&view)))
}

/// Lets a volume go while the site records: what is recorded there goes on elsewhere, and its files stay.
#[utoipa::path(delete, path = "/api/v1/volumes/{code}", tag = "recording", operation_id = "remove_volume", params(("code" = String, Path)),
    responses((status = 204), (status = 404, body = ProblemDetails), (status = 409, body = ProblemDetails)))]
pub async fn remove(State(app): State<App>, caller: Caller, Segment(code): Segment) -> Result<StatusCode, ApiError> {
    let old = find(&app, &code).await?;
    app.site.recording.remove_volume(&old.volume.code).await?;
    let act = Act { action: "volume.remove", subject: &code, old: settings_of(&old.volume), new: None };
    app.audit(&caller, act).await;
    app.edits.note(Edited::Volumes);
    Ok(StatusCode::NO_CONTENT)
}

fn kind_of(word: Option<&str>) -> Result<VolumeKind, Problem> {
    match word {
        None | Some("local") => Ok(VolumeKind::Local),
        Some("network") => Ok(VolumeKind::Network),
        Some("archive") => Ok(VolumeKind::Archive),
        Some("mirror") => Ok(VolumeKind::Mirror),
        Some("object") => Ok(VolumeKind::Object),
        Some(_) => Err(invalid("kind", "local, network, archive, mirror or object")),
    }
}

fn place_of(place: NewObjectPlace) -> ObjectPlace {
    ObjectPlace {
        endpoint: place.endpoint,
        region: place.region.unwrap_or_else(|| ObjectPlace::DEFAULT_REGION.to_owned()),
        bucket: place.bucket,
        prefix: place.prefix.unwrap_or_default(),
        access_key: place.access_key,
        secret_key: place.secret_key,
        limit_bytes: place.limit_bytes,
    }
}

async fn find(app: &App, code: &str) -> Result<recording::VolumeView, Problem> {
    let volume = app.site.recording.volumes().await?.into_iter().find(|view| view.volume.code.0 == code);
    volume.ok_or_else(|| Problem::new(ErrorCode::VolumeNotFound).with("volume", VolumeCode(code.to_owned())))
}

fn settings_of(volume: &Volume) -> Option<serde_json::Value> {
    as_value(&serde_json::json!({
        "name": volume.name,
        "root": volume.root.display().to_string(),
        "kind": volume.kind,
        "high_watermark_percent": volume.high_watermark_percent,
        "low_watermark_percent": volume.low_watermark_percent,
        "priority": volume.priority,
        "archive_after_days": volume.archive_after_days,
        "object": volume.object.as_ref().map(object_view),
    }))
}
