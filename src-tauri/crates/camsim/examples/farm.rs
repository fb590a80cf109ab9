//! A farm by hand: `farm demo 16`, `farm bench 500`. Prints the URLs; ends at a line on standard input.
#![allow(clippy::print_stdout)]

use std::io::Read;
use watchwall_camsim::{CameraSpec, CamsimError, Farm, FarmOptions};
use watchwall_model::StreamRole;

#[tokio::main]
async fn main() -> Result<(), CamsimError> {
    let mut arguments = std::env::args().skip(1);
    let preset = arguments.next().unwrap_or_default();
    let count = arguments.next().and_then(|n| n.parse().ok()).unwrap_or(1);
    let cameras = (0..count).map(|n| if preset == "bench" { CameraSpec::bench(n) } else { CameraSpec::demo(n) });
    let farm = Farm::start(FarmOptions {
        control_listen: Some(([127, 0, 0, 1], 0).into()),
        ..FarmOptions::new(cameras.collect())
    })
    .await?;
    farm.ready().await?;
    for camera in 0..farm.cameras() {
        println!("{} {}", farm.rtsp_url(camera, StreamRole::Main), farm.rtsp_url(camera, StreamRole::Sub));
    }
    println!("ready, control on {:?}", farm.control_address());
    let wait = tokio::task::spawn_blocking(|| std::io::stdin().read(&mut [0; 1]));
    // Any end of the input ends the farm.
    let _ = wait.await;
    farm.shutdown().await;
    Ok(())
}
