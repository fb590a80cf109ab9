//! Channels, routes and the log of pushes.

use super::answer::{created, cut, page_of, page_request, versioned};
use crate::{
    access::Caller,
    app::{Act, App, as_value},
    error::ApiError,
    extract::{Body, Id, IfMatch, Query},
    notify::Edited,
    views::{
        new_channel, patched_channel, push_channel_view, push_log_view, push_routes_of, push_routes_view, push_test,
    },
};
use axum::{Json, extract::State, http::StatusCode, response::Response};
use std::collections::BTreeMap;
use watchwall_api::{
    NewPushChannel, PageOf, PageQuery, ProblemDetails, PushChannelPatch, PushChannelView, PushLogQuery, PushLogView,
    PushRoutesView, PushTest,
};
use watchwall_model::{AlarmId, ErrorCode, Problem, PushChannelId, UtcMillis};
use watchwall_site::{alarms::push::test_message, language::Language};
use watchwall_store::PushChannelRow;

#[utoipa::path(get, path = "/api/v1/push-channels", tag = "alarms", operation_id = "list_push_channels", params(PageQuery),
    responses((status = 200, body = PageOf<PushChannelView>), (status = 400, body = ProblemDetails)))]
pub async fn list(
    State(app): State<App>,
    Query(query): Query<PageQuery>,
) -> Result<Json<PageOf<PushChannelView>>, ApiError> {
    let waiting = app.site.store.push().waiting().await?;
    let channels = app.site.store.push().channels().await?;
    let key = |row: &PushChannelRow| format!("{}\u{0}{:020}", row.change.name.to_lowercase(), row.id.0);
    Ok(Json(cut(channels, &page_request(query, &["name"])?, key, |row| view(&app, &row, &waiting))?))
}

#[utoipa::path(get, path = "/api/v1/push-channels/{id}", tag = "alarms", operation_id = "read_push_channel", params(("id" = i64, Path)),
    responses((status = 200, body = PushChannelView), (status = 404, body = ProblemDetails)))]
pub async fn read(State(app): State<App>, Id(id): Id) -> Result<Response, ApiError> {
    let row = find(&app, id).await?;
    let view = view(&app, &row, &app.site.store.push().waiting().await?);
    Ok(versioned(view.version, view))
}

#[utoipa::path(post, path = "/api/v1/push-channels", tag = "alarms", operation_id = "create_push_channel", request_body = NewPushChannel,
    responses((status = 201, body = PushChannelView), (status = 400, body = ProblemDetails), (status = 409, body = ProblemDetails)))]
pub async fn create(
    State(app): State<App>,
    caller: Caller,
    Body(new): Body<NewPushChannel>,
) -> Result<Response, ApiError> {
    let row = app.site.alarms.add_channel(&new_channel(new)).await?;
    let view = view(&app, &row, &BTreeMap::new());
    let act = Act { action: "push_channel.create", subject: &view.name, old: None, new: as_value(&view) };
    app.audit(&caller, act).await;
    app.edits.note(Edited::PushChannels);
    Ok(created(&format!("/api/v1/push-channels/{}", view.id), view.version, view))
}

#[utoipa::path(patch, path = "/api/v1/push-channels/{id}", tag = "alarms", operation_id = "change_push_channel", params(("id" = i64, Path)), request_body = PushChannelPatch,
    responses((status = 200, body = PushChannelView), (status = 400, body = ProblemDetails), (status = 404, body = ProblemDetails), (status = 412, body = ProblemDetails)))]
pub async fn change(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    IfMatch(version): IfMatch,
    Body(patch): Body<PushChannelPatch>,
) -> Result<Response, ApiError> {
    let old = find(&app, id).await?;
    let waiting = app.site.store.push().waiting().await?;
    let before = as_value(&view(&app, &old, &waiting));
    let change = patched_channel(old.change, patch);
    let row = app.site.alarms.update_channel(old.id, &change, version.unwrap_or(old.version)).await?;
    let view = view(&app, &row, &waiting);
    let act = Act { action: "push_channel.update", subject: &view.name, old: before, new: as_value(&view) };
    app.audit(&caller, act).await;
    app.edits.note(Edited::PushChannels);
    Ok(versioned(view.version, view))
}

