//! Full-stack tests: a real site, real sockets, virtual cameras. One binary, so that it links once.
// Helpers of tests fail and print as tests do; clippy allows that only inside the test functions themselves.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]

mod access;
mod alarm_kills;
mod alarms;
mod alarms_on_full_disks;
mod analytics;
mod bad_cameras;
mod built_in_engine;
mod camera_events;
mod changed_password;
mod control;
mod database;
mod demo;
mod devices;
mod discovery;
mod doctor;
mod doctor_mends;
mod doctor_streams;
mod door;
mod evidence;
mod first_run;
mod gap_fill;
mod health;
mod hls;
mod integrity;
mod live;
mod live_load;
mod networks;
mod node_losses;
mod node_nonsense;
mod notify;
mod onboarding;
mod openapi;
mod plans;
mod playback_groups;
mod process;
mod push_servers;
mod recording;
mod rights;
mod secrets;
#[allow(dead_code, reason = "its other half is used by the tests of the push crate")]
#[path = "../../src-tauri/crates/push/tests/servers/mod.rs"]
mod servers;
mod site_report;
mod timeline;
mod tls;
mod volumes;
