//! Documents as some devices write them: other namespaces, comments, a mark in front, bytes of another encoding.

use super::{Quirk, call::Service, quirk::QuirkSet};

/// Stands for a name in GBK until the text is bytes.
pub(super) const GBK_NAME: &str = "\u{f8f0}gbk\u{f8f0}";

/// The last touch: text to bytes.
pub(super) fn finish(quirks: QuirkSet, service: Service, mut text: String) -> Vec<u8> {
    if quirks.has(Quirk::WrongNamespaces) {
        let prefix = service.prefix();
        text = text.replace("<tt:", &format!("<{prefix}:")).replace("</tt:", &format!("</{prefix}:"));
    }
    if quirks.has(Quirk::BomAndComments) {
        text = format!("\u{feff}{}", text.replace("><tt:", "><!-- camera -->\n<tt:"));
    }
    if !quirks.has(Quirk::GbkNames) {
        return text.into_bytes();
    }
    let mut bytes = Vec::with_capacity(text.len());
    for (index, part) in text.split(GBK_NAME).enumerate() {
        if index > 0 {
            // "Doorway" in Chinese.
            bytes.extend_from_slice(b"\xc3\xc5\xbf\xda");
        }
        bytes.extend_from_slice(part.as_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_quirk_touches_what_it_names() {
        let text = || format!("<tds:A><tt:Name>{GBK_NAME}</tt:Name></tds:A>");
        let finished = |quirk| finish([quirk].into_iter().collect(), Service::Device, text());
        assert_eq!(finished(Quirk::GbkNames), b"<tds:A><tt:Name>\xc3\xc5\xbf\xda</tt:Name></tds:A>");
        assert!(finished(Quirk::WrongNamespaces).starts_with(b"<tds:A><tds:Name>"));
        assert!(finished(Quirk::BomAndComments).starts_with(b"\xef\xbb\xbf<tds:A><!-- camera -->\n<tt:Name>"));
    }
}
