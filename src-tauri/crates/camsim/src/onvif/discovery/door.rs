//! The sockets that hear questions, and which devices each is for.

use crate::{
    CamsimError,
    onvif::{
        Device,
        spec::{DevicePlace, DiscoveryInterface, DiscoveryLink, DiscoverySpec},
    },
};
use socket2::{Domain, Protocol, Socket, Type};
use std::{
    collections::BTreeSet,
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6},
    sync::Arc,
};
use tokio::net::UdpSocket;

/// The open sockets.
#[derive(Debug)]
pub(crate) struct DiscoveryDoor {
    pub port: u16,
    pub(super) groups: Vec<(Heard, Arc<UdpSocket>)>,
    pub(super) own: Vec<(SocketAddr, Arc<UdpSocket>)>,
    /// Later starts are told apart by it.
    pub(super) instance: u64,
}

/// Who a question is for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Heard {
    On(DiscoveryInterface),
    OnLink(DiscoveryLink),
    /// At a device's own address, whatever the port.
    At(SocketAddr),
}

const GROUP_V4: Ipv4Addr = Ipv4Addr::new(239, 255, 255, 250);
const GROUP_V6: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x0c);
const RECEIVE_BYTES: usize = 1024 * 1024;

impl DiscoveryDoor {
    /// Opens all sockets. `own` are the addresses of devices that have some of their own, with port 0.
    ///
    /// # Errors
    /// A port that is taken, an interface that is not there.
    pub fn open(spec: &DiscoverySpec, own: &BTreeSet<SocketAddr>) -> Result<Self, CamsimError> {
        let mut port = spec.port;
        let mut open = |heard: Heard| {
            let mut address = heard.address();
            address.set_port(port);
            let refused = |source| CamsimError::Listen { address, source };
            let socket = bind(address, heard).map_err(refused)?;
            port = socket.local_addr().map_err(refused)?.port();
            Ok::<_, CamsimError>(Arc::new(socket))
        };
        let own: Vec<_> = own.iter().map(|at| Ok((*at, open(Heard::At(*at))?))).collect::<Result<_, CamsimError>>()?;
        let interfaces = spec.interfaces.iter().map(|interface| Heard::On(*interface));
        let heard = interfaces.chain(spec.links.iter().map(|link| Heard::OnLink(*link)));
        let groups = heard.map(|heard| Ok((heard, open(heard)?))).collect::<Result<_, CamsimError>>()?;
        let instance = u64::try_from(watchwall_model::UtcMillis::now().0 / 1000).unwrap_or(0);
        Ok(Self { port, groups, own, instance })
    }

    /// The socket of one of the device's addresses that answers somebody: on the network the question came by, else of
    /// the same family. `None` for a device on the shared port.
    pub(super) fn own(&self, device: &Device, heard: Heard, asker: IpAddr) -> Option<&Arc<UdpSocket>> {
        let best = own_addresses(device).filter_map(|own| Some((nearness(heard, own, asker)?, own))).min()?.1;
        self.own.iter().find(|(own, _)| is_host(*own, best)).map(|(_, socket)| socket)
    }
}

impl Heard {
    pub fn is_for(self, device: &Device) -> bool {
        match device.spec.place {
            DevicePlace::Own { .. } => own_addresses(device).any(|own| match self {
                Self::At(at) => is_host(at, own),
                Self::On(interface) => is_in(interface, own.ip()),
                Self::OnLink(_) => own.is_ipv6(),
            }),
            DevicePlace::Shared => !matches!(self, Self::At(_)),
        }
    }

    /// The group, or the address that is asked by itself; without a port.
    pub const fn address(self) -> SocketAddr {
        match self {
            Self::On(_) => SocketAddr::new(IpAddr::V4(GROUP_V4), 0),
            Self::OnLink(link) => SocketAddr::V6(SocketAddrV6::new(GROUP_V6, 0, 0, link.index)),
            Self::At(at) => at,
        }
    }
}

