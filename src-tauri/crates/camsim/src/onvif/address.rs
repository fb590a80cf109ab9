//! The addresses a device gives of itself, right and wrong.

use super::{Device, Quirk, call::Service};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// A host of a network that nobody here is in, as behind NAT.
const BEHIND_NAT: &str = "192.168.77.5";
const LINK_LOCAL: &str = "169.254.33.7";

/// The address to connect to for one that listens everywhere.
pub(super) fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        // Its zone stays.
        _ => return address,
    };
    SocketAddr::new(ip, address.port())
}

/// Where a service is said to be. `authority` is the host and port that the client asked.
pub(super) fn xaddr(device: &Device, authority: &str, service: Service) -> String {
    let quirks = device.quirks();
    let path = match service {
        _ if quirks.has(Quirk::OnePath) => device.device_path(),
        Service::Device => device.device_path(),
        Service::Media if quirks.has(Quirk::WrongPathXaddr) => device.base() + "/onvif/nothing_here",
        service => format!("{}/onvif/{}", device.base(), service.path()),
    };
    let (host, port) = split(authority);
    let port = if service != Service::Device && quirks.has(Quirk::WrongPortXaddr) { "1" } else { port };
    let with = |host: &str| format!("{}://{host}:{port}{path}", device.scheme());
    let right = with(host);
    if quirks.has(Quirk::NatXaddr) {
        return with(BEHIND_NAT);
    }
    if quirks.has(Quirk::LoopbackXaddr) {
        return with("127.0.0.1");
    }
    if quirks.has(Quirk::ZeroXaddr) {
        return with("0.0.0.0");
    }
    if quirks.has(Quirk::Ipv6Xaddr) {
        return with("[fe80::1]");
    }
    if quirks.has(Quirk::DoublePortXaddr) {
        return with(&format!("{host}:{port}"));
    }
    if quirks.has(Quirk::LinkLocalXaddr) {
        return format!("{} {right}", with(LINK_LOCAL));
    }
    right
}

/// The XAddrs of a discovery answer.
pub(super) fn discovery_xaddrs(device: &Device) -> String {
    let quirks = device.quirks();
    let address = reachable(device.address);
    let with = |host: &str| format!("{}://{host}:{}{}", device.scheme(), address.port(), device.device_path());
    if quirks.has(Quirk::UnusableXaddrs) {
        return [with(LINK_LOCAL), with("[fe80::1]"), with("0.0.0.0")].join(" ");
    }
    // Real ones give each address they have.
    let own = device.addresses().map(reachable).map(|own| xaddr(device, &without_zone(own), Service::Device));
    std::iter::once(with(LINK_LOCAL)).chain(own).chain([with("[fe80::1]")]).collect::<Vec<_>>().join(" ")
}

fn without_zone(address: SocketAddr) -> String {
    SocketAddr::new(address.ip(), address.port()).to_string()
}

/// Host with brackets, and port.
fn split(authority: &str) -> (&str, &str) {
    let end = authority.rfind(']').map_or(0, |at| at + 1);
    match authority[end..].find(':') {
        Some(colon) => (&authority[..end + colon], &authority[end + colon + 1..]),
        None => (authority, "80"),
    }
}

/// The host of an authority alone.
pub(super) fn host_of(authority: &str) -> &str {
    split(authority).0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_ports() {
        assert_eq!(split("10.0.0.1:8000"), ("10.0.0.1", "8000"));
        assert_eq!(split("camera"), ("camera", "80"));
        assert_eq!(split("[::1]:81"), ("[::1]", "81"));
        assert_eq!(split("[::1]"), ("[::1]", "80"));
        assert_eq!(reachable(([0, 0, 0, 0], 5).into()).to_string(), "127.0.0.1:5");
    }
}
