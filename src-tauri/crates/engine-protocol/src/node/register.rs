//! A node introduces itself, and says that it lives.

use crate::{
    Refusal,
    bounded::{List, words},
    lenient::Whole,
};
use serde::{Deserialize, Serialize};
use watchwall_model::{SceneCode, TaskId};

pub(super) const MOST_ID_CHARS: usize = 128;
pub(super) const MOST_SCENES: usize = 256;
pub(super) const MOST_TASKS: usize = 10_000;
pub(super) const MOST_CAPABILITIES: usize = 32;
pub(super) const DEFAULT_TASKS: i64 = 50;
/// Of a node that says none.
pub(super) const DEFAULT_PROTOCOL: u32 = 1;

/// `NODE_REGISTER`.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeRegister {
    /// Chosen by the node, kept over its restarts: 1 to 128 characters.
    pub node_id: String,
    pub node_name: String,
    /// Where it can be reached, if it says so. Shown, never called.
    pub ip: Option<String>,
    pub port: Option<u16>,
    /// Scenes it runs at once, at most.
    pub max_tasks: u32,
    /// None twice.
    pub algorithms: Vec<SceneCode>,
    pub load: Load,
    pub protocol: u32,
    pub can_preview: bool,
    /// It can look at recordings.
    pub can_archive: bool,
    /// By the node's clock.
    pub timestamp_ms: Option<i64>,
}

/// How busy a node says it is; each 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Load {
    pub cpu: f32,
    pub gpu: f32,
    pub memory: f32,
    pub tasks: u32,
}

/// `NODE_HEARTBEAT`.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeHeartbeat {
    pub node_id: String,
    pub load: Load,
    /// By the node's clock.
    pub timestamp_ms: Option<i64>,
    /// Tasks it goes on with.
    pub tasks: Vec<TaskId>,
}

#[derive(Deserialize)]
struct RawRegister {
    node_id: String,
    #[serde(default)]
    node_name: Option<String>,
    #[serde(default)]
    ip: Option<String>,
    #[serde(default)]
    port: Option<Whole>,
    #[serde(default)]
    max_tasks: Option<Whole>,
    #[serde(default)]
    algorithms: List<String, MOST_SCENES>,
    #[serde(default)]
    load: Option<RawLoad>,
    #[serde(default)]
    protocol: Option<Whole>,
    #[serde(default)]
    capabilities: Option<Capabilities>,
    #[serde(default)]
    timestamp: Option<Whole>,
}

/// A list of those it has, or an object of flags.
#[derive(Deserialize)]
#[serde(untagged)]
enum Capabilities {
    List(List<String, MOST_CAPABILITIES>),
    Flags {
        #[serde(default)]
        preview: bool,
        #[serde(default)]
        archive: bool,
    },
}

impl Capabilities {
    fn has(&self, name: &str) -> bool {
        match self {
            Self::List(names) => names.0.iter().any(|has| has.eq_ignore_ascii_case(name)),
            Self::Flags { preview, archive } => (*preview && name == "preview") || (*archive && name == "archive"),
        }
    }
}

#[derive(Default, Deserialize)]
struct RawLoad {
    #[serde(default)]
    cpu: f64,
    #[serde(default)]
    gpu: f64,
    #[serde(default)]
    memory: f64,
    #[serde(default)]
    tasks: Option<Whole>,
}

impl From<RawLoad> for Load {
    fn from(raw: RawLoad) -> Self {
        // Some say percent, which is what a load over 1 must be.
        let share = |n: f64| (if n > 1.0 { n / 100.0 } else { n }).clamp(0.0, 1.0) as f32;
        let tasks = raw.tasks.map_or(0, |n| u32::try_from(n.0.max(0)).unwrap_or(u32::MAX));
        Self { cpu: share(raw.cpu), gpu: share(raw.gpu), memory: share(raw.memory), tasks }
    }
}

impl NodeRegister {
    pub(crate) const TYPE: &str = "NODE_REGISTER";

    /// # Errors
    /// [`Refusal::Field`].
    pub(crate) fn read(text: &str) -> Result<Self, Refusal> {
        let refused = |detail: String| Refusal::Field { of: Self::TYPE.into(), detail };
        let raw: RawRegister = serde_json::from_str(text).map_err(|error| refused(error.to_string()))?;
        let node_id = node_id(&raw.node_id).map_err(&refused)?;
        let mut algorithms: Vec<SceneCode> = Vec::with_capacity(raw.algorithms.0.len());
        for code in &raw.algorithms.0 {
            let scene = SceneCode::parse(code).ok_or_else(|| refused(format!("{code:.80} is no scene code")))?;
            if !algorithms.contains(&scene) {
                algorithms.push(scene);
            }
        }
        let max_tasks = raw.max_tasks.map_or(DEFAULT_TASKS, |n| n.0);
        let max_tasks = u32::try_from(max_tasks).ok().filter(|n| (1..=MOST_TASKS).contains(&(*n as usize)));
        let max_tasks = max_tasks.ok_or_else(|| refused(format!("max_tasks is 1 to {MOST_TASKS}")))?;
        let has = |name| raw.capabilities.as_ref().is_some_and(|capabilities| capabilities.has(name));
        let name = raw.node_name.as_deref().map(|name| words(name, MOST_ID_CHARS)).filter(|name| !name.is_empty());
        Ok(Self {
            can_preview: has("preview"),
            can_archive: has("archive"),
            node_name: name.unwrap_or_else(|| node_id.clone()),
            node_id,
            ip: raw.ip.as_deref().map(|ip| words(ip, MOST_ID_CHARS)).filter(|ip| !ip.is_empty()),
            port: raw.port.and_then(|n| u16::try_from(n.0).ok()),
            max_tasks,
            algorithms,
            load: raw.load.unwrap_or_default().into(),
            protocol: raw.protocol.and_then(|n| u32::try_from(n.0).ok()).unwrap_or(DEFAULT_PROTOCOL),
            timestamp_ms: raw.timestamp.map(|n| n.0),
        })
    }
}

#[derive(Deserialize)]
struct RawHeartbeat {
    node_id: String,
    #[serde(default)]
    load: Option<RawLoad>,
    #[serde(default)]
    timestamp: Option<Whole>,
    #[serde(default)]
    tasks: List<Whole, MOST_TASKS>,
}

impl NodeHeartbeat {
    pub(crate) const TYPE: &str = "NODE_HEARTBEAT";

    /// # Errors
    /// [`Refusal::Field`].
    pub(crate) fn read(text: &str) -> Result<Self, Refusal> {
        let refused = |detail: String| Refusal::Field { of: Self::TYPE.into(), detail };
        let raw: RawHeartbeat = serde_json::from_str(text).map_err(|error| refused(error.to_string()))?;
        Ok(Self {
            node_id: node_id(&raw.node_id).map_err(refused)?,
            load: raw.load.unwrap_or_default().into(),
            timestamp_ms: raw.timestamp.map(|n| n.0),
            tasks: raw.tasks.0.into_iter().map(|task| TaskId(task.0)).collect(),
        })
    }
}

/// # Errors
/// What it should have been.
pub(super) fn node_id(text: &str) -> Result<String, String> {
    let id = text.trim();
    let is_id = (1..=MOST_ID_CHARS).contains(&id.chars().count()) && !id.chars().any(char::is_control);
    if is_id { Ok(id.to_owned()) } else { Err(format!("node_id is 1 to {MOST_ID_CHARS} characters")) }
}
