//! What Feishu, WeCom and DingTalk have in common: a secret address takes JSON, and the answer is JSON with a code.

use crate::{
    authorities::Authorities,
    exchange::Answered,
    fields::Fields,
    http_place,
    veil::Veil,
    verdict::{Fate, Verdict},
};
use serde_json::Value;
use url::Url;
use watchwall_model::{Problem, Secret};

/// The robot of a group.
#[derive(Clone)]
pub struct Robot {
    /// Who knows it may speak.
    pub url: Url,
    /// With which requests are signed, where the group wants that.
    pub key: Option<Secret>,
    pub own: Option<Authorities>,
}

impl Robot {
    pub fn read(fields: Fields<'_>, secrets: &[&str]) -> Result<Self, Problem> {
        fields.only(&["ca"], secrets)?;
        let url = fields.secret_web_url("url")?;
        let key = if secrets.contains(&"key") { fields.secret("key")? } else { None };
        Ok(Self { url, key, own: fields.authorities()? })
    }

    pub fn place(&self) -> String {
        http_place::place(&self.url)
    }

    pub fn veil(&self) -> Veil {
        let secrets = http_place::secrets(&self.url);
        Veil::over(secrets.iter().map(String::as_str).chain(self.key.as_ref().map(Secret::reveal)))
    }
}

/// What the codes of a service mean. Those in neither list are tried again: they may be new.
pub struct Codes {
    /// Where the code stands in the answer; the first that is there counts.
    pub names: &'static [&'static str],
    pub passing: &'static [i64],
    pub lasting: &'static [i64],
}

/// Robots answer 200 to nearly everything; the code in the body says what became of the message.
pub fn judge(answered: &Answered, codes: &Codes) -> Verdict {
    let by_status = answered.verdict();
    let body: Option<Value> = serde_json::from_slice(&answered.body).ok();
    let code = body.as_ref().and_then(|body| codes.names.iter().find_map(|name| body.get(name)?.as_i64()));
    let fate = match code {
        Some(code) if codes.passing.contains(&code) => Fate::Retry,
        Some(code) if codes.lasting.contains(&code) => Fate::Refused,
        _ if by_status.fate != Fate::Sent => by_status.fate,
        Some(0) => Fate::Sent,
        // Something else answered in its place, such as a portal that wants a login.
        Some(_) | None => Fate::Retry,
    };
    let retry_after = answered.retry_after.filter(|_| fate == Fate::Retry);
    Verdict { fate, retry_after, ..by_status }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    #[track_caller]
    pub fn check(codes: &Codes, status: u16, body: &str, expect: Fate) {
        let answered = Answered { status, body: body.into(), ..Answered::default() };
        let verdict = judge(&answered, codes);
        assert_eq!(verdict.fate, expect, "{status} {body}");
        assert_eq!(verdict.status, Some(status.into()));
    }

    #[test]
    fn codes_go_before_statuses() {
        let codes = Codes { names: &["code", "errcode"], passing: &[7], lasting: &[8] };
        check(&codes, 200, r#"{"code":0}"#, Fate::Sent);
        check(&codes, 200, r#"{"errcode":0,"errmsg":"ok"}"#, Fate::Sent);
        check(&codes, 200, r#"{"code":7}"#, Fate::Retry);
        check(&codes, 400, r#"{"code":7}"#, Fate::Retry);
        check(&codes, 200, r#"{"code":8}"#, Fate::Refused);
        check(&codes, 500, r#"{"code":8}"#, Fate::Refused);
        check(&codes, 200, r#"{"code":9}"#, Fate::Retry);
        check(&codes, 404, r#"{"code":9}"#, Fate::Refused);
        check(&codes, 503, r#"{"code":0}"#, Fate::Retry);
        check(&codes, 302, "", Fate::Refused);
        check(&codes, 200, "<html>login</html>", Fate::Retry);
        check(&codes, 200, r#"{"code":"0"}"#, Fate::Retry);
        check(&codes, 200, "", Fate::Retry);
    }
}
