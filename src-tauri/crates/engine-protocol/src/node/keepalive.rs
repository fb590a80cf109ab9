//! A node says how its tasks go.

use super::register::node_id;
use crate::{
    Refusal,
    bounded::{List, words},
    lenient::Whole,
};
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;
use watchwall_model::{SceneCode, TaskId};

pub(super) const MOST_SCENES: usize = 256;
pub(super) const MOST_ERROR_CHARS: usize = 500;
/// Pictures a second that can be meant.
pub(super) const FPS: RangeInclusive<f64> = 0.0..=1_000.0;
/// As they are written; the first is that of a node that says none.
pub(super) const STATES: [(&str, TaskState); 3] =
    [("RUNNING", TaskState::Running), ("STOPPED", TaskState::Stopped), ("ERROR", TaskState::Error)];

/// How a scene goes, by its node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum TaskState {
    Running,
    Stopped,
    Error,
}

/// `TASK_KEEPALIVE`: renews the node's hold on the task.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskKeepalive {
    pub node_id: String,
    pub task: TaskId,
    /// All that the node runs of the task, when it names none.
    pub scenes: Vec<SceneCode>,
    /// Running, when it says nothing.
    pub state: TaskState,
    /// Pictures a second that it looks at.
    pub fps: Option<f32>,
}

/// `TASK_STATUS`.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskStatus {
    pub task: TaskId,
    pub scene: SceneCode,
    pub state: TaskState,
    pub error_message: Option<String>,
}

#[derive(Deserialize)]
struct RawKeepalive {
    node_id: String,
    task_id: Whole,
    #[serde(default)]
    scene_codes: List<String, MOST_SCENES>,
    #[serde(default)]
    state: Option<String>,
    #[serde(default)]
    fps: Option<f64>,
}

impl TaskKeepalive {
    pub(crate) const TYPE: &str = "TASK_KEEPALIVE";

    /// # Errors
    /// [`Refusal::Field`].
    pub(crate) fn read(text: &str) -> Result<Self, Refusal> {
        let refused = |detail: String| Refusal::Field { of: Self::TYPE.into(), detail };
        let raw: RawKeepalive = serde_json::from_str(text).map_err(|error| refused(error.to_string()))?;
        let scenes = raw.scene_codes.0.iter().map(|code| scene(code)).collect::<Result<_, _>>().map_err(&refused)?;
        let state = raw.state.as_deref().map_or(Ok(STATES[0].1), task_state).map_err(&refused)?;
        Ok(Self {
            node_id: node_id(&raw.node_id).map_err(refused)?,
            task: TaskId(raw.task_id.0),
            scenes,
            state,
            fps: raw.fps.filter(|fps| FPS.contains(fps)).map(|fps| fps as f32),
        })
    }
}

#[derive(Deserialize)]
struct RawStatus {
    task_id: Whole,
    scene_code: String,
    state: String,
    #[serde(default)]
    error_message: Option<String>,
}

impl TaskStatus {
    pub(crate) const TYPE: &str = "TASK_STATUS";

    /// # Errors
    /// [`Refusal::Field`].
    pub(crate) fn read(text: &str) -> Result<Self, Refusal> {
        let refused = |detail: String| Refusal::Field { of: Self::TYPE.into(), detail };
        let raw: RawStatus = serde_json::from_str(text).map_err(|error| refused(error.to_string()))?;
        Ok(Self {
            task: TaskId(raw.task_id.0),
            scene: scene(&raw.scene_code).map_err(&refused)?,
            state: task_state(&raw.state).map_err(refused)?,
            error_message: raw.error_message.map(|text| words(&text, MOST_ERROR_CHARS)),
        })
    }
}

fn scene(code: &str) -> Result<SceneCode, String> {
    SceneCode::parse(code).ok_or_else(|| format!("{code:.80} is no scene code"))
}

fn task_state(text: &str) -> Result<TaskState, String> {
    let named = STATES.iter().find(|(word, _)| word.eq_ignore_ascii_case(text));
    named.map(|(_, state)| *state).ok_or_else(|| format!("state is RUNNING, STOPPED or ERROR, not {text:.80}"))
}
