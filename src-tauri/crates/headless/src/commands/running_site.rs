//! The running site as a command sees it: found by its data folder, spoken to as its local administrator.

use crate::{cli::TargetArguments, output};
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::{path::PathBuf, process::ExitCode, time::Duration};
use watchwall_headless::{default_data_dir, demo_data_dir};

/// A slow camera's probe included.
const TIMEOUT: Duration = Duration::from_secs(90);

/// Prints the answer, or the refusal with its code and next step, and picks the exit code.
pub fn show(target: &TargetArguments, answer: Answer, say: impl FnOnce(&Value) -> String) -> Result<ExitCode> {
    match answer {
        Answer::Done(value) if target.json => output::line(serde_json::to_string_pretty(&value)?),
        Answer::Done(value) => output::line(say(&value)),
        Answer::Refused(problem) => return refuse(target, &problem),
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints problem details; the exit code says that it did not work.
pub fn refuse(target: &TargetArguments, problem: &Value) -> Result<ExitCode> {
    if target.json {
        output::line(serde_json::to_string_pretty(problem)?);
    } else {
        output::note(format_args!("error: {} [{}]", text(&problem["title"]), text(&problem["code"])));
        for (label, field) in [("while", "step"), ("detail", "error"), ("next", "suggestion")] {
            if let Some(words) = problem["details"][field].as_str() {
                output::note(format_args!("  {label}: {words}"));
            }
        }
    }
    Ok(ExitCode::FAILURE)
}

pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

pub enum Answer {
    Done(Value),
    /// RFC 9457 problem details.
    Refused(Value),
}

pub struct RunningSite {
    address: String,
    token: String,
    http: reqwest::Client,
}

impl RunningSite {
    /// Reads `server.json` and `local-token` of the data folder; without one given, the site's, then the demo's.
    pub fn find(target: &TargetArguments) -> Result<Self> {
        let folders: Vec<PathBuf> = match &target.data {
            Some(folder) => vec![folder.clone()],
            None => vec![default_data_dir(), demo_data_dir()],
        };
        for folder in &folders {
            let Ok(server) = std::fs::read_to_string(folder.join("server.json")) else { continue };
            let server: Value = serde_json::from_str(&server)?;
            let token = std::fs::read_to_string(folder.join("local-token")).context("reading the local token")?;
            let address = server["address"].as_str().context("server.json names no address")?;
            let address = if address.starts_with("http") { address.to_owned() } else { format!("http://{address}") };
            let http = reqwest::Client::builder().timeout(TIMEOUT).build()?;
            return Ok(Self { address: address.trim_end_matches('/').into(), token: token.trim().into(), http });
        }
        let looked: Vec<String> = folders.iter().map(|folder| folder.display().to_string()).collect();
        bail!(
            "no running site found in {}; start it with `watchwall serve`, or name its folder with --data",
            looked.join(" or ")
        )
    }

    pub async fn send(&self, method: reqwest::Method, path: &str, body: Option<&Value>) -> Result<Answer> {
        let mut request = self.http.request(method, format!("{}{path}", self.address)).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.context("the site does not answer; is it still running?")?;
        let status = answer.status();
        let text = answer.text().await?;
        let value = if text.is_empty() { Value::Null } else { serde_json::from_str(&text)? };
        Ok(if status.is_success() { Answer::Done(value) } else { Answer::Refused(value) })
    }

    /// # Errors
    /// When the site refuses or is gone.
    pub async fn get(&self, path: &str) -> Result<Value> {
        match self.send(reqwest::Method::GET, path, None).await? {
            Answer::Done(value) => Ok(value),
            Answer::Refused(problem) => bail!("{} [{}]", text(&problem["title"]), text(&problem["code"])),
        }
    }

    /// The text of an answer that is no JSON.
    ///
    /// # Errors
    /// When the site refuses or is gone.
    pub async fn text(&self, path: &str) -> Result<Vec<u8>> {
        let request = self.http.get(format!("{}{path}", self.address)).bearer_auth(&self.token);
        let answer = request.send().await.context("the site does not answer; is it still running?")?;
        Ok(answer.error_for_status()?.bytes().await?.to_vec())
    }

    pub async fn cameras(&self) -> Result<Vec<Value>> {
        let (mut cameras, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let query = cursor.as_deref().map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
            let answer = self.send(reqwest::Method::GET, &format!("/api/v1/cameras?limit=500{query}"), None).await?;
            let Answer::Done(page) = answer else { bail!("the site refused the list") };
            cameras.extend(page["items"].as_array().cloned().unwrap_or_default());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = Some(next.to_owned()),
                None => return Ok(cameras),
            }
        }
    }

    pub async fn id_of(&self, camera: &str) -> Result<i64> {
        if let Ok(id) = camera.parse() {
            return Ok(id);
        }
        let cameras = self.cameras().await?;
        let found: Vec<i64> =
            cameras.iter().filter(|one| one["name"] == camera).filter_map(|one| one["id"].as_i64()).collect();
        match found.as_slice() {
            [id] => Ok(*id),
            [] => bail!("no camera is named {camera}; see `watchwall camera list`"),
            _ => bail!("{} cameras are named {camera}; use the id from `watchwall camera list`", found.len()),
        }
    }
}
