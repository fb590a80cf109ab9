//! Alarms: lists, one with its history, what people do with them, picture and clip.

use super::{
    answer::{page_of, page_request},
    clip,
    timeline::range_of,
};
use crate::{
    access::Caller,
    app::{Act, App},
    error::ApiError,
    extract::{Body, Id, Query, invalid},
    views::{alarm_history_view, alarm_statistics, alarm_summary, alarm_view, push_log_view, verdict_of},
};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use std::collections::HashMap;
use watchwall_api::{
    AlarmDetail, AlarmNote, AlarmQuery, AlarmResolution, AlarmStatisticsView, AlarmSummary, AlarmView,
    AlarmsAcknowledged, AlarmsChanged, AlarmsResolved, PageOf, PageQuery, ProblemDetails, TestAlarm,
};
use watchwall_model::{
    Alarm, AlarmAct, AlarmClip, AlarmId, AlarmSource, AlarmState, Camera, CameraId, ErrorCode, Happening, Problem,
    TaskId, UtcMillis, Verdict,
};
use watchwall_site::alarms::AlarmNews;
use watchwall_store::{AlarmFilter, PageRequest, StateFilter};

/// Longest range that alarms are counted in: 31 days, and the hour that summer time takes.
const STATISTICS_MS: i64 = (31 * 24 + 1) * 3_600_000;
/// Pushes shown with an alarm.
const PUSHES: u32 = 100;
/// A test alarm is kept within.
const TEST_WITHIN: std::time::Duration = std::time::Duration::from_secs(5);

/// By when they happened last, newest first.
#[utoipa::path(get, path = "/api/v1/alarms", tag = "alarms", operation_id = "list_alarms", params(AlarmQuery),
    responses((status = 200, body = PageOf<AlarmView>), (status = 400, body = ProblemDetails)))]
pub async fn list(
    State(app): State<App>,
    Query(query): Query<AlarmQuery>,
) -> Result<Json<PageOf<AlarmView>>, ApiError> {
    let filter = filter_of(&query)?;
    let plain = PageQuery { cursor: query.cursor, limit: query.limit, ..PageQuery::default() };
    let page = app.site.store.alarms().page(&filter, &page_request(plain, &[])?).await?;
    let cameras = cameras(&app).await?;
    Ok(Json(page_of(page, |alarm| view(&alarm, &cameras))))
}

#[utoipa::path(get, path = "/api/v1/alarms/summary", tag = "alarms", operation_id = "count_alarms",
    responses((status = 200, body = AlarmSummary)))]
pub async fn summary(State(app): State<App>) -> Result<Json<AlarmSummary>, ApiError> {
    Ok(Json(alarm_summary(app.site.store.alarms().counts(UtcMillis::now()).await?)))
}

/// Of those that happened last in a range of up to 31 days, narrowed as the list is.
#[utoipa::path(get, path = "/api/v1/alarms/statistics", tag = "alarms", operation_id = "read_alarm_statistics", params(AlarmQuery),
    responses((status = 200, body = AlarmStatisticsView), (status = 400, body = ProblemDetails)))]
pub async fn statistics(
    State(app): State<App>,
    Query(query): Query<AlarmQuery>,
) -> Result<Json<AlarmStatisticsView>, ApiError> {
    let filter = filter_of(&query)?;
    let (Some(from), Some(to)) = (query.from, query.to) else { return Err(invalid("from", "required").into()) };
    let range = range_of(from, to, STATISTICS_MS)?;
    let found = app.site.store.alarms().statistics(&filter, range).await?;
    Ok(Json(alarm_statistics(found, range)))
}

#[utoipa::path(get, path = "/api/v1/alarms/{id}", tag = "alarms", operation_id = "read_alarm", params(("id" = i64, Path)),
    responses((status = 200, body = AlarmDetail), (status = 404, body = ProblemDetails)))]
