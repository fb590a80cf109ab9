//! Reports over a period.

use super::timeline::range_of;
use crate::{
    app::App,
    error::ApiError,
    extract::{Query, invalid},
    views::report_row_view,
};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use std::fmt::Write;
use watchwall_api::{OfflineReport, OfflineReportQuery, ProblemDetails};
use watchwall_model::UtcMillis;
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
