//! Where a device is, and what becomes of the addresses it gives.
//!
//! A device's own idea of its address is wrong behind NAT, on a second network card, after DHCP, and sometimes just so.
//! The host is therefore always the one the user gave; of the device's address only path and query are kept, and its
//! port is a suggestion. Logins so never reach another host.

use crate::{OnvifError, soap::Service};
use std::fmt;
use url::Url;
use watchwall_model::{DeviceKey, SafeUrl};

/// A device as the user named it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DeviceAddress {
    scheme: Scheme,
    /// Lower case, IPv6 without brackets.
    host: String,
    port: u16,
    /// Path and query of the device service.
    path: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Scheme {
    Http,
    Https,
}

/// An address as a device wrote it, taken apart by hand: `http://ip:8106:8106/path` is no URL and still means something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Parts<'t> {
    pub scheme: &'t str,
    pub host: &'t str,
    pub port: Option<u16>,
    /// From the first `/` or `?`; may be empty.
    pub path: &'t str,
}

/// Path of the device service where nothing else is known.
const DEVICE_PATH: &str = "/onvif/device_service";

impl DeviceAddress {
    /// Reads what a person typed: an address, a name, either with a port, IPv6 with or without brackets, or a URL.
    /// Credentials in a URL are ignored here; take them out with [`SafeUrl::split`] first.
    ///
    /// # Errors
    /// `AddressInvalid` with the reason; `LinkLocal` for IPv6 with the name of a network card, as in `fe80::1%eth0`.
    pub fn parse(text: &str) -> Result<Self, OnvifError> {
        let text = text.trim();
        if let Some(host) = zoned(text) {
            return Err(OnvifError::LinkLocal { host });
        }
        let invalid = |reason: &str| OnvifError::AddressInvalid {
            // A mistyped URL may hold a password.
            text: text.rsplit('@').next().unwrap_or_default().to_owned(),
            reason: reason.to_owned(),
        };
        let has_scheme = text.contains("://");
        let written = match text.parse::<std::net::Ipv6Addr>() {
            Ok(address) => format!("http://[{address}]"),
            Err(_) if has_scheme => text.to_owned(),
            Err(_) => format!("http://{text}"),
        };
        let url = Url::parse(&written).map_err(|error| invalid(&error.to_string()))?;
        let scheme = match url.scheme() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            _ => return Err(invalid("scheme")),
        };
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(|| invalid("empty_host"))?;
        let path = match (url.path(), url.query()) {
            ("" | "/", None) => DEVICE_PATH.to_owned(),
            (path, None) => path.to_owned(),
            (path, Some(query)) => format!("{path}?{query}"),
        };
        let usual = if scheme == Scheme::Https { 443 } else { 80 };
        Ok(Self { scheme, host: bare(host).to_ascii_lowercase(), port: url.port().unwrap_or(usual), path })
    }

    /// Address or name, IPv6 without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    pub const fn port(&self) -> u16 {
        self.port
    }

    pub fn is_tls(&self) -> bool {
        self.scheme == Scheme::Https
    }

    /// The device in the lockout latch when nobody names it otherwise.
    pub fn key(&self) -> DeviceKey {
        DeviceKey::new(self.host.as_str())
    }

    /// URL of the device service.
    pub fn device_url(&self) -> String {
        self.url(&self.path)
    }

    /// Where to ask for a service, best first.
    ///
    /// `xaddr` is where the device says the service is, `device_xaddr` where it says that it is itself: when both name
    /// the same port, the device knows nothing of the port we reach it by, and ours is right for both.
    pub fn candidates(&self, service: &Service, xaddr: Option<&str>, device_xaddr: Option<&str>) -> Vec<String> {
        let mut found = Vec::new();
        if let Some(parts) = xaddr.and_then(split_address) {
            let path = if parts.path.is_empty() { self.path.as_str() } else { parts.path };
            let same_port =
                device_xaddr.and_then(split_address).is_none_or(|own| own.port_or_usual() == parts.port_or_usual());
            if !same_port && parts.port_or_usual() != self.port {
                let scheme = if parts.scheme.eq_ignore_ascii_case("https") { Scheme::Https } else { Scheme::Http };
                let advertised = Self { scheme, port: parts.port_or_usual(), ..self.clone() };
                found.push(advertised.url(path));
            }
            found.push(self.url(path));
        }
        if *service != Service::Subscription {
            found.push(self.device_url());
            found.extend(service.usual_path().map(|path| self.url(path)));
        }
        let mut seen = std::collections::HashSet::new();
        found.retain(|url| Url::parse(url).is_ok() && seen.insert(url.clone()));
        found
    }

    /// The address of a stream: host as the user gave it, port and path as the device gave them, no credentials.
    ///
    /// # Errors
    /// `AddressInvalid` when the device's answer is no address of a stream.
    pub fn stream_url(&self, uri: &str) -> Result<SafeUrl, OnvifError> {
        let invalid = |reason: String| OnvifError::AddressInvalid { text: cut_login(uri), reason };
        let parts = split_address(uri).ok_or_else(|| invalid("no_address".to_owned()))?;
        let port = parts.port.map(|port| format!(":{port}")).unwrap_or_default();
        let is_multicast = parts.host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_multicast());
        let host = if is_multicast { parts.host.to_owned() } else { self.bracketed() };
        // Some write the query's `&` as `&amp;amp;`.
        let path = parts.path.replace("&amp;", "&");
        let text = format!("{}://{host}{port}{path}", parts.scheme.to_ascii_lowercase());
        let (url, _) = SafeUrl::split(&text).map_err(|problem| {
            invalid(problem.params.get("reason").cloned().unwrap_or_else(|| problem.code.to_string()))
        })?;
        Ok(url)
    }

    /// The address of a picture: as for services, on the device's own host.
    ///
    /// # Errors
    /// `SnapshotAddress` for anything but HTTP.
    pub fn picture_urls(&self, uri: &str, device_xaddr: Option<&str>) -> Result<Vec<String>, OnvifError> {
        let wrong = || OnvifError::SnapshotAddress { uri: cut_login(uri) };
        let parts = split_address(uri).ok_or_else(wrong)?;
        if !["http", "https"].iter().any(|scheme| parts.scheme.eq_ignore_ascii_case(scheme)) || parts.path.is_empty() {
            return Err(wrong());
        }
        Ok(self.candidates(&Service::Subscription, Some(uri), device_xaddr))
    }

    fn url(&self, path: &str) -> String {
        let (scheme, usual) = match self.scheme {
            Scheme::Http => ("http", 80),
            Scheme::Https => ("https", 443),
        };
        let port = if self.port == usual { String::new() } else { format!(":{}", self.port) };
        let slash = if path.starts_with('/') { "" } else { "/" };
        format!("{scheme}://{}{port}{slash}{path}", self.bracketed())
    }

    fn bracketed(&self) -> String {
        if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() }
    }
}

