//! What AI engines found.

use super::{
    answer::{page_of, page_request},
    timeline::range_of,
};
use crate::{
    app::App,
    error::ApiError,
    extract::{Query, invalid},
    views::ai_result_view,
};
use axum::{
    Json,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use watchwall_api::{AiResultPictureQuery, AiResultQuery, AiResultView, PageOf, PageQuery, ProblemDetails};
use watchwall_model::{CameraId, ErrorCode, Problem, SceneCode, TaskId, UtcMillis};
use watchwall_store::ResultFilter;

/// Newest day first, and in it by the time of the picture. All alarms; of the rest one a second of each task and scene.
#[utoipa::path(get, path = "/api/v1/ai-results", tag = "analytics", operation_id = "list_ai_results", params(AiResultQuery),
    responses((status = 200, body = PageOf<AiResultView>), (status = 400, body = ProblemDetails)))]
pub async fn list(
    State(app): State<App>,
    Query(query): Query<AiResultQuery>,
) -> Result<Json<PageOf<AiResultView>>, ApiError> {
    let range = match (query.from, query.to) {
        (Some(from), Some(to)) => Some(range_of(from, to, i64::MAX)?),
        (None, None) => None,
        _ => return Err(invalid("from", "both_or_neither").into()),
    };
    let scene = match &query.scene {
        Some(code) => Some(scene_of(code)?),
        None => None,
    };
    let filter = ResultFilter {
        camera: query.camera_id.map(CameraId),
        task: query.task_id.map(TaskId),
        scene,
        range,
        only_alarms: query.only_alarms.unwrap_or(false),
    };
    let plain = PageQuery { cursor: query.cursor, limit: query.limit, ..PageQuery::default() };
    let page = app.site.analytics.kept_results().page(&filter, &page_request(plain, &[])?).await?;
    Ok(Json(page_of(page, ai_result_view)))
}

/// What the node sent with a result, as it sent it.
#[utoipa::path(get, path = "/api/v1/ai-results/picture", tag = "analytics", operation_id = "read_ai_result_picture", params(AiResultPictureQuery),
    responses((status = 200, content_type = "image/jpeg", body = Vec<u8>), (status = 400, body = ProblemDetails), (status = 404, body = ProblemDetails)))]
pub async fn picture(State(app): State<App>, Query(query): Query<AiResultPictureQuery>) -> Result<Response, ApiError> {
    let missing = || Problem::new(ErrorCode::NotFound).with("what", "picture");
    let scene = scene_of(&query.scene)?;
    let analytics = &app.site.analytics;
    let row = analytics.kept_results().get(TaskId(query.task_id), &scene, UtcMillis(query.at)).await?;
    let jpeg = analytics.result_pictures().read(&row.ok_or_else(missing)?).await.map_err(|_| missing())?;
    let head = [(header::CONTENT_TYPE, "image/jpeg"), (header::CACHE_CONTROL, "private, max-age=3600")];
    Ok((head, jpeg).into_response())
}

fn scene_of(code: &str) -> Result<SceneCode, Problem> {
    SceneCode::parse(code).ok_or_else(|| invalid("scene", "malformed"))
}
