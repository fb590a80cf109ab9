//! Mail: one connection per message, with the picture attached.
//!
//! `letter` is what is written, this file the way it takes. lettre speaks SMTP over a line that is ours, so that only
//! allowed addresses are contacted and no server can make us read for ever.

mod letter;

use crate::{
    Message,
    authorities::{Authorities, tls},
    exchange::Deadline,
    fields::{Fields, invalid},
    line::{Line, Way},
    reach::Reach,
    veil::Veil,
    verdict::{Verdict, why},
};
use lettre::{
    message::{Mailbox, Mailboxes},
    transport::smtp::{
        Error,
        authentication::{Credentials, DEFAULT_MECHANISMS},
        client::{AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters},
        extension::ClientId,
        response::Response,
    },
};
use std::{error::Error as _, time::Duration};
use tokio::time::{timeout, timeout_at};
use watchwall_model::{Problem, Secret};

const RECIPIENTS: usize = 50;
const ANSWER_BYTES: u64 = 256 * 1024;
/// The letter is delivered by then; whether the server says goodbye matters little.
const GOODBYE: Duration = Duration::from_millis(300);

#[derive(Clone)]
pub struct Mail {
    host: String,
    port: u16,
    security: Security,
    from: Mailbox,
    to: Vec<Mailbox>,
    login: Option<(String, Secret)>,
    own: Option<Authorities>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Security {
    None,
    StartTls,
    Tls,
}

impl Security {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "none" => Self::None,
            "starttls" => Self::StartTls,
            "tls" => Self::Tls,
            _ => return None,
        })
    }

    /// RFC 8314, section 3.3; RFC 6409, section 3.1; RFC 5321, section 4.5.4.2.
    const fn usual_port(self) -> u16 {
        match self {
            Self::None => 25,
            Self::StartTls => 587,
            Self::Tls => 465,
        }
    }
}

impl Mail {
    /// The settings `from` and `to` are called `sender` and `recipients` in what is wrong with them: a catalogue has one
    /// word per field, and those two mean a span of time elsewhere.
    pub fn read(fields: Fields<'_>) -> Result<Self, Problem> {
        fields.only(&["host", "port", "security", "from", "to", "user", "ca"], &["password"])?;
        let security = match fields.text("security")? {
            None => Security::StartTls,
            Some(text) => Security::parse(text).ok_or_else(|| invalid("security", "unknown"))?,
        };
        let host = fields.host()?;
        let port = fields.port(security.usual_port())?;
        let from = fields.text("from")?.ok_or_else(|| invalid("sender", "missing"))?;
        let from = from.parse().map_err(|_| invalid("sender", "address_invalid"))?;
        let to = recipients(fields.text("to")?.ok_or_else(|| invalid("recipients", "missing"))?)?;
        Ok(Self { host, port, security, from, to, login: fields.login()?, own: fields.authorities()? })
    }

    pub fn place(&self) -> String {
        let to: Vec<String> = self.to.iter().map(|mailbox| mailbox.email.to_string()).collect();
        to.join(", ")
    }

    pub fn veil(&self) -> Veil {
        let Some((user, password)) = &self.login else { return Veil::default() };
        // As PLAIN spells both (RFC 4616).
        let plain = format!("\0{user}\0{}", password.reveal());
        Veil::over([password.reveal(), plain.as_str()])
    }

    pub async fn send(&self, message: &Message, reach: Reach, deadline: Deadline) -> Verdict {
        let letter = match self.letter(message) {
            Ok(letter) => letter,
            Err(error) => return Verdict::refused(format!("no letter can be made of it: {error}")),
        };
        let (mut connection, response) = match timeout_at(deadline.at, self.deliver(&letter, reach, deadline)).await {
            Err(_) => return Verdict::late(deadline.within),
            Ok(Err(verdict)) => return verdict,
            Ok(Ok(delivered)) => delivered,
        };
        let _ = timeout(GOODBYE, connection.quit()).await;
        let text: Vec<&str> = response.message().collect();
        Verdict::sent(text.join(" ")).with_status(u16::from(response.code()).into())
    }

