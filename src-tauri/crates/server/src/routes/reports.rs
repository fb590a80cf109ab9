//! Reports: absences over a period, and the whole site for hand-over.

use super::timeline::range_of;
use crate::{
    access::Caller,
    app::App,
    error::ApiError,
    extract::{Query, invalid},
    site_report::{Reader, document, gather},
    views::report_row_view,
    wording::Language,
};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use std::fmt::Write;
use watchwall_api::{OfflineReport, OfflineReportQuery, ProblemDetails, SiteReport, SiteReportQuery};
use watchwall_model::{ErrorCode, Problem, Right, UtcMillis};
use watchwall_paper::write_pdf;
use watchwall_site::cameras::health::{ReportAsked, ReportBy, offline_report};

/// A year and a day.
const LONGEST_MS: i64 = 367 * 86_400_000;

/// How much of a period each camera, or each group, was away. JSON, or CSV for a table program.
#[utoipa::path(get, path = "/api/v1/reports/offline", tag = "health", operation_id = "offline_report", params(OfflineReportQuery),
    responses((status = 200, body = OfflineReport), (status = 400, body = ProblemDetails)))]
pub async fn offline(
    State(app): State<App>,
    headers: HeaderMap,
    Query(query): Query<OfflineReportQuery>,
) -> Result<Response, ApiError> {
    let range = range_of(query.from, query.to, LONGEST_MS)?;
    let by = match query.by.as_deref() {
        None | Some("camera") => ReportBy::Camera,
        Some("group") => ReportBy::Group,
        Some(_) => return Err(invalid("by", "camera or group").into()),
    };
    let is_csv = match query.format.as_deref() {
        Some("csv") => true,
        Some("json") => false,
        Some(_) => return Err(invalid("format", "json or csv").into()),
        None => headers.get(header::ACCEPT).is_some_and(|accept| accept.as_bytes().starts_with(b"text/csv")),
    };
    let events = app.site.store.offline_events().in_range(range).await?;
    let (cameras, groups) = (app.site.store.cameras().all().await?, app.site.store.groups().all().await?);
    let asked = ReportAsked { range, now: UtcMillis::now(), by };
    let rows = offline_report(&events, &cameras, &groups, asked);
    let report = OfflineReport {
        from: range.start.0,
        to: range.end.0,
        by: if by == ReportBy::Camera { "camera" } else { "group" }.to_owned(),
        rows: rows.iter().map(report_row_view).collect(),
    };
    if !is_csv {
        return Ok(Json(report).into_response());
    }
    let name = format!("attachment; filename=\"offline-{}-{}.csv\"", report.from, report.to);
    let kind = "text/csv; charset=utf-8; header=present".to_owned();
    Ok(([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, name)], csv(&report)).into_response())
}

/// The whole site for hand-over: what is open, cameras, streams, recordings, volumes and, for who may see them, users.
/// JSON, or PDF to print and sign.
#[utoipa::path(get, path = "/api/v1/reports/site", tag = "site", operation_id = "site_report", params(SiteReportQuery),
    responses((status = 200, body = SiteReport), (status = 400, body = ProblemDetails)))]
pub async fn site(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<SiteReportQuery>,
) -> Result<Response, ApiError> {
    let is_pdf = match query.format.as_deref() {
        None | Some("json") => false,
        Some("pdf") => true,
        Some(_) => return Err(invalid("format", "json or pdf").into()),
    };
    let asked = match query.language {
        Some(language) => language,
        None => app.settings().await?.default_language,
    };
    let language = Language::parse(&asked).ok_or_else(|| invalid("language", "unknown"))?;
    let reader = if caller.role.has(Right::Users) { Reader::Administrator } else { Reader::Other };
    let report = gather(&app, language, reader).await?;
    let day = jiff::Timestamp::from_millisecond(report.made_at).map(|at| at.strftime("%Y-%m-%d").to_string());
    let name = |kind: &str| format!("attachment; filename=\"site-report-{}.{kind}\"", day.as_deref().unwrap_or("now"));
    if !is_pdf {
        return Ok(([(header::CONTENT_DISPOSITION, name("json"))], Json(report)).into_response());
    }
    // Drawing takes the processor for a while, and its parts stay on one thread.
    let drawn = tokio::task::spawn_blocking(move || write_pdf(&document(&report))).await;
    let internal = |error: String| Problem::new(ErrorCode::Internal).at("write_pdf").because(error);
    let pdf = drawn.map_err(|error| internal(error.to_string()))?.map_err(|error| internal(error.to_string()))?;
    let kind = "application/pdf".to_owned();
    Ok(([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, name("pdf"))], pdf.bytes).into_response())
}

/// With a byte-order mark: without one table programs take names for the local character set.
fn csv(report: &OfflineReport) -> String {
    let mut text =
        "\u{feff}id,name,group_id,cameras,events,alarmed,offline_s,longest_s,period_s,offline_percent\r\n".to_owned();
    for row in &report.rows {
        let group = row.group_id.map(|id| id.to_string()).unwrap_or_default();
        let seconds = |ms: i64| ms as f64 / 1e3;
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "{},{},{group},{},{},{},{:.1},{:.1},{:.1},{:.4}\r\n",
            row.id,
            csv_field(&row.name),
            row.cameras,
            row.events,
            row.alarmed,
            seconds(row.offline_ms),
            seconds(row.longest_ms),
            seconds(row.period_ms),
            row.offline_rate * 100.0
        );
    }
    text
}

/// Quoted (RFC 4180), and no formula: a camera's name must not make a table program calculate.
fn csv_field(text: &str) -> String {
    let guard = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_and_no_formulas() {
        let check = |text, expect| assert_eq!(csv_field(text), expect, "{text}");
        check("Gate", "\"Gate\"");
        check("Gate \"A\", north", "\"Gate \"\"A\"\", north\"");
        check("=HYPERLINK(1)", "\"'=HYPERLINK(1)\"");
    }
}
