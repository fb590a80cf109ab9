//! The letter: plain text, the link below it, the picture attached.

use super::Mail;
use crate::{Message, sign};
use lettre::{
    error::Error,
    message::{
        Attachment, MultiPart, SinglePart,
        header::{ContentType, HeaderName, HeaderValue},
    },
};
use std::time::{Duration, UNIX_EPOCH};

/// RFC 5322, section 2.1.1: lines of headers have 998 characters at most; no subject needs them all.
const SUBJECT_CHARS: usize = 200;
const KEY_CHARS: usize = 100;

impl Mail {
    pub(super) fn letter(&self, message: &Message) -> Result<lettre::Message, Error> {
        let at = UNIX_EPOCH + Duration::from_millis(u64::try_from(message.at.0).unwrap_or_default());
        let mut builder = lettre::Message::builder()
            .from(self.from.clone())
            .subject(message.title_line().chars().take(SUBJECT_CHARS).collect::<String>())
            .date(at)
            .message_id(Some(format!("<{}@{}>", id(&message.key), self.from.email.domain())))
            // No program that answers letters should answer this one (RFC 3834, section 5).
            .raw_header(plain_header("Auto-Submitted", "auto-generated"));
        if message.level >= 4 {
            builder = builder.raw_header(plain_header("Importance", "high"));
        }
        for mailbox in &self.to {
            builder = builder.to(mailbox.clone());
        }
        let text = SinglePart::plain(text(message));
        match message.fitting_picture() {
            None => builder.singlepart(text),
            Some(picture) => {
                let name = format!("{}.jpg", message.time().replace([':', '.'], "-"));
                let jpeg = ContentType::parse("image/jpeg").expect("a media type of the standard");
                let picture = Attachment::new(name).body(picture.to_vec(), jpeg);
                // The same for every attempt, and nothing that a text could hold by accident.
                let boundary = sign::hex(&sign::sha256(message.key.as_bytes())[..20]);
                builder.multipart(MultiPart::mixed().boundary(boundary).singlepart(text).singlepart(picture))
            }
        }
    }
}

fn plain_header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii(name.to_owned()).expect("a name of the standard"), value.to_owned())
}

/// The left side of a `Message-ID`: the key where it can stand there, else a name for it.
fn id(key: &str) -> String {
    let is_plain = !key.is_empty()
        && key.len() <= KEY_CHARS
        && !key.starts_with('.')
        && !key.ends_with('.')
        && !key.contains("..")
        && key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
    if is_plain { key.to_owned() } else { sign::hex(&sign::sha256(key.as_bytes())) }
}

fn text(message: &Message) -> String {
    let mut text: String =
        message.text.trim().chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    text = text.replace('\n', "\r\n");
    if let Some(link) = message.web_link() {
        text.push_str("\r\n\r\n");
        text.push_str(&link);
    }
    text.push_str("\r\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{fields::Fields, message::tests::message};
    use std::collections::BTreeMap;

    fn mail() -> Mail {
        let settings = [
            ("host", "mail.example"),
            ("from", "Watchwall 监控 <wall@site.example>"),
            ("to", "guard@site.example, Chief <chief@site.example>"),
        ];
        let settings: BTreeMap<_, _> = settings.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        Mail::read(Fields { settings: &settings, secrets: &BTreeMap::new() }).unwrap()
    }

    #[track_caller]
    fn check(message: &Message, expect: &str) {
        let letter = mail().letter(message).unwrap();
        let got = String::from_utf8(letter.formatted()).unwrap();
        assert_eq!(got, expect.replace('\n', "\r\n"));
        let to: Vec<String> = letter.envelope().to().iter().map(ToString::to_string).collect();
        assert_eq!(to, ["guard@site.example", "chief@site.example"]);
    }

    #[test]
    fn bytes_of_a_letter() {
        // The encoded words are "Watchwall 监控" and "盘满" by `base64`, the text is UTF-8 by `xxd -p`.
        let expect = "\
From: =?utf-8?b?V2F0Y2h3YWxsIOebkeaOpw==?= <wall@site.example>
Subject: =?utf-8?b?55uY5ruh?= Bcc: x
Date: Mon, 21 Sep 2026 14:13:20 +0000
Message-ID: <alarm-17-1@site.example>
Auto-Submitted: auto-generated
Importance: high
To: guard@site.example, Chief <chief@site.example>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

=E5=8C=97=E9=97=A8

https://site.example/alarms/17

";
        check(&Message { title: "盘满\r\nBcc: x".into(), text: "北门\n".into(), ..message() }, expect);
    }

    #[test]
    fn bytes_of_a_letter_with_a_picture() {
        // The boundary: printf alarm-17-1 | sha256sum | cut -c1-40
        let expect = "\
From: =?utf-8?b?V2F0Y2h3YWxsIOebkeaOpw==?= <wall@site.example>
Subject: Camera offline
Date: Mon, 21 Sep 2026 14:13:20 +0000
Message-ID: <alarm-17-1@site.example>
Auto-Submitted: auto-generated
To: guard@site.example, Chief <chief@site.example>
MIME-Version: 1.0
Content-Type: multipart/mixed;
 boundary=\"9d35f481b3a0b322d8818faba1ef2d207ab53ebd\"

--9d35f481b3a0b322d8818faba1ef2d207ab53ebd
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 7bit

plain

--9d35f481b3a0b322d8818faba1ef2d207ab53ebd
Content-Disposition: attachment; filename=\"2026-09-21T14-13-20-123Z.jpg\"
Content-Type: image/jpeg
Content-Transfer-Encoding: base64

/9j/4GpwZWc=
--9d35f481b3a0b322d8818faba1ef2d207ab53ebd--
";
        let picture = Some(bytes::Bytes::from_static(b"\xff\xd8\xff\xe0jpeg"));
        check(&Message { text: "plain".into(), level: 2, link: None, picture, ..message() }, expect);
    }

    #[test]
    fn a_picture_too_large_is_left_out() {
        let message = Message { picture: Some(vec![0; 1024 * 1024 + 1].into()), ..message() };
        assert!(mail().letter(&message).unwrap().formatted().len() < 10_000);
    }

    #[test]
    fn ids_are_those_of_the_standard() {
        assert_eq!(id("alarm-17.1_b"), "alarm-17.1_b");
        // printf 'a b' | sha256sum
        let named = "c8687a08aa5d6ed2044328fa6a697ab8e96dc34291e8c2034ae8c38e6fcc6d65";
        assert_eq!(id("a b"), named);
        for key in ["", ".a", "a.", "a..b", "a>b", "门", &"x".repeat(101)] {
            assert_eq!(id(key).len(), 64, "{key}");
        }
    }
}