/// One socket; joined to the group on that interface where one is given.
fn bind(address: SocketAddr, heard: Heard) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    // The system gives what it allows.
    let _ = socket.set_recv_buffer_size(RECEIVE_BYTES);
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    match heard {
        Heard::On(interface) => {
            socket.set_reuse_address(true)?;
            // Otherwise every such socket hears every interface.
            #[cfg(target_os = "linux")]
            socket.set_multicast_all_v4(false)?;
            socket.bind(&address.into())?;
            socket.join_multicast_v4(&GROUP_V4, &interface.address)?;
            socket.set_multicast_if_v4(&interface.address)?;
        }
        Heard::OnLink(link) => {
            socket.set_reuse_address(true)?;
            socket.bind(&address.into())?;
            socket.join_multicast_v6(&GROUP_V6, link.index)?;
            socket.set_multicast_if_v6(link.index)?;
        }
        Heard::At(_) => socket.bind(&address.into())?,
    }
    UdpSocket::from_std(socket.into())
}

/// Of a device that has some, where discovery can reach it.
fn own_addresses(device: &Device) -> impl Iterator<Item = SocketAddr> {
    let has_own = matches!(device.spec.place, DevicePlace::Own { .. });
    device.addresses().filter(move |_| has_own)
}

/// How well an address answers a question, smaller is better; `None` for one that cannot.
fn nearness(heard: Heard, own: SocketAddr, asker: IpAddr) -> Option<u8> {
    if own.is_ipv4() != asker.is_ipv4() {
        return None;
    }
    let is_near = match (heard, own.ip(), asker) {
        (Heard::On(interface), ip, _) => is_in(interface, ip),
        (Heard::At(at), _, _) => is_host(at, own),
        (Heard::OnLink(_), IpAddr::V6(own), IpAddr::V6(asker)) => {
            own.is_unicast_link_local() == asker.is_unicast_link_local()
        }
        (Heard::OnLink(_), ..) => false,
    };
    Some(u8::from(!is_near))
}

fn is_host(one: SocketAddr, other: SocketAddr) -> bool {
    one.ip() == other.ip()
}

fn is_in(interface: DiscoveryInterface, ip: IpAddr) -> bool {
    let IpAddr::V4(ip) = ip else { return false };
    let mask = u32::MAX.checked_shl(32 - u32::from(interface.prefix.min(32))).unwrap_or(0);
    u32::from(interface.address) & mask == u32::from(ip) & mask
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_in_its_network() {
        let on = |prefix| DiscoveryInterface { address: Ipv4Addr::new(10, 0, 1, 1), prefix };
        let check = |prefix, ip: &str, expect| assert_eq!(is_in(on(prefix), ip.parse().unwrap()), expect, "{ip}");
        check(24, "10.0.1.200", true);
        check(24, "10.0.2.1", false);
        check(0, "127.0.0.1", true);
        check(32, "10.0.1.1", true);
        check(0, "::1", false);
    }

    #[test]
    fn a_device_answers_from_the_address_next_to_who_asks() {
        let on = Heard::On(DiscoveryInterface { address: Ipv4Addr::new(10, 0, 1, 1), prefix: 24 });
        let link = Heard::OnLink(DiscoveryLink { index: 1 });
        let check = |heard, own: &str, asker: &str, expect| {
            assert_eq!(nearness(heard, own.parse().unwrap(), asker.parse().unwrap()), expect, "{own} {asker}");
        };
        check(on, "10.0.1.7:0", "10.0.1.1", Some(0));
        check(on, "10.0.2.7:0", "10.0.1.1", Some(1));
        check(on, "[fd00::7]:0", "10.0.1.1", None);
        check(link, "[fe80::7]:0", "fe80::1", Some(0));
        check(link, "[fd00::7]:0", "fe80::1", Some(1));
        check(link, "[fd00::7]:0", "fd00::1", Some(0));
    }
}
