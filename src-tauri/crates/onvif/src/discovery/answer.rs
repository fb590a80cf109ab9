//! What a device answers, however it is written.

use crate::{
    operations::{Scope, Scopes},
    scopes,
    transport::split_address,
    tree::{Limits, Node, Tree, decode},
};
use std::net::IpAddr;

/// A device that answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundDevice {
    /// Endpoint reference without `urn:uuid:`; empty when it gives none.
    pub endpoint: String,
    /// Where the answer came from.
    pub sender: IpAddr,
    /// The device service, at an address that can be reached: of those it gives, or made up from the sender.
    pub address: String,
    /// All addresses it gives.
    pub xaddrs: Vec<String>,
    pub types: Vec<DeviceType>,
    pub scopes: Scopes,
    /// It answered a Hello or Bye with these; larger means later.
    pub instance: Option<(u64, u64)>,
}

/// What it says it is, by its namespace whatever its prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeviceType {
    Transmitter,
    Device,
    Other(String),
}

impl FoundDevice {
    /// Whether the address is the one it answered from, and no better one is to be expected: who answers over IPv6 and
    /// has IPv4 as well is mostly known by that.
    pub(super) fn is_sure(&self) -> bool {
        let own = split_address(&self.address).and_then(|parts| ip_of(parts.host));
        let has_other = self.sender.is_ipv6() && self.hosts().any(|host| is_routable_v4(&host));
        own == Some(self.sender) && !has_other && !is_link_local(self.sender)
    }

    /// Hosts of the addresses it gives, without brackets and zones.
    pub fn hosts(&self) -> impl Iterator<Item = String> {
        self.xaddrs.iter().filter_map(|xaddr| {
            let host = split_address(xaddr)?.host;
            Some(ip_of(host).map_or_else(|| host.to_ascii_lowercase(), |ip| ip.to_string()))
        })
    }

    pub fn name(&self) -> Option<String> {
        self.scopes.values("name").next()
    }

    pub fn hardware(&self) -> Option<String> {
        self.scopes.values("hardware").next()
    }

    pub fn location(&self) -> Option<String> {
        self.scopes.values("location").next()
    }

    /// Lower case with colons, of its scopes.
    pub fn mac(&self) -> Option<String> {
        let written = self.scopes.values("MacAddress").next().or_else(|| self.scopes.values("mac").next())?;
        Some(crate::operations::hardware_address(&written)).filter(|mac| !mac.is_empty())
    }

    pub fn serial_number(&self) -> Option<String> {
        self.scopes.values("SerialNumber").next()
    }
}

/// One datagram may name several devices; a flood may not.
const MOST_PER_DATAGRAM: usize = 64;
const MOST_ITEMS: usize = 128;

/// Reads the matches of one datagram. What is no answer gives none.
pub fn read_answers(bytes: &[u8], sender: IpAddr) -> Vec<FoundDevice> {
    let text = decode(bytes);
    match Tree::parse_within(&text, Limits { depth: 32, nodes: 20_000 }) {
        Ok(tree) => {
            let root = tree.root();
            let matches =
                root.descendants().filter(|node| matches!(node.name(), "ProbeMatch" | "ResolveMatch" | "Hello"));
            matches.take(MOST_PER_DATAGRAM).map(|node| from_node(root, node, sender)).collect()
        }
        Err(_) => scan(&text, sender).into_iter().collect(),
    }
}

fn from_node(root: Node<'_>, node: Node<'_>, sender: IpAddr) -> FoundDevice {
    let words = |name: &str| -> Vec<String> {
        let texts = node.children(name).flat_map(|child| child.text().split_whitespace());
        texts.take(MOST_ITEMS).map(ToOwned::to_owned).collect()
    };
    let types = node.child("Types");
    let sequence = root.find("AppSequence");
    FoundDevice {
        endpoint: node
            .at_path(&["EndpointReference", "Address"])
            .map(|node| scopes::endpoint(node.text()))
            .unwrap_or_default(),
        sender,
        address: choose(&words("XAddrs"), sender),
        xaddrs: words("XAddrs"),
        types: words("Types").iter().map(|name| device_type(types, name)).collect(),
        scopes: as_scopes(words("Scopes")),
        instance: sequence
            .and_then(|node| Some((node.number_in("InstanceId")?, node.number_in("MessageNumber").unwrap_or(0)))),
    }
}

fn device_type(node: Option<Node<'_>>, name: &str) -> DeviceType {
    let (prefix, local) = name.rsplit_once(':').unwrap_or(("", name));
    let namespace = node.and_then(|node| node.namespace_of(prefix));
    // A prefix that nobody declared still says what was meant.
    let is_in = |expected: &str| namespace.is_none_or(|namespace| namespace.trim_end_matches('/').ends_with(expected));
    match local {
        "NetworkVideoTransmitter" if is_in("/network/wsdl") => DeviceType::Transmitter,
        "Device" if is_in("/device/wsdl") => DeviceType::Device,
        _ => DeviceType::Other(local.to_owned()),
    }
}

