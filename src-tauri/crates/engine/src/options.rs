//! How an engine is started.

use crate::{
    EngineError,
    detect::Detector,
    scenes::{AlarmTimes, Skills},
};
use std::{path::PathBuf, time::Duration};
use tokio_tungstenite::tungstenite::http::Uri;
use watchwall_model::Secret;

#[derive(Clone, Debug)]
pub struct EngineOptions {
    pub site: SiteAddress,
    /// Shown to the site; a site may let nodes of its own machine in without one.
    pub token: Option<Secret>,
    /// A PEM file whose certificates are trusted instead of the public ones, for sites that made their own.
    pub certificate: Option<PathBuf>,
    /// The same over restarts: 1 to 128 characters.
    pub node_id: String,
    pub node_name: String,
    /// Scenes at once.
    pub max_tasks: u32,
    pub times: AlarmTimes,
    /// How long somebody has to be in a region.
    pub dwell_ms: i64,
    /// How long to be a loiterer, or a vehicle to be parked.
    pub stay_ms: i64,
    /// Without one scenes look at what moves.
    pub detector: Option<Detector>,
    /// After the site did not let it in: a token that is wrong, or a node that is switched off, is a matter for a person.
    pub again_after_refusal: Duration,
}

impl EngineOptions {
    pub fn new(site: SiteAddress, token: Option<Secret>) -> Self {
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let host: String = host.trim().chars().take(64).collect();
        let name = if host.is_empty() { "watchwall-engine".to_owned() } else { format!("watchwall-engine-{host}") };
        Self {
            site,
            token,
            certificate: None,
            node_id: name.clone(),
            node_name: name,
            max_tasks: 50,
            times: AlarmTimes::default(),
            dwell_ms: 1_000,
            stay_ms: 60_000,
            detector: None,
            again_after_refusal: Duration::from_secs(60),
        }
    }

    /// What the node can look for.
    pub(crate) fn skills(&self) -> Skills {
        self.detector.as_ref().map_or_else(Skills::default, |detector| Skills::of_model(detector.labels().iter()))
    }

    pub(crate) fn check(&self) -> Result<(), EngineError> {
        let fits = |text: &str| (1..=128).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if fits(&self.node_id) && fits(&self.node_name) && (1..=10_000).contains(&self.max_tasks) {
            Ok(())
        } else {
            Err(EngineError::Node)
        }
    }
}

/// Where a site's door for nodes is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteAddress {
    pub host: String,
    pub port: u16,
    pub is_tls: bool,
    pub path: String,
}

impl SiteAddress {
    const DOOR: &str = "/ws/ai-engine";

    /// From `ws://`, `wss://`, `http://` or `https://`; without a path the usual one. What is asked for behind a `?` is
    /// taken over.
    ///
    /// # Errors
    /// [`EngineError::Address`].
    pub fn parse(url: &str) -> Result<Self, EngineError> {
        // A token may stand in it.
        let refused = || EngineError::Address { url: url.split(['?', '#']).next().unwrap_or_default().to_owned() };
        let uri: Uri = url.trim().parse().map_err(|_| refused())?;
        let is_tls = match uri.scheme_str() {
            Some("ws" | "http") => false,
            Some("wss" | "https") => true,
            _ => return Err(refused()),
        };
        let host = uri.host().filter(|host| !host.is_empty()).ok_or_else(refused)?;
        let path = match uri.path_and_query().map(|path| path.as_str()) {
            None | Some("/" | "") => Self::DOOR.to_owned(),
            Some(path) => path.to_owned(),
        };
        let port = uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
        Ok(Self { host: host.trim_matches(['[', ']']).to_owned(), port, is_tls, path })
    }

    /// With the port, as an address needs it.
    pub(crate) fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        format!("{host}:{}", self.port)
    }

    pub(crate) fn url(&self) -> String {
        format!("{}://{}{}", if self.is_tls { "wss" } else { "ws" }, self.authority(), self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_sites() {
        let check = |text: &str, expect: Option<&str>| {
            assert_eq!(SiteAddress::parse(text).ok().map(|site| site.url()).as_deref(), expect, "{text}");
        };
        check("ws://10.0.0.5:8080", Some("ws://10.0.0.5:8080/ws/ai-engine"));
        check("http://site.local/", Some("ws://site.local:80/ws/ai-engine"));
        check("https://site.local", Some("wss://site.local:443/ws/ai-engine"));
        check("wss://[::1]:8443/door?token=a", Some("wss://[::1]:8443/door?token=a"));
        check("rtsp://10.0.0.5", None);
        check("10.0.0.5:8080", None);
        check("", None);
        let said = SiteAddress::parse("ftp://a/?token=secret").unwrap_err().to_string();
        assert!(!said.contains("secret"), "{said}");
    }

    #[test]
    fn a_node_has_a_name() {
        let mut options = EngineOptions::new(SiteAddress::parse("ws://a").unwrap(), None);
        assert!(options.check().is_ok() && !options.node_id.is_empty());
        options.node_id = String::new();
        assert!(options.check().is_err());
    }
}
