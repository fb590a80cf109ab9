//! Talking HTTP to a site.

use anyhow::{Context, Result, ensure};
use reqwest::{Method, RequestBuilder, StatusCode, header::HeaderMap};
use serde_json::Value;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(45);

/// One caller: nobody, somebody with a bearer token, or a browser with its cookie.
#[derive(Clone)]
pub struct Client {
    base: String,
    token: Option<String>,
    /// `name=value` of a session cookie; requests carry our own origin with it.
    cookie: Option<String>,
    http: reqwest::Client,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// `Null` when the body is not JSON.
    pub json: Value,
    pub text: String,
}

impl Answer {
    /// The problem's code, or nothing.
    pub fn code(&self) -> &str {
        self.json["code"].as_str().unwrap_or_default()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// # Errors
    /// When the request was refused.
    pub fn ok(self) -> Result<Self> {
        ensure!(self.status.is_success(), "{}: {}", self.status, self.text);
        Ok(self)
    }
}

impl Client {
    /// Nobody in particular.
    ///
    /// # Errors
    /// When no client can be made.
    pub fn anonymous(base: &str) -> Result<Self> {
        let http = reqwest::Client::builder().timeout(PATIENCE).redirect(reqwest::redirect::Policy::none()).no_proxy();
        Ok(Self { base: base.trim_end_matches('/').to_owned(), token: None, cookie: None, http: http.build()? })
    }

    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), cookie: None, ..self.clone() }
    }

    #[must_use]
    pub fn with_cookie(&self, cookie: &str) -> Self {
        Self { token: None, cookie: Some(cookie.to_owned()), ..self.clone() }
    }

    pub fn base(&self) -> &str {
        &self.base
    }

    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    pub fn cookie(&self) -> Option<&str> {
        self.cookie.as_deref()
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie).header("origin", &self.base);
        }
        request
    }

    /// # Errors
    /// When the site does not answer.
    pub async fn send(&self, request: RequestBuilder) -> Result<Answer> {
        let answer = request.send().await?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let text = String::from_utf8_lossy(&answer.bytes().await?).into_owned();
        Ok(Answer { status, headers, json: serde_json::from_str(&text).unwrap_or(Value::Null), text })
    }

    /// # Errors
    /// When the site does not answer.
    pub async fn get(&self, path: &str) -> Result<Answer> {
        self.send(self.request(Method::GET, path)).await
    }

    /// # Errors
    /// When the site does not answer.
    pub async fn send_json(&self, method: Method, path: &str, body: &Value) -> Result<Answer> {
        self.send(self.request(method, path).json(body)).await
    }

    /// # Errors
    /// When the site does not answer.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Answer> {
        self.send_json(Method::POST, path, body).await
    }

    /// # Errors
    /// When the site does not answer.
    pub async fn delete(&self, path: &str) -> Result<Answer> {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// The bytes of a file.
    ///
    /// # Errors
    /// When the site refuses.
    pub async fn bytes(&self, path: &str) -> Result<Vec<u8>> {
        let answer = self.request(Method::GET, path).send().await?;
        let status = answer.status();
        let bytes = answer.bytes().await?.to_vec();
        anyhow::ensure!(status.is_success(), "{path}: {status} {}", String::from_utf8_lossy(&bytes));
        Ok(bytes)
    }

    /// One figure of the metrics page; labels belong to the name.
    ///
    /// # Errors
    /// When the page cannot be read or lacks the figure.
    pub async fn metric(&self, name: &str) -> Result<f64> {
        let page = self.get("/metrics").await?.ok()?;
        let line = page.text.lines().find(|line| line.split(' ').next() == Some(name));
        let value = line.and_then(|line| line.split(' ').nth(1)).with_context(|| format!("no metric {name}"))?;
        Ok(value.parse()?)
    }
}
