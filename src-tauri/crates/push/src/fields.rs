//! Settings and secrets as a person filled them in, and what may be wrong with them.

use crate::authorities::Authorities;
use std::collections::BTreeMap;
use url::Url;
use watchwall_model::{ErrorCode, Problem, Secret};

const TEXT_BYTES: usize = 2048;
const SECRET_BYTES: usize = 4096;
const HOST_BYTES: usize = 253;

/// `request_invalid`: which field, and in one word why.
pub fn invalid(field: &str, reason: &str) -> Problem {
    Problem::new(ErrorCode::RequestInvalid).with("field", field).with("reason", reason)
}

/// What is empty counts as absent.
#[derive(Clone, Copy)]
pub struct Fields<'a> {
    pub settings: &'a BTreeMap<String, String>,
    pub secrets: &'a BTreeMap<String, Secret>,
}

impl<'a> Fields<'a> {
    /// Refuses names that the kind does not have: a mistyped one would be lost silently.
    pub fn only(&self, settings: &[&str], secrets: &[&str]) -> Result<(), Problem> {
        let strange = self.settings.keys().find(|name| !settings.contains(&name.as_str()));
        let strange = strange.or_else(|| self.secrets.keys().find(|name| !secrets.contains(&name.as_str())));
        strange.map_or(Ok(()), |name| Err(invalid(name, "unknown")))
    }

    pub fn text(&self, name: &str) -> Result<Option<&'a str>, Problem> {
        self.text_within(name, TEXT_BYTES)
    }

    /// May hold line breaks only if it is longer than a line can be.
    pub fn text_within(&self, name: &str, limit_bytes: usize) -> Result<Option<&'a str>, Problem> {
        let Some(text) = self.settings.get(name).map(|text| text.trim()).filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        if text.len() > limit_bytes {
            return Err(invalid(name, "too_long"));
        }
        let is_block = limit_bytes > TEXT_BYTES;
        if text.chars().any(|c| c.is_control() && !(is_block && matches!(c, '\n' | '\r' | '\t'))) {
            return Err(invalid(name, "control_characters"));
        }
        Ok(Some(text))
    }

    pub fn needed_text(&self, name: &str) -> Result<&'a str, Problem> {
        self.text(name)?.ok_or_else(|| invalid(name, "missing"))
    }

    pub fn secret(&self, name: &str) -> Result<Option<Secret>, Problem> {
        let Some(secret) = self.secrets.get(name).filter(|secret| !secret.is_empty()) else { return Ok(None) };
        if secret.reveal().len() > SECRET_BYTES {
            return Err(invalid(name, "too_long"));
        }
        if secret.reveal().chars().any(char::is_control) {
            return Err(invalid(name, "control_characters"));
        }
        Ok(Some(secret.clone()))
    }

    pub fn needed_secret(&self, name: &str) -> Result<Secret, Problem> {
        self.secret(name)?.ok_or_else(|| invalid(name, "missing"))
    }

    /// User and password, both or neither.
    pub fn login(&self) -> Result<Option<(String, Secret)>, Problem> {
        match (self.text("user")?, self.secret("password")?) {
            (None, None) => Ok(None),
            (Some(user), Some(password)) => Ok(Some((user.to_owned(), password))),
            (None, Some(_)) => Err(invalid("user", "missing")),
            (Some(_), None) => Err(invalid("password", "missing")),
        }
    }

    pub fn host(&self) -> Result<String, Problem> {
        let text = self.needed_text("host")?;
        if text.len() > HOST_BYTES {
            return Err(invalid("host", "too_long"));
        }
        let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
        if bare.parse::<std::net::Ipv6Addr>().is_ok() {
            return Ok(bare.to_owned());
        }
        // Whoever types a port here means the field beside it.
        let host = url::Host::parse(text).map_err(|_| invalid("host", "address_invalid"))?;
        Ok(host.to_string())
    }

    pub fn port(&self, usual: u16) -> Result<u16, Problem> {
        let Some(text) = self.text("port")? else { return Ok(usual) };
        text.parse().ok().filter(|port| *port > 0).ok_or_else(|| invalid("port", "port_invalid"))
    }

    /// Own authorities besides the public ones, as PEM.
    pub fn authorities(&self) -> Result<Option<Authorities>, Problem> {
        let Some(pem) = self.text_within("ca", 64 * 1024)? else { return Ok(None) };
        Authorities::read(pem).map(Some).ok_or_else(|| invalid("ca", "certificate_invalid"))
    }

    pub fn web_url(&self, name: &str) -> Result<Url, Problem> {
        read_url(name, self.needed_text(name)?)
    }

    pub fn secret_web_url(&self, name: &str) -> Result<Url, Problem> {
        let secret = self.needed_secret(name)?;
        if secret.reveal().len() > TEXT_BYTES {
            return Err(invalid(name, "too_long"));
        }
        read_url(name, secret.reveal().trim())
    }
}

fn read_url(name: &str, text: &str) -> Result<Url, Problem> {
    let mut url = Url::parse(text).map_err(|_| invalid(name, "url_invalid"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(invalid(name, "scheme_unsupported"));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(invalid(name, "url_invalid"));
    }
    // A setting is shown to everybody who may see channels.
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid(name, "credentials_in_url"));
    }
    url.set_fragment(None);
    Ok(url)
}
