//! The code of something an AI engine looks for.

use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc};

/// Such as `REGION_INTRUSION`. Codes that the catalogue does not know are as good as others.
///
/// Cheap to copy: every result carries one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SceneCode(Arc<str>);

impl SceneCode {
    /// In characters, all of them ASCII.
    pub const MOST_CHARS: usize = 64;

    /// `None` for what cannot be one: 1 to 64 letters, digits, `_`, `-` or `.`.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'-' | b'.');
        let is_code = (1..=Self::MOST_CHARS).contains(&text.len()) && text.bytes().all(fits);
        is_code.then(|| Self(text.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SceneCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl TryFrom<String> for SceneCode {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("a scene code is 1 to 64 letters, digits, '_', '-' or '.'")
    }
}

impl From<SceneCode> for String {
    fn from(code: SceneCode) -> Self {
        code.0.as_ref().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_short_words_of_ascii() {
        let check = |text: &str, is_code: bool| assert_eq!(SceneCode::parse(text).is_some(), is_code, "{text:?}");
        check("MOTION", true);
        check("line-crossing.2", true);
        check(&"A".repeat(64), true);
        check(&"A".repeat(65), false);
        check("", false);
        check("a b", false);
        check("入侵", false);
    }
}
