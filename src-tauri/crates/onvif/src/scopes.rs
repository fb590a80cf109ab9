//! Scope URIs and endpoint references, as discovery and the device service both give them.

/// The value of a scope of that kind: `AXIS M2025` of `onvif://www.onvif.org/name/AXIS%20M2025`. `None` for another
/// kind or an empty value. The kind's case does not matter.
pub(crate) fn value(scope: &str, kind: &str) -> Option<String> {
    let (scheme, rest) = scope.trim().split_once("://")?;
    let rest = rest.split_once('/')?.1;
    let (own, value) = rest.split_once('/').unwrap_or((rest, ""));
    let is_same = scheme.eq_ignore_ascii_case("onvif") && own.eq_ignore_ascii_case(kind);
    (is_same && !value.is_empty()).then(|| decode(value)).filter(|value| !value.trim().is_empty())
}

/// An endpoint reference without what devices disagree about: `urn:uuid:`, `uuid:`, case, braces.
pub(crate) fn endpoint(text: &str) -> String {
    let text = text.trim().to_ascii_lowercase();
    let text = text.strip_prefix("urn:").unwrap_or(&text);
    let text = text.strip_prefix("uuid:").unwrap_or(text);
    text.trim_matches(['{', '}']).to_owned()
}

/// Percent-encoding; names in GBK are decoded as such.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = (bytes[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    crate::tree::decode(&out).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_decoded() {
        let check = |scope: &str, kind: &str, expect: Option<&str>| assert_eq!(value(scope, kind).as_deref(), expect);
        check("onvif://www.onvif.org/name/AXIS%20M2025-LE", "name", Some("AXIS M2025-LE"));
        check("onvif://www.onvif.org/Name/%E9%97%A8%E5%8F%A3", "name", Some("门口"));
        check("onvif://www.onvif.org/name/%C3%C5%BF%DA", "name", Some("门口"));
        check("onvif://www.onvif.org/location/country/china", "location", Some("country/china"));
        check("onvif://www.onvif.org/location/", "location", None);
        check("onvif://www.onvif.org/name/100%", "name", Some("100%"));
        check("http://other/name/x", "name", None);
        check("nonsense", "name", None);
    }

    #[test]
    fn endpoints_are_compared_without_their_dress() {
        for text in ["urn:uuid:3EA96F68-b845", "uuid:3ea96f68-B845", " 3ea96f68-b845 ", "urn:uuid:{3ea96f68-b845}"] {
            assert_eq!(endpoint(text), "3ea96f68-b845");
        }
    }
}
