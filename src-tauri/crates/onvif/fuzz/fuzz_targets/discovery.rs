//! Any datagram as an answer of discovery.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::net::{IpAddr, Ipv4Addr};
use watchwall_onvif::discovery::read_answers;

fuzz_target!(|bytes: &[u8]| {
    for device in read_answers(bytes, IpAddr::V4(Ipv4Addr::LOCALHOST)) {
        assert!(!device.address.is_empty());
        let _ = (device.name(), device.mac(), device.serial_number());
    }
});
