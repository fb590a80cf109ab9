//! The ingest actors that exist right now.

use super::wanted::WantedStream;
use std::{collections::BTreeMap, sync::RwLock};
use watchwall_media::ingest::IngestHandle;
use watchwall_model::{CameraId, StreamPath};

/// One actor, how it was asked to reach its camera, and the task that watches it.
pub struct RunningStream {
    pub wanted: WantedStream,
    pub ingest: IngestHandle,
    pub watcher: tokio::task::JoinHandle<()>,
}

/// Read by every request, written by the reconciler only. The lock is never held across a wait.
#[derive(Default)]
pub struct Running(RwLock<BTreeMap<StreamPath, RunningStream>>);

impl Running {
    pub fn ingest(&self, path: &StreamPath) -> Option<IngestHandle> {
        self.read().get(path).map(|stream| stream.ingest.clone())
    }

    pub fn of_cameras(&self, cameras: &[CameraId]) -> Vec<IngestHandle> {
        let running = self.read();
        running.values().filter(|stream| cameras.contains(&stream.wanted.camera)).map(|s| s.ingest.clone()).collect()
    }

    pub fn wanted(&self) -> BTreeMap<StreamPath, WantedStream> {
        self.read().iter().map(|(path, stream)| (path.clone(), stream.wanted.clone())).collect()
    }

    pub fn insert(&self, path: StreamPath, stream: RunningStream) {
        self.write().insert(path, stream);
    }

    /// Hands the new wish to the actor, which keeps its hub and its viewers.
    pub fn update(&self, wanted: WantedStream) {
        if let Some(stream) = self.write().get_mut(&wanted.path) {
            stream.ingest.update(super::reconcile::request(&wanted));
            stream.wanted = wanted;
        }
    }

    pub fn remove(&self, path: &StreamPath) -> Option<RunningStream> {
        self.write().remove(path)
    }

    pub fn drain(&self) -> Vec<RunningStream> {
        std::mem::take(&mut *self.write()).into_values().collect()
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, BTreeMap<StreamPath, RunningStream>> {
        // Nothing that holds the lock can panic half-way through a change, so a poisoned map is whole.
        self.0.read().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, BTreeMap<StreamPath, RunningStream>> {
        self.0.write().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
