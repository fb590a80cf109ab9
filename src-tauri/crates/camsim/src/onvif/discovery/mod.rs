//! WS-Discovery as devices answer it: Probe, Resolve, Hello and Bye, all devices of the farm from one process.
//!
//! One socket per interface hears the multicast group; one per device with an address of its own hears what is sent to it
//! alone, and all its answers come from there. One task per socket.

use super::{
    Device, Quirk,
    address::{discovery_xaddrs, reachable},
    answers::fixed_scopes,
    call::escape,
    element::Element,
    spec::{DevicePlace, DiscoveryInterface, DiscoverySpec},
};
use crate::{CamsimError, house::House};
use socket2::{Domain, Protocol, Socket, Type};
use std::{
    collections::BTreeSet,
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4},
    sync::{Arc, atomic::Ordering::Relaxed},
};
use tokio::net::UdpSocket;

/// The open sockets.
#[derive(Debug)]
pub(crate) struct DiscoveryDoor {
    pub port: u16,
    groups: Vec<(DiscoveryInterface, Arc<UdpSocket>)>,
    own: Vec<(Ipv4Addr, Arc<UdpSocket>)>,
    /// Later starts are told apart by it.
    instance: u64,
}

/// What a device says unasked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    Hello,
    Bye,
}

const GROUP: Ipv4Addr = Ipv4Addr::new(239, 255, 255, 250);
const DISCOVERY: &str = "http://schemas.xmlsoap.org/ws/2005/04/discovery";
const ADDRESSING: &str = "http://schemas.xmlsoap.org/ws/2004/08/addressing";
const RECEIVE_BYTES: usize = 1024 * 1024;

impl DiscoveryDoor {
    /// Opens all sockets. `own` are the addresses of devices that have one of their own.
    ///
    /// # Errors
    /// A port that is taken, an interface that is not there.
    pub fn open(spec: &DiscoverySpec, own: &BTreeSet<Ipv4Addr>) -> Result<Self, CamsimError> {
        let mut port = spec.port;
        let mut sockets = Vec::new();
        for ip in own {
            let address = SocketAddrV4::new(*ip, port);
            let refused = |source| CamsimError::Listen { address: address.into(), source };
            let socket = bind(address, None).map_err(refused)?;
            port = socket.local_addr().map_err(refused)?.port();
            sockets.push((*ip, Arc::new(socket)));
        }
        let mut groups = Vec::new();
        for interface in &spec.interfaces {
            let address = SocketAddrV4::new(GROUP, port);
            let refused = |source| CamsimError::Listen { address: address.into(), source };
            let socket = bind(address, Some(interface.address)).map_err(refused)?;
            port = socket.local_addr().map_err(refused)?.port();
            groups.push((*interface, Arc::new(socket)));
        }
        let instance = u64::try_from(watchwall_model::UtcMillis::now().0 / 1000).unwrap_or(0);
        Ok(Self { port, groups, own: sockets, instance })
    }

    fn own(&self, device: &Device) -> Option<&Arc<UdpSocket>> {
        let ip = own_address(device)?;
        self.own.iter().find(|(own, _)| *own == ip).map(|(_, socket)| socket)
    }
}

/// One socket; joined to the group on that interface where one is given.
fn bind(address: SocketAddrV4, group_on: Option<Ipv4Addr>) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    // The system gives what it allows.
    let _ = socket.set_recv_buffer_size(RECEIVE_BYTES);
    if let Some(interface) = group_on {
        socket.set_reuse_address(true)?;
        // Otherwise every such socket hears every interface.
        #[cfg(target_os = "linux")]
        socket.set_multicast_all_v4(false)?;
        socket.bind(&SocketAddr::from(address).into())?;
        socket.join_multicast_v4(&GROUP, &interface)?;
        socket.set_multicast_if_v4(&interface)?;
    } else {
        socket.bind(&SocketAddr::from(address).into())?;
    }
    UdpSocket::from_std(socket.into())
}

