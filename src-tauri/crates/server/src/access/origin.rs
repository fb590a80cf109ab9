//! Whose page sends a request: against forged requests from other sites and against DNS rebinding. Pure.

use crate::net::Scheme;
use axum::http::{HeaderMap, Method, header};
use watchwall_model::{ErrorCode, Problem};

/// What is known about the sender of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// A page of this very site.
    SameOrigin,
    /// A page of another site.
    CrossOrigin,
    /// Nothing says that a page sent it: a program, or a navigation.
    Unknown,
}

/// Reads `Sec-Fetch-Site` (Fetch Metadata) and `Origin` (RFC 6454, section 7). An origin that differs from `Host` loses
/// whatever the browser says of its own; so does a plain one where we speak TLS.
pub fn sender(headers: &HeaderMap, scheme: Scheme) -> Sender {
    let text = |name| headers.get(name).and_then(|v: &header::HeaderValue| v.to_str().ok());
    let from_origin = text(header::ORIGIN).map(|origin| {
        let same = text(header::HOST)
            .is_some_and(|host| authority(origin, scheme).is_some_and(|a| a.eq_ignore_ascii_case(host)));
        if same { Sender::SameOrigin } else { Sender::CrossOrigin }
    });
    let site = headers.get("sec-fetch-site").and_then(|v| v.to_str().ok());
    match (from_origin, site) {
        (Some(Sender::CrossOrigin), _) | (_, Some("cross-site" | "same-site")) => Sender::CrossOrigin,
        (Some(Sender::SameOrigin), _) | (_, Some("same-origin")) => Sender::SameOrigin,
        _ => Sender::Unknown,
    }
}

/// Cookie requests that change something or open a socket must come from our own page; any request that names another
/// page may not change anything at all.
///
/// # Errors
/// `origin_refused`.
pub fn check(headers: &HeaderMap, method: &Method, scheme: Scheme, has_cookie_session: bool) -> Result<(), Problem> {
    let is_socket = headers.contains_key(header::SEC_WEBSOCKET_KEY);
    if method.is_safe() && !is_socket {
        return Ok(());
    }
    match sender(headers, scheme) {
        Sender::SameOrigin => Ok(()),
        Sender::Unknown if !has_cookie_session => Ok(()),
        Sender::Unknown | Sender::CrossOrigin => {
            let origin = headers.get(header::ORIGIN).and_then(|v| v.to_str().ok()).unwrap_or("none");
            Err(Problem::new(ErrorCode::OriginRefused).with("origin", origin))
        }
    }
}

/// A site on loopback answers only to loopback names: a foreign name that resolves to 127.0.0.1 is an attack.
///
/// # Errors
/// `origin_refused`.
pub fn check_host(headers: &HeaderMap) -> Result<(), Problem> {
    let host = headers.get(header::HOST).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let name = if host.starts_with('[') {
        host.split_inclusive(']').next().unwrap_or_default()
    } else {
        host.rsplit_once(':').map_or(host, |(name, _)| name)
    };
    if matches!(name, "127.0.0.1" | "localhost" | "[::1]") {
        Ok(())
    } else {
        Err(Problem::new(ErrorCode::OriginRefused).with("origin", host))
    }
}

/// `host[:port]` of an origin.
fn authority(origin: &str, scheme: Scheme) -> Option<&str> {
    match scheme {
        Scheme::Https => origin.strip_prefix("https://"),
        // A proxy in front may speak TLS.
        Scheme::Http => origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v))).collect()
    }

    fn check_sender(pairs: &[(&'static str, &'static str)], expect: Sender) {
        assert_eq!(sender(&headers(pairs), Scheme::Http), expect, "{pairs:?}");
    }

    #[test]
    fn pages_are_told_apart() {
        let ours = ("host", "127.0.0.1:8080");
        check_sender(&[ours], Sender::Unknown);
        check_sender(&[ours, ("origin", "http://127.0.0.1:8080")], Sender::SameOrigin);
        check_sender(&[ours, ("origin", "http://127.0.0.1:9090")], Sender::CrossOrigin);
        check_sender(&[ours, ("origin", "null")], Sender::CrossOrigin);
        check_sender(&[ours, ("sec-fetch-site", "same-origin")], Sender::SameOrigin);
        check_sender(&[ours, ("sec-fetch-site", "none")], Sender::Unknown);
        check_sender(&[ours, ("sec-fetch-site", "same-site")], Sender::CrossOrigin);
        check_sender(&[ours, ("sec-fetch-site", "same-origin"), ("origin", "http://evil")], Sender::CrossOrigin);
        check_sender(&[("host", "Site.example"), ("origin", "https://site.example")], Sender::SameOrigin);
    }

    #[test]
    fn where_we_speak_tls_our_pages_do() {
        let check = |origin: &'static str, expect| {
            let headers = headers(&[("host", "site.example:8443"), ("origin", origin)]);
            assert_eq!(sender(&headers, Scheme::Https), expect, "{origin}");
        };
        check("https://site.example:8443", Sender::SameOrigin);
        check("http://site.example:8443", Sender::CrossOrigin);
        check("https://site.example", Sender::CrossOrigin);
    }

    #[test]
    fn only_our_pages_change_things_with_a_cookie() {
        let ask = |pairs: &[_], method: Method, cookie| check(&headers(pairs), &method, Scheme::Http, cookie).is_ok();
        assert!(ask(&[], Method::GET, true));
        assert!(!ask(&[], Method::POST, true));
        assert!(ask(&[], Method::POST, false));
        assert!(!ask(&[("origin", "http://evil")], Method::POST, false));
        assert!(!ask(&[("sec-websocket-key", "x"), ("origin", "http://evil")], Method::GET, true));
        assert!(!ask(&[("sec-websocket-key", "x")], Method::GET, true));
        assert!(ask(&[("sec-websocket-key", "x")], Method::GET, false));
    }

    #[test]
    fn foreign_names_for_loopback_are_refused() {
        let ask = |host: &'static str| check_host(&headers(&[("host", host)])).is_ok();
        for good in ["127.0.0.1", "127.0.0.1:8080", "localhost:1", "[::1]:80", "[::1]"] {
            assert!(ask(good), "{good}");
        }
        for bad in ["evil.example", "evil.example:8080", "127.0.0.1.evil.example:80", "", "[::2]:80"] {
            assert!(!ask(bad), "{bad}");
        }
    }
}
