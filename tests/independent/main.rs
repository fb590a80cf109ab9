//! Devices that somebody else wrote: two ONVIF servers of the Rust registry, and lighttpd as the door that asks for the
//! login. What our own virtual cameras and our own client might both get wrong shows here.
// Helpers of tests fail and print as tests do; clippy allows that only inside the test functions themselves.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]

mod gateway;
mod onvif_server;
mod oxvif_mock;
mod ports;
mod scene;