/// Serves all sockets, after a Hello of every device.
pub(crate) async fn serve(house: Arc<House>) {
    let Some(door) = &house.discovery else { return };
    for (interface, socket) in &door.groups {
        house.tasks.spawn(listen(house.clone(), socket.clone(), Heard::On(*interface)));
    }
    for (ip, socket) in &door.own {
        house.tasks.spawn(listen(house.clone(), socket.clone(), Heard::At(*ip)));
    }
    for device in &house.devices {
        say(&house, device, Word::Hello).await;
    }
}

/// Every device that is there says that it goes.
pub(crate) async fn farewell(house: &House) {
    for device in house.devices.iter().filter(|device| !device.is_offline(house)) {
        say(house, device, Word::Bye).await;
    }
}

/// Who a question is for.
#[derive(Clone, Copy, Debug)]
enum Heard {
    On(DiscoveryInterface),
    At(Ipv4Addr),
}

async fn listen(house: Arc<House>, socket: Arc<UdpSocket>, heard: Heard) {
    let mut buffer = vec![0; 65_536];
    loop {
        let received = tokio::select! {
            () = house.stop.cancelled() => return,
            received = socket.recv_from(&mut buffer) => received,
        };
        let Ok((length, from)) = received else { continue };
        let Some(question) = Question::read(&String::from_utf8_lossy(&buffer[..length])) else { continue };
        for device in house.devices.iter().filter(|device| heard.is_for(device)) {
            if device.is_offline(&house) || !question.is_for(device) {
                continue;
            }
            // Answers come from the device's own address where it has one.
            let own = house.discovery.as_ref().and_then(|door| door.own(device)).unwrap_or(&socket);
            let instance = house.discovery.as_ref().map_or(0, |door| door.instance);
            let text = question.answer(device, instance);
            let times = if device.quirks().has(Quirk::DuplicateAnswers) { 2 } else { 1 };
            for _ in 0..times {
                match own.send_to(text.as_bytes(), from).await {
                    Ok(_) => {
                        device.tally.probes.fetch_add(1, Relaxed);
                    }
                    Err(error) => tracing::debug!(%error, %from, "a discovery answer was not sent"),
                }
            }
        }
    }
}

impl Heard {
    fn is_for(self, device: &Device) -> bool {
        match self {
            Self::At(ip) => own_address(device) == Some(ip),
            Self::On(interface) => match device.spec.place {
                DevicePlace::Own { .. } => own_address(device).is_some_and(|ip| is_in(interface, ip)),
                DevicePlace::Shared => true,
            },
        }
    }
}

/// Of a device that has one, where discovery can reach it.
fn own_address(device: &Device) -> Option<Ipv4Addr> {
    match (device.spec.place, device.address.ip()) {
        (DevicePlace::Own { .. }, IpAddr::V4(ip)) => Some(ip),
        _ => None,
    }
}

fn is_in(interface: DiscoveryInterface, ip: Ipv4Addr) -> bool {
    let mask = u32::MAX.checked_shl(32 - u32::from(interface.prefix.min(32))).unwrap_or(0);
    u32::from(interface.address) & mask == u32::from(ip) & mask
}

/// A Probe or Resolve of the discovery of 2005 with the addressing of 2004; others are not heard, as by many devices.
#[derive(Debug, PartialEq, Eq)]
struct Question {
    message_id: String,
    wanted: Wanted,
}

#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    /// All of the types (namespace and local name) and all of the scopes.
    Probe {
        types: Vec<(Option<String>, String)>,
        scopes: Vec<String>,
    },
    Resolve {
        endpoint: String,
    },
}

