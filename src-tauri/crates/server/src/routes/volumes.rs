//! Where recordings lie.

use crate::{
    access::Caller,
    app::{Act, App, as_value},
    error::ApiError,
    extract::{Body, Segment, invalid},
    notify::Edited,
    routes::groups::check_name,
    views::volume_view,
};
use axum::{Json, extract::State};
use watchwall_api::{PageOf, ProblemDetails, VolumePatch, VolumeView};
use watchwall_model::{ErrorCode, Problem, Volume};

#[utoipa::path(get, path = "/api/v1/volumes", tag = "recording", operation_id = "list_volumes", responses((status = 200, body = PageOf<VolumeView>)))]
pub async fn list(State(app): State<App>) -> Result<Json<PageOf<VolumeView>>, ApiError> {
    let volumes = app.site.recording.volumes().await?;
    Ok(Json(PageOf { items: volumes.iter().map(volume_view).collect(), next_cursor: None }))
}

#[utoipa::path(patch, path = "/api/v1/volumes/{code}", tag = "recording", operation_id = "change_volume", params(("code" = String, Path)), request_body = VolumePatch,
    responses((status = 200, body = VolumeView), (status = 404, body = ProblemDetails)))]
pub async fn change(
    State(app): State<App>,
    caller: Caller,
    Segment(code): Segment,
    Body(patch): Body<VolumePatch>,
) -> Result<Json<VolumeView>, ApiError> {
    let old = find(&app, &code).await?;
    let mut volume = old.volume.clone();
    if let Some(name) = &patch.name {
        volume.name = check_name(name)?;
    }
    volume.high_watermark_percent = patch.high_watermark_percent.unwrap_or(volume.high_watermark_percent);
    volume.low_watermark_percent = patch.low_watermark_percent.unwrap_or(volume.low_watermark_percent);
    check_watermarks(&volume)?;
    app.site.store.volumes().put(&volume).await?;
    let view = volume_view(&find(&app, &code).await?);
    let act = Act { action: "volume.update", subject: &code, old: settings_of(&old.volume), new: settings_of(&volume) };
    app.audit(&caller, act).await;
    app.edits.note(Edited::Volumes);
    Ok(Json(view))
}

fn check_watermarks(volume: &Volume) -> Result<(), Problem> {
    let (low, high) = (volume.low_watermark_percent, volume.high_watermark_percent);
    if !(5.0..=99.0).contains(&high) {
        return Err(invalid("high_watermark_percent", "5 to 99"));
    }
    if !(1.0..=98.0).contains(&low) || low >= high {
        return Err(invalid("low_watermark_percent", "1 to below the high one"));
    }
    Ok(())
}

async fn find(app: &App, code: &str) -> Result<watchwall_site::recording::VolumeView, Problem> {
    let volume = app.site.recording.volumes().await?.into_iter().find(|view| view.volume.code.0 == code);
    volume.ok_or_else(|| Problem::new(ErrorCode::VolumeNotFound).with("code", code))
}

fn settings_of(volume: &Volume) -> Option<serde_json::Value> {
    as_value(&serde_json::json!({
        "name": volume.name,
        "high_watermark_percent": volume.high_watermark_percent,
        "low_watermark_percent": volume.low_watermark_percent,
    }))
}
