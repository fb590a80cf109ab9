//! What `WWW-Authenticate` asks for.

use digest_auth::{Algorithm, AlgorithmType, Charset, Qop, WwwAuthenticateHeader};

/// The offers of one 401, of however many headers.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Offers {
    /// The strongest Digest we can do.
    pub digest: Option<Challenge>,
    pub basic: bool,
    /// Something else, for example Negotiate.
    pub other: bool,
}

/// One Digest challenge, with the count of what was signed with its nonce.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Challenge(pub WwwAuthenticateHeader);

impl Challenge {
    /// Requests signed so far.
    pub const fn uses(&self) -> u32 {
        self.0.nc
    }

    pub const fn is_stale(&self) -> bool {
        self.0.stale
    }
}

impl Offers {
    pub fn read<'h>(headers: impl Iterator<Item = &'h str>) -> Self {
        let mut offers = Self::default();
        let mut best = 0;
        for (scheme, parameters) in headers.flat_map(split) {
            match scheme.to_ascii_lowercase().as_str() {
                "basic" => offers.basic = true,
                "digest" => {
                    if let Some((strength, challenge)) = digest(&parameters).filter(|(strength, _)| *strength > best) {
                        best = strength;
                        offers.digest = Some(challenge);
                    }
                }
                _ => offers.other = true,
            }
        }
        offers
    }

    pub const fn is_empty(&self) -> bool {
        self.digest.is_none() && !self.basic && !self.other
    }
}

type Parameters = Vec<(String, String)>;

/// Splits a header into its challenges: several may stand in one, after commas like their own parameters.
fn split(header: &str) -> Vec<(String, Parameters)> {
    let mut found: Vec<(String, Parameters)> = Vec::new();
    for part in commas(header) {
        let part = part.trim();
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let name = name.trim();
        match name.split_once(char::is_whitespace) {
            Some((scheme, name)) => {
                found.push((scheme.to_owned(), vec![(name.trim().to_ascii_lowercase(), unquote(value))]));
            }
            None if !part.contains('=') && !part.is_empty() => found.push((part.to_owned(), Vec::new())),
            None => {
                if let Some((_, parameters)) = found.last_mut() {
                    parameters.push((name.to_ascii_lowercase(), unquote(value)));
                }
            }
        }
    }
    found
}

/// Parts between commas that stand outside quotes.
fn commas(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut is_quoted, mut is_escaped) = (Vec::new(), 0, false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

fn unquote(value: &str) -> String {
    let value = value.trim();
    let Some(inside) = value.strip_prefix('"') else { return value.to_owned() };
    let mut out = String::with_capacity(inside.len());
    let mut chars = inside.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.extend(chars.next()),
            '"' => break,
            c => out.push(c),
        }
    }
    out
}

/// A challenge we can answer, with its strength.
fn digest(parameters: &Parameters) -> Option<(u8, Challenge)> {
    let get = |name: &str| parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let written = get("algorithm").filter(|name| !name.is_empty()).unwrap_or("MD5").to_ascii_uppercase();
    let (name, sess) = written.strip_suffix("-SESS").map_or((written.as_str(), false), |name| (name, true));
    let (strength, algorithm) = match name {
        "MD5" => (1, AlgorithmType::MD5),
        "SHA-256" | "SHA256" => (2, AlgorithmType::SHA2_256),
        "SHA-512-256" => (3, AlgorithmType::SHA2_512_256),
        _ => return None,
    };
    // Without a quality of protection the old arithmetic of RFC 2069 applies; `auth` is preferred over signing bodies.
    let offered: Vec<_> = get("qop").unwrap_or_default().split([',', ' ']).map(str::trim).collect();
    let has = |name: &str| offered.iter().any(|qop| qop.eq_ignore_ascii_case(name));
    let qop = if has("auth") {
        Some(vec![Qop::AUTH])
    } else if has("auth-int") {
        Some(vec![Qop::AUTH_INT])
    } else {
        None
    };
    let header = WwwAuthenticateHeader {
        domain: None,
        realm: get("realm").unwrap_or_default().to_owned(),
        nonce: get("nonce")?.to_owned(),
        opaque: get("opaque").map(ToOwned::to_owned),
        stale: get("stale").is_some_and(|stale| stale.eq_ignore_ascii_case("true")),
        algorithm: Algorithm::new(algorithm, sess),
        qop,
        userhash: get("userhash").is_some_and(|hash| hash.eq_ignore_ascii_case("true")),
        charset: Charset::UTF8,
        nc: 0,
    };
    Some((strength, Challenge(header)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offers(headers: &[&str]) -> Offers {
        Offers::read(headers.iter().copied())
    }

    #[track_caller]
    fn algorithm(headers: &[&str], expect: &str) -> WwwAuthenticateHeader {
        let challenge = offers(headers).digest.expect("a challenge").0;
        assert_eq!(challenge.algorithm.to_string(), expect);
        challenge
    }

    #[test]
    fn the_strongest_of_several_is_chosen() {
        let md5 = "Digest realm=\"r\", nonce=\"1\", qop=\"auth\"";
        let sha = "Digest realm=\"r\", nonce=\"2\", algorithm=SHA-256, qop=\"auth,auth-int\"";
        assert_eq!(algorithm(&[md5, sha], "SHA-256").nonce, "2");
        assert_eq!(algorithm(&[sha, md5], "SHA-256").qop, Some(vec![Qop::AUTH]));
        assert_eq!(algorithm(&[&format!("{md5}, {sha}")], "SHA-256").nonce, "2");
        assert_eq!(algorithm(&[md5, "Digest realm=\"r\", nonce=\"3\", algorithm=SHA-999"], "MD5").nonce, "1");
    }

    #[test]
    fn what_devices_write() {
        let bare = algorithm(&["Digest realm=IP Camera(C1234), nonce=abc"], "MD5");
        assert_eq!((bare.nonce.as_str(), bare.qop), ("abc", None));
        let chinese = algorithm(&["digest Realm=\"摄像头, \\\"A\\\"\", NONCE=\"x\", stale=TRUE, opaque="], "MD5");
        assert_eq!((chinese.realm.as_str(), chinese.stale), ("摄像头, \"A\"", true));
        assert_eq!(chinese.opaque.as_deref(), Some(""));
        assert!(offers(&["Basic realm=\"a, Digest nonce=b\""]).digest.is_none());
        assert!(offers(&["Basic realm=\"x\", Digest nonce=\"n\", realm=\"y\""]).digest.is_some());
        assert!(offers(&["Negotiate"]).other);
        assert!(offers(&["", ",,", "=", "\"", "Digest", "Digest realm=\"no nonce\""]).digest.is_none());
    }
}