impl fmt::Display for DeviceAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let usual = if self.is_tls() { 443 } else { 80 };
        write!(f, "{}", self.bracketed())?;
        if self.port == usual { Ok(()) } else { write!(f, ":{}", self.port) }
    }
}

impl Parts<'_> {
    pub fn port_or_usual(&self) -> u16 {
        let usual = match self.scheme.to_ascii_lowercase().as_str() {
            "https" => 443,
            "rtsp" => 554,
            _ => 80,
        };
        self.port.unwrap_or(usual)
    }
}

/// Takes an address apart; `None` when it has no scheme or no host.
pub(crate) fn split_address(text: &str) -> Option<Parts<'_>> {
    let text = text.split_whitespace().next()?;
    let (scheme, rest) = text.split_once("://")?;
    let is_scheme = !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let authority = authority.rsplit('@').next()?;
    let (host, ports) = match authority.strip_prefix('[') {
        Some(inside) => inside.split_once(']')?,
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    let port = ports.rsplit(':').find_map(|port| port.parse().ok()).filter(|port| *port != 0);
    (is_scheme && !host.is_empty()).then_some(Parts { scheme, host, port, path })
}

/// The IPv6 address before a `%`, in brackets.
fn zoned(text: &str) -> Option<String> {
    let (before, _) = text.split_once('%')?;
    let host = before.rsplit(['[', '/', '@']).next()?;
    host.parse::<std::net::Ipv6Addr>().ok().map(|address| format!("[{address}]"))
}

fn bare(host: &str) -> &str {
    host.trim_start_matches('[').trim_end_matches(']')
}

/// The text without what stands before an `@`.
fn cut_login(uri: &str) -> String {
    match (uri.split_once("://"), uri.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, rest))) => format!("{scheme}://{rest}"),
        (None, Some((_, rest))) => rest.to_owned(),
        _ => uri.to_owned(),
    }
}

#[cfg(test)]
mod tests;
