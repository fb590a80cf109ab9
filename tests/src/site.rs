//! A whole site in this process.

use crate::{Client, DataFolder, Socket, until};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::{net::SocketAddr, path::Path, time::Duration};
use watchwall_headless::{Running, StartOptions, start};
use watchwall_model::config::{AnalyticsConfig, Config, HealthConfig, OutletConfig, PushConfig, RecordingConfig};

const STOP_DEADLINE: Duration = Duration::from_secs(5);
/// A first picture on a busy machine.
const LIVE_WITHIN: Duration = Duration::from_secs(20);

const ADDED_WITHIN: Duration = Duration::from_secs(60);
/// Stalls are noticed after five seconds, and a device is silent after two questions.
const HEALTHY_WITHIN: Duration = Duration::from_secs(30);

/// What differs from a usual start.
#[derive(Default)]
pub struct SiteOptions {
    pub max_viewers: Option<usize>,
    pub demo_cameras: Option<u32>,
    /// Instead of the usual half minutes.
    pub health: Option<HealthConfig>,
    pub recording: Option<RecordingConfig>,
    pub analytics: Option<AnalyticsConfig>,
    pub push: Option<PushConfig>,
    pub outlet: Option<OutletConfig>,
    /// The site's own AI node, which a demo has in any case.
    pub built_in_engine: bool,
    /// Of an earlier site; without one the site starts empty.
    pub data: Option<DataFolder>,
}

pub struct TestSite {
    running: Running,
    pub data: DataFolder,
    /// The local administrator.
    pub admin: Client,
}

impl TestSite {
    /// # Errors
    /// Whatever keeps the site from starting.
    pub async fn start() -> Result<Self> {
        Self::start_with(SiteOptions::default()).await
    }

    /// # Errors
    /// Whatever keeps the site from starting.
    pub async fn start_with(options: SiteOptions) -> Result<Self> {
        let data = options.data.map_or_else(DataFolder::new, Ok)?;
        let mut config = Config::default();
        config.server.listen = SocketAddr::from(([127, 0, 0, 1], 0));
        if let Some(max) = options.max_viewers {
            config.live.max_viewers = max;
        }
        if let Some(health) = options.health {
            config.health = health;
        }
        if let Some(recording) = options.recording {
            config.recording = recording;
        }
        if let Some(analytics) = options.analytics {
            config.analytics = analytics;
        }
        if let Some(push) = options.push {
            config.push = push;
        }
        if let Some(outlet) = options.outlet {
            config.outlet = outlet;
        }
        config.analytics.built_in_engine = options.built_in_engine || options.demo_cameras.is_some();
        let start_options =
            StartOptions { data_folder: data.path().to_owned(), config, demo_cameras: options.demo_cameras };
        let running = start(start_options).await?;
        let token = local_token(data.path())?;
        let admin = Client::anonymous(&format!("http://{}", running.address()))?.with_token(&token);
        Ok(Self { running, data, admin })
    }

    pub fn address(&self) -> SocketAddr {
        self.running.address()
    }

    pub fn setup_code(&self) -> Option<String> {
        self.running.setup_code()
    }

    pub fn one_time_url(&self) -> &str {
        self.running.one_time_url()
    }

    /// # Errors
    /// When no client can be made.
    pub fn anonymous(&self) -> Result<Client> {
        Client::anonymous(self.admin.base())
    }

    /// Creates a user and logs it in with a bearer token.
    ///
    /// # Errors
    /// When either is refused.
    pub async fn user(&self, name: &str, role: &str, password: &str) -> Result<Client> {
        let new = json!({ "name": name, "role": role, "password": password });
        self.admin.post("/api/v1/users", &new).await?.ok()?;
        self.login(name, password).await
    }

