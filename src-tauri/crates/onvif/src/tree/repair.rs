//! Mends the damage cameras do to XML, after a strict reader has refused it.

/// Escapes `&` that begins no reference and `<` that begins no markup. Everything else stays as it is.
pub(super) fn mend(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 16);
    let mut rest = text;
    let mut verbatim = Verbatim::default();
    while let Some(at) = rest.find(['&', '<']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(raw) = verbatim.at(rest) {
            out.push_str(raw);
            rest = &rest[raw.len()..];
        } else if rest.starts_with('&') {
            out.push_str(if begins_reference(&rest[1..]) { "&" } else { "&amp;" });
            rest = &rest[1..];
        } else {
            out.push_str(if begins_markup(&rest[1..]) { "<" } else { "&lt;" });
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    out
}

/// Comments and CDATA sections, whose inside is nobody's business. An end that is nowhere is looked for once: a document
/// of nothing but beginnings would otherwise be searched to its end for each of them.
#[derive(Default)]
struct Verbatim {
    is_endless: [bool; 2],
}

impl Verbatim {
    fn at<'t>(&mut self, text: &'t str) -> Option<&'t str> {
        const KINDS: [(&str, &str); 2] = [("<!--", "-->"), ("<![CDATA[", "]]>")];
        let kind = KINDS.iter().position(|(start, _)| text.starts_with(start))?;
        if self.is_endless[kind] {
            return None;
        }
        let end = KINDS[kind].1;
        let found = text.find(end).map(|at| &text[..at + end.len()]);
        self.is_endless[kind] = found.is_none();
        found
    }
}

/// `amp;`, `#38;`, `#x26;`: at most ten letters and digits before the semicolon.
fn begins_reference(text: &str) -> bool {
    let Some(end) = text.bytes().take(11).position(|byte| byte == b';') else { return false };
    let name = &text[..end];
    let name = name.strip_prefix('#').unwrap_or(name);
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn begins_markup(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || matches!(c, '/' | '_' | '?' | '!'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &str) {
        assert_eq!(mend(text), expect);
    }

    #[test]
    fn only_what_is_broken_changes() {
        check("<a>x&y</a>", "<a>x&amp;y</a>");
        check("<a>x&amp;y&#38;z&#x26;</a>", "<a>x&amp;y&#38;z&#x26;</a>");
        check("<a>1 < 2</a>", "<a>1 &lt; 2</a>");
        check("<a><!-- a & b --><![CDATA[c & d]]></a>", "<a><!-- a & b --><![CDATA[c & d]]></a>");
        check("<a>&</a>", "<a>&amp;</a>");
        check("<a>?u=1&v=2&w=3;</a>", "<a>?u=1&amp;v=2&amp;w=3;</a>");
        check("&", "&amp;");
    }
}
