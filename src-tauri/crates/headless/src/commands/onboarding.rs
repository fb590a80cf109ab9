//! `watchwall camera discover` and `import`: begin a job of the site, follow it, print what it found.

use super::running_site::{Answer, RunningSite, refuse, text};
use crate::{cli::TargetArguments, output};
use anyhow::{Context, Result, bail};
use base64::Engine;
use reqwest::Method;
use serde_json::{Value, json};
use std::{collections::HashSet, path::PathBuf, process::ExitCode, time::Duration};

/// A job is asked for this often.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// What an import is told.
pub struct Import {
    pub file: PathBuf,
    pub dry_run: bool,
    pub records: bool,
    /// Names of credential sets.
    pub credentials: Vec<String>,
    pub report: Option<PathBuf>,
}

/// Prints each device as it answers.
pub async fn discover(ranges: &[String], port: Option<u16>, target: &TargetArguments) -> Result<ExitCode> {
    let site = RunningSite::find(target)?;
    let body = json!({ "ranges": ranges, "port": port });
    let mut job = match site.send(Method::POST, "/api/v1/discovery", Some(&body)).await? {
        Answer::Done(job) => job,
        Answer::Refused(problem) => return refuse(target, &problem),
    };
    let mut told = 0;
    loop {
        let devices = job["devices"].as_array().cloned().unwrap_or_default();
        if !target.json {
            devices.iter().skip(told).for_each(|device| output::line(found(device)));
            told = devices.len();
        }
        if job["state"] != "running" {
            break;
        }
        tokio::time::sleep(LOOK_EVERY).await;
        job = site.get(&format!("/api/v1/discovery/{}", job["id"])).await?;
    }
    if target.json {
        output::line(serde_json::to_string_pretty(&job)?);
    }
    Ok(ExitCode::SUCCESS)
}

/// Adds a table's devices; fails when one could not be added.
pub async fn import(wish: &Import, target: &TargetArguments) -> Result<ExitCode> {
    let site = RunningSite::find(target)?;
    let bytes = std::fs::read(&wish.file).with_context(|| format!("reading {}", wish.file.display()))?;
    let body = json!({
        "csv_base64": base64::engine::general_purpose::STANDARD.encode(bytes),
        "dry_run": wish.dry_run,
        "record": wish.records,
        "credential_set_ids": set_ids(&site, &wish.credentials).await?,
    });
    let mut told = HashSet::new();
    let tell = |job: &Value| {
        for row in job["rows"].as_array().into_iter().flatten() {
            let is_over = !matches!(text(&row["state"]), "waiting" | "running");
            if is_over && !target.json && told.insert(row["row"].as_u64()) {
                output::line(became(row));
            }
        }
    };
    let job = match run(&site, &body, tell).await? {
        Ok(job) => job,
        Err(problem) => return refuse(target, &problem),
    };
    if let Some(file) = &wish.report {
        let report = site.text(&format!("/api/v1/onboarding/{}/report.csv", job["id"])).await?;
        std::fs::write(file, report).with_context(|| format!("writing {}", file.display()))?;
    }
    if target.json {
        output::line(serde_json::to_string_pretty(&job)?);
    } else {
        let good = if wish.dry_run { &job["ready"] } else { &job["added"] };
        output::note(format_args!("{good} of {} rows, {} failed", job["total"], job["failed"]));
    }
    let has_failed = job["failed"].as_u64() != Some(0) || job["cancelled"].as_u64() != Some(0);
    Ok(if has_failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Begins a job and follows it to its end, with all its rows; the problem when the site refuses it.
pub async fn run(site: &RunningSite, body: &Value, mut tell: impl FnMut(&Value)) -> Result<Result<Value, Value>> {
    let started = match site.send(Method::POST, "/api/v1/onboarding", Some(body)).await? {
        Answer::Done(job) => job,
        Answer::Refused(problem) => return Ok(Err(problem)),
    };
    loop {
        let job = whole(site, &started["id"]).await?;
        tell(&job);
        if job["state"] != "running" {
            return Ok(Ok(job));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// A job with the rows of all its pages.
async fn whole(site: &RunningSite, id: &Value) -> Result<Value> {
    let mut job = site.get(&format!("/api/v1/onboarding/{id}?limit=500")).await?;
    while let Some(cursor) = job["next_cursor"].as_str() {
        let page = site.get(&format!("/api/v1/onboarding/{id}?limit=500&cursor={cursor}")).await?;
        job["next_cursor"] = page["next_cursor"].clone();
        if let (Some(rows), Some(more)) = (job["rows"].as_array_mut(), page["rows"].as_array()) {
            rows.extend(more.iter().cloned());
        }
    }
    Ok(job)
}

async fn set_ids(site: &RunningSite, names: &[String]) -> Result<Vec<i64>> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let sets = site.get("/api/v1/credential-sets?limit=500").await?;
    let find = |name: &String| {
        let sets = sets["items"].as_array().into_iter().flatten();
        sets.into_iter().find(|set| set["name"] == **name).and_then(|set| set["id"].as_i64())
    };
    let mut ids = Vec::new();
    for name in names {
        match find(name) {
            Some(id) => ids.push(id),
            None => bail!("no credential set is named {name}"),
        }
    }
    Ok(ids)
}

fn found(device: &Value) -> String {
    let (url, known) = (text(&device["url"]), text(&device["known"]));
    format!("{url}\t{}\t{}\t{known}", text(&device["name"]), text(&device["hardware"]))
}

fn became(row: &Value) -> String {
    let problem = &row["problem"];
    let (state, address) = (text(&row["state"]), text(&row["address"]));
    match problem["code"].as_str() {
        Some(code) => format!("{}\t{address}\t{state}\t{code}\t{}", row["row"], text(&problem["title"])),
        None => format!("{}\t{address}\t{state}", row["row"]),
    }
}
