//! Ingest against virtual cameras: what a camera sees of us, and what we make of what a camera does.

// What a test cannot go on without.
#![allow(clippy::unwrap_used, clippy::print_stderr, clippy::print_stdout)]

mod cameras;
mod connect;
mod engines;
mod faults;
mod metadata;
mod passwords;
mod probes;
mod replays;
mod rogues;
#[cfg(target_os = "linux")]
mod routes;
mod times;
mod transports;
