//! What people may write, and how much of it: pure checks that name the field.

use watchwall_model::{ErrorCode, Problem, StreamPath, TimeRange, UtcMillis};

/// Streams of one lock or export.
const MOST_PATHS: usize = 64;
const MOST_TAGS: usize = 16;
const LONGEST_TAG: usize = 40;

/// How a text may be.
#[derive(Clone, Copy, Debug)]
pub struct Words {
    pub field: &'static str,
    pub shortest: usize,
    pub longest: usize,
}

/// The text without space around it.
///
/// # Errors
/// `request_invalid` naming the field.
pub fn text(given: &str, words: Words) -> Result<String, Problem> {
    let text = given.trim();
    let length = text.chars().count();
    if length < words.shortest {
        return Err(invalid(words.field, "missing"));
    }
    if length > words.longest {
        return Err(invalid(words.field, "too_long").with("longest", words.longest));
    }
    if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        return Err(invalid(words.field, "control_characters"));
    }
    Ok(text.to_owned())
}

/// Ascending, each once.
///
/// # Errors
/// `request_invalid` when there is none, or too many.
pub fn paths(mut given: Vec<StreamPath>) -> Result<Vec<StreamPath>, Problem> {
    given.sort();
    given.dedup();
    if given.is_empty() || given.len() > MOST_PATHS {
        return Err(invalid("paths", "1_to_64"));
    }
    Ok(given)
}

/// Ascending, each once, without space around.
///
/// # Errors
/// `request_invalid` when there are too many, or one is too long.
pub fn tags(given: &[String]) -> Result<Vec<String>, Problem> {
    let words = Words { field: "tags", shortest: 0, longest: LONGEST_TAG };
    let mut tags = given.iter().map(|tag| text(tag, words)).collect::<Result<Vec<_>, _>>()?;
    tags.retain(|tag| !tag.is_empty());
    tags.sort();
    tags.dedup();
    if tags.len() > MOST_TAGS { Err(invalid("tags", "too_many").with("most", MOST_TAGS)) } else { Ok(tags) }
}

/// # Errors
/// `range_invalid` for an empty, reversed or too long one.
pub fn range(from: UtcMillis, to: UtcMillis, longest_ms: i64) -> Result<TimeRange, Problem> {
    let range = TimeRange::new(from, to).filter(|range| range.duration_ms() <= longest_ms);
    range.ok_or_else(|| Problem::new(ErrorCode::RangeInvalid).with("from", from.0).with("to", to.0))
}

/// `request_invalid`, naming the part that is wrong.
pub fn invalid(field: &str, reason: &str) -> Problem {
    Problem::new(ErrorCode::RequestInvalid).with("field", field).with("reason", reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_trimmed_and_bounded() {
        let check = |given: &str, expect: Option<&str>| {
            let words = Words { field: "reason", shortest: 1, longest: 5 };
            assert_eq!(text(given, words).ok().as_deref(), expect, "{given:?}");
        };
        check(" abc ", Some("abc"));
        check("一二三四五", Some("一二三四五"));
        check("一二三四五六", None);
        check("  ", None);
        check("a\u{7}b", None);
        check("a\nb", Some("a\nb"));
    }

    #[test]
    fn tags_are_sorted_and_stand_once() {
        let given = |tags: &[&str]| tags.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(tags(&given(&["theft", " car", "", "car"])).unwrap(), ["car", "theft"]);
        assert!(tags(&given(&["x"; 17])).is_ok(), "only one of them");
        assert!(tags(&(0..17).map(|n| n.to_string()).collect::<Vec<_>>()).is_err());
        assert!(tags(&given(&["x".repeat(41).as_str()])).is_err());
    }
}
