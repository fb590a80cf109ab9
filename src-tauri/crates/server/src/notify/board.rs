//! How all cameras stand, worked out once for all listeners.

use crate::{
    app::App,
    views::{Standing, camera_status},
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::Mutex;
use watchwall_api::CameraStatus;
use watchwall_model::Problem;

/// Listeners gather changes for longer than this, so none of them misses one.
const FRESH_FOR: Duration = Duration::from_millis(200);

/// With hundreds of open pages the database is read a few times a second, not hundreds of times.
#[derive(Default)]
pub struct Board(Mutex<Option<Picture>>);

struct Picture {
    taken: Instant,
    cameras: Arc<Vec<CameraStatus>>,
}

impl Board {
    /// The states of at most [`FRESH_FOR`] ago.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn cameras(&self, app: &App) -> Result<Arc<Vec<CameraStatus>>, Problem> {
        // Who comes while another looks waits for that look.
        let mut picture = self.0.lock().await;
        if let Some(picture) = picture.as_ref().filter(|picture| picture.taken.elapsed() < FRESH_FOR) {
            return Ok(Arc::clone(&picture.cameras));
        }
        let taken = Instant::now();
        let standing = Standing::new(app.site.recording.plans().await?, app.site.health.all());
        let cameras = app.site.cameras.all().await?.iter().map(|camera| camera_status(camera, &standing)).collect();
        let cameras = Arc::new(cameras);
        *picture = Some(Picture { taken, cameras: Arc::clone(&cameras) });
        Ok(cameras)
    }
}
