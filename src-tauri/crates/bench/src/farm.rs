//! The sources: replayed 2 Mbit/s streams, unsynchronised, served from this process on core 0.

use anyhow::Result;
use watchwall_camsim::{CameraSpec, Farm, FarmOptions};
use watchwall_model::StreamRole;

pub struct Generator {
    pub urls: Vec<String>,
    farm: Farm,
}

impl Generator {
    /// Ready when the first loop is encoded.
    pub async fn start(streams: usize) -> Result<Self> {
        let cameras = (0..streams).map(CameraSpec::bench).collect();
        let farm = Farm::start(FarmOptions::new(cameras)).await?;
        farm.ready().await?;
        let urls = (0..streams).map(|n| farm.rtsp_url(n, StreamRole::Main)).collect();
        Ok(Self { urls, farm })
    }

    pub async fn stop(self) {
        self.farm.shutdown().await;
    }
}
