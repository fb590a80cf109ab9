//! What an attempt came to, before it is timed and its secrets are cut out.

use crate::outcome::LONGEST_WAIT;
use std::{
    error::Error,
    io,
    time::{Duration, SystemTime},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Sent,
    Retry,
    Refused,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub fate: Fate,
    pub status: Option<u32>,
    /// With secrets, should they be in it.
    pub text: String,
    pub retry_after: Option<Duration>,
}

impl Verdict {
    pub fn sent(text: impl Into<String>) -> Self {
        Self { fate: Fate::Sent, status: None, text: text.into(), retry_after: None }
    }

    pub fn retry(text: impl Into<String>) -> Self {
        Self { fate: Fate::Retry, ..Self::sent(text) }
    }

    pub fn refused(text: impl Into<String>) -> Self {
        Self { fate: Fate::Refused, ..Self::sent(text) }
    }

    #[must_use]
    pub fn with_status(self, status: u32) -> Self {
        Self { status: Some(status), ..self }
    }

    pub fn late(within: Duration) -> Self {
        Self::retry(format!("no answer within {} ms", within.as_millis()))
    }
}

/// By the status of HTTP alone.
pub const fn fate_of(status: u16) -> Fate {
    match status {
        200..=299 => Fate::Sent,
        // Where else it might go is for a person to say: a redirect would carry the alarm and its signature along.
        300..=399 => Fate::Refused,
        408 | 429 => Fate::Retry,
        400..=499 => Fate::Refused,
        _ => Fate::Retry,
    }
}

/// `Retry-After` (RFC 9110, section 10.2.3): seconds or a date.
pub fn retry_after(text: &str, now: SystemTime) -> Option<Duration> {
    let text = text.trim();
    let wait = match text.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) => LONGEST_WAIT,
        Err(_) => httpdate::parse_http_date(text).ok()?.duration_since(now).unwrap_or_default(),
    };
    Some(wait.min(LONGEST_WAIT))
}

/// Why a connection failed, in words that name no address: the libraries' own carry it, and a robot's address is a secret.
pub fn why(error: &(dyn Error + 'static)) -> String {
    let causes = || std::iter::successors(Some(error), |error| (**error).source());
    let io = causes().filter_map(|cause| cause.downcast_ref::<io::Error>()).last();
    match io.map(io::Error::kind) {
        Some(io::ErrorKind::ConnectionRefused) => "the connection was refused".into(),
        Some(io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::UnexpectedEof) => {
            "the connection was closed before an answer came".into()
        }
        Some(io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable) => "the host was not reached".into(),
        _ => causes().last().map(ToString::to_string).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::UNIX_EPOCH;

    #[test]
    fn statuses() {
        let check = |statuses: &[u16], expect| {
            statuses.iter().for_each(|status| assert_eq!(fate_of(*status), expect, "{status}"));
        };
        check(&[200, 201, 202, 204, 299], Fate::Sent);
        check(&[301, 302, 304, 307, 308, 400, 401, 403, 404, 410, 413, 422], Fate::Refused);
        check(&[408, 429, 500, 502, 503, 504, 599, 100, 600], Fate::Retry);
    }

    #[test]
    fn waits() {
        // date -u -d @784111777
        let now = UNIX_EPOCH + Duration::from_secs(784_111_777);
        let check = |text: &str, seconds: Option<u64>| {
            assert_eq!(retry_after(text, now), seconds.map(Duration::from_secs), "{text}");
        };
        check("30", Some(30));
        check(" 0 ", Some(0));
        check("86400", Some(600));
        check("99999999999999999999999", Some(600));
        check("Sun, 06 Nov 1994 08:50:37 GMT", Some(60));
        check("Sun, 06 Nov 1994 08:49:37 GMT", Some(0));
        check("Mon, 06 Nov 1995 08:49:37 GMT", Some(600));
        check("soon", None);
        check("", None);
        check("-5", None);
    }
}
