//! Virtual cameras for tests: small pictures, so that many fit on two cores.

use anyhow::Result;
use watchwall_camsim::{CameraSpec, Farm, FarmOptions, StreamSpec};

/// 320x180 at 10 frames per second, one key frame a second.
pub const fn small_stream() -> StreamSpec {
    StreamSpec { gop_ms: 1_000, ..StreamSpec::replay(320, 180, 10, 200) }
}

/// A main stream of 640x360 and a sub stream of 320x180.
pub fn demo_like(name: &str) -> CameraSpec {
    let main = StreamSpec { gop_ms: 1_000, ..StreamSpec::replay(640, 360, 10, 400) };
    CameraSpec { sub: Some(small_stream()), ..CameraSpec::new(name, main) }
}

/// # Errors
/// When the cameras cannot be started.
pub async fn farm(cameras: Vec<CameraSpec>) -> Result<Farm> {
    let farm = Farm::start(FarmOptions::new(cameras)).await?;
    farm.ready().await?;
    Ok(farm)
}