/// What waits for it is not sent any more.
#[utoipa::path(delete, path = "/api/v1/push-channels/{id}", tag = "alarms", operation_id = "remove_push_channel", params(("id" = i64, Path)),
    responses((status = 204), (status = 404, body = ProblemDetails)))]
pub async fn remove(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<StatusCode, ApiError> {
    let row = find(&app, id).await?;
    let old = as_value(&view(&app, &row, &BTreeMap::new()));
    app.site.alarms.delete_channel(row.id).await?;
    app.audit(&caller, Act { action: "push_channel.delete", subject: &row.change.name, old, new: None }).await;
    app.edits.note(Edited::PushChannels);
    Ok(StatusCode::NO_CONTENT)
}

/// Sends a message now and answers what the target said.
#[utoipa::path(post, path = "/api/v1/push-channels/{id}/test", tag = "alarms", operation_id = "test_push_channel", params(("id" = i64, Path)),
    responses((status = 200, body = PushTest), (status = 400, body = ProblemDetails), (status = 404, body = ProblemDetails)))]
pub async fn test(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<Json<PushTest>, ApiError> {
    let row = find(&app, id).await?;
    let now = UtcMillis::now();
    let language = Language::parse(&row.change.language).unwrap_or(Language::English);
    let message = test_message(language, format!("test-{id}-{}", now.0), now);
    let outcome = app.site.alarms.push().send_now(&row.change, &message).await?;
    app.audit(&caller, Act { action: "push_channel.test", subject: &row.change.name, old: None, new: None }).await;
    Ok(Json(push_test(&outcome)))
}

#[utoipa::path(get, path = "/api/v1/push-routes", tag = "alarms", operation_id = "read_push_routes",
    responses((status = 200, body = PushRoutesView)))]
pub async fn routes(State(app): State<App>) -> Result<Json<PushRoutesView>, ApiError> {
    Ok(Json(push_routes_view(app.site.store.push().routes().await?)))
}

/// All of them anew; `version` is that of what was read.
#[utoipa::path(put, path = "/api/v1/push-routes", tag = "alarms", operation_id = "replace_push_routes", request_body = PushRoutesView,
    responses((status = 200, body = PushRoutesView), (status = 400, body = ProblemDetails), (status = 404, body = ProblemDetails), (status = 412, body = ProblemDetails)))]
pub async fn replace_routes(
    State(app): State<App>,
    caller: Caller,
    Body(wanted): Body<PushRoutesView>,
) -> Result<Json<PushRoutesView>, ApiError> {
    let before = as_value(&push_routes_view(app.site.store.push().routes().await?));
    let expected = wanted.version;
    app.site.alarms.set_routes(&push_routes_of(wanted)?, expected).await?;
    let view = push_routes_view(app.site.store.push().routes().await?);
    let act = Act { action: "push_routes.update", subject: "push_routes", old: before, new: as_value(&view) };
    app.audit(&caller, act).await;
    app.edits.note(Edited::PushRoutes);
    Ok(Json(view))
}

/// Each attempt, newest first.
#[utoipa::path(get, path = "/api/v1/push-log", tag = "alarms", operation_id = "list_push_log", params(PushLogQuery),
    responses((status = 200, body = PageOf<PushLogView>), (status = 400, body = ProblemDetails)))]
pub async fn log(
    State(app): State<App>,
    Query(query): Query<PushLogQuery>,
) -> Result<Json<PageOf<PushLogView>>, ApiError> {
    let plain = PageQuery { cursor: query.cursor, limit: query.limit, ..PageQuery::default() };
    let (channel, alarm) = (query.channel_id.map(PushChannelId), query.alarm_id.map(AlarmId));
    let page = app.site.store.push().log(channel, alarm, &page_request(plain, &[])?).await?;
    Ok(Json(page_of(page, push_log_view)))
}

fn view(app: &App, row: &PushChannelRow, waiting: &BTreeMap<PushChannelId, u64>) -> PushChannelView {
    push_channel_view(row, app.site.alarms.push().health(row.id), waiting.get(&row.id).copied().unwrap_or(0))
}

async fn find(app: &App, id: i64) -> Result<PushChannelRow, Problem> {
    let row = app.site.store.push().channel(PushChannelId(id)).await?;
    row.ok_or_else(|| Problem::new(ErrorCode::NotFound).with("what", "channel"))
}
