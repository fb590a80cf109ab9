//! See `targets::metadata`.
#![no_main]
#![allow(dead_code, reason = "each program takes one of the targets")]

#[path = "../../tests/onvif/corpus/targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::metadata(bytes));
