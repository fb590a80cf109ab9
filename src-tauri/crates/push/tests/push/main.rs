//! Alarms reach real servers: a sink of HTTP that behaves in every way, mosquitto, and the mail server of aiosmtpd.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test fails by panicking")]

mod brokers;
mod certificates;
mod letters;
mod mail_server;
mod mosquitto;
mod robots;
mod scene;
mod settings;
mod sink;
mod webhooks;
