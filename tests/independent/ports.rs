//! A door before a server that only changes addresses in its answers.

use anyhow::Result;
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use std::sync::Arc;
use tokio::{net::TcpListener, task::JoinHandle};

pub struct Mended {
    pub base: String,
    task: JoinHandle<()>,
}

struct Plan {
    server: String,
    /// What is written otherwise, and how.
    swaps: Vec<(String, String)>,
    http: reqwest::Client,
}

impl Mended {
    /// Passes everything on to `server`, and back with the first of each pair written as the second.
    pub async fn start(server: &str, swaps: &[(&str, &str)]) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let base = format!("http://{}", listener.local_addr()?);
        let http = reqwest::Client::builder().no_proxy().build()?;
        let swaps = swaps.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect();
        let plan = Plan { server: server.to_owned(), swaps, http };
        // Its own address is never the one it advertises: that a client keeps to what it was given is part of the test.
        let router = Router::new().fallback(pass).with_state(Arc::new(plan));
        let task = tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { base, task })
    }

    pub fn stop(self) {
        self.task.abort();
    }
}

async fn pass(State(plan): State<Arc<Plan>>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let mut request = plan.http.request(method, format!("{}{uri}", plan.server)).body(body);
    if let Some(kind) = headers.get(header::CONTENT_TYPE) {
        request = request.header(header::CONTENT_TYPE, kind);
    }
    let Ok(answer) = request.send().await else { return StatusCode::BAD_GATEWAY.into_response() };
    let (status, kind) = (answer.status(), answer.headers().get(header::CONTENT_TYPE).cloned());
    let text = answer.text().await.unwrap_or_default();
    let text = plan.swaps.iter().fold(text, |text, (from, to)| text.replace(from, to));
    let mut response = (status, text).into_response();
    if let Some(kind) = kind {
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
    }
    response
}
