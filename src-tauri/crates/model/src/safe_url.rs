//! A camera address without credentials, safe to log, store and show.

use crate::{Credentials, ErrorCode, Problem, Secret};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use url::Url;

/// A URL that holds no user information. Build it with [`SafeUrl::split`].
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SafeUrl(Url);

/// Schemes an ingest engine can open.
const SCHEMES: [&str; 9] = ["rtsp", "rtsps", "rtspt", "http", "https", "rtmp", "rtmps", "srt", "file"];

impl SafeUrl {
    /// Parses what a person typed and takes credentials out of it.
    ///
    /// # Errors
    /// `url_invalid`, `url_scheme_unsupported` or `url_host_missing`, with the offending part as parameter.
    pub fn split(text: &str) -> Result<(Self, Option<Credentials>), Problem> {
        let text = text.trim();
        let mut url = Url::parse(text).map_err(|e| Problem::new(ErrorCode::UrlInvalid).with("reason", e))?;
        if !SCHEMES.contains(&url.scheme()) {
            return Err(Problem::new(ErrorCode::UrlSchemeUnsupported).with("scheme", url.scheme()));
        }
        if url.scheme() != "file" && url.host_str().is_none_or(str::is_empty) {
            return Err(Problem::new(ErrorCode::UrlHostMissing));
        }
        let username = percent_decode(url.username());
        let password = url.password().map(percent_decode).unwrap_or_default();
        let credentials = (!username.is_empty() || !password.is_empty())
            .then(|| Credentials { username, password: Secret::new(password) });
        // Fails only for URLs that cannot carry user information, and those have none to remove.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        Ok((Self(url), credentials))
    }

    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// With the credentials in it, for a program that has to log in itself and takes nothing else.
    pub fn with_credentials(&self, credentials: Option<&Credentials>) -> Secret {
        let mut url = self.0.clone();
        if let Some(credentials) = credentials {
            // Fails only for URLs that cannot carry user information; those need none.
            let _ = url.set_username(&credentials.username);
            let _ = url.set_password(Some(credentials.password.reveal()));
        }
        Secret::new(url.as_str())
    }

    pub fn scheme(&self) -> &str {
        self.0.scheme()
    }

    /// Host as written, without brackets around IPv6. Empty for `file:`.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']')
    }

    pub fn port(&self) -> Option<u16> {
        self.0.port()
    }

    pub fn as_url(&self) -> &Url {
        &self.0
    }
}

/// `%40` and friends, as they stand in the user part of a URL. A malformed escape is kept as written.
fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let escaped = (bytes[i] == b'%')
            .then(|| text.get(i + 1..i + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok()))
            .flatten();
        match escaped {
            Some(byte) => {
                out.push(byte);
                i += 3;
            }
            None => {
                out.push(bytes[i]);
                i += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

impl fmt::Display for SafeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

impl fmt::Debug for SafeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

impl Serialize for SafeUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for SafeUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::split(&text).map(|(url, _)| url).map_err(|p| serde::de::Error::custom(p.code.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Split<'a> = (&'a str, Option<(&'a str, &'a str)>);

    fn check(text: &str, expect: Result<Split<'_>, ErrorCode>) {
        let got = SafeUrl::split(text);
        match (got, expect) {
            (Ok((url, credentials)), Ok((want, want_credentials))) => {
                assert_eq!(url.as_str(), want);
                let got = credentials.as_ref().map(|c| (c.username.as_str(), c.password.reveal()));
                assert_eq!(got, want_credentials);
            }
            (Err(problem), Err(code)) => assert_eq!(problem.code, code),
            (got, want) => unreachable!("{text}: {got:?}, wanted {want:?}"),
        }
    }

    #[test]
    fn credentials_leave_the_url() {
        check("rtsp://10.0.0.5/main", Ok(("rtsp://10.0.0.5/main", None)));
        check(" rtsp://admin:p%40ss@10.0.0.5:8554/a?b=1 ", Ok(("rtsp://10.0.0.5:8554/a?b=1", Some(("admin", "p@ss")))));
        check("rtsp://u:100%25@[::1]/x", Ok(("rtsp://[::1]/x", Some(("u", "100%")))));
        check("rtsp://%E5%BC%A0:%E5%AF%86@h/x", Ok(("rtsp://h/x", Some(("张", "密")))));
    }

    #[test]
    fn credentials_come_back_into_the_url() {
        for text in ["rtsp://10.0.0.5/main", "rtsp://u:100%25%40@[::1]/x", "rtsp://%E5%BC%A0:%E5%AF%86@h/x"] {
            let (url, credentials) = SafeUrl::split(text).unwrap();
            let whole = url.with_credentials(credentials.as_ref());
            assert_eq!(SafeUrl::split(whole.reveal()).unwrap(), (url, credentials), "{text}");
        }
    }

    #[test]
    fn refusals_name_the_part() {
        check("not a url", Err(ErrorCode::UrlInvalid));
        check("gopher://x/", Err(ErrorCode::UrlSchemeUnsupported));
        check("rtsp:///nohost", Err(ErrorCode::UrlHostMissing));
        check("rtsp://h:99999/", Err(ErrorCode::UrlInvalid));
    }
}
