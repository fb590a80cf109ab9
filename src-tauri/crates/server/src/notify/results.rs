//! Results of AI engines for one listener: of the cameras it looks at, and no others.

use crate::app::App;
use futures::{StreamExt, stream::SelectAll};
use std::{collections::BTreeSet, sync::Arc};
use tokio_stream::wrappers::BroadcastStream;
use watchwall_api::{AiObjectView, AiOverlayScene, AiOverlayView};
use watchwall_model::CameraId;
use watchwall_site::analytics::AiResult;

const TOPIC: &str = "results:";
/// Cameras of one listener.
const MOST: usize = 64;

#[derive(Default)]
pub struct ResultFeed(SelectAll<BroadcastStream<Arc<AiResult>>>);

impl ResultFeed {
    /// What is named from now on, and nothing else.
    pub fn follow(&mut self, app: &App, topics: &[String]) {
        let named = topics.iter().filter_map(|topic| topic.strip_prefix(TOPIC)?.parse().ok().map(CameraId));
        let cameras: BTreeSet<CameraId> = named.take(MOST).collect();
        let overlays = app.site.analytics.results().overlays();
        self.0 = cameras.into_iter().map(|camera| BroadcastStream::new(overlays.listen(camera))).collect();
    }

    /// Waits for ever when nothing is followed. Safe to drop and call again.
    pub async fn next(&mut self) -> Option<AiOverlayView> {
        loop {
            match self.0.next().await {
                Some(Ok(result)) => return Some(overlay(&result)),
                // Who is behind gets the newest: an old box belongs to no picture on the screen.
                Some(Err(_)) => {}
                None => std::future::pending().await,
            }
        }
    }
}

fn overlay(result: &AiResult) -> AiOverlayView {
    let scenes = result.scenes.iter().map(|scene| AiOverlayScene {
        scene: scene.scene.to_string(),
        is_alarm: scene.is_alarm,
        confidence: scene.confidence,
        objects: scene
            .objects
            .iter()
            .map(|object| AiObjectView {
                label: object.label.to_string(),
                score: object.score,
                bbox: object.bbox.into(),
                track_id: object.track_id.as_deref().map(str::to_owned),
            })
            .collect(),
    });
    AiOverlayView { task_id: result.task.0, camera_id: result.camera.0, at: result.at.0, scenes: scenes.collect() }
}
