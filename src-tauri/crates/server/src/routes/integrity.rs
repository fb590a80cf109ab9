//! Whether recordings still are what they were.

use super::timeline::range_of;
use crate::{
    app::App,
    error::ApiError,
    extract::{AtPath, Query},
};
use axum::{Json, extract::State};
use watchwall_api::{IntegrityFinding, IntegrityQuery, IntegrityView, ProblemDetails};

/// Ten years.
const LONGEST_MS: i64 = 3_660 * 86_400_000;

/// Reads finished files of a stream again, for a few seconds, and compares them with their checksums.
#[utoipa::path(get, path = "/api/v1/recording/{path}/integrity", tag = "evidence", operation_id = "check_integrity", params(("path" = String, Path), IntegrityQuery),
    responses((status = 200, body = IntegrityView), (status = 400, body = ProblemDetails), (status = 429, body = ProblemDetails)))]
pub async fn check(
    State(app): State<App>,
    AtPath(path): AtPath,
    Query(query): Query<IntegrityQuery>,
) -> Result<Json<IntegrityView>, ApiError> {
    let range = range_of(query.from, query.to, LONGEST_MS)?;
    let found = app.site.recording.check_integrity(&path, range, query.after.unwrap_or(0)).await?;
    let findings = found.findings.into_iter().map(|finding| IntegrityFinding {
        number: finding.number,
        from: finding.start.0,
        to: finding.end.0,
        file: finding.file,
        flaw: finding.flaw.as_str().to_owned(),
    });
    Ok(Json(IntegrityView {
        files: found.files,
        bytes: found.bytes,
        deleted: found.deleted,
        findings: findings.collect(),
        next: found.next,
    }))
}