pub async fn read(State(app): State<App>, Id(id): Id) -> Result<Json<AlarmDetail>, ApiError> {
    let alarm = app.site.alarms.get(AlarmId(id)).await?;
    let request = PageRequest { limit: Some(PUSHES), ..PageRequest::default() };
    let pushes = app.site.store.push().log(None, Some(alarm.id), &request).await?;
    let history = app.site.store.alarms().history(alarm.id).await?;
    Ok(Json(AlarmDetail {
        alarm: one(&app, &alarm).await?,
        history: history.into_iter().map(alarm_history_view).collect(),
        pushes: pushes.items.into_iter().map(push_log_view).collect(),
    }))
}

/// Somebody has seen it; twice is once.
#[utoipa::path(post, path = "/api/v1/alarms/{id}/acknowledge", tag = "alarms", operation_id = "acknowledge_alarm", params(("id" = i64, Path)), request_body = AlarmNote,
    responses((status = 200, body = AlarmView), (status = 404, body = ProblemDetails), (status = 409, body = ProblemDetails)))]
pub async fn acknowledge(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    Body(note): Body<AlarmNote>,
) -> Result<Json<AlarmView>, ApiError> {
    act(&app, &caller, id, AlarmAct::Acknowledge, None, note.note.as_deref()).await
}

/// The caller takes care of it.
#[utoipa::path(post, path = "/api/v1/alarms/{id}/take", tag = "alarms", operation_id = "take_alarm", params(("id" = i64, Path)), request_body = AlarmNote,
    responses((status = 200, body = AlarmView), (status = 404, body = ProblemDetails), (status = 409, body = ProblemDetails)))]
pub async fn take(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    Body(note): Body<AlarmNote>,
) -> Result<Json<AlarmView>, ApiError> {
    act(&app, &caller, id, AlarmAct::Take, None, note.note.as_deref()).await
}

#[utoipa::path(post, path = "/api/v1/alarms/{id}/resolve", tag = "alarms", operation_id = "resolve_alarm", params(("id" = i64, Path)), request_body = AlarmResolution,
    responses((status = 200, body = AlarmView), (status = 400, body = ProblemDetails), (status = 404, body = ProblemDetails)))]
pub async fn resolve(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    Body(resolution): Body<AlarmResolution>,
) -> Result<Json<AlarmView>, ApiError> {
    let verdict = verdict_of(&resolution.verdict)?;
    act(&app, &caller, id, AlarmAct::Resolve, Some(verdict), resolution.note.as_deref()).await
}

/// It was not over after all; the caller takes care of it.
#[utoipa::path(post, path = "/api/v1/alarms/{id}/reopen", tag = "alarms", operation_id = "reopen_alarm", params(("id" = i64, Path)), request_body = AlarmNote,
    responses((status = 200, body = AlarmView), (status = 404, body = ProblemDetails), (status = 409, body = ProblemDetails)))]
pub async fn reopen(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    Body(note): Body<AlarmNote>,
) -> Result<Json<AlarmView>, ApiError> {
    act(&app, &caller, id, AlarmAct::Reopen, None, note.note.as_deref()).await
}

#[utoipa::path(post, path = "/api/v1/alarms/{id}/note", tag = "alarms", operation_id = "note_alarm", params(("id" = i64, Path)), request_body = AlarmNote,
    responses((status = 200, body = AlarmView), (status = 400, body = ProblemDetails), (status = 404, body = ProblemDetails)))]
pub async fn note(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    Body(note): Body<AlarmNote>,
) -> Result<Json<AlarmView>, ApiError> {
    act(&app, &caller, id, AlarmAct::Note, None, note.note.as_deref()).await
}

#[utoipa::path(post, path = "/api/v1/alarms/acknowledge", tag = "alarms", operation_id = "acknowledge_alarms", request_body = AlarmsAcknowledged,
    responses((status = 200, body = AlarmsChanged), (status = 400, body = ProblemDetails)))]
pub async fn acknowledge_all(
    State(app): State<App>,
    caller: Caller,
    Body(wanted): Body<AlarmsAcknowledged>,
) -> Result<Json<AlarmsChanged>, ApiError> {
    act_on_all(&app, &caller, &wanted.ids, AlarmAct::Acknowledge, None, wanted.note.as_deref()).await
}

