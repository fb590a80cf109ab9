//! Opens the sockets that ask.

use super::Targets;
use socket2::{Domain, Protocol, Socket, Type};
use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};
use tokio::net::UdpSocket;

/// A socket of one interface's address.
#[derive(Debug)]
pub(super) struct Open {
    pub socket: UdpSocket,
    pub address: IpAddr,
    /// Index of the interface, which IPv6 multicast needs.
    pub scope: u32,
}

/// Three hundred devices answer within a second, each with some kilobytes.
const RECEIVE_BYTES: usize = 4 * 1024 * 1024;

/// One socket per address to ask from. An interface that refuses is left out as long as one works.
pub(super) fn open(targets: &Targets) -> io::Result<Vec<Open>> {
    let wanted: Vec<(IpAddr, u32)> = match targets {
        Targets::Interfaces => interfaces()?,
        Targets::Only(addresses) => {
            let known = interfaces().unwrap_or_default();
            let scope = |address: &IpAddr| known.iter().find(|(own, _)| own == address).map_or(0, |(_, scope)| *scope);
            addresses.iter().map(|address| (*address, scope(address))).collect()
        }
        Targets::Ranges(_) => vec![(Ipv4Addr::UNSPECIFIED.into(), 0)],
        Targets::Hosts(hosts) => {
            let v4 = hosts.iter().any(IpAddr::is_ipv4).then_some((Ipv4Addr::UNSPECIFIED.into(), 0));
            let v6 = hosts.iter().any(IpAddr::is_ipv6).then_some((Ipv6Addr::UNSPECIFIED.into(), 0));
            v4.into_iter().chain(v6).collect()
        }
    };
    let mut opened = Vec::new();
    let mut refused = None;
    for (address, scope) in wanted {
        match open_one(address, scope) {
            Ok(socket) => opened.push(Open { socket, address, scope }),
            Err(error) => {
                tracing::debug!(%error, %address, "cannot ask on this interface");
                refused = Some(error);
            }
        }
    }
    if opened.is_empty() {
        return Err(refused.unwrap_or_else(|| io::ErrorKind::AddrNotAvailable.into()));
    }
    Ok(opened)
}

/// Addresses of interfaces that are up, no loopback: each of IPv4, and of IPv6 one that is link-local and one that is
/// not. A device answers from an address of the same kind, and one that has only a link-local address cannot answer any
/// other.
fn interfaces() -> io::Result<Vec<(IpAddr, u32)>> {
    let mut asked = std::collections::HashSet::new();
    let mut found = Vec::new();
    for interface in if_addrs::get_if_addrs()? {
        if interface.is_loopback() || interface.is_p2p() {
            continue;
        }
        let scope = interface.index.unwrap_or(0);
        let is_wanted = match interface.ip() {
            IpAddr::V4(_) => true,
            IpAddr::V6(address) => asked.insert((scope, address.is_unicast_link_local())),
        };
        if is_wanted {
            found.push((interface.ip(), scope));
        }
    }
    Ok(found)
}

fn open_one(address: IpAddr, scope: u32) -> io::Result<UdpSocket> {
    let domain = if address.is_ipv4() { Domain::IPV4 } else { Domain::IPV6 };
    let socket = Socket::new(domain, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    // The system gives what it allows.
    let _ = socket.set_recv_buffer_size(RECEIVE_BYTES);
    match address {
        IpAddr::V4(address) => {
            if !address.is_unspecified() {
                socket.set_multicast_if_v4(&address)?;
                socket.set_multicast_ttl_v4(4)?;
            }
            socket.bind(&SocketAddr::new(address.into(), 0).into())?;
        }
        IpAddr::V6(address) => {
            socket.set_only_v6(true)?;
            if !address.is_unspecified() {
                socket.set_multicast_if_v6(scope)?;
                socket.set_multicast_hops_v6(4)?;
            }
            socket.bind(&std::net::SocketAddrV6::new(address, 0, 0, scope_of(address, scope)).into())?;
        }
    }
    UdpSocket::from_std(socket.into())
}

/// Only link-local addresses are bound with their interface.
fn scope_of(address: Ipv6Addr, scope: u32) -> u32 {
    if address.is_unicast_link_local() { scope } else { 0 }
}
