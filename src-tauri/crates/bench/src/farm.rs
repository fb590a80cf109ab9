//! The sources: replayed 2 Mbit/s streams, unsynchronised, served from this process on core 0.

use anyhow::Result;

pub struct Generator {
    pub urls: Vec<String>,
}

impl Generator {
    pub async fn start(_streams: usize) -> Result<Self> {
        anyhow::bail!("not wired yet")
    }

    pub async fn stop(self) {}
}