    /// # Errors
    /// When the login is refused.
    pub async fn login(&self, name: &str, password: &str) -> Result<Client> {
        let login = json!({ "username": name, "password": password, "bearer": true });
        let answer = self.anonymous()?.post("/api/v1/login", &login).await?.ok()?;
        Ok(self.anonymous()?.with_token(answer.json["token"].as_str().context("no token")?))
    }

    /// Adds a camera without asking it first.
    ///
    /// # Errors
    /// When the site refuses.
    pub async fn add_camera(&self, name: &str, main: &str, sub: Option<&str>, record: bool) -> Result<Value> {
        let new = json!({ "name": name, "main_url": main, "sub_url": sub, "record": record, "force": true });
        Ok(self.admin.post("/api/v1/cameras", &new).await?.ok()?.json)
    }

    /// Adds a device of user `admin` with all its cameras; the row of the job.
    ///
    /// # Errors
    /// When it is not added in time.
    pub async fn add_device(&self, url: &str, password: &str) -> Result<Value> {
        let rows = json!([{ "address": url, "username": crate::USER, "password": password }]);
        let job = self.admin.post("/api/v1/onboarding", &json!({ "rows": rows, "record": false })).await?.ok()?.json;
        let path = format!("/api/v1/onboarding/{}", job["id"]);
        let ended = until("the device", ADDED_WITHIN, async || {
            let job = self.admin.get(&path).await.ok()?.json;
            (job["state"] != "running").then_some(job)
        });
        let row = ended.await?["rows"][0].clone();
        anyhow::ensure!(row["state"] == "added", "{row}");
        Ok(row)
    }

    /// Waits until a camera's health is in this state.
    ///
    /// # Errors
    /// When it is not in time; tells how it stood last.
    pub async fn health_is(&self, camera: &Value, state: &str) -> Result<Value> {
        let path = format!("/api/v1/cameras/{camera}/health");
        let mut last = Value::Null;
        let reached = until(state, HEALTHY_WITHIN, async || {
            last = self.admin.get(&path).await.ok()?.json;
            (last["health"]["state"] == state).then(|| last.clone())
        });
        reached.await.with_context(|| last.to_string())
    }

    /// The path of a camera's stream.
    pub fn path_of(camera: &Value, role: &str) -> String {
        let streams = camera["streams"].as_array().into_iter().flatten();
        let stream = streams.into_iter().find(|stream| stream["role"] == role);
        stream.and_then(|stream| stream["path"].as_str()).unwrap_or_default().to_owned()
    }

    /// # Errors
    /// When the handshake is refused.
    pub async fn live(&self, path: &str, query: &str) -> Result<Socket> {
        Socket::open(&self.admin, &format!("/api/v1/live/{path}{query}")).await
    }

    /// Waits until a stream is recorded; answers the moment of its first picture, in UTC milliseconds.
    ///
    /// # Errors
    /// When nothing is recorded in time.
    pub async fn recorded_since(&self, path: &str, at_least_ms: i64) -> Result<i64> {
        let ask = async || {
            let now = now_ms();
            let query = format!("/api/v1/timeline?paths={path}&from={}&to={now}", now - 600_000);
            let coverage = self.admin.get(&query).await.ok()?.json["tracks"][0]["coverage"].clone();
            let (first, last) = (coverage[0][0].as_i64()?, coverage.as_array()?.last()?[1].as_i64()?);
            (last - first >= at_least_ms).then_some(first)
        };
        until("a recording", LIVE_WITHIN, ask).await
    }

    pub async fn stop(self) {
        self.stop_keeping().await;
    }

    /// Stops and leaves the data folder for another start.
    pub async fn stop_keeping(self) -> DataFolder {
        self.running.stop(STOP_DEADLINE).await;
        self.data
    }
}

/// # Errors
/// When there is none.
pub fn local_token(folder: &Path) -> Result<String> {
    let text = std::fs::read_to_string(folder.join("local-token")).context("reading the local token")?;
    Ok(text.trim().to_owned())
}

fn now_ms() -> i64 {
    watchwall_model::UtcMillis::now().0
}
