//! Benchmark 13: alarms of a task of their own, from the node's socket to a webhook's, while everything else goes on.

use crate::site::SiteUnderTest;
use anyhow::{Context, Result};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::{Instant, interval},
};
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};
use watchwall_model::UtcMillis;

/// As many as one channel may take.
const EVERY: Duration = Duration::from_millis(100);
/// Alarms between two signs of life.
const ALIVE_EVERY: usize = 50;
const PER_MINUTE: u32 = 600;

type Moments = Arc<Mutex<HashMap<String, Instant>>>;

/// A target for pushes, and a node whose alarms go there at once.
pub struct Probe {
    wire: super::results::Wire,
    task: i64,
    camera: i64,
    arrived: Moments,
}

/// How long alarms took.
#[derive(Clone, Debug, Default)]
pub struct Delays {
    pub sent: usize,
    /// Milliseconds, ascending.
    pub took_ms: Vec<f64>,
}

impl Delays {
    pub fn quantile(&self, share: f64) -> f64 {
        let place = (self.took_ms.len() as f64 * share) as usize;
        self.took_ms.get(place.min(self.took_ms.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
    }
}

impl Probe {
    pub async fn prepare(site: &SiteUnderTest, camera: i64) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/hook", listener.local_addr()?);
        let arrived = Moments::default();
        tokio::spawn(listen(listener, Arc::clone(&arrived)));
        let channel = json!({"name": "bench", "kind": "webhook", "settings": {"url": url}, "per_minute": PER_MINUTE});
        let channel = site.post("/api/v1/push-channels", &channel).await?;
        let kept = site.get("/api/v1/push-routes").await?;
        let routes = json!({"routes": [{"key": "bench", "channel_ids": [channel["id"]]}], "version": kept["version"]});
        site.put("/api/v1/push-routes", &routes).await?;
        let made = site.post("/api/v1/ai-nodes", &json!({"name": "probe", "sees_cameras": true})).await?;
        let token = made["token"].as_str().context("no token")?;
        let mut request = format!("{}/ws/ai-engine", site.address.replacen("http", "ws", 1)).into_client_request()?;
        request.headers_mut().insert("authorization", format!("Bearer {token}").parse()?);
        let (mut wire, _) = connect_async(request).await?;
        let register = json!({"type": "NODE_REGISTER", "node_id": "probe", "algorithms": ["PROBE"]});
        wire.send(Message::text(register.to_string())).await?;
        let task = json!({"name": "probe", "camera_id": camera, "scenes": [{"code": "PROBE"}], "stream": "main", "level": 4,
            "push": {"mode": "IMMEDIATE", "route": "bench"}});
        let task = site.post("/api/v1/ai-tasks", &task).await?["id"].as_i64().context("no task")?;
        while let Some(message) = wire.next().await {
            let Message::Text(text) = message? else { continue };
            if serde_json::from_str::<Value>(&text)?["type"] == "START_TASK" {
                break;
            }
        }
        let alive = json!({"type": "TASK_KEEPALIVE", "node_id": "probe", "task_id": task});
        wire.send(Message::text(alive.to_string())).await?;
        Ok(Self { wire, task, camera, arrived })
    }

    /// One alarm every tenth of a second until then.
    pub async fn run(mut self, until: Instant) -> Result<Delays> {
        let (mut turn, mut sent) = (interval(EVERY), Vec::new());
        while Instant::now() < until {
            turn.tick().await;
            if sent.len() % ALIVE_EVERY == 0 {
                let alive = json!({"type": "TASK_KEEPALIVE", "node_id": "probe", "task_id": self.task});
                self.wire.send(Message::text(alive.to_string())).await?;
            }
            let name = format!("probe-{}", sent.len());
            let result = json!({"type": "AI_RESULT", "task_id": self.task, "camera_id": self.camera, "ts": UtcMillis::now().0,
                "scene_code": "PROBE", "alarm_event": true, "confidence": 0.9, "objects": [], "event_desc": name});
            sent.push((name, Instant::now()));
            self.wire.send(Message::text(result.to_string())).await?;
        }
        // The last ones are under way.
        tokio::time::sleep(Duration::from_secs(2)).await;
        let arrived = self.arrived.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut took_ms: Vec<f64> =
            sent.iter().filter_map(|(name, at)| Some((*arrived.get(name)? - *at).as_secs_f64() * 1_000.0)).collect();
        took_ms.sort_by(f64::total_cmp);
        self.wire.close(None).await?;
        Ok(Delays { sent: sent.len(), took_ms })
    }
}

async fn listen(listener: TcpListener, arrived: Moments) {
    while let Ok((socket, _)) = listener.accept().await {
        tokio::spawn(serve(socket, Arc::clone(&arrived)));
    }
}

async fn serve(mut socket: TcpStream, arrived: Moments) {
    let mut bytes = Vec::new();
    while socket.read_buf(&mut bytes).await.is_ok_and(|count| count > 0) {
        let at = Instant::now();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length =
            head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
        if body.len() < length.unwrap_or(0) {
            continue;
        }
        bytes.clear();
        let name = serde_json::from_str::<Value>(body)
            .ok()
            .and_then(|body| body["alarm"]["params"]["event_desc"].as_str().map(str::to_owned));
        if let Some(name) = name {
            arrived.lock().unwrap_or_else(PoisonError::into_inner).entry(name).or_insert(at);
        }
        if socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.is_err() {
            return;
        }
    }
}
