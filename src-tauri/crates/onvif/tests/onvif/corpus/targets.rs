//! What must hold for any bytes: nothing panics, and what was read can be said again.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use watchwall_model::UtcMillis;
use watchwall_onvif::{
    CivilTime,
    discovery::read_answers,
    events::read_metadata,
    parse_duration_ms, parse_utc,
    soap::{Answer, Fault},
    tree::Tree,
};

/// A document: read, walked, written, and read again.
pub fn tree(bytes: &[u8]) {
    let Ok(tree) = Tree::from_bytes(bytes) else { return };
    for node in tree.root().descendants() {
        let _ = (node.name(), node.text(), node.token(), node.namespace(), node.number_of::<u32>("Width"));
    }
    let _ = Tree::parse(&tree.root().to_xml());
}

/// An answer: its fault and what it means.
pub fn faults(bytes: &[u8]) {
    if let Answer::Fault(fault) = Answer::read(bytes) {
        let _ = (fault.kind(), fault.to_string());
    }
    let _ = Fault::from_text(&String::from_utf8_lossy(bytes)).kind();
}

/// A datagram as an answer of discovery.
pub fn discovery(bytes: &[u8]) {
    let link_local = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);
    for sender in [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(link_local)] {
        for device in read_answers(bytes, sender) {
            assert!(!device.address.is_empty());
            let _ = (device.name(), device.mac(), device.serial_number(), device.location(), device.hosts().count());
        }
    }
}

/// A document of a metadata stream, and a piece of it.
pub fn metadata(bytes: &[u8]) {
    let now = UtcMillis(1_700_000_000_000);
    for part in [bytes, &bytes[bytes.len() / 2..]] {
        for event in read_metadata(part, now, 0).unwrap_or_default() {
            assert!((now - event.at).abs() < 600_000, "{event:?}");
        }
    }
}

/// A date and a duration.
pub fn dates(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Some(at) = parse_utc(text) {
        assert!(at.0 < 0 || CivilTime::from_utc(at).to_utc() == Some(at));
    }
    let _ = parse_duration_ms(text);
}
