//! Puts a login onto a request.

use super::challenge::Challenge;
use crate::{dates::format_utc, soap::escape};
use base64::{Engine, engine::general_purpose::STANDARD};
use digest_auth::{AuthContext, HttpMethod};
use sha1::{Digest, Sha1};
use watchwall_model::{Credentials, UtcMillis};

/// A WS-UsernameToken header for one request.
///
/// The nonce is fresh, 16 bytes, and the time has milliseconds: longer ones and reused ones are refused by Hikvision.
pub(super) fn username_token(credentials: &Credentials, device_now: UtcMillis) -> String {
    let nonce: [u8; 16] = rand::random();
    let created = format_utc(device_now);
    format!(
        "<Security s:mustUnderstand=\"1\" xmlns=\"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd\">\
         <UsernameToken><Username>{}</Username>\
         <Password Type=\"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest\">{}</Password>\
         <Nonce EncodingType=\"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary\">{}</Nonce>\
         <Created xmlns=\"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd\">{created}</Created>\
         </UsernameToken></Security>",
        escape(&credentials.username),
        password_digest(&nonce, &created, credentials.password.reveal()),
        STANDARD.encode(nonce),
    )
}

/// `Base64(SHA1(nonce + created + password))`.
fn password_digest(nonce: &[u8], created: &str, password: &str) -> String {
    let mut hash = Sha1::new();
    hash.update(nonce);
    hash.update(created.as_bytes());
    hash.update(password.as_bytes());
    STANDARD.encode(hash.finalize())
}

/// What a Digest signature covers.
pub(super) struct Signed<'r> {
    pub method: &'static str,
    /// Path with query.
    pub uri: &'r str,
    pub body: &'r [u8],
}

/// The `Authorization` header for one request; `None` when the challenge cannot be answered.
pub(super) fn digest(challenge: &mut Challenge, credentials: &Credentials, request: &Signed<'_>) -> Option<String> {
    let context = AuthContext::new_with_method(
        credentials.username.as_str(),
        credentials.password.reveal(),
        request.uri,
        Some(request.body),
        HttpMethod::from(request.method),
    );
    challenge.0.respond(&context).ok().map(|header| header.to_header_string())
}

pub(super) fn basic(credentials: &Credentials) -> String {
    format!("Basic {}", STANDARD.encode(format!("{}:{}", credentials.username, credentials.password.reveal())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use watchwall_model::Secret;

    #[test]
    fn the_digest_of_the_specification() {
        // The example of ONVIF's programmer's guide.
        let nonce = STANDARD.decode("LKqI6G/AikKCQrN0zqZFlg==").unwrap();
        let digest = password_digest(&nonce, "2010-09-16T07:50:45Z", "userpassword");
        assert_eq!(digest, "tuOSpGlFlIXsozq4HFNeeGeFLEI=");
    }

    #[test]
    fn names_are_escaped_and_nonces_fresh() {
        let login = Credentials { username: "a<&>\"张".into(), password: Secret::new("p&<密") };
        let (one, two) = (username_token(&login, UtcMillis(0)), username_token(&login, UtcMillis(0)));
        assert!(one.contains("<Username>a&lt;&amp;&gt;&quot;张</Username>"), "{one}");
        assert!(one.contains(">1970-01-01T00:00:00.000Z</Created>") && !one.contains("p&"));
        assert_ne!(one, two);
        assert!(crate::tree::Tree::parse(&one).is_ok());
    }

    #[test]
    fn digest_headers_count_and_leave_qop_unquoted() {
        let offers = super::super::challenge::Offers::read(std::iter::once(
            "Digest realm=\"cam\", nonce=\"abc\", opaque=\"o\", qop=\"auth\", algorithm=MD5",
        ));
        let mut challenge = offers.digest.unwrap();
        let login = Credentials { username: "admin".into(), password: Secret::new("x") };
        let request = Signed { method: "POST", uri: "/onvif/device_service?a=1", body: b"" };
        let first = digest(&mut challenge, &login, &request).unwrap();
        let second = digest(&mut challenge, &login, &request).unwrap();
        assert!(
            first.contains("qop=auth,") && first.contains("nc=00000001") && first.contains("opaque=\"o\""),
            "{first}"
        );
        assert!(first.contains("uri=\"/onvif/device_service?a=1\""), "{first}");
        assert!(second.contains("nc=00000002"), "{second}");
    }
}
