//! Virtual devices asked by the program's own ONVIF client, over real sockets.
// Helpers of tests fail as tests do; clippy allows that only inside the test functions themselves.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod benchmark;
mod control;
mod discovery;
mod events;
mod faults;
mod logins;
mod pictures;
mod quirks;
mod quirks_of_events;
mod quirks_of_faults;
mod quirks_of_motors;
mod rtsp;
mod settings;
mod surveys;

use std::{net::SocketAddr, path::PathBuf, time::Duration};
use watchwall_camsim::{AuthScheme, CameraSpec, DeviceSpec, Farm, FarmOptions, StreamSpec};
use watchwall_model::{Credentials, LockoutLatch, Secret};
use watchwall_onvif::{ClientOptions, Device, DeviceAddress, Survey};

/// How long anything may take on a busy machine.
const WAIT: Duration = Duration::from_secs(60);

/// Cheap pictures, wide enough for a sub-stream to be taken for one.
fn camera(name: &str) -> CameraSpec {
    let credentials = Some(("admin".to_owned(), Secret::new("right")));
    let main = StreamSpec { gop_ms: 1000, ..StreamSpec::replay(640, 360, 5, 100) };
    let sub = StreamSpec { gop_ms: 1000, ..StreamSpec::replay(320, 180, 5, 50) };
    CameraSpec { credentials, auth: AuthScheme::Both, sub: Some(sub), ..CameraSpec::new(name, main) }
}

fn cameras(count: usize) -> Vec<CameraSpec> {
    (0..count).map(|number| camera(&format!("Test {}", number + 1))).collect()
}

fn own_address() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

/// One camera at an address of its own.
fn device() -> DeviceSpec {
    DeviceSpec::new("Gate", vec![0]).at(own_address())
}

fn options_of(cameras: Vec<CameraSpec>, devices: Vec<DeviceSpec>) -> FarmOptions {
    FarmOptions {
        devices,
        // Loops are encoded once for all runs.
        cache_folder: Some(PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("onvif-clips")),
        ..FarmOptions::new(cameras)
    }
}

/// A farm with one device for all its cameras.
async fn farm(device: DeviceSpec) -> Farm {
    let cameras = cameras(device.cameras.len());
    Farm::start(options_of(cameras, vec![device])).await.unwrap()
}

fn right() -> Option<Credentials> {
    login("admin", "right")
}

fn login(username: &str, password: &str) -> Option<Credentials> {
    Some(Credentials { username: username.to_owned(), password: Secret::new(password) })
}

/// Every client has a latch of its own unless a test shares one.
fn options() -> ClientOptions {
    ClientOptions { read_timeout: WAIT, list_timeout: WAIT, latch: LockoutLatch::default(), ..ClientOptions::default() }
}

fn address(farm: &Farm, device: usize) -> DeviceAddress {
    DeviceAddress::parse(&farm.device_url(device).unwrap()).unwrap()
}

async fn survey(farm: &Farm, credentials: Option<Credentials>) -> Survey {
    Device::connect(address(farm, 0), credentials, options()).await
}

/// Connects with the right login; every step must go well.
async fn connected(farm: &Farm) -> Device {
    let survey = survey(farm, right()).await;
    assert_eq!(survey.first_error(), None);
    survey.device.expect("a device")
}

/// Waits for a condition.
async fn eventually(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let limit = tokio::time::Instant::now() + WAIT;
    while !condition().await {
        assert!(tokio::time::Instant::now() < limit, "never: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
