//! AI engines: nodes, tasks, results.

use crate::PushPolicyView;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A program that runs AI engines for the site.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AiNodeView {
    pub id: i64,
    pub name: String,
    /// What it calls itself, once it has come.
    pub node_id: Option<String>,
    /// It came without a token of its own, from this machine.
    pub is_local: bool,
    pub enabled: bool,
    /// It gets the camera's own address with its password.
    pub sees_cameras: bool,
    pub is_connected: bool,
    /// Scenes it runs now, and at most.
    pub active_scenes: u32,
    pub max_scenes: u32,
    /// Where it came from.
    pub address: Option<String>,
    pub algorithms: Vec<String>,
    pub can_preview: bool,
    pub can_archive: bool,
    pub created_at: i64,
    pub last_seen_at: Option<i64>,
    pub version: i64,
}

#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct NewAiNode {
    /// Up to 100 characters.
    pub name: String,
    #[serde(default)]
    pub sees_cameras: bool,
}

/// The only time the token is shown.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AiNodeToken {
    pub node: AiNodeView,
    /// Sent by the node as `Authorization: Bearer` or `?token=` of `/ws/ai-engine`.
    pub token: String,
}

/// What is absent stays as it is.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct AiNodePatch {
    pub name: Option<String>,
    /// A node that is switched off is let go and does not come in again.
    pub enabled: Option<bool>,
    pub sees_cameras: Option<bool>,
}

/// One thing to look for, and where. Positions are `[x, y]` in fractions of the frame, from its top left corner.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct AiSceneView {
    /// Such as `REGION_INTRUSION`; 1 to 64 letters, digits, `_`, `-` or `.`.
    pub code: String,
    /// A polygon; empty is the whole picture.
    #[serde(default)]
    pub region: Vec<[f32; 2]>,
    /// For scenes about crossing: what goes from the left of a line to its right crosses it.
    #[serde(default)]
    pub lines: Vec<Vec<[f32; 2]>>,
}

/// How the picture is looked at, and what comes back.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AiTaskParamsView {
    /// 1 to 60; 15 when absent.
    #[serde(default)]
    pub input_fps: Option<u32>,
    /// Results a second, 1 to 60; 15 when absent.
    #[serde(default)]
    pub output_fps: Option<u32>,
    /// Pixels; 1280 when absent.
    #[serde(default)]
    pub width: Option<u32>,
    /// Pixels; 720 when absent.
    #[serde(default)]
    pub height: Option<u32>,
    /// Of the preview; 3000 when absent.
    #[serde(default)]
    pub bitrate_kbps: Option<u32>,
    /// `LOW`, `MEDIUM` (default) or `HIGH`.
    #[serde(default)]
    pub quality: Option<String>,
    /// `OFF`, `ALL` or `ALARM` (default): which results come with their picture.
    #[serde(default)]
    pub snapshot_policy: Option<String>,
    /// Of a JPEG, 1 to 100; 80 when absent.
    #[serde(default)]
    pub snapshot_quality: Option<u32>,
}

/// What AI engines are to look for in one camera's picture.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct AiTaskWish {
    /// Up to 100 characters.
    pub name: String,
    pub camera_id: i64,
    /// `main` or `sub` (default).
    #[serde(default)]
    pub stream: Option<String>,
    /// 1 to 32, each code once.
    pub scenes: Vec<AiSceneView>,
    /// `fixed` (by `node_id`), `single`, `split` or `mixed` (default).
    #[serde(default)]
    pub dispatch: Option<String>,
    #[serde(default)]
    pub node_id: Option<i64>,
    /// 0 to 1; 0.6 when absent.
    #[serde(default)]
    pub confidence: Option<f32>,
    #[serde(default)]
    pub params: Option<AiTaskParamsView>,
    /// True when absent.
    #[serde(default)]
    pub alarm_enabled: Option<bool>,
    /// Of its alarms, 1 (information) to 4 (critical); 3 when absent.
    #[serde(default)]
    pub level: Option<u32>,
    /// When its alarms are told; absent: as their level has it.
    #[serde(default)]
    pub push: Option<PushPolicyView>,
    /// Seven texts from Monday of 48 letters: `c` runs, `-` does not. Absent: always.
    #[serde(default)]
    pub schedule: Option<Vec<String>>,
    /// True when absent.
    #[serde(default)]
    pub enabled: Option<bool>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AiTaskView {
    pub id: i64,
    pub name: String,
    pub camera_id: i64,
    pub stream: String,
    pub scenes: Vec<AiSceneView>,
    pub dispatch: String,
    pub node_id: Option<i64>,
    pub confidence: f32,
    pub params: AiTaskParamsView,
    pub alarm_enabled: bool,
    pub level: u32,
    pub push: Option<PushPolicyView>,
    pub schedule: Option<Vec<String>>,
    pub enabled: bool,
    pub state: AiTaskState,
    pub updated_at: i64,
    pub version: i64,
}