impl Question {
    fn read(text: &str) -> Option<Self> {
        let root = Element::parse(text)?;
        let (header, body) = (root.child("Header")?, root.child("Body")?);
        let id = header.child("MessageID").filter(|id| id.namespace == ADDRESSING)?;
        let words = |node: &Element, name: &str| -> Vec<String> {
            node.child(name)
                .map(|node| node.text.split_whitespace().map(ToOwned::to_owned).collect())
                .unwrap_or_default()
        };
        let wanted = if let Some(probe) = body.child("Probe").filter(|probe| probe.namespace == DISCOVERY) {
            let types = words(probe, "Types").into_iter().map(|written| {
                let (prefix, local) = written.split_once(':').unwrap_or(("", &written));
                let namespace = probe.child("Types").and_then(|types| types.declared(prefix));
                (namespace.map(ToOwned::to_owned), local.to_owned())
            });
            Wanted::Probe { types: types.collect(), scopes: words(probe, "Scopes") }
        } else {
            let resolve = body.child("Resolve").filter(|resolve| resolve.namespace == DISCOVERY)?;
            let endpoint = resolve.find("Address")?.text.clone();
            Wanted::Resolve { endpoint }
        };
        Some(Self { message_id: id.text.clone(), wanted })
    }

    fn is_for(&self, device: &Device) -> bool {
        match &self.wanted {
            Wanted::Resolve { endpoint } => *endpoint == device.endpoint(),
            Wanted::Probe { types, scopes } => {
                let quirks = device.quirks();
                let is_of = |(namespace, local): &(Option<String>, String)| {
                    let own = match local.as_str() {
                        "NetworkVideoTransmitter" if !quirks.has(Quirk::DeviceTypeOnly) => "network/wsdl",
                        "Device" if !quirks.has(Quirk::TransmitterOnly) => "device/wsdl",
                        _ => return false,
                    };
                    namespace.as_ref().is_none_or(|namespace| namespace.ends_with(own))
                };
                let is_silent =
                    types.is_empty() && (quirks.has(Quirk::TransmitterOnly) || quirks.has(Quirk::DeviceTypeOnly));
                let all_scopes = fixed_scopes(device);
                !is_silent
                    && types.iter().all(is_of)
                    && scopes.iter().all(|wanted| all_scopes.iter().any(|own| own.starts_with(wanted.as_str())))
            }
        }
    }

    fn answer(&self, device: &Device, instance: u64) -> String {
        let (action, outer, inner) = match self.wanted {
            Wanted::Probe { .. } => ("ProbeMatches", "ProbeMatches", "ProbeMatch"),
            Wanted::Resolve { .. } => ("ResolveMatches", "ResolveMatches", "ResolveMatch"),
        };
        let body = format!("<d:{outer}><d:{inner}>{}</d:{inner}></d:{outer}>", itself(device));
        let text = datagram(device, instance, action, Some(&self.message_id), &body);
        if device.quirks().has(Quirk::MalformedMatch) {
            // Cut off, and with a bare ampersand.
            let end = text.find("</d:XAddrs>").map_or(text.len(), |at| at + "</d:XAddrs>".len());
            return text[..end].replace("<d:Scopes>", "<d:Scopes>a & b ");
        }
        text
    }
}

/// The part that is the same in every message.
fn itself(device: &Device) -> String {
    let quirks = device.quirks();
    let types = match () {
        () if quirks.has(Quirk::TransmitterOnly) => "dn:NetworkVideoTransmitter",
        () if quirks.has(Quirk::DeviceTypeOnly) => "tds:Device",
        () => "dn:NetworkVideoTransmitter tds:Device",
    };
    let mut scopes = fixed_scopes(device);
    scopes.extend(device.state().scopes.iter().cloned());
    let scopes = scopes.join(if quirks.has(Quirk::NewlineScopes) { "\n" } else { " " });
    format!(
        "<a:EndpointReference><a:Address>{}</a:Address></a:EndpointReference><d:Types>{types}</d:Types><d:Scopes>{}</d:Scopes>\
         <d:XAddrs>{}</d:XAddrs><d:MetadataVersion>1</d:MetadataVersion>",
        device.endpoint(),
        escape(&scopes),
        escape(&discovery_xaddrs(device))
    )
}

