//! What a group is called.

use crate::extract::invalid;
use std::fmt;
use watchwall_model::Problem;

const MOST_BYTES: usize = 64;

/// Letters, digits, `_` and `-`, at most 64: a link holds it as it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct GroupName(String);

impl GroupName {
    /// # Errors
    /// `request_invalid`.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        let ok = !text.is_empty() && text.len() <= MOST_BYTES && text.bytes().all(fits);
        if ok { Ok(Self(text.to_owned())) } else { Err(invalid("group", "not_a_name")) }
    }
}

impl fmt::Display for GroupName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_need_no_escaping() {
        let check = |text: &str, ok: bool| assert_eq!(GroupName::parse(text).is_ok(), ok, "{text}");
        check("hall-2_B", true);
        check(&"a".repeat(64), true);
        for bad in ["", "a b", "a/b", "ä", "a.b", "a?"] {
            check(bad, false);
        }
        check(&"a".repeat(65), false);
    }
}
