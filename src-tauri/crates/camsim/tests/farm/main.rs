//! The farm over loopback: every codec and transport, passwords, faults, counters, control port.
// Helpers of tests fail as tests do; clippy allows that only inside the test functions themselves.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod client;
mod clock;
mod codecs;
mod control;
mod faults;
mod pictures;
mod requests;

use std::time::Duration;
use watchwall_camsim::{CameraSpec, Farm, FarmOptions, StreamSpec};

/// How long anything may take on a busy machine.
const WAIT: Duration = Duration::from_secs(30);

/// A small replayed H.264 camera: cheap to encode.
fn small() -> CameraSpec {
    CameraSpec::new("Test", StreamSpec { gop_ms: 1000, ..StreamSpec::replay(160, 120, 10, 100) })
}

/// A small live camera.
fn live() -> CameraSpec {
    CameraSpec::new("Test", StreamSpec { gop_ms: 1000, ..StreamSpec::live(320, 240, 10) })
}

async fn farm(cameras: Vec<CameraSpec>) -> Farm {
    let farm = Farm::start(FarmOptions::new(cameras)).await.unwrap();
    farm.ready().await.unwrap();
    farm
}

/// Waits for a condition.
async fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let limit = tokio::time::Instant::now() + WAIT;
    while !condition() {
        assert!(tokio::time::Instant::now() < limit, "never: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
