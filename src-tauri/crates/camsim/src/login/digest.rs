//! HTTP Digest with MD5 (RFC 2617 3.2) and SHA-256 (RFC 7616), for RTSP and HTTP alike.

use md5::Md5;
use sha2::{Digest, Sha256};

pub(crate) const REALM: &str = "camsim";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Md5,
    Sha256,
}

impl Algorithm {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
        }
    }

    fn hex(self, text: &str) -> String {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        match self {
            Self::Md5 => hex(&Md5::digest(text.as_bytes())),
            Self::Sha256 => hex(&Sha256::digest(text.as_bytes())),
        }
    }
}

/// Whether the response of the fields is the one that this password gives. Without an algorithm it is MD5.
pub(crate) fn fits(fields: &Fields, password: &str, method: &str, offered: &[Algorithm]) -> bool {
    let field = |name| fields.get(name).unwrap_or_default();
    let named = fields.get("algorithm").unwrap_or("MD5");
    let Some(algorithm) = offered.iter().copied().find(|own| own.name().eq_ignore_ascii_case(named)) else {
        return false;
    };
    if field("realm") != REALM {
        return false;
    }
    let secret = algorithm.hex(&format!("{}:{REALM}:{password}", field("username")));
    let subject = algorithm.hex(&format!("{method}:{}", field("uri")));
    let nonce = field("nonce");
    let expect = match fields.get("qop") {
        Some(qop) => algorithm.hex(&format!("{secret}:{nonce}:{}:{}:{qop}:{subject}", field("nc"), field("cnonce"))),
        None => algorithm.hex(&format!("{secret}:{nonce}:{subject}")),
    };
    expect == field("response")
}

/// `name="value", name=value` pairs.
pub(crate) struct Fields(Vec<(String, String)>);

impl Fields {
    pub fn parse(mut text: &str) -> Self {
        let mut fields = Vec::new();
        while let Some((name, rest)) = text.split_once('=') {
            let (value, rest) = match rest.strip_prefix('"') {
                Some(quoted) => unquote(quoted),
                None => rest.split_once(',').map_or((rest.to_owned(), ""), |(value, rest)| (value.to_owned(), rest)),
            };
            fields.push((name.trim_matches([' ', ',']).to_ascii_lowercase(), value.trim().to_owned()));
            text = rest.trim_start_matches([',', ' ']);
        }
        Self(fields)
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// The text up to the closing quote, and what follows it.
fn unquote(quoted: &str) -> (String, &str) {
    let mut value = String::new();
    let mut is_escaped = false;
    for (at, c) in quoted.char_indices() {
        match c {
            '\\' if !is_escaped => is_escaped = true,
            '"' if !is_escaped => return (value, &quoted[at + 1..]),
            c => {
                value.push(c);
                is_escaped = false;
            }
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_what_they_are_called() {
        assert_eq!(Algorithm::Md5.hex("abc"), "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(Algorithm::Sha256.hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn a_response_fits_its_password_and_algorithm_only() {
        let response = |algorithm: Algorithm, password: &str| {
            let secret = algorithm.hex(&format!("ad\"min:{REALM}:{password}"));
            let subject = algorithm.hex("POST:/x?a=1");
            let response = algorithm.hex(&format!("{secret}:n:00000001:c:auth:{subject}"));
            format!(
                "username=\"ad\\\"min\", realm=\"{REALM}\", nonce=\"n\", uri=\"/x?a=1\", qop=auth, nc=00000001, \
                 cnonce=\"c\", algorithm={}, response=\"{response}\"",
                algorithm.name()
            )
        };
        let check = |algorithm, password, offered: &[Algorithm], expect| {
            let fields = Fields::parse(&response(algorithm, password));
            assert_eq!(fields.get("username"), Some("ad\"min"));
            assert_eq!(fits(&fields, "密码:@", "POST", offered), expect, "{algorithm:?} {password}");
        };
        let both = [Algorithm::Sha256, Algorithm::Md5];
        check(Algorithm::Md5, "密码:@", &both, true);
        check(Algorithm::Sha256, "密码:@", &both, true);
        check(Algorithm::Sha256, "密码", &both, false);
        check(Algorithm::Sha256, "密码:@", &[Algorithm::Md5], false);
    }
}
