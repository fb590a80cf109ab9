//! Examinations of cameras: begun, waited for, and their lines found by name.

use crate::{TestSite, USER, until};
use anyhow::Result;
use serde_json::{Value, json};
use std::time::Duration;

/// A camera takes a minute at most.
pub const EXAMINED_WITHIN: Duration = Duration::from_secs(75);

/// Examines and waits for the end.
///
/// # Errors
/// When it does not end in time.
pub async fn examine(site: &TestSite, wish: &Value) -> Result<Value> {
    let job = site.admin.post("/api/v1/doctor", wish).await?;
    assert_eq!(job.status.as_u16(), 202, "{}", job.text);
    examination_ended(site, &job.json["id"]).await
}

/// # Errors
/// When it does not end in time.
pub async fn examination_ended(site: &TestSite, id: &Value) -> Result<Value> {
    let path = format!("/api/v1/doctor/{id}");
    until("the end of the examination", EXAMINED_WITHIN, async || {
        let job = site.admin.get(&path).await.ok()?.json;
        (job["state"] != "running").then_some(job)
    })
    .await
}

/// The wish to examine an address.
pub fn at_login(url: &str, password: &str) -> Value {
    json!({ "address": url, "username": USER, "password": password })
}

/// A line by `check` or `stream/check`, with `3:` in front for a channel of a recorder.
#[track_caller]
pub fn line_of<'r>(report: &'r Value, name: &str) -> &'r Value {
    let (channel, rest) = name
        .split_once(':')
        .map_or((Value::Null, name), |(channel, rest)| (channel.parse::<u32>().map_or(Value::Null, Value::from), rest));
    let (stream, check) = rest.split_once('/').map_or((Value::Null, rest), |(stream, check)| (json!(stream), check));
    let mut lines = report["lines"].as_array().into_iter().flatten();
    let found = lines.find(|line| line["check"] == check && line["stream"] == stream && line["channel"] == channel);
    found.unwrap_or_else(|| unreachable!("no line {name} in {report:#}"))
}

#[track_caller]
pub fn report_says(report: &Value, name: &str, verdict: &str, outcome: &str) {
    let line = line_of(report, name);
    assert_eq!((&line["verdict"], &line["outcome"]), (&json!(verdict), &json!(outcome)), "{line:#}");
}
