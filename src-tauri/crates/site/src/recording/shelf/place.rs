//! Whether an object store can be addressed as somebody typed it: pure.

use watchwall_model::{ErrorCode, ObjectPlace, Problem};

/// A smaller archive would be emptied as it is filled.
const LEAST_LIMIT_BYTES: u64 = 1024 * 1024 * 1024;
/// An exbibyte: beyond it a figure is a mistake.
const MOST_LIMIT_BYTES: u64 = 1 << 60;
const MOST_CHARS: usize = 512;

/// Without white space and slashes around it, and checked.
///
/// # Errors
/// `object_place_invalid` names the field.
pub fn tidy(place: &ObjectPlace) -> Result<ObjectPlace, Problem> {
    let trimmed = |text: &str| text.trim().to_owned();
    let place = ObjectPlace {
        endpoint: trimmed(&place.endpoint).trim_end_matches('/').to_owned(),
        region: trimmed(&place.region),
        bucket: trimmed(&place.bucket),
        prefix: trimmed(&place.prefix).trim_matches('/').to_owned(),
        access_key: trimmed(&place.access_key),
        secret_key: place.secret_key.clone(),
        limit_bytes: place.limit_bytes,
    };
    let invalid = |field: &str, allowed: &str| {
        Err(Problem::new(ErrorCode::ObjectPlaceInvalid).with("field", field).with("allowed", allowed))
    };
    if !is_endpoint(&place.endpoint) {
        return invalid("endpoint", "http:// or https:// and a host, without a path");
    }
    if !is_word(&place.region) {
        return invalid("region", "letters, digits and hyphens");
    }
    if !is_bucket(&place.bucket) {
        return invalid("bucket", "3 to 63 lower-case letters, digits, hyphens and dots");
    }
    if !is_prefix(&place.prefix) {
        return invalid("prefix", "parts of letters, digits, -, _ and . between slashes");
    }
    if !(1..=MOST_CHARS).contains(&place.access_key.len()) || place.access_key.contains(char::is_whitespace) {
        return invalid("access_key", "1 to 512 characters without spaces");
    }
    if !(1..=MOST_CHARS).contains(&place.secret_key.reveal().len()) {
        return invalid("secret_key", "1 to 512 characters");
    }
    if !(LEAST_LIMIT_BYTES..=MOST_LIMIT_BYTES).contains(&place.limit_bytes) {
        return invalid("limit_bytes", "1073741824 (1 GiB) or more");
    }
    Ok(place)
}

/// Two places of which one lies within the other.
pub fn overlap(a: &ObjectPlace, b: &ObjectPlace) -> bool {
    let (a, b) = (format!("{}/", a.root()), format!("{}/", b.root()));
    a.starts_with(&b) || b.starts_with(&a)
}

fn is_endpoint(text: &str) -> bool {
    let Some(host) = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")) else { return false };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || ".-_:[]".contains(c);
    text.len() <= MOST_CHARS && !host.is_empty() && host.chars().all(is_plain)
}

fn is_word(text: &str) -> bool {
    (1..=63).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

/// The rules of S3 for names of buckets, as far as stores share them.
fn is_bucket(text: &str) -> bool {
    let is_end = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    let is_inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
    (3..=63).contains(&text.len())
        && is_end(text.chars().next())
        && is_end(text.chars().last())
        && text.chars().all(is_inner)
        && !text.contains("..")
}

fn is_prefix(text: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty()
            && part != "."
            && part != ".."
            && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
    };
    text.len() <= MOST_CHARS && (text.is_empty() || text.split('/').all(is_part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use watchwall_model::Secret;

    fn place() -> ObjectPlace {
        ObjectPlace {
            endpoint: " https://s3.example.com:9000/ ".into(),
            region: "us-east-1".into(),
            bucket: "recordings".into(),
            prefix: "/site-1/north/".into(),
            access_key: "who".into(),
            secret_key: Secret::new("key"),
            limit_bytes: 1 << 40,
        }
    }

    #[test]
    fn a_place_is_tidied_or_the_field_is_named() {
        let tidied = tidy(&place()).unwrap();
        assert_eq!((tidied.endpoint.as_str(), tidied.prefix.as_str()), ("https://s3.example.com:9000", "site-1/north"));
        assert_eq!(tidied.root(), "s3://s3.example.com:9000/recordings/site-1/north");
        let check = |change: fn(&mut ObjectPlace), field: &str| {
            let mut place = place();
            change(&mut place);
            let problem = tidy(&place).unwrap_err();
            assert_eq!(problem.code, ErrorCode::ObjectPlaceInvalid);
            assert_eq!(problem.params.get("field").map(ToString::to_string).as_deref(), Some(field));
        };
        check(|place| place.endpoint = "s3.example.com".into(), "endpoint");
        check(|place| place.endpoint = "https://user:key@s3.example.com".into(), "endpoint");
        check(|place| place.endpoint = "https://s3.example.com/path".into(), "endpoint");
        check(|place| place.endpoint = "ftp://s3.example.com".into(), "endpoint");
        check(|place| place.region = "a b".into(), "region");
        check(|place| place.bucket = "No".into(), "bucket");
        check(|place| place.bucket = "a..b".into(), "bucket");
        check(|place| place.prefix = "a/../b".into(), "prefix");
        check(|place| place.access_key = String::new(), "access_key");
        check(|place| place.secret_key = Secret::default(), "secret_key");
        check(|place| place.limit_bytes = 1_000, "limit_bytes");
        check(|place| place.limit_bytes = u64::MAX, "limit_bytes");
    }

    #[test]
    fn places_within_each_other_overlap() {
        let at = |prefix: &str| ObjectPlace { prefix: prefix.into(), ..tidy(&place()).unwrap() };
        assert!(overlap(&at("a"), &at("a")) && overlap(&at(""), &at("a")) && overlap(&at("a/b"), &at("a")));
        assert!(!overlap(&at("a"), &at("ab")));
    }
}
