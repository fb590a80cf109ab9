//! Webhooks: our JSON, or what a template makes of it, signed.

use crate::{
    Message,
    authorities::Authorities,
    body,
    exchange::{Deadline, HttpClients, Post},
    fields::{Fields, invalid},
    http_place, sign,
    template::Template,
    veil::Veil,
    verdict::Verdict,
};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use url::Url;
use watchwall_model::{Problem, Secret, UtcMillis};

const TEMPLATE_BYTES: usize = 16 * 1024;
/// What a header cannot carry as it is.
const IN_HEADER: &AsciiSet = &CONTROLS.add(b' ').add(b'%');

#[derive(Clone)]
pub struct Webhook {
    url: Url,
    key: Option<Secret>,
    template: Option<Template>,
    own: Option<Authorities>,
}

impl Webhook {
    pub fn read(fields: Fields<'_>) -> Result<Self, Problem> {
        fields.only(&["url", "template", "ca"], &["key"])?;
        let template = match fields.text_within("template", TEMPLATE_BYTES)? {
            None => None,
            Some(text) => Some(Template::read(text).ok_or_else(|| invalid("template", "template_invalid"))?),
        };
        let url = fields.web_url("url")?;
        Ok(Self { url, key: fields.secret("key")?, template, own: fields.authorities()? })
    }

    pub fn place(&self) -> String {
        http_place::place(&self.url)
    }

    pub fn veil(&self) -> Veil {
        let tokens = http_place::tokens(&self.url);
        Veil::over(tokens.iter().map(String::as_str).chain(self.key.as_ref().map(Secret::reveal)))
    }

    pub async fn send(&self, message: &Message, http: &HttpClients, deadline: Deadline) -> Verdict {
        let post = match self.render(message, UtcMillis::now()) {
            Ok(post) => post,
            Err(verdict) => return verdict,
        };
        http.post(post, self.own.as_ref(), deadline).await.map_or_else(|verdict| verdict, |answered| answered.verdict())
    }

    /// `X-Watchwall-Signature` is `sha256=` and the hexadecimal HMAC-SHA256 of `X-Watchwall-Timestamp`, a dot, and the
    /// body. The timestamp is that of the attempt, in milliseconds, so that a receiver can refuse old ones.
    fn render(&self, message: &Message, now: UtcMillis) -> Result<Post, Verdict> {
        let body = match &self.template {
            None => body::json(message)?,
            Some(template) => {
                let filled = template.fill(message).ok_or_else(|| Verdict::refused("the template gives no JSON"))?;
                body::within_bounds(filled)?
            }
        };
        let mut headers = vec![("idempotency-key", utf8_percent_encode(&message.key, IN_HEADER).to_string())];
        if let Some(key) = &self.key {
            let timestamp = now.0.to_string();
            let mac = sign::hmac(key.reveal().as_bytes(), format!("{timestamp}.{body}").as_bytes());
            headers.push(("x-watchwall-timestamp", timestamp));
            headers.push(("x-watchwall-signature", format!("sha256={}", sign::hex(&mac))));
        }
        Ok(Post { url: self.url.clone(), headers, body })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::tests::message;
    use std::collections::BTreeMap;

    fn read(settings: &[(&str, &str)], secrets: &[(&str, &str)]) -> Webhook {
        let settings: BTreeMap<_, _> = settings.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        let secrets: BTreeMap<_, _> = secrets.iter().map(|(a, b)| ((*a).to_owned(), Secret::new(*b))).collect();
        Webhook::read(Fields { settings: &settings, secrets: &secrets }).unwrap()
    }

    #[test]
    fn signed_with_the_time_of_the_attempt() {
        let webhook = read(
            &[("url", "https://hooks.example/in?a=1#x"), ("template", r#"{"t":"{{title}}"}"#)],
            &[("key", "topsecret")],
        );
        let post = webhook.render(&message(), UtcMillis(1_790_000_000_500)).unwrap();
        assert_eq!(post.url.as_str(), "https://hooks.example/in?a=1");
        assert_eq!(post.body, r#"{"t":"Camera offline"}"#);
        // printf '1790000000500.{"t":"Camera offline"}' | openssl dgst -sha256 -hmac topsecret
        let signature = "sha256=cd3854e3c5089e8037d28605b1410de852842069101f2d42752c8cf98f745e3a";
        let expect = [
            ("idempotency-key", "alarm-17-1"),
            ("x-watchwall-timestamp", "1790000000500"),
            ("x-watchwall-signature", signature),
        ];
        assert_eq!(post.headers, expect.map(|(name, value)| (name, value.to_owned())));
    }

    #[test]
    fn without_a_key_nothing_is_signed() {
        let webhook = read(&[("url", "http://hooks.example/")], &[]);
        let post = webhook.render(&Message { key: "a b\n门%".into(), ..message() }, UtcMillis(0)).unwrap();
        assert_eq!(post.headers, [("idempotency-key", "a%20b%0A%E9%97%A8%25".to_owned())]);
        assert!(post.body.starts_with(r#"{"key":"a b\n门%","title":"#));
    }
}