#[utoipa::path(post, path = "/api/v1/alarms/resolve", tag = "alarms", operation_id = "resolve_alarms", request_body = AlarmsResolved,
    responses((status = 200, body = AlarmsChanged), (status = 400, body = ProblemDetails)))]
pub async fn resolve_all(
    State(app): State<App>,
    caller: Caller,
    Body(wanted): Body<AlarmsResolved>,
) -> Result<Json<AlarmsChanged>, ApiError> {
    let verdict = verdict_of(&wanted.verdict)?;
    act_on_all(&app, &caller, &wanted.ids, AlarmAct::Resolve, Some(verdict), wanted.note.as_deref()).await
}

/// Raises one, to see how it arrives.
#[utoipa::path(post, path = "/api/v1/alarms/test", tag = "alarms", operation_id = "raise_test_alarm", request_body = TestAlarm,
    responses((status = 201, body = AlarmView), (status = 400, body = ProblemDetails), (status = 404, body = ProblemDetails), (status = 503, body = ProblemDetails)))]
pub async fn test(State(app): State<App>, caller: Caller, Body(wanted): Body<TestAlarm>) -> Result<Response, ApiError> {
    let level = wanted.level.unwrap_or(2);
    if !(1..=4).contains(&level) {
        return Err(invalid("level", "out_of_range").into());
    }
    let now = UtcMillis::now();
    // Each is one of its own, however soon it follows another.
    let subject = format!("{} {}", caller.name.as_str(), now.0);
    let mut what =
        Happening::new(AlarmSource::Test, "test", now).about(subject.clone()).with("by", caller.name.as_str());
    what.level = Some(level);
    if let Some(camera) = wanted.camera_id {
        what.camera = Some(app.site.cameras.get(CameraId(camera)).await?.camera.id);
    }
    let mut news = app.site.alarms.listen();
    // While the database refuses it waits, and is raised later; whoever asked is told so.
    let kept = tokio::time::timeout(TEST_WITHIN, app.site.alarms.report(vec![what])).await;
    kept.map_err(|_| Problem::new(ErrorCode::AlarmsBusy))??;
    let raised = async {
        loop {
            match news.recv().await {
                Ok(AlarmNews::Raised(alarm)) if alarm.subject == subject => return Some(alarm),
                Ok(_) | Err(tokio::sync::broadcast::error::RecvError::Lagged(_)) => {}
                Err(tokio::sync::broadcast::error::RecvError::Closed) => return None,
            }
        }
    };
    let raised = tokio::time::timeout(TEST_WITHIN, raised).await.ok().flatten();
    // A rule may have kept it quiet.
    let alarm = raised.ok_or_else(|| Problem::new(ErrorCode::NotFound).with("what", "alarm"))?;
    app.audit(&caller, Act { action: "alarm.test", subject: &alarm.id.to_string(), old: None, new: None }).await;
    Ok((StatusCode::CREATED, Json(one(&app, &alarm).await?)).into_response())
}

#[utoipa::path(get, path = "/api/v1/alarms/{id}/picture", tag = "alarms", operation_id = "read_alarm_picture", params(("id" = i64, Path)),
    responses((status = 200, content_type = "image/jpeg", body = Vec<u8>), (status = 404, body = ProblemDetails)))]
pub async fn picture(State(app): State<App>, Id(id): Id) -> Result<Response, ApiError> {
    let alarm = app.site.alarms.get(AlarmId(id)).await?;
    let jpeg = app.site.alarms.pictures().read(&alarm).await;
    let jpeg = jpeg.map_err(|_| Problem::new(ErrorCode::NotFound).with("what", "picture"))?;
    let head = [(header::CONTENT_TYPE, "image/jpeg"), (header::CACHE_CONTROL, "private, max-age=3600")];
    Ok((head, jpeg).into_response())
}

/// The recording around it, begun at the key frame before. Range requests work.
#[utoipa::path(get, path = "/api/v1/alarms/{id}/clip.mp4", tag = "alarms", operation_id = "read_alarm_clip", params(("id" = i64, Path)),
    responses((status = 200, content_type = "video/mp4", body = Vec<u8>), (status = 206, content_type = "video/mp4", body = Vec<u8>),
        (status = 404, body = ProblemDetails), (status = 409, body = ProblemDetails), (status = 416, description = "the range lies outside")))]
