//! WS-UsernameToken: `Base64(SHA1(nonce + created + password))`.

use base64::{Engine, prelude::BASE64_STANDARD};
use sha1::{Digest, Sha1};

/// Whether a token's digest is the one that this password gives. `nonce` is as it was sent, in base64.
pub(crate) fn fits(digest: &str, nonce: &str, created: &str, password: &str) -> bool {
    let Ok(nonce) = BASE64_STANDARD.decode(nonce.trim()) else { return false };
    let mut hash = Sha1::new();
    hash.update(nonce);
    hash.update(created.as_bytes());
    hash.update(password.as_bytes());
    BASE64_STANDARD.encode(hash.finalize()) == digest.trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_programmers_guide() {
        let check = |password, expect| {
            let created = "2010-09-16T07:50:45Z";
            assert_eq!(fits("tuOSpGlFlIXsozq4HFNeeGeFLEI=", "LKqI6G/AikKCQrN0zqZFlg==", created, password), expect);
        };
        check("userpassword", true);
        check("userpasswort", false);
    }
}
