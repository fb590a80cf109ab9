//! Alarms reach real servers: a sink of HTTP that behaves in every way, mosquitto, and the mail server of aiosmtpd.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test fails by panicking")]

mod brokers;
mod letters;
mod robots;
mod scene;
#[path = "../servers/mod.rs"]
mod servers;
mod settings;
mod sink;
mod webhooks;
