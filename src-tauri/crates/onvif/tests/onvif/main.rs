//! The client against a device that speaks HTTP over a real socket, counts passwords and misbehaves on demand.
// Helpers of tests fail and print as tests do; clippy allows that only inside the test functions themselves.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]

mod connect;
mod corpus;
mod device;
mod discovery;
mod events;
mod fixtures;
mod hostile;
mod logins;
mod noise;
mod quirks;
mod snapshots;

use device::Camera;
use std::time::Duration;
use watchwall_model::{Credentials, LockoutLatch, Secret};
use watchwall_onvif::{Client, ClientOptions, DeviceAddress};

/// What the camera takes.
fn right() -> Credentials {
    login("admin", "right")
}

fn wrong() -> Credentials {
    login("admin", "wrong")
}

fn login(username: &str, password: &str) -> Credentials {
    Credentials { username: username.to_owned(), password: Secret::new(password) }
}

/// Short, because every wait in a test is one for nothing; long enough for a busy machine.
fn options() -> ClientOptions {
    ClientOptions {
        connect_timeout: Duration::from_secs(5),
        read_timeout: Duration::from_secs(20),
        list_timeout: Duration::from_secs(20),
        ..ClientOptions::default()
    }
}

fn with_latch(latch: &LockoutLatch) -> ClientOptions {
    ClientOptions { latch: latch.clone(), ..options() }
}

fn address(camera: &Camera) -> DeviceAddress {
    DeviceAddress::parse(&format!("127.0.0.1:{}", camera.port())).unwrap()
}

fn client(camera: &Camera, credentials: Option<Credentials>) -> Client {
    Client::new(address(camera), credentials, options())
}