/// How a task stands.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AiTaskState {
    /// `off`, `waiting`, `starting`, `running`, `partly` (some of its scenes run), `interrupted` (none does: they wait for
    /// another node, or for theirs) or `failed`.
    pub phase: String,
    /// `camera_offline`, `node_away`, `node_cannot`, `overloaded`, `nobody_can` or `not_started`.
    pub reason: Option<String>,
    /// What the node said, when it said something.
    pub detail: Option<String>,
    pub scenes: Vec<AiSceneState>,
    /// The node with most of its scenes.
    pub primary_node: Option<i64>,
}

/// What the node of a task shows of what it sees, with its boxes drawn. It is made only while somebody watches its path as
/// one watches a camera's, at `/api/v1/live/{path}`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AiPreviewView {
    /// Such as `ai_task_7`.
    pub path: String,
    /// `idle` while nobody watches, `starting`, `live`, `silent` when the node was asked and sends nothing, or
    /// `impossible`.
    pub state: String,
    /// Why there is no picture: `preview_unsupported`, `preview_not_running`, `preview_silent` or `preview_unreachable`.
    pub reason: Option<String>,
    /// How many watch.
    pub viewers: u32,
}

/// How one scene of a task stands.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AiSceneState {
    pub code: String,
    /// `empty`, `held`, `asked` or `running`.
    pub state: String,
    pub node: Option<i64>,
    /// How often it was given to a node anew.
    pub restarts: u32,
    pub failure: Option<String>,
    /// Since the site started; absent before the first result.
    pub latest: Option<AiLatest>,
}

/// What came of a scene since the site started.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AiLatest {
    /// When the last picture was taken.
    pub at: Option<i64>,
    pub is_alarm: bool,
    pub event_type: Option<String>,
    /// In the node's own words.
    pub event_desc: Option<String>,
    /// In words of the product, for what it has words for; to be shown before those.
    pub said: Option<crate::BothLanguages>,
    pub total_count: Option<u32>,
    pub results: u64,
    pub alarms: u64,
    /// 0 to 1.
    pub average_confidence: f64,
    pub best_confidence: f32,
    pub labels: std::collections::BTreeMap<String, u64>,
    pub problems: std::collections::BTreeMap<String, u64>,
}

/// One scene's result for one picture.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AiResultView {
    /// When the picture was taken.
    pub at: i64,
    pub task_id: i64,
    pub camera_id: i64,
    pub scene: String,
    /// The node's name then.
    pub node: String,
    pub is_alarm: bool,
    /// 0 to 1.
    pub confidence: f32,
    pub objects: Vec<AiObjectView>,
    pub event_type: Option<String>,
    /// In the node's own words.
    pub event_desc: Option<String>,
    /// In words of the product, for what it has words for; to be shown before those.
    pub said: Option<crate::BothLanguages>,
    pub total_count: Option<u32>,
    pub label_counts: Vec<AiCount>,
    pub problem_counts: Vec<AiCount>,
    /// Whether `/api/v1/ai-results/picture` has one.
    pub has_picture: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AiObjectView {
    pub label: String,
    pub score: f32,
    /// `[x, y, w, h]` in fractions of the frame, from its top left corner.
    pub bbox: [f32; 4],
    #[serde(default)]
    pub track_id: Option<String>,
}

