//! Results on their way to the screens.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};
use tokio::sync::broadcast;
use watchwall_engine_protocol::AiResult;
use watchwall_model::CameraId;

/// A viewer that is further behind misses results: it draws the newest.
const KEPT: usize = 64;

/// One channel for each camera that somebody looks at; what nobody looks at costs a look-up.
#[derive(Default)]
pub struct Overlays(RwLock<HashMap<CameraId, broadcast::Sender<Arc<AiResult>>>>);

impl Overlays {
    /// What comes from now on.
    pub fn listen(&self, camera: CameraId) -> broadcast::Receiver<Arc<AiResult>> {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, channel| channel.receiver_count() > 0);
        all.entry(camera).or_insert_with(|| broadcast::Sender::new(KEPT)).subscribe()
    }

    pub(super) fn show(&self, result: &Arc<AiResult>) {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(channel) = all.get(&result.camera) {
            // The last viewer may just have gone.
            let _ = channel.send(Arc::clone(result));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use watchwall_engine_protocol::Repairs;
    use watchwall_model::{TaskId, UtcMillis};

    #[test]
    fn viewers_get_their_cameras_results_and_channels_go_with_them() {
        let overlays = Overlays::default();
        let result = |camera: i64| {
            Arc::new(AiResult {
                task: TaskId(1),
                camera: CameraId(camera),
                at: UtcMillis(0),
                frame: None,
                snapshot: None,
                scenes: Vec::new(),
                repairs: Repairs::default(),
            })
        };
        let mut first = overlays.listen(CameraId(1));
        overlays.show(&result(1));
        overlays.show(&result(2));
        assert_eq!(first.try_recv().unwrap().camera, CameraId(1));
        assert!(first.try_recv().is_err());
        drop(first);
        let _second = overlays.listen(CameraId(2));
        assert_eq!(overlays.0.read().unwrap().len(), 1);
    }
}
