//! What there is to say.

use bytes::Bytes;
use std::fmt;
use watchwall_model::UtcMillis;

/// The largest picture that is sent along.
pub(crate) const PICTURE_BYTES: usize = 1024 * 1024;

#[derive(Clone)]
pub struct Message {
    /// The same for every attempt: header `Idempotency-Key` of webhooks, `Message-ID` of mail, `key` in our JSON.
    pub key: String,
    /// One line, in the channel's language, plain text.
    pub title: String,
    /// In the channel's language, plain text.
    pub text: String,
    /// 1 (information) to 4 (critical).
    pub level: u32,
    pub at: UtcMillis,
    /// The camera's name, when it is about one.
    pub camera: Option<String>,
    /// To the alarm, when the site knows its own address.
    pub link: Option<String>,
    /// JPEG. More than 1 MiB is left out.
    pub picture: Option<Bytes>,
    /// The alarm for machines.
    pub facts: serde_json::Value,
}

impl Message {
    /// The link, when it is one that people may be sent to.
    pub(crate) fn web_link(&self) -> Option<String> {
        let url = url::Url::parse(self.link.as_deref()?).ok()?;
        // Brackets would end the link in the markdown of robots.
        let text = url.as_str().replace('(', "%28").replace(')', "%29");
        matches!(url.scheme(), "http" | "https").then_some(text)
    }

    pub(crate) fn fitting_picture(&self) -> Option<&Bytes> {
        self.picture.as_ref().filter(|picture| !picture.is_empty() && picture.len() <= PICTURE_BYTES)
    }

    /// The title on one line, without what cannot be seen.
    pub(crate) fn title_line(&self) -> String {
        self.title.split(|c: char| c.is_control()).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    }

    /// ISO 8601 in UTC.
    pub(crate) fn time(&self) -> String {
        let at = jiff::Timestamp::from_millisecond(self.at.0).unwrap_or_default();
        at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
    }
}

impl fmt::Debug for Message {
    /// A picture in a log helps nobody.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, title, level, .. } = self;
        write!(f, "Message({key} level {level} {title:?})")
    }
}

/// The beginning of a text, at most so many bytes long; what is missing shows as `…`.
pub(crate) fn shorten(text: &str, limit_bytes: usize) -> String {
    const MARK: &str = "…";
    if text.len() <= limit_bytes {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(limit_bytes.saturating_sub(MARK.len()));
    format!("{}{MARK}", &text[..end])
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub fn message() -> Message {
        Message {
            key: "alarm-17-1".into(),
            title: "Camera offline".into(),
            text: "北门 \"gate\" is offline\nfor 180 s".into(),
            level: 4,
            at: UtcMillis(1_790_000_000_123),
            camera: Some("北门/1".into()),
            link: Some("https://site.example/alarms/17".into()),
            picture: None,
            facts: serde_json::json!({ "id": 17 }),
        }
    }

    #[test]
    fn times_are_iso_8601() {
        // date -u -d @1790000000
        assert_eq!(message().time(), "2026-09-21T14:13:20.123Z");
    }

    #[test]
    fn only_web_links_are_links() {
        let check = |link: &str, expect: Option<&str>| {
            let message = Message { link: Some(link.into()), ..message() };
            assert_eq!(message.web_link().as_deref(), expect, "{link}");
        };
        check("https://site.example/alarms/17", Some("https://site.example/alarms/17"));
        check("http://10.0.0.1:8080/a(b)", Some("http://10.0.0.1:8080/a%28b%29"));
        check("javascript:alert(1)", None);
        check("/alarms/17", None);
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(shorten("short", 5), "short");
        assert_eq!(shorten("shorter", 6), "sho…");
        assert_eq!(shorten("北门北门", 8), "北…");
        assert_eq!(shorten("北门", 2), "…");
    }

    #[test]
    fn a_title_is_one_line() {
        let message = Message { title: "one\r\ntwo\u{7}".into(), ..message() };
        assert_eq!(message.title_line(), "one two");
    }
}
