//! How the site is doing.

use crate::{app::App, error::ApiError};
use axum::{Json, extract::State};
use watchwall_api::{MissingPlugin, NoticeView, SystemView};
use watchwall_model::UtcMillis;

#[utoipa::path(get, path = "/api/v1/system", tag = "site", operation_id = "read_system", responses((status = 200, body = SystemView)))]
pub async fn system(State(app): State<App>) -> Result<Json<SystemView>, ApiError> {
    let site = &app.site;
    let cameras = site.cameras.all().await?;
    let is_live = |camera: &&watchwall_site::cameras::CameraSnapshot| {
        camera.streams.iter().any(|s| s.ingest.as_ref().is_some_and(|i| i.phase.is_live()))
    };
    let recording = site.recording.stats();
    let missing = |(element, package): (String, String)| MissingPlugin { element, package };
    Ok(Json(SystemView {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started_at: site.started_at.0,
        now: UtcMillis::now().0,
        time_zone: time_zone(&app),
        cameras: count(cameras.len()),
        cameras_live: count(cameras.iter().filter(is_live).count()),
        recording: count(recording.active_plans),
        not_recording: count(recording.silent_plans),
        viewers: count(app.viewers.count()),
        transcodes: count(site.transcodes.running()),
        notices: site.notices.iter().map(notice).chain(tls_notice(&app)).collect(),
        missing_plugins: crate::snapshot::missing_plugins(&site.plugins).into_iter().map(missing).collect(),
    }))
}

/// IANA name of the site's time zone.
pub fn time_zone(app: &App) -> String {
    let configured = app.site.config.recording.time_zone.clone();
    configured.or_else(system_zone).unwrap_or_else(|| "UTC".to_owned())
}

/// `TZ`, `/etc/timezone` or the target of `/etc/localtime`.
fn system_zone() -> Option<String> {
    let from_env = std::env::var("TZ")
        .ok()
        .map(|tz| tz.trim_start_matches(':').to_owned())
        .filter(|tz| tz.contains('/') || tz == "UTC");
    let from_file =
        || std::fs::read_to_string("/etc/timezone").ok().map(|text| text.trim().to_owned()).filter(|tz| !tz.is_empty());
    let from_link = || {
        let target = std::fs::read_link("/etc/localtime").ok()?;
        target.to_str()?.split_once("zoneinfo/").map(|(_, zone)| zone.to_owned())
    };
    from_env.or_else(from_link).or_else(from_file)
}

fn notice(notice: &watchwall_site::Notice) -> NoticeView {
    NoticeView {
        code: notice.code.to_owned(),
        params: notice.params.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
        since: notice.since.0,
    }
}

/// A certificate that has ended, or soon will.
fn tls_notice(app: &App) -> Option<NoticeView> {
    let (report, now) = (app.tls.as_ref()?.report(), UtcMillis::now());
    let params = [("path".to_owned(), report.path.clone()), ("expires_at".to_owned(), report.expires_at.0.to_string())];
    Some(NoticeView { code: report.trouble(now)?.to_owned(), params: params.into(), since: now.0 })
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
