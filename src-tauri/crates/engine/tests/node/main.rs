//! A whole node against a small site and virtual cameras: what it finds against where it is.
// Helpers of tests fail as tests do; clippy allows that only inside the test functions themselves.
#![allow(clippy::unwrap_used, clippy::panic)]

mod archive;
mod conformance;
mod finds;
mod lives;
mod model;
mod onnx;
mod site;

use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use watchwall_camsim::{CameraSpec, Farm, FarmOptions, PortChoice, StreamSpec};
use watchwall_engine::{EngineError, EngineOptions, SiteAddress, run};
use watchwall_model::Secret;

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A node in this process.
struct Node {
    cancel: CancellationToken,
    task: JoinHandle<Result<(), EngineError>>,
}

impl Node {
    fn start(url: &str) -> Self {
        Self::with(url, |_| {})
    }

    fn with(url: &str, change: impl FnOnce(&mut EngineOptions)) -> Self {
        let cancel = CancellationToken::new();
        let mut options = EngineOptions::new(SiteAddress::parse(url).unwrap(), Some(Secret::new("let me in")));
        options.node_id = "engine-1".into();
        change(&mut options);
        let task = tokio::spawn(run(options, cancel.clone()));
        Self { cancel, task }
    }

    async fn stop(self) {
        self.cancel.cancel();
        tokio::time::timeout(PATIENCE, self.task).await.unwrap().unwrap().unwrap();
    }
}

/// One live camera: the clock and the walker in every picture.
async fn camera() -> Farm {
    let spec = CameraSpec { port: PortChoice::Own, ..CameraSpec::new("Yard", StreamSpec::live(640, 360, 15)) };
    let farm = Farm::start(FarmOptions::new(vec![spec])).await.unwrap();
    farm.ready().await.unwrap();
    farm
}