pub async fn clip(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let alarm = app.site.alarms.get(AlarmId(id)).await?;
    let (path, range) = match &alarm.clip {
        AlarmClip::Ready { path, range, .. } => (path, *range),
        AlarmClip::Pending { range, .. } => {
            return Err(Problem::new(ErrorCode::AlarmClipPending).with("until", range.end.0).into());
        }
        AlarmClip::None | AlarmClip::Unavailable { .. } => {
            return Err(Problem::new(ErrorCode::AlarmClipMissing).with("id", id).into());
        }
    };
    let made = app.site.recording.clip(path, range).await?;
    clip::answer(&app, &caller, &made, path, Some(&format!("alarm-{id}")), &headers).await
}

/// # Errors
/// When the cameras cannot be read.
pub async fn cameras(app: &App) -> Result<HashMap<CameraId, Camera>, Problem> {
    Ok(app.site.store.cameras().all().await?.into_iter().map(|camera| (camera.id, camera)).collect())
}

/// As clients see it.
pub fn view(alarm: &Alarm, cameras: &HashMap<CameraId, Camera>) -> AlarmView {
    let camera = alarm.camera.and_then(|camera| cameras.get(&camera));
    let group = camera.and_then(|camera| camera.group);
    let mut beside: Vec<i64> = cameras
        .values()
        .filter(|other| group.is_some() && other.group == group && Some(other.id) != alarm.camera)
        .map(|other| other.id.0)
        .collect();
    beside.sort_unstable();
    beside.truncate(8);
    alarm_view(alarm, camera, beside, UtcMillis::now())
}

async fn one(app: &App, alarm: &Alarm) -> Result<AlarmView, Problem> {
    Ok(view(alarm, &cameras(app).await?))
}

async fn act(
    app: &App,
    caller: &Caller,
    id: i64,
    act: AlarmAct,
    verdict: Option<Verdict>,
    note: Option<&str>,
) -> Result<Json<AlarmView>, ApiError> {
    let alarm = app.site.alarms.act(AlarmId(id), act, verdict, caller.name.as_str(), note).await?;
    Ok(Json(one(app, &alarm).await?))
}

async fn act_on_all(
    app: &App,
    caller: &Caller,
    ids: &[i64],
    act: AlarmAct,
    verdict: Option<Verdict>,
    note: Option<&str>,
) -> Result<Json<AlarmsChanged>, ApiError> {
    let ids: Vec<AlarmId> = ids.iter().copied().map(AlarmId).collect();
    let (done, refused) = app.site.alarms.act_on_all(&ids, act, verdict, caller.name.as_str(), note).await?;
    let cameras = cameras(app).await?;
    Ok(Json(AlarmsChanged {
        alarms: done.iter().map(|alarm| view(alarm, &cameras)).collect(),
        refused: refused.into_iter().map(|id| id.0).collect(),
    }))
}

fn filter_of(query: &AlarmQuery) -> Result<AlarmFilter, Problem> {
    let state = match query.state.as_deref() {
        None => StateFilter::All,
        Some("open") => StateFilter::Open,
        Some(word) => StateFilter::One(AlarmState::parse(word).ok_or_else(|| invalid("state", "unknown"))?),
    };
    let source = match query.source.as_deref() {
        Some(word) => Some(AlarmSource::parse(word).ok_or_else(|| invalid("source", "unknown"))?),
        None => None,
    };
    let range = match (query.from, query.to) {
        (Some(from), Some(to)) => Some(range_of(from, to, i64::MAX)?),
        (None, None) => None,
        _ => return Err(invalid("from", "both_or_neither")),
    };
    Ok(AlarmFilter {
        state,
        source,
        kind: query.kind.clone(),
        level: query.level,
        camera: query.camera_id.map(CameraId),
        task: query.task_id.map(TaskId),
        range,
    })
}
