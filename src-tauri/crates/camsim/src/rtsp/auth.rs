//! How an RTSP request carries its login: Digest with MD5 (RFC 2617 3.2) and Basic.

use crate::{
    AuthScheme,
    login::{
        LoginDesk, LoginDoor,
        digest::{Algorithm, Fields, REALM, fits},
    },
};
use base64::{Engine, prelude::BASE64_STANDARD};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Welcome,
    /// No credentials, or a nonce of another connection: not an attempt at the password.
    Ask,
    Refused,
    /// The right password at the wrong time.
    Locked,
}

/// A request as far as its login goes.
#[derive(Clone, Copy)]
pub(super) struct Visit<'a> {
    pub scheme: AuthScheme,
    /// A fault has changed the password.
    pub is_password_changed: bool,
    pub header: Option<&'a str>,
    pub method: &'a str,
    pub nonce: &'a str,
}

/// Judges an `Authorization` header.
pub(super) fn judge(desk: &LoginDesk, visit: Visit<'_>) -> Verdict {
    if desk.is_open() {
        return Verdict::Welcome;
    }
    let Some(header) = visit.header else { return Verdict::Ask };
    let password = |name: &str| {
        let account = desk.find(LoginDoor::Rtsp, name)?;
        let changed = "changed by a fault".to_owned();
        Some(if visit.is_password_changed { changed } else { account.password.reveal().to_owned() })
    };
    let (scheme, rest) = header.split_once(' ').unwrap_or((header, ""));
    let good = match visit.scheme {
        AuthScheme::Digest | AuthScheme::Both if scheme.eq_ignore_ascii_case("digest") => {
            let fields = Fields::parse(rest);
            if fields.get("nonce") != Some(visit.nonce) {
                return Verdict::Ask;
            }
            let password = password(fields.get("username").unwrap_or_default());
            password.is_some_and(|password| fits(&fields, &password, visit.method, &[Algorithm::Md5]))
        }
        AuthScheme::Basic | AuthScheme::Both if scheme.eq_ignore_ascii_case("basic") => {
            basic(rest).is_some_and(|(user, given)| password(&user).as_ref() == Some(&given))
        }
        _ => false,
    };
    match (good, desk.is_locked()) {
        (true, false) => Verdict::Welcome,
        (true, true) => Verdict::Locked,
        (false, _) => Verdict::Refused,
    }
}

/// User name and password of the parameter of Basic.
fn basic(parameter: &str) -> Option<(String, String)> {
    let bytes = BASE64_STANDARD.decode(parameter.trim()).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    text.split_once(':').map(|(user, password)| (user.to_owned(), password.to_owned()))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::login::{Account, Lockout};
    use md5::{Digest, Md5};
    use watchwall_model::Secret;

    fn desk(lockout: Option<Lockout>) -> LoginDesk {
        LoginDesk::new(vec![Account::administrator("admin", Secret::new("12345"))], Vec::new(), lockout)
    }

    fn digest(password: &str, nonce: &str) -> String {
        let md5_hex =
            |text: String| Md5::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let secret = md5_hex(format!("admin:{REALM}:{password}"));
        let subject = md5_hex("DESCRIBE:rtsp://h/x".into());
        let response = md5_hex(format!("{secret}:{nonce}:{subject}"));
        format!(
            "Digest username=\"admin\", realm=\"{REALM}\", nonce=\"{nonce}\", uri=\"rtsp://h/x\", response=\"{response}\""
        )
    }

    fn visit(scheme: AuthScheme, header: Option<&str>) -> Visit<'_> {
        Visit { scheme, is_password_changed: false, header, method: "DESCRIBE", nonce: "n1" }
    }

    #[test]
    fn only_the_right_password_is_welcome() {
        let desk = desk(None);
        let check = |scheme, header: Option<&str>, expect| {
            assert_eq!(judge(&desk, visit(scheme, header)), expect, "{header:?}");
        };
        check(AuthScheme::Both, None, Verdict::Ask);
        check(AuthScheme::Both, Some(&digest("12345", "n1")), Verdict::Welcome);
        check(AuthScheme::Both, Some(&digest("12346", "n1")), Verdict::Refused);
        check(AuthScheme::Both, Some(&digest("12345", "n0")), Verdict::Ask);
        check(AuthScheme::Both, Some("Basic YWRtaW46MTIzNDU="), Verdict::Welcome);
        check(AuthScheme::Digest, Some("Basic YWRtaW46MTIzNDU="), Verdict::Refused);
        check(AuthScheme::Basic, Some("Basic !!"), Verdict::Refused);
        check(AuthScheme::Both, Some("Bearer x"), Verdict::Refused);
        let header = digest("12345", "n1");
        let changed = Visit { is_password_changed: true, ..visit(AuthScheme::Both, Some(&header)) };
        assert_eq!(judge(&desk, changed), Verdict::Refused);
    }

    #[test]
    fn nobody_comes_in_while_it_is_locked() {
        let desk = desk(Some(Lockout { attempts: 1, ms: 60_000 }));
        desk.refused(LoginDoor::Soap);
        assert_eq!(judge(&desk, visit(AuthScheme::Digest, Some(&digest("12345", "n1")))), Verdict::Locked);
    }
}
