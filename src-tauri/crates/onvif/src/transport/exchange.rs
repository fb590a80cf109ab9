//! One HTTP request and its answer, within limits of time and size, from one host and no other.

use super::challenge::Offers;
use crate::OnvifError;
use reqwest::{Client, RequestBuilder, header, redirect};
use std::{error::Error, io, time::Duration};
use tokio::time::{Instant, timeout_at};
use watchwall_model::UtcMillis;

/// Connections to devices. Clones share them.
///
/// Certificates are not checked: cameras make their own, for addresses they no longer have. What this protects against
/// is somebody who listens, not somebody who answers in the camera's place; no password travels readable without leave
/// all the same. Redirects are not followed and no proxy is asked.
#[derive(Clone, Debug)]
pub struct HttpPool(Client);

impl HttpPool {
    /// A pool whose connections are given up when they take longer than this to open.
    pub fn new(connect_timeout: Duration) -> Self {
        let client = Client::builder()
            .http1_only()
            // Small servers find their headers by the usual spelling.
            .http1_title_case_headers()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .tcp_nodelay(true)
            .connect_timeout(connect_timeout)
            .pool_max_idle_per_host(2)
            .pool_idle_timeout(Duration::from_secs(20))
            .danger_accept_invalid_certs(true)
            .build()
            .expect("a client of constants only can be built");
        Self(client)
    }

    pub(super) const fn client(&self) -> &Client {
        &self.0
    }
}

impl Default for HttpPool {
    fn default() -> Self {
        Self::new(Duration::from_secs(5))
    }
}

/// An answer, whatever its status.
#[derive(Debug)]
pub struct Fetched {
    pub status: u16,
    pub body: Vec<u8>,
    pub(super) offers: Offers,
    /// The device's clock by its HTTP server.
    pub(super) date: Option<UtcMillis>,
    /// Our clock halfway between question and answer.
    pub(super) asked_at: UtcMillis,
}

/// Limits of one exchange.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub within: Duration,
    pub size_bytes: usize,
}

/// How an exchange failed, and whether anything came back before.
#[derive(Debug)]
pub(super) enum Broken {
    /// The connection ended before the first byte of an answer.
    Unanswered(OnvifError),
    Other(OnvifError),
}

impl From<Broken> for OnvifError {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Unanswered(error) | Broken::Other(error) => error,
        }
    }
}

/// Sends a request and reads the whole answer.
pub(super) async fn exchange(host: &str, request: RequestBuilder, bounds: Bounds) -> Result<Fetched, Broken> {
    let start = Instant::now();
    let began = UtcMillis::now();
    let deadline = start + bounds.within;
    let late = || {
        let ms = u64::try_from(bounds.within.as_millis()).unwrap_or(u64::MAX);
        Broken::Other(OnvifError::Timeout { host: host.to_owned(), ms })
    };
    let mut response = match timeout_at(deadline, request.send()).await {
        Err(_) => return Err(late()),
        Ok(Err(error)) => return Err(sending(host, &error, bounds)),
        Ok(Ok(response)) => response,
    };
    let asked_at = began.saturating_add_ms((UtcMillis::now() - began) / 2);
    let too_large = || Broken::Other(OnvifError::TooLarge { host: host.to_owned(), limit: bounds.size_bytes });
    if response.content_length().is_some_and(|length| length > bounds.size_bytes as u64) {
        return Err(too_large());
    }
    let headers = response.headers();
    let text = |name: header::HeaderName| {
        headers.get_all(name).into_iter().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let challenges: Vec<String> = text(header::WWW_AUTHENTICATE).collect();
    let mut fetched = Fetched {
        status: response.status().as_u16(),
        body: Vec::new(),
        offers: Offers::read(challenges.iter().map(String::as_str)),
        date: text(header::DATE).next().and_then(|date| http_date(&date)),
        asked_at,
    };
    loop {
        match timeout_at(deadline, response.chunk()).await {
            Err(_) => return Err(late()),
            Ok(Ok(None)) => return Ok(fetched),
            Ok(Ok(Some(chunk))) if fetched.body.len() + chunk.len() > bounds.size_bytes => return Err(too_large()),
            Ok(Ok(Some(chunk))) => fetched.body.extend_from_slice(&chunk),
            // A length that promises too much: the envelope is whole all the same.
            Ok(Err(_)) if fetched.body.trim_ascii_end().ends_with(b"Envelope>") => return Ok(fetched),
            Ok(Err(error)) => {
                return Err(Broken::Other(OnvifError::Http { host: host.to_owned(), reason: innermost(&error) }));
            }
        }
    }
}

/// What a failure before the answer's first byte was.
fn sending(host: &str, error: &reqwest::Error, bounds: Bounds) -> Broken {
    let host = host.to_owned();
    if error.is_timeout() && !error.is_connect() {
        let ms = u64::try_from(bounds.within.as_millis()).unwrap_or(u64::MAX);
        return Broken::Other(OnvifError::Timeout { host, ms });
    }
    let io = causes(error).find_map(|cause| cause.downcast_ref::<io::Error>());
    if error.is_connect() {
        let reason = innermost(error);
        return Broken::Other(match io.map(io::Error::kind) {
            Some(io::ErrorKind::ConnectionRefused) => OnvifError::Refused { host },
            _ if error.is_timeout() => OnvifError::Unreachable { host, source: io::ErrorKind::TimedOut.into() },
            _ if causes(error).any(|cause| cause.to_string().contains("dns error")) => OnvifError::HostUnknown { host },
            Some(kind) => OnvifError::Unreachable { host, source: io::Error::new(kind, reason) },
            None => OnvifError::Unreachable { host, source: io::Error::other(reason) },
        });
    }
    let is_closed = io.is_some()
        || causes(error).any(|cause| {
            let text = cause.to_string();
            text.contains("connection closed")
                || text.contains("channel closed")
                || text.contains("operation was canceled")
        });
    if is_closed {
        return Broken::Unanswered(OnvifError::Closed { host });
    }
    Broken::Other(OnvifError::Http { host, reason: innermost(error) })
}

fn causes<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| (**error).source())
}

/// The last cause, which names neither URL nor header.
fn innermost(error: &(dyn Error + 'static)) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}

/// `Tue, 15 Nov 1994 08:12:31 GMT`.
fn http_date(text: &str) -> Option<UtcMillis> {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let mut words = text.split_once(',')?.1.split_whitespace();
    let day = words.next()?;
    let month = words.next()?.to_ascii_lowercase();
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    let (year, time) = (words.next()?, words.next()?);
    crate::dates::parse_utc(&format!("{year}-{month:02}-{day:0>2}T{time}Z"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_http() {
        let at = http_date("Tue, 15 Nov 1994 08:12:31 GMT").map(crate::dates::format_utc);
        assert_eq!(at.as_deref(), Some("1994-11-15T08:12:31.000Z"));
        assert_eq!(http_date("yesterday"), None);
        assert_eq!(http_date("Tue, 15 Foo 1994 08:12:31 GMT"), None);
    }
}
