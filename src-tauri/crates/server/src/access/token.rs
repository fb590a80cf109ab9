//! Random tokens: how they are made, hashed, and found in a request.

use axum::http::{HeaderMap, header};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use rand::TryRngCore;
use sha2::{Digest, Sha256};
use watchwall_model::{ErrorCode, Problem, Secret};

/// 256 random bits as 43 characters that need no escaping.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Token(Secret);

impl Token {
    /// # Errors
    /// `internal` when the system has no randomness to give.
    pub fn random() -> Result<Self, Problem> {
        let mut bytes = [0u8; 32];
        rand::rngs::OsRng
            .try_fill_bytes(&mut bytes)
            .map_err(|e| Problem::new(ErrorCode::Internal).at("random").because(e))?;
        Ok(Self(Secret::new(URL_SAFE_NO_PAD.encode(bytes))))
    }

    /// What a client sent.
    pub fn received(text: &str) -> Self {
        Self(Secret::new(text))
    }

    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }

    /// What is stored. The token has 256 random bits, so a plain hash suffices.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.reveal().as_bytes()).into()
    }
}

/// `Authorization: Bearer ...` (RFC 6750, section 2.1).
pub fn bearer(headers: &HeaderMap) -> Option<Token> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| Token::received(token.trim()))
}

/// The session cookie's value.
pub fn cookie(headers: &HeaderMap, name: &str) -> Option<Token> {
    let all = headers.get_all(header::COOKIE).into_iter().filter_map(|v| v.to_str().ok());
    all.flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, value)| *key == name && !value.is_empty())
        .map(|(_, value)| Token::received(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn headers(name: header::HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn tokens_differ_and_keep_silent() {
        let (a, b) = (Token::random().unwrap(), Token::random().unwrap());
        assert_ne!(a.hash(), b.hash());
        assert_eq!(a.reveal().len(), 43);
        assert!(!format!("{a:?}").contains(a.reveal()));
    }

    #[test]
    fn tokens_are_found_in_headers() {
        let check_bearer = |value, expect: Option<&str>| {
            let got = bearer(&headers(header::AUTHORIZATION, value));
            assert_eq!(got.as_ref().map(Token::reveal), expect, "{value}");
        };
        check_bearer("Bearer abc", Some("abc"));
        check_bearer("bearer  abc", Some("abc"));
        check_bearer("Basic abc", None);
        let check_cookie = |value, expect: Option<&str>| {
            let got = cookie(&headers(header::COOKIE, value), "w_1");
            assert_eq!(got.as_ref().map(Token::reveal), expect, "{value}");
        };
        check_cookie("a=b; w_1=xyz; c=d", Some("xyz"));
        check_cookie("w_12=xyz", None);
        check_cookie("w_1=", None);
    }
}
