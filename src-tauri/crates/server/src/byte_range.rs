//! `Range` of one part (RFC 9110, section 14.1.2). Pure.

use std::ops::Range;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// No range, or one that this server may ignore: several parts, another unit, nonsense.
    Whole,
    Part(Range<u64>),
    /// `416`.
    Outside,
}

pub fn asked_range(header: Option<&str>, len: u64) -> Asked {
    let Some((first, last)) = header.and_then(parse) else { return Asked::Whole };
    let range = match (first, last) {
        (Some(first), Some(last)) if last < first => return Asked::Whole,
        (Some(first), Some(last)) => first..last.saturating_add(1).min(len),
        (Some(first), None) => first..len,
        (None, Some(suffix)) => len.saturating_sub(suffix)..len,
        (None, None) => return Asked::Whole,
    };
    if range.is_empty() { Asked::Outside } else { Asked::Part(range) }
}

fn parse(header: &str) -> Option<(Option<u64>, Option<u64>)> {
    let (first, last) = header.trim().strip_prefix("bytes=")?.split_once('-')?;
    let number = |text: &str| -> Option<Option<u64>> {
        let text = text.trim();
        if text.is_empty() { Some(None) } else { text.parse().ok().map(Some) }
    };
    Some((number(first)?, number(last)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_the_standard_says() {
        let check = |header: &str, expect: Asked| assert_eq!(asked_range(Some(header), 100), expect, "{header}");
        check("bytes=0-9", Asked::Part(0..10));
        check("bytes=90-", Asked::Part(90..100));
        check("bytes=-10", Asked::Part(90..100));
        check("bytes=-1000", Asked::Part(0..100));
        check("bytes=50-1000", Asked::Part(50..100));
        check("bytes=100-", Asked::Outside);
        check("bytes=-0", Asked::Outside);
        check("bytes=9-0", Asked::Whole);
        check("bytes=0-1,5-6", Asked::Whole);
        check("pages=1-2", Asked::Whole);
        check("bytes=x-", Asked::Whole);
        check("bytes=-", Asked::Whole);
        assert_eq!(asked_range(None, 100), Asked::Whole);
        assert_eq!(asked_range(Some("bytes=0-0"), 0), Asked::Outside);
    }
}
