//! Which node's results count. Written by the supervisor, read for every result.

use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock},
};
use watchwall_model::{CameraId, NodeId, SceneCode, TaskId};

/// One task's camera, and the node of each of its scenes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskOwners {
    pub camera: CameraId,
    pub nodes: Vec<(SceneCode, NodeId)>,
}

#[derive(Debug, Default)]
pub struct Owners(RwLock<HashMap<TaskId, TaskOwners>>);

impl Owners {
    pub fn set(&self, all: HashMap<TaskId, TaskOwners>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = all;
    }

    /// It runs this scene, and on that camera.
    pub fn is_of(&self, task: TaskId, scene: &SceneCode, node: NodeId, camera: CameraId) -> bool {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        all.get(&task).is_some_and(|task| {
            task.camera == camera && task.nodes.iter().any(|(of, owner)| of == scene && *owner == node)
        })
    }
}