/// What is drawn over a live picture.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AiOverlayView {
    pub task_id: i64,
    pub camera_id: i64,
    /// When the picture was taken.
    pub at: i64,
    pub scenes: Vec<AiOverlayScene>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AiOverlayScene {
    pub scene: String,
    pub is_alarm: bool,
    /// 0 to 1.
    pub confidence: f32,
    pub objects: Vec<AiObjectView>,
}

/// A range of recordings on which a task is to be tried.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
pub struct NewAiTrial {
    /// UTC milliseconds; the end is exclusive, at most a day later, and what is to come is left out.
    pub from: i64,
    pub to: i64,
}

/// A task tried on a range of its camera's recordings. Nothing of it is an alarm or a result of the task; it is forgotten
/// when the site starts anew, or when many newer ones were made.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AiTrialView {
    pub id: i64,
    pub task_id: i64,
    pub camera_id: i64,
    /// Whose recordings are looked at.
    pub path: String,
    pub from: i64,
    pub to: i64,
    /// `queued`, `running`, `done`, `failed` or `cancelled`.
    pub state: String,
    /// Of one that failed: `node_lost`, `node_away`, `nobody_can`, `start_not_confirmed`, `scene_silent`, `stream_missing`, or
    /// what the node said.
    pub reason: Option<String>,
    /// Who runs or ran it.
    pub node_id: Option<i64>,
    pub node: Option<String>,
    /// How much of the range was looked at, 0 to 1.
    pub progress: f64,
    /// The newest moment that was looked at.
    pub reached_at: i64,
    pub results: u64,
    /// Results that would have raised an alarm or gone on with one.
    pub alarms: u64,
    /// Events those were of.
    pub finds: u64,
    pub scenes: Vec<AiTrialScene>,
    pub created_at: i64,
    pub started_at: Option<i64>,
    pub ended_at: Option<i64>,
}

/// What came of one scene in a trial.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AiTrialScene {
    pub code: String,
    pub results: u64,
    pub alarms: u64,
    pub finds: u64,
}

/// A trial with what it has found so far.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AiTrialReport {
    pub trial: AiTrialView,
    /// In the order they began; the first 1000.
    pub finds: Vec<AiFindView>,
    /// Finds beyond those.
    pub more_finds: u64,
}

/// An event of a recording: alarms of one scene that follow each other within seconds.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AiFindView {
    pub scene: String,
    /// Its first and its last alarm, by the clock of the recording.
    pub from: i64,
    pub to: i64,
    pub labels: Vec<String>,
    /// Its best moment, and what was seen then.
    pub best_at: i64,
    /// 0 to 1.
    pub confidence: f32,
    pub objects: Vec<AiObjectView>,
    pub event_type: Option<String>,
    /// In the node's own words.
    pub event_desc: Option<String>,
    /// In words of the product, for what it has words for; to be shown before those.
    pub said: Option<crate::BothLanguages>,
}

/// Something engines can look for, as the product knows it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AiSceneType {
    pub code: String,
    /// `SAFETY`, `BEHAVIOR`, `VEHICLE` or `ENVIRONMENT`; absent for one that only nodes know.
    pub category: Option<String>,
    pub name: crate::BothLanguages,
    /// What has to be drawn: `nothing`, `region` or `lines`.
    pub needs: String,
    /// Words for what it may find wrong.
    pub problems: Vec<String>,
    /// Nodes that are connected and can do it.
    pub nodes: u32,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AiCount {
    pub label: String,
    pub count: u32,
}

#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct AiResultQuery {
    pub cursor: Option<String>,
    /// 1 to 500; 100 when absent.
    pub limit: Option<u32>,
    pub camera_id: Option<i64>,
    pub task_id: Option<i64>,
    pub scene: Option<String>,
    /// Keeps what was taken in the range; both or neither.
    pub from: Option<i64>,
    pub to: Option<i64>,
    pub only_alarms: Option<bool>,
}

/// One scene's result for one picture.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AiResultPictureQuery {
    pub task_id: i64,
    pub scene: String,
    /// When the picture was taken.
    pub at: i64,
}

#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct AiEngineQuery {
    /// The node's token, when it cannot send a header.
    pub token: Option<String>,
}
