//! The code that a headless start prints, so that only who sees its console creates the first administrator.

use rand::Rng;
use std::fmt;

/// Twelve characters in three groups: 60 bits, without look-alikes.
#[derive(Clone, PartialEq, Eq)]
pub struct SetupCode(String);

const ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

impl SetupCode {
    pub fn random() -> Self {
        let mut random = rand::rng();
        let pick = |_| char::from(ALPHABET[random.random_range(0..ALPHABET.len())]);
        let letters: String = (0..12).map(pick).collect();
        Self(format!("{}-{}-{}", &letters[..4], &letters[4..8], &letters[8..]))
    }

    /// As printed for the person at the console.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Case, spaces and dashes do not count.
    pub fn is(&self, typed: &str) -> bool {
        let plain = |text: &str| -> Vec<u8> {
            text.bytes().filter(u8::is_ascii_alphanumeric).map(|b| b.to_ascii_uppercase()).collect()
        };
        let (want, got) = (plain(&self.0), plain(typed));
        let differing = want.iter().zip(&got).fold(0, |acc, (a, b)| acc | (a ^ b));
        want.len() == got.len() && differing == 0
    }
}

impl fmt::Debug for SetupCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_typed_leniently() {
        let code = SetupCode::random();
        assert_eq!(code.reveal().len(), 14);
        assert!(code.is(code.reveal()));
        assert!(code.is(&format!(" {} ", code.reveal().to_lowercase().replace('-', " "))));
        assert!(!code.is("") && !code.is("AAAA-AAAA-AAA1") && !code.is(&code.reveal()[..13]));
        assert_ne!(code, SetupCode::random());
    }
}
