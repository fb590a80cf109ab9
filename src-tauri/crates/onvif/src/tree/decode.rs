//! Bytes of a body to text: UTF-8, or what the prolog says, or as much of it as can be read.

use encoding_rs::{Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE};
use std::borrow::Cow;

/// Text of a body. Never fails: what cannot be read becomes U+FFFD.
///
/// Devices sold in China declare UTF-8 and put GBK into names, so bytes that are no UTF-8 are tried as GB18030,
/// which contains GBK, before anything is given up.
pub fn decode(bytes: &[u8]) -> Cow<'_, str> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return encoding.decode_without_bom_handling(&bytes[mark..]).0;
    }
    if let Some(encoding) = wide(bytes) {
        return encoding.decode_without_bom_handling(bytes).0;
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let declared = declared(bytes).filter(|encoding| *encoding != UTF_8);
    [declared, Some(GB18030)]
        .into_iter()
        .flatten()
        .find_map(|encoding| encoding.decode_without_bom_handling_and_without_replacement(bytes))
        .unwrap_or_else(|| String::from_utf8_lossy(bytes))
}

/// UTF-16 without a mark begins with `<` beside a zero.
fn wide(bytes: &[u8]) -> Option<&'static Encoding> {
    match bytes.get(..4)? {
        [b'<', 0, _, 0] => Some(UTF_16LE),
        [0, b'<', 0, _] => Some(UTF_16BE),
        _ => None,
    }
}

/// The encoding of `<?xml ... encoding="..."?>`.
fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = &bytes[..bytes.len().min(200)];
    let prolog = &head[..head.windows(2).position(|end| end == b"?>")?];
    let prolog = String::from_utf8_lossy(prolog).into_owned();
    let (_, value) = prolog.split_once("encoding")?;
    let value = value.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    let label = value[1..].split(quote).next()?;
    Encoding::for_label(label.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], expect: &str) {
        assert_eq!(decode(bytes), expect);
    }

    #[test]
    fn encodings() {
        check("<a>门口</a>".as_bytes(), "<a>门口</a>");
        check(&[b"\xef\xbb\xbf".as_slice(), b"<a/>"].concat(), "<a/>");
        check(b"\xff\xfe<\0a\0/\0>\0", "<a/>");
        check(b"<\0a\0/\0>\0", "<a/>");
        check(
            b"<?xml version='1.0' encoding='ISO-8859-1'?><a>Caf\xe9</a>",
            "<?xml version='1.0' encoding='ISO-8859-1'?><a>Café</a>",
        );
        check(b"", "");
    }

    #[test]
    fn gbk_in_a_document_that_claims_utf_8() {
        let (bytes, _, _) = GB18030.encode("<?xml version=\"1.0\" encoding=\"UTF-8\"?><a>门口摄像机</a>");
        check(&bytes, "<?xml version=\"1.0\" encoding=\"UTF-8\"?><a>门口摄像机</a>");
        check(
            b"<?xml version=\"1.0\" encoding=\"GB2312\"?><a>\xc3\xc5</a>",
            "<?xml version=\"1.0\" encoding=\"GB2312\"?><a>门</a>",
        );
    }

    #[test]
    fn bytes_of_no_encoding_are_replaced() {
        check(b"<a>\xff\xff</a>", "<a>\u{fffd}\u{fffd}</a>");
    }
}
