//! Any bytes as an answer: its fault and what it means.
#![no_main]

use libfuzzer_sys::fuzz_target;
use watchwall_onvif::soap::{Answer, Fault};

fuzz_target!(|bytes: &[u8]| {
    if let Answer::Fault(fault) = Answer::read(bytes) {
        let _ = (fault.kind(), fault.to_string());
    }
    let _ = Fault::from_text(&String::from_utf8_lossy(bytes)).kind();
});