    async fn deliver(
        &self,
        letter: &lettre::Message,
        reach: Reach,
        deadline: Deadline,
    ) -> Result<(AsyncSmtpConnection, Response), Verdict> {
        let own = self.own.as_ref();
        let tls = (self.security == Security::Tls).then(|| tls(own));
        let way = Way { host: &self.host, port: self.port, tls, reach, limit_bytes: ANSWER_BYTES };
        let line = Line::open(way, deadline.at).await?;
        // An address literal, the name of one that has no name (RFC 5321, section 4.1.4).
        let hello = ClientId::default();
        let opened = AsyncSmtpConnection::connect_with_transport(Box::new(line), &hello).await;
        let mut connection = opened.map_err(|error| failed(&error))?;
        if self.security == Security::StartTls {
            if !connection.can_starttls() {
                return Err(Verdict::retry("the server offers no STARTTLS"));
            }
            let parameters = self.tls_parameters().map_err(|error| failed(&error))?;
            connection.starttls(parameters, &hello).await.map_err(|error| failed(&error))?;
        }
        if let Some((user, password)) = &self.login {
            let credentials = Credentials::new(user.clone(), password.reveal().to_owned());
            connection.auth(DEFAULT_MECHANISMS, &credentials).await.map_err(|error| failed(&error))?;
        }
        let sent = connection.send(letter.envelope(), &letter.formatted()).await;
        let response = sent.map_err(|error| failed(&error))?;
        Ok((connection, response))
    }

    /// lettre turns its line into one with TLS itself, and takes no configuration of rustls.
    fn tls_parameters(&self) -> Result<TlsParameters, Error> {
        let mut builder = TlsParameters::builder(self.host.clone()).certificate_store(CertificateStore::WebpkiRoots);
        if let Some(own) = &self.own {
            builder = builder.add_root_certificate(Certificate::from_pem(own.pem().as_bytes())?);
        }
        builder.build()
    }
}

fn recipients(text: &str) -> Result<Vec<Mailbox>, Problem> {
    // As people separate them.
    let text = text.replace([';', '；', '，', '、'], ",");
    let boxes: Mailboxes =
        text.trim_matches([',', ' ']).parse().map_err(|_| invalid("recipients", "address_invalid"))?;
    let boxes: Vec<Mailbox> = boxes.into_iter().collect();
    match boxes.len() {
        0 => Err(invalid("recipients", "missing")),
        1..=RECIPIENTS => Ok(boxes),
        _ => Err(invalid("recipients", "too_many")),
    }
}

fn failed(error: &Error) -> Verdict {
    let status = error.status().map(|code| u32::from(u16::from(code)));
    let said = error.source().map(ToString::to_string).unwrap_or_default();
    match status {
        Some(status) if error.is_permanent() => Verdict::refused(said).with_status(status),
        Some(status) => Verdict::retry(said).with_status(status),
        None => Verdict::retry(why(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recipients_are_separated_as_people_do() {
        let check = |text: &str, expect: Result<&[&str], &str>| {
            let got = recipients(text)
                .map(|boxes| boxes.iter().map(|one| one.email.to_string()).collect::<Vec<_>>())
                .map_err(|problem| problem.params["reason"].clone());
            assert_eq!(
                got.as_deref().map_err(String::as_str),
                expect
                    .map(|all| all.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>())
                    .as_deref()
                    .map_err(|e| *e),
                "{text}"
            );
        };
        check("a@x.example", Ok(&["a@x.example"]));
        check("a@x.example, Guard <b@x.example>", Ok(&["a@x.example", "b@x.example"]));
        check("a@x.example；b@x.example，c@x.example;", Ok(&["a@x.example", "b@x.example", "c@x.example"]));
        check("nobody", Err("address_invalid"));
        check("a@x.example b@x.example", Err("address_invalid"));
        check(&"a@x.example,".repeat(51), Err("too_many"));
    }
}