fn datagram(device: &Device, instance: u64, action: &str, relates_to: Option<&str>, body: &str) -> String {
    let relates = relates_to.map(|id| format!("<a:RelatesTo>{}</a:RelatesTo>", escape(id))).unwrap_or_default();
    let to = if relates_to.is_some() {
        format!("{ADDRESSING}/role/anonymous")
    } else {
        "urn:schemas-xmlsoap-org:ws:2005:04:discovery".to_owned()
    };
    let number = device.next_message();
    // Grows with every start, of the farm and of the device.
    let instance = instance + device.boots();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" \
         xmlns:a=\"{ADDRESSING}\" xmlns:d=\"{DISCOVERY}\" xmlns:dn=\"http://www.onvif.org/ver10/network/wsdl\" \
         xmlns:tds=\"http://www.onvif.org/ver10/device/wsdl\"><s:Header><a:MessageID>urn:uuid:{}-{number}</a:MessageID>{relates}\
         <a:To>{to}</a:To><a:Action>{DISCOVERY}/{action}</a:Action><d:AppSequence InstanceId=\"{instance}\" \
         MessageNumber=\"{number}\"/></s:Header><s:Body>{body}</s:Body></s:Envelope>",
        device.uuid()
    )
}

/// Says Hello or Bye to the group, on every interface the device answers on.
pub(super) async fn say(house: &House, device: &Device, word: Word) {
    let Some(door) = &house.discovery else { return };
    let action = match word {
        Word::Hello => "Hello",
        Word::Bye => "Bye",
    };
    let body = format!("<d:{action}>{}</d:{action}>", itself(device));
    let text = datagram(device, door.instance, action, None, &body);
    for (interface, socket) in door.groups.iter().filter(|(interface, _)| Heard::On(*interface).is_for(device)) {
        if let Err(error) = socket.send_to(text.as_bytes(), (GROUP, door.port)).await {
            tracing::debug!(%error, interface = %interface.address, address = %reachable(device.address), "{action} was not sent");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn probe(addressing: &str, types: &str) -> String {
        format!(
            "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" xmlns:a=\"{addressing}\" xmlns:d=\"{DISCOVERY}\">\
             <s:Header><a:MessageID>urn:uuid:1</a:MessageID></s:Header><s:Body><d:Probe><d:Types \
             xmlns:x=\"http://www.onvif.org/ver10/network/wsdl\">{types}</d:Types></d:Probe></s:Body></s:Envelope>"
        )
    }

    #[test]
    fn only_the_old_addressing_is_heard() {
        let question = Question::read(&probe(ADDRESSING, "x:NetworkVideoTransmitter")).unwrap();
        let namespace = Some("http://www.onvif.org/ver10/network/wsdl".to_owned());
        let types = vec![(namespace, "NetworkVideoTransmitter".to_owned())];
        assert_eq!(question.wanted, Wanted::Probe { types, scopes: vec![] });
        assert_eq!(question.message_id, "urn:uuid:1");
        assert_eq!(Question::read(&probe("http://www.w3.org/2005/08/addressing", "x:A")), None);
        assert_eq!(Question::read("hello"), None);
    }

    #[test]
    fn a_device_is_in_its_network() {
        let on = |prefix| DiscoveryInterface { address: Ipv4Addr::new(10, 0, 1, 1), prefix };
        assert!(is_in(on(24), Ipv4Addr::new(10, 0, 1, 200)) && !is_in(on(24), Ipv4Addr::new(10, 0, 2, 1)));
        assert!(is_in(on(0), Ipv4Addr::new(127, 0, 0, 1)) && is_in(on(32), Ipv4Addr::new(10, 0, 1, 1)));
    }
}
