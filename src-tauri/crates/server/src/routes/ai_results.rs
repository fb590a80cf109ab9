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
use axum::{Json, extract::State};
use watchwall_api::{AiResultQuery, AiResultView, PageOf, PageQuery, ProblemDetails};
use watchwall_model::{CameraId, SceneCode, TaskId};
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
        Some(code) => Some(SceneCode::parse(code).ok_or_else(|| invalid("scene", "malformed"))?),
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
