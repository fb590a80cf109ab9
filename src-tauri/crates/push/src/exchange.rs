//! One request over HTTP and what came back, within limits of time and size.

use crate::{
    authorities::{Authorities, tls},
    outcome::LONGEST_WAIT,
    reach::{Reach, Unreachable},
    verdict::{Fate, Verdict, fate_of, retry_after, why},
};
use reqwest::{
    Client, Response,
    dns::{Addrs, Name, Resolve, Resolving},
    header::{self, HeaderMap, HeaderName, HeaderValue},
    redirect,
};
use std::{
    error::Error,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};
use tokio::time::{Instant, timeout_at};
use url::{Host, Url};

/// What is read of an answer; the rest is left on the line.
const ANSWER_BYTES: usize = 64 * 1024;
/// Targets with own authorities have connections of their own; the oldest of more than these are closed.
const CLIENTS: usize = 16;
const IDLE_PER_HOST: usize = 2;
const USER_AGENT: &str = concat!("watchwall/", env!("CARGO_PKG_VERSION"));

/// When an attempt has to be over.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    pub at: Instant,
    /// From its beginning.
    pub within: Duration,
}

impl Deadline {
    pub fn after(within: Duration) -> Self {
        Self { at: Instant::now() + within, within }
    }
}

/// A JSON document on its way.
#[derive(Clone, PartialEq, Eq)]
pub struct Post {
    pub url: Url,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

/// An answer, whatever its status.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answered {
    pub status: u16,
    pub body: Vec<u8>,
    pub retry_after: Option<Duration>,
    /// Where a redirect leads, without what may be secret.
    pub location: Option<String>,
}

impl Answered {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// By the status alone.
    pub fn verdict(&self) -> Verdict {
        let fate = fate_of(self.status);
        let text = match &self.location {
            Some(location) if (300..400).contains(&self.status) => {
                format!("it redirects to {location}; redirects are not followed")
            }
            None if (300..400).contains(&self.status) => "it redirects; redirects are not followed".to_owned(),
            _ => self.text(),
        };
        let retry_after = self.retry_after.filter(|_| fate == Fate::Retry);
        Verdict { fate, status: Some(self.status.into()), text, retry_after }
    }
}

/// Connections over HTTP, kept open for a minute after the last message.
pub struct HttpClients {
    reach: Reach,
    clients: Mutex<Vec<(Option<Authorities>, Client)>>,
}

impl HttpClients {
    pub const fn new(reach: Reach) -> Self {
        Self { reach, clients: Mutex::new(Vec::new()) }
    }

    pub fn close(&self) {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Sends a document and reads the beginning of the answer; a failure comes as the verdict it amounts to.
    pub async fn post(&self, post: Post, own: Option<&Authorities>, deadline: Deadline) -> Result<Answered, Verdict> {
        // Names are looked at when they are resolved; addresses are not resolved.
        let literal = match post.url.host() {
            Some(Host::Ipv4(address)) => Some(address.into()),
            Some(Host::Ipv6(address)) => Some(address.into()),
            _ => None,
        };
        if literal.is_some_and(|address| !self.reach.allows(address)) {
            return Err(Verdict::from(&Unreachable::Forbidden));
        }
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
        for (name, value) in &post.headers {
            let Ok(value) = HeaderValue::from_str(value) else {
                return Err(Verdict::refused("a header of it holds what headers must not"));
            };
            headers.insert(HeaderName::from_static(name), value);
        }
        let request = self.client(own).post(post.url).headers(headers).body(post.body);
        match timeout_at(deadline.at, request.send()).await {
            Err(_) => Err(Verdict::late(deadline.within)),
            Ok(Err(error)) => Err(broken(&error, deadline)),
            Ok(Ok(response)) => Ok(read(response, deadline).await),
        }
    }

    fn client(&self, own: Option<&Authorities>) -> Client {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = clients.iter().position(|(known, _)| known.as_ref() == own) {
            // The latest used stands last.
            let used = clients.remove(at);
            clients.push(used.clone());
            return used.1;
        }
        let client = Client::builder()
            .use_preconfigured_tls(tls(own))
            .http1_only()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .tcp_nodelay(true)
            .user_agent(USER_AGENT)
            .dns_resolver(Arc::new(Resolver(self.reach)))
            .pool_max_idle_per_host(IDLE_PER_HOST)
            .pool_idle_timeout(Duration::from_secs(60))
            .build()
            .expect("a client of constants only can be built");
        if clients.len() >= CLIENTS {
            clients.remove(0);
        }
        clients.push((own.cloned(), client.clone()));
        client
    }
}

/// Once the status is there the target has decided: what is missing of its explanation changes nothing.
async fn read(mut response: Response, deadline: Deadline) -> Answered {
    let headers = response.headers();
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    // Feishu names its waits in a header of its own (open.feishu.cn, "Rate limits").
    let wait = text(header::RETRY_AFTER).or_else(|| text(HeaderName::from_static("x-ogw-ratelimit-reset")));
    let location = text(header::LOCATION).and_then(|location| response.url().join(location).ok());
    let mut answered = Answered {
        status: response.status().as_u16(),
        retry_after: wait.and_then(|wait| retry_after(wait, SystemTime::now())).map(|wait| wait.min(LONGEST_WAIT)),
        location: location.map(|url| crate::http_place::place(&url)),
        body: Vec::new(),
    };
    while answered.body.len() < ANSWER_BYTES {
        let Ok(Ok(Some(chunk))) = timeout_at(deadline.at, response.chunk()).await else { break };
        answered.body.extend_from_slice(&chunk[..chunk.len().min(ANSWER_BYTES - answered.body.len())]);
    }
    answered
}

fn broken(error: &reqwest::Error, deadline: Deadline) -> Verdict {
    let mut causes = std::iter::successors(Some(error as &(dyn Error + 'static)), |error| (**error).source());
    if let Some(unreachable) = causes.find_map(|cause| cause.downcast_ref::<Unreachable>()) {
        return Verdict::from(unreachable);
    }
    if error.is_timeout() {
        return Verdict::late(deadline.within);
    }
    let why = why(error);
    // The words of hyper for a connection that ended before the first byte of an answer.
    if why.contains("before message completed") || why.contains("channel closed") {
        return Verdict::retry("the connection was closed before an answer came");
    }
    Verdict::retry(why)
}

struct Resolver(Reach);

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.0;
        Box::pin(async move {
            let found = reach.find(name.as_str(), 0).await?;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}
