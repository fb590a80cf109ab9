//! Any text as a date and as a duration.
#![no_main]

use libfuzzer_sys::fuzz_target;
use watchwall_onvif::{CivilTime, parse_duration_ms, parse_utc};

fuzz_target!(|text: &str| {
    if let Some(at) = parse_utc(text) {
        // What was read can be said again.
        assert!(at.0 < 0 || CivilTime::from_utc(at).to_utc() == Some(at));
    }
    let _ = parse_duration_ms(text);
});