fn as_scopes(words: Vec<String>) -> Scopes {
    Scopes { items: words.into_iter().map(|uri| Scope { uri, is_fixed: false }).collect() }
}

/// Finds the fields of an answer that is no XML: cut off, half escaped, or of two encodings.
fn scan(text: &str, sender: IpAddr) -> Option<FoundDevice> {
    if !text.contains("ProbeMatch") {
        return None;
    }
    let words = |name: &str| -> Vec<String> {
        let found = between(text, name).unwrap_or_default();
        found.split_whitespace().take(MOST_ITEMS).map(ToOwned::to_owned).collect()
    };
    let xaddrs: Vec<_> = words("XAddrs").into_iter().filter(|xaddr| split_address(xaddr).is_some()).collect();
    let endpoint = between(text, "EndpointReference").and_then(|inside| between(inside, "Address"));
    let endpoint = endpoint.map(scopes::endpoint).unwrap_or_default();
    if xaddrs.is_empty() && endpoint.is_empty() {
        return None;
    }
    Some(FoundDevice {
        endpoint,
        sender,
        address: choose(&xaddrs, sender),
        types: words("Types").iter().map(|name| device_type(None, name)).collect(),
        scopes: as_scopes(words("Scopes")),
        xaddrs,
        instance: None,
    })
}

/// The text inside the first tag of that local name, up to its end tag.
fn between<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let mut from = 0;
    while let Some(at) = text[from..].find(name).map(|at| from + at) {
        from = at + name.len();
        let before = &text[..at];
        let before = before.strip_suffix(':').map_or(before, |prefix| prefix.trim_end_matches(is_name));
        let is_whole = text[from..].starts_with(['>', ' ', '\t', '\r', '\n']);
        if !before.ends_with('<') || !is_whole {
            continue;
        }
        let start = from + text[from..].find('>')? + 1;
        let inside = &text[start..];
        let end = inside.find("</").unwrap_or(inside.len());
        // Of a tag with children the inside reaches to its own end.
        let end = inside.find(&format!(":{name}>")).map_or(end, |own| inside[..own].rfind("</").unwrap_or(end));
        return Some(inside[..end].trim());
    }
    None
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')
}

/// The address to use: on the sender's address, else one that can be routed, else IPv6; none of loopback or
/// unspecified. Link-local IPv6 comes last of all: no URL says on which interface it is. When nothing is left, the usual
/// path at the sender.
fn choose(xaddrs: &[String], sender: IpAddr) -> String {
    let best = xaddrs.iter().filter_map(|xaddr| Some((rank(xaddr, sender)?, xaddr))).min_by_key(|(rank, _)| *rank);
    match best {
        Some((_, xaddr)) => without_zone(xaddr),
        None => {
            let host = if sender.is_ipv6() { format!("[{sender}]") } else { sender.to_string() };
            format!("http://{host}/onvif/device_service")
        }
    }
}

/// Smaller is better; `None` for what leads nowhere.
fn rank(xaddr: &str, sender: IpAddr) -> Option<(u8, u8)> {
    let parts = split_address(xaddr)?;
    if !parts.scheme.eq_ignore_ascii_case("http") && !parts.scheme.eq_ignore_ascii_case("https") {
        return None;
    }
    // Plain HTTP first: certificates of cameras are worth nothing, and old ciphers fail.
    let tls = u8::from(parts.scheme.eq_ignore_ascii_case("https"));
    let rank = match ip_of(parts.host) {
        Some(address) if is_link_local(address) && address.is_ipv6() => {
            if address == sender {
                4
            } else {
                return None;
            }
        }
        Some(address) if address == sender => 0,
        Some(address) if is_link_local(address) || address.is_loopback() || address.is_unspecified() => return None,
        Some(IpAddr::V4(_)) => 1,
        Some(IpAddr::V6(_)) => 2,
        // A name may not be known here.
        None => 3,
    };
    Some((rank, tls))
}

/// The address of a host as it stands in a URL, with or without a zone.
fn ip_of(host: &str) -> Option<IpAddr> {
    host.split('%').next()?.parse().ok()
}

const fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}

fn is_routable_v4(host: &str) -> bool {
    host.parse::<std::net::Ipv4Addr>()
        .is_ok_and(|address| !address.is_link_local() && !address.is_loopback() && !address.is_unspecified())
}

/// A zone is the device's own name of its interface and means nothing here.
fn without_zone(xaddr: &str) -> String {
    match (xaddr.find('%'), xaddr.find(']')) {
        (Some(zone), Some(end)) if zone < end => format!("{}{}", &xaddr[..zone], &xaddr[end..]),
        _ => xaddr.to_owned(),
    }
}

#[cfg(test)]
mod tests;
