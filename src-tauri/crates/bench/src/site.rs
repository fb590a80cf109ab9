//! The server under test: the real `watchwall` binary on core 1, driven over its HTTP API.

use crate::{Options, process};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

pub struct SiteUnderTest {
    pub child: Child,
    pub address: String,
    pub token: String,
    pub ready_after: Duration,
    http: reqwest::Client,
}

/// The binary named by the options, or the one built beside this program.
pub fn binary(options: &Options) -> Result<PathBuf> {
    if let Some(path) = &options.watchwall {
        return Ok(path.clone());
    }
    let beside = std::env::current_exe()?.with_file_name("watchwall");
    anyhow::ensure!(beside.exists(), "no watchwall beside this program; give --watchwall or WATCHWALL_BIN");
    Ok(beside)
}

impl SiteUnderTest {
    /// Starts `watchwall serve` as it is installed, with a replay ring of 30 s per stream, and waits for its ready line.
    pub fn start(options: &Options, data: &Path) -> Result<Self> {
        Self::start_with(options, data, &[])
    }

    /// The same with a ring of one second: peers have none, so what it holds is not what is compared.
    pub fn start_without_ring(options: &Options, data: &Path) -> Result<Self> {
        Self::start_with(options, data, &[("WATCHWALL_INGEST__RING_SECONDS", "1")])
    }

    /// With settings as environment variables.
    pub fn start_with(options: &Options, data: &Path, settings: &[(&str, &str)]) -> Result<Self> {
        std::fs::create_dir_all(data)?;
        let started = Instant::now();
        let mut command = Command::new(binary(options)?);
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data);
        command
            .env("WATCHWALL_LOG__LEVEL", "warn")
            .envs(settings.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit());
        let mut child = process::spawn_on(1, &mut command)?;
        let mut lines = BufReader::new(child.stdout.take().context("no stdout")?).lines();
        let address = loop {
            let line = lines.next().context("the server ended before it was ready")??;
            if let Some(address) = line.strip_prefix("ready ") {
                break address.trim_end_matches('/').to_owned();
            }
        };
        let token = std::fs::read_to_string(data.join("local-token"))?.trim().to_owned();
        Ok(Self { child, address, token, ready_after: started.elapsed(), http: reqwest::Client::new() })
    }

    pub async fn add_camera(&self, name: &str, main: &str, sub: Option<&str>, record: bool) -> Result<Value> {
        let body = json!({ "name": name, "main_url": main, "sub_url": sub, "record": record, "force": true });
        let request = self.http.post(format!("{}/api/v1/cameras", self.address)).bearer_auth(&self.token).json(&body);
        let answer = request.send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        anyhow::ensure!(status.is_success(), "adding {name}: {status} {text}");
        Ok(serde_json::from_str(&text)?)
    }

    pub async fn get(&self, path: &str) -> Result<Value> {
        let request = self.http.get(format!("{}{path}", self.address)).bearer_auth(&self.token);
        Ok(request.send().await?.error_for_status()?.json().await?)
    }

    pub async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let request = self.http.post(format!("{}{path}", self.address)).bearer_auth(&self.token).json(body);
        Ok(request.send().await?.error_for_status()?.json().await?)
    }

    pub async fn put(&self, path: &str, body: &Value) -> Result<Value> {
        let request = self.http.put(format!("{}{path}", self.address)).bearer_auth(&self.token).json(body);
        Ok(request.send().await?.error_for_status()?.json().await?)
    }

    pub async fn metrics(&self) -> Result<String> {
        let request = self.http.get(format!("{}/metrics", self.address)).bearer_auth(&self.token);
        Ok(request.send().await?.error_for_status()?.text().await?)
    }

    /// Waits until this many plans say `recording`.
    pub async fn wait_recording(&self, count: usize, deadline: Duration) -> Result<()> {
        let until = Instant::now() + deadline;
        loop {
            let system = self.get("/api/v1/system").await?;
            let recording = system["recording"].as_u64().unwrap_or(0) as usize;
            if recording >= count {
                return Ok(());
            }
            anyhow::ensure!(Instant::now() < until, "only {recording} of {count} record after {deadline:?}");
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    }

    pub fn stop(mut self) -> Result<Duration> {
        process::stop(&mut self.child, Duration::from_secs(10))
    }
}
