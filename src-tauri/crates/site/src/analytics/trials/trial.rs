//! One trial: what is looked at, how far it is, and what came of it.

use super::Finds;
use watchwall_engine_protocol::AiResult;
use watchwall_model::{AiTask, NodeId, SceneCode, StreamPath, TaskId, TimeRange, UtcMillis};

/// What is to be tried.
#[derive(Clone, Debug, PartialEq)]
pub struct TrialWish {
    /// As it is kept now; later edits change nothing.
    pub task: AiTask,
    /// Whose recordings.
    pub path: StreamPath,
    pub range: TimeRange,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrialState {
    /// For a node that has room.
    Queued,
    Running,
    Done,
    /// A word that the page knows, or what the node said.
    Failed {
        why: String,
    },
    Cancelled,
}

#[derive(Clone, Debug)]
pub struct Trial {
    /// What its node calls the task.
    pub id: TaskId,
    pub wish: TrialWish,
    pub state: TrialState,
    /// Who runs or ran it: its number, and its name then.
    pub node: Option<(NodeId, String)>,
    pub created_at: UtcMillis,
    pub started_at: Option<UtcMillis>,
    pub ended_at: Option<UtcMillis>,
    /// The newest picture anything was said about.
    pub reached: UtcMillis,
    pub scenes: Vec<TrialScene>,
    pub finds: Finds,
}

/// What came of one scene.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrialScene {
    pub code: SceneCode,
    pub results: u64,
    /// Results that would have raised an alarm, or gone on with one.
    pub alarms: u64,
    pub finds: u64,
    last: Option<UtcMillis>,
    /// Its node has come to the end.
    pub(super) is_over: bool,
}

impl Trial {
    pub(super) fn new(id: TaskId, wish: TrialWish, now: UtcMillis) -> Self {
        let scene = |code: &SceneCode| TrialScene {
            code: code.clone(),
            results: 0,
            alarms: 0,
            finds: 0,
            last: None,
            is_over: false,
        };
        Self {
            id,
            scenes: wish.task.scenes.iter().map(|one| scene(&one.code)).collect(),
            state: TrialState::Queued,
            node: None,
            created_at: now,
            started_at: None,
            ended_at: None,
            reached: wish.range.start,
            finds: Finds::default(),
            wish,
        }
    }

    pub const fn is_running(&self) -> bool {
        matches!(self.state, TrialState::Running)
    }

    pub const fn is_ended(&self) -> bool {
        !matches!(self.state, TrialState::Queued | TrialState::Running)
    }

    /// How much of the range was looked at, 0 to 1.
    pub fn progress(&self) -> f64 {
        if self.state == TrialState::Done {
            return 1.0;
        }
        let done_ms = self.reached - self.wish.range.start;
        (done_ms as f64 / self.wish.range.duration_ms().max(1) as f64).clamp(0.0, 1.0)
    }

    pub(super) fn end(&mut self, state: TrialState, now: UtcMillis) {
        (self.state, self.ended_at) = (state, Some(now));
    }

    /// Answers how many scenes of it were none of this trial's, or outside of its range.
    pub(super) fn take(&mut self, result: &AiResult) -> usize {
        if result.camera != self.wish.task.camera || !self.wish.range.contains(result.at) {
            return result.scenes.len();
        }
        self.reached = self.reached.max(result.at);
        let mut refused = 0;
        for found in &result.scenes {
            let Some(scene) = self.scenes.iter_mut().find(|scene| scene.code == found.scene) else {
                refused += 1;
                continue;
            };
            // Said twice.
            if scene.last.replace(result.at) == Some(result.at) {
                continue;
            }
            scene.results += 1;
            scene.alarms += u64::from(found.is_alarm);
            scene.finds += u64::from(self.finds.take(result.at, found));
        }
        refused
    }
}
