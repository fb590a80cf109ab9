//! `watchwall recording`: whether what was recorded is still what it was.

use super::running_site::{Answer, RunningSite, refuse, text};
use crate::{
    cli::{RecordingCommand, TargetArguments},
    output,
};
use anyhow::Result;
use reqwest::Method;
use serde_json::{Value, json};
use std::{process::ExitCode, time::Duration};
use watchwall_model::UtcMillis;

const DAY_MS: i64 = 86_400_000;
/// Somebody else's check is waited for like this.
const BUSY: Duration = Duration::from_secs(1);

pub async fn run(command: RecordingCommand) -> Result<ExitCode> {
    let RecordingCommand::Check { paths, days, target } = command;
    let site = RunningSite::find(&target)?;
    let paths = if paths.is_empty() { planned(&site).await? } else { paths };
    let to = UtcMillis::now().0;
    let range = (to - i64::from(days) * DAY_MS, to);
    let mut total = Total::default();
    for path in &paths {
        if let Some(problem) = check(&site, &target, path, range, &mut total).await? {
            return refuse(&target, &problem);
        }
    }
    if target.json {
        output::line(serde_json::to_string_pretty(&total.as_json())?);
    } else {
        output::line(total.sentence(paths.len()));
    }
    Ok(if total.findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[derive(Default)]
struct Total {
    files: u64,
    bytes: u64,
    deleted: u64,
    findings: Vec<Value>,
}

impl Total {
    fn sentence(&self, streams: usize) -> String {
        let Self { files, bytes, deleted, findings } = self;
        let read = format!("{files} files of {streams} streams read, {bytes} bytes; {deleted} deleted by retention.");
        match findings.len() {
            0 => format!("{read} All are what they were when they were finished."),
            1 => format!("{read} NOT UNCHANGED: 1 thing does not fit."),
            n => format!("{read} NOT UNCHANGED: {n} things do not fit."),
        }
    }

    fn as_json(&self) -> Value {
        json!({
            "ok": self.findings.is_empty(),
            "files": self.files,
            "bytes": self.bytes,
            "deleted": self.deleted,
            "findings": self.findings,
        })
    }
}

/// Answers why it could not be done, if so.
async fn check(
    site: &RunningSite,
    target: &TargetArguments,
    path: &str,
    (from, to): (i64, i64),
    total: &mut Total,
) -> Result<Option<Value>> {
    let mut after = 0;
    loop {
        let asked = format!("/api/v1/recording/{path}/integrity?from={from}&to={to}&after={after}");
        let portion = match site.send(Method::GET, &asked, None).await? {
            Answer::Done(portion) => portion,
            Answer::Refused(problem) if problem["code"] == "too_many_jobs" => {
                tokio::time::sleep(BUSY).await;
                continue;
            }
            Answer::Refused(problem) => return Ok(Some(problem)),
        };
        let count = |name: &str| portion[name].as_u64().unwrap_or(0);
        total.files += count("files");
        total.bytes += count("bytes");
        total.deleted += count("deleted");
        for finding in portion["findings"].as_array().into_iter().flatten() {
            if !target.json {
                output::line(sentence(path, finding));
            }
            let mut finding = finding.clone();
            finding["path"] = json!(path);
            total.findings.push(finding);
        }
        match portion["next"].as_i64() {
            Some(next) => after = next,
            None => return Ok(None),
        }
    }
}

fn sentence(path: &str, finding: &Value) -> String {
    let what = match text(&finding["flaw"]) {
        "changed" => "was changed since it was finished",
        "missing" => "is not on its disk any more",
        "unread" => "could not be read; nothing is known of it",
        "chain_broken" => "does not follow from the file before it: one was changed, taken out or put in",
        other => other,
    };
    format!("{path}: file {} ({}) {what}", finding["number"], text(&finding["file"]))
}

/// Every stream that has a plan.
async fn planned(site: &RunningSite) -> Result<Vec<String>> {
    let mut paths = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = site.get(&format!("/api/v1/plans?limit=200{cursor}")).await?;
        paths.extend(page["items"].as_array().into_iter().flatten().map(|plan| text(&plan["path"]).to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return Ok(paths),
        }
    }
}
