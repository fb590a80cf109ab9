//! MQTT 3.1.1 and 5: a message is published with QoS 1 and counts as sent when the broker acknowledged it.
//!
//! `topic` is where to, `protocol` the two versions without a socket, `session` one task per broker and login that keeps
//! a connection for as long as there is something to say, `sessions` all of them. The payload is our own JSON.

mod protocol;
mod session;
mod sessions;
mod topic;

use self::{protocol::Version, topic::Topic};
use crate::{
    Message,
    authorities::Authorities,
    body,
    exchange::Deadline,
    fields::{Fields, invalid},
    sign,
    veil::Veil,
    verdict::Verdict,
};
use watchwall_model::{Problem, Secret};

pub use sessions::Sessions;

#[derive(Clone)]
pub struct Mqtt {
    broker: Broker,
    topic: Topic,
}

/// Where a session leads and as whom.
#[derive(Clone)]
pub struct Broker {
    host: String,
    port: u16,
    has_tls: bool,
    version: Version,
    login: Option<(String, Secret)>,
    own: Option<Authorities>,
}

impl Broker {
    /// The same for targets that can share a session.
    fn identity(&self) -> [u8; 32] {
        let (user, password) = self.login.as_ref().map_or(("", ""), |(user, password)| (user, password.reveal()));
        let own = self.own.as_ref().map_or("", Authorities::pem);
        let parts = [&self.host, user, password, own];
        let mut text = format!("{} {} {:?} ", self.port, self.has_tls, self.version);
        for part in parts {
            text.push_str(&format!("{} {part} ", part.len()));
        }
        sign::sha256(text.as_bytes())
    }
}

impl Mqtt {
    pub fn read(fields: Fields<'_>) -> Result<Self, Problem> {
        fields.only(&["host", "port", "tls", "topic", "version", "user", "ca"], &["password"])?;
        let has_tls = match fields.text("tls")? {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => return Err(invalid("tls", "unknown")),
        };
        let version = match fields.text("version")? {
            None | Some("3.1.1") => Version::V3,
            Some("5") => Version::V5,
            Some(_) => return Err(invalid("version", "unknown")),
        };
        let host = fields.host()?;
        let port = fields.port(if has_tls { 8883 } else { 1883 })?;
        let topic = Topic::read(fields.needed_text("topic")?)?;
        // A name alone is a login too, for brokers that know people by it.
        let login = match (fields.text("user")?, fields.secret("password")?) {
            (Some(user), password) => Some((user.to_owned(), password.unwrap_or_default())),
            (None, Some(_)) => return Err(invalid("user", "missing")),
            (None, None) => None,
        };
        let broker = Broker { host, port, has_tls, version, login, own: fields.authorities()? };
        Ok(Self { broker, topic })
    }

    pub fn place(&self) -> String {
        format!("{}:{} {}", self.broker.host, self.broker.port, self.topic)
    }

    pub fn veil(&self) -> Veil {
        Veil::over(self.broker.login.iter().map(|(_, password)| password.reveal()))
    }

    pub async fn send(&self, message: &Message, sessions: &Sessions, deadline: Deadline) -> Verdict {
        match body::json(message) {
            Ok(payload) => sessions.publish(&self.broker, self.topic.fill(message), payload, deadline).await,
            Err(verdict) => verdict,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_equal_brokers_share_a_session() {
        let broker = |host: &str, user: &str, password: &str| Broker {
            host: host.into(),
            port: 1883,
            has_tls: false,
            version: Version::V3,
            login: Some((user.into(), Secret::new(password))),
            own: None,
        };
        let first = broker("h", "u", "p");
        assert_eq!(first.identity(), broker("h", "u", "p").identity());
        let others = [
            broker("h", "up", ""),
            broker("h", "u", "q"),
            broker("hu", "", "p"),
            Broker { port: 1884, ..first.clone() },
            Broker { has_tls: true, ..first.clone() },
            Broker { version: Version::V5, ..first.clone() },
            Broker { login: None, ..first.clone() },
        ];
        assert!(others.iter().all(|other| other.identity() != first.identity()));
    }
}
