//! Digest with MD5 (RFC 2617 3.2) and Basic authentication.

use crate::{AuthScheme, spec::CameraSpec};
use base64::{Engine, prelude::BASE64_STANDARD};
use md5::{Digest, Md5};

pub(super) const REALM: &str = "camsim";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Welcome,
    /// No credentials, or a nonce of another connection: not an attempt at the password.
    Ask,
    Refused,
}

/// Judges an `Authorization` header. `password` is the one in force, which a fault may have changed.
pub(super) fn judge(
    spec: &CameraSpec,
    wrong_password: bool,
    header: Option<&str>,
    method: &str,
    nonce: &str,
) -> Verdict {
    let Some((user, password)) = &spec.credentials else { return Verdict::Welcome };
    let Some(header) = header else { return Verdict::Ask };
    let password = if wrong_password { "changed by a fault" } else { password.reveal() };
    let (scheme, rest) = header.split_once(' ').unwrap_or((header, ""));
    let good = match spec.auth {
        AuthScheme::Digest | AuthScheme::Both if scheme.eq_ignore_ascii_case("digest") => {
            let fields = Fields::parse(rest);
            if fields.get("nonce") != Some(nonce) {
                return Verdict::Ask;
            }
            digest_fits(&fields, user, password, method)
        }
        AuthScheme::Basic | AuthScheme::Both if scheme.eq_ignore_ascii_case("basic") => {
            BASE64_STANDARD.decode(rest.trim()).is_ok_and(|given| given == format!("{user}:{password}").into_bytes())
        }
        _ => false,
    };
    if good { Verdict::Welcome } else { Verdict::Refused }
}

/// The challenges of a camera, one `WWW-Authenticate` value each.
pub(super) fn challenges(scheme: AuthScheme, nonce: &str) -> Vec<String> {
    let digest = format!("Digest realm=\"{REALM}\", nonce=\"{nonce}\", algorithm=MD5");
    let basic = format!("Basic realm=\"{REALM}\"");
    match scheme {
        AuthScheme::Digest => vec![digest],
        AuthScheme::Basic => vec![basic],
        AuthScheme::Both => vec![digest, basic],
    }
}

fn digest_fits(fields: &Fields, user: &str, password: &str, method: &str) -> bool {
    let field = |name| fields.get(name).unwrap_or_default();
    if field("username") != user || field("realm") != REALM {
        return false;
    }
    let secret = md5_hex(&format!("{user}:{REALM}:{password}"));
    let subject = md5_hex(&format!("{method}:{}", field("uri")));
    let nonce = field("nonce");
    let expect = match fields.get("qop") {
        Some(qop) => md5_hex(&format!("{secret}:{nonce}:{}:{}:{qop}:{subject}", field("nc"), field("cnonce"))),
        None => md5_hex(&format!("{secret}:{nonce}:{subject}")),
    };
    expect == field("response")
}

fn md5_hex(text: &str) -> String {
    Md5::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `name="value", name=value` pairs.
struct Fields(Vec<(String, String)>);

impl Fields {
    fn parse(mut text: &str) -> Self {
        let mut fields = Vec::new();
        while let Some((name, rest)) = text.split_once('=') {
            let (value, rest) = match rest.strip_prefix('"') {
                Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
                None => rest.split_once(',').unwrap_or((rest, "")),
            };
            fields.push((name.trim_matches([' ', ',']).to_ascii_lowercase(), value.trim().to_owned()));
            text = rest.trim_start_matches([',', ' ']);
        }
        Self(fields)
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::StreamSpec;
    use watchwall_model::Secret;

    fn camera(auth: AuthScheme) -> CameraSpec {
        let credentials = Some(("admin".to_owned(), Secret::new("12345")));
        CameraSpec { credentials, auth, ..CameraSpec::new("a", StreamSpec::live(160, 120, 5)) }
    }

    fn digest(password: &str, nonce: &str) -> String {
        let secret = md5_hex(&format!("admin:{REALM}:{password}"));
        let subject = md5_hex("DESCRIBE:rtsp://h/x");
        let response = md5_hex(&format!("{secret}:{nonce}:{subject}"));
        format!(
            "Digest username=\"admin\", realm=\"{REALM}\", nonce=\"{nonce}\", uri=\"rtsp://h/x\", response=\"{response}\""
        )
    }

    #[test]
    fn only_the_right_password_is_welcome() {
        let check = |spec: &CameraSpec, header: Option<&str>, expect| {
            assert_eq!(judge(spec, false, header, "DESCRIBE", "n1"), expect, "{header:?}");
        };
        let both = camera(AuthScheme::Both);
        check(&both, None, Verdict::Ask);
        check(&both, Some(&digest("12345", "n1")), Verdict::Welcome);
        check(&both, Some(&digest("12346", "n1")), Verdict::Refused);
        check(&both, Some(&digest("12345", "n0")), Verdict::Ask);
        check(&both, Some("Basic YWRtaW46MTIzNDU="), Verdict::Welcome);
        check(&camera(AuthScheme::Digest), Some("Basic YWRtaW46MTIzNDU="), Verdict::Refused);
        check(&camera(AuthScheme::Basic), Some("Basic !!"), Verdict::Refused);
        check(&both, Some("Bearer x"), Verdict::Refused);
        assert_eq!(judge(&both, true, Some(&digest("12345", "n1")), "DESCRIBE", "n1"), Verdict::Refused);
    }

    #[test]
    fn md5_is_md5() {
        assert_eq!(md5_hex("abc"), "900150983cd24fb0d6963f7d28e17f72");
    }
}
